import { Hono } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import { methodNotAllowed, rateLimited, withSettings } from "../http/guards.ts";
import { page, pageWithPreviews, signedIn } from "./doors.tsx";
import { switchLanguage } from "./language-switch.ts";
import { checkNewTask, listModels, showNewTask, startTask } from "./new-task.tsx";
import { onConsoleError } from "./problem-page.tsx";
import { showSignIn, signIn, signOut } from "./sign-in.tsx";
import { deleteTask, redeliverTask, showTask } from "./tasks.tsx";
import { showStatistics } from "./statistics-page.tsx";
import { showTasks } from "./tasks-page.tsx";
import { ping, revealSecret, rotate, showWebhooks, verify } from "./webhooks.tsx";

/** `/` and the pages under it: what a person looks at. The same inner functions as under `/v1`, never HTTP to itself. */
export const consolePages = new Hono<AppEnv>()
  .get("/", page, withSettings, signedIn, showTasks)
  .all("/", methodNotAllowed("GET, HEAD"))
  .get("/tasks/:id", page, withSettings, signedIn, showTask)
  .post("/tasks/:id/redeliver", page, withSettings, signedIn, redeliverTask)
  .post("/tasks/:id/delete", page, withSettings, signedIn, deleteTask)
  .get("/new", pageWithPreviews, withSettings, signedIn, showNewTask)
  .post("/new", pageWithPreviews, withSettings, signedIn, rateLimited, startTask)
  .post("/new/check", page, withSettings, signedIn, checkNewTask)
  .get("/new/models", page, withSettings, signedIn, listModels)
  .get("/webhooks", page, withSettings, signedIn, showWebhooks)
  .post("/webhooks/secret", page, withSettings, signedIn, revealSecret)
  .post("/webhooks/rotate", page, withSettings, signedIn, rotate)
  .post("/webhooks/ping", page, withSettings, signedIn, rateLimited, ping)
  .post("/webhooks/verify", page, withSettings, signedIn, verify)
  .get("/webhooks/:form", page, (context) => context.redirect("/webhooks", 303))
  .get("/statistics", page, withSettings, signedIn, showStatistics)
  .get("/sign-in", page, withSettings, showSignIn)
  .post("/sign-in", page, withSettings, signIn)
  .post("/sign-out", page, signOut)
  .post("/language", page, switchLanguage);

consolePages.onError(onConsoleError);
