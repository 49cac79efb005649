import { Hono } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import { methodNotAllowed, withSettings } from "../http/guards.ts";
import { page, signedIn } from "./doors.tsx";
import { switchLanguage } from "./language-switch.ts";
import { onConsoleError } from "./problem-page.tsx";
import { showSignIn, signIn, signOut } from "./sign-in.tsx";
import { deleteTask, redeliverTask, showTask } from "./tasks.tsx";
import { showTasks } from "./tasks-page.tsx";

/** `/` and the pages under it: what a person looks at. The same inner functions as under `/v1`, never HTTP to itself. */
export const consolePages = new Hono<AppEnv>()
  .get("/", page, withSettings, signedIn, showTasks)
  .all("/", methodNotAllowed("GET, HEAD"))
  .get("/tasks/:id", page, withSettings, signedIn, showTask)
  .post("/tasks/:id/redeliver", page, withSettings, signedIn, redeliverTask)
  .post("/tasks/:id/delete", page, withSettings, signedIn, deleteTask)
  .get("/sign-in", page, withSettings, showSignIn)
  .post("/sign-in", page, withSettings, signIn)
  .post("/sign-out", page, signOut)
  .post("/language", page, switchLanguage);

consolePages.onError(onConsoleError);
