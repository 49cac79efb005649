import { Router } from "../http/router.ts";
import { methodNotAllowed, requireAio, withSettings } from "../http/guards.ts";
import { rateLimited } from "../http/rate-limit.ts";
import { operatorSignedIn, page, pageWithPreviews, signedIn } from "./middleware.tsx";
import {
  changeEndpoint,
  disableEndpoint,
  enableEndpoint,
  registerFromForm,
  removeEndpoint,
  showEndpoint,
  showEndpoints,
  testFromForm,
} from "./routes/endpoints.tsx";
import { switchLanguage } from "./routes/language-switch.ts";
import { checkNewTask, listModels, showNewTask, startTask, switchFormLanguage } from "./routes/new-task.tsx";
import { onConsoleError, showNoSuchPage } from "./pages/problem-page.tsx";
import {
  checkRawRequest,
  RAW_PATH,
  showRawRequest,
  startRawRequest,
  switchRawLanguage,
} from "./routes/raw-request.tsx";
import { showRecipe, showReference } from "./routes/reference.tsx";
import { cancel, showPreview, showRecoveries, showRecovery, startFromPreview } from "./routes/recoveries.tsx";
import { showSignIn, signIn, signOut } from "./routes/sign-in.tsx";
import { sendElsewhere, showSent } from "./routes/sent.tsx";
import { deleteTask, redeliverTask, showTask } from "./routes/tasks.tsx";
import { chooseAccount, showAccounts } from "./routes/accounts.tsx";
import { pingFromStart, revealStartSecret, showStart } from "./routes/start.tsx";
import { showStatistics } from "./routes/statistics.tsx";
import { showTasks } from "./routes/list.tsx";
import {
  ping,
  revealSecret,
  rotate,
  showWebhooks,
  switchWebhooksLanguage,
  verify,
} from "./routes/webhooks.tsx";

/** `/` and the pages under it. They call the same functions as `/v1`, without HTTP to itself. */
export const consolePages = new Router()
  .get("/", page, withSettings, signedIn, showTasks)
  .all("/", methodNotAllowed("GET, HEAD"))
  .get("/tasks/:id", page, withSettings, signedIn, showTask)
  .all("/tasks/:id", methodNotAllowed("GET, HEAD"))
  .post("/tasks/:id/redeliver", page, withSettings, signedIn, redeliverTask)
  .all("/tasks/:id/redeliver", methodNotAllowed("POST"))
  .get("/tasks/:id/sent/:message", page, withSettings, signedIn, showSent)
  .post("/tasks/:id/sent/:message", page, withSettings, signedIn, rateLimited, sendElsewhere)
  .all("/tasks/:id/sent/:message", methodNotAllowed("GET, HEAD, POST"))
  .post("/tasks/:id/delete", page, withSettings, signedIn, deleteTask)
  .all("/tasks/:id/delete", methodNotAllowed("POST"))
  .get("/recoveries", page, withSettings, signedIn, showRecoveries)
  .post("/recoveries", page, withSettings, signedIn, rateLimited, startFromPreview)
  .all("/recoveries", methodNotAllowed("GET, HEAD, POST"))
  // It reads every task of the account.
  .get("/recoveries/new", page, withSettings, signedIn, rateLimited, showPreview)
  .all("/recoveries/new", methodNotAllowed("GET, HEAD"))
  .get("/recoveries/:id", page, withSettings, signedIn, showRecovery)
  .all("/recoveries/:id", methodNotAllowed("GET, HEAD"))
  .post("/recoveries/:id/cancel", page, withSettings, signedIn, cancel)
  .all("/recoveries/:id/cancel", methodNotAllowed("POST"))
  .get("/endpoints", page, withSettings, signedIn, showEndpoints)
  .post("/endpoints", page, withSettings, signedIn, rateLimited, registerFromForm)
  .all("/endpoints", methodNotAllowed("GET, HEAD, POST"))
  .get("/endpoints/:id", page, withSettings, signedIn, showEndpoint)
  .post("/endpoints/:id", page, withSettings, signedIn, changeEndpoint)
  .all("/endpoints/:id", methodNotAllowed("GET, HEAD, POST"))
  .post("/endpoints/:id/test", page, withSettings, signedIn, rateLimited, testFromForm)
  .post("/endpoints/:id/enable", page, withSettings, signedIn, enableEndpoint)
  .post("/endpoints/:id/disable", page, withSettings, signedIn, disableEndpoint)
  .post("/endpoints/:id/delete", page, withSettings, signedIn, removeEndpoint)
  // The address of a form's answer, opened again.
  .get("/endpoints/:id/:form{test|enable|disable|delete}", page, (context) =>
    context.redirect(`/endpoints/${encodeURIComponent(context.req.param("id"))}`, 303),
  )
  .all("/endpoints/:id/:form{test|enable|disable|delete}", methodNotAllowed("GET, HEAD, POST"))
  .get("/new", pageWithPreviews, withSettings, signedIn, showNewTask)
  .post("/new", pageWithPreviews, requireAio, withSettings, signedIn, rateLimited, startTask)
  .all("/new", methodNotAllowed("GET, HEAD, POST"))
  .post("/new/check", page, requireAio, withSettings, signedIn, checkNewTask)
  .all("/new/check", methodNotAllowed("POST"))
  .get("/new/language", page, (context) => context.redirect("/new", 303))
  .post("/new/language", pageWithPreviews, requireAio, withSettings, signedIn, switchFormLanguage)
  .all("/new/language", methodNotAllowed("GET, HEAD, POST"))
  .get("/new/models", page, requireAio, withSettings, signedIn, listModels)
  .all("/new/models", methodNotAllowed("GET, HEAD"))
  .get("/new/upstream", page, withSettings, signedIn, showRawRequest)
  .post("/new/upstream", page, withSettings, signedIn, rateLimited, startRawRequest)
  .all("/new/upstream", methodNotAllowed("GET, HEAD, POST"))
  .post("/new/upstream/check", page, withSettings, signedIn, checkRawRequest)
  .all("/new/upstream/check", methodNotAllowed("POST"))
  .get("/new/upstream/language", page, (context) => context.redirect(RAW_PATH, 303))
  .post("/new/upstream/language", page, withSettings, signedIn, switchRawLanguage)
  .all("/new/upstream/language", methodNotAllowed("GET, HEAD, POST"))
  .get("/webhooks", page, withSettings, signedIn, showWebhooks)
  .all("/webhooks", methodNotAllowed("GET, HEAD"))
  .post("/webhooks/secret", page, withSettings, signedIn, revealSecret)
  .post("/webhooks/rotate", page, withSettings, signedIn, rotate)
  .post("/webhooks/ping", page, withSettings, signedIn, rateLimited, ping)
  .post("/webhooks/verify", page, withSettings, signedIn, verify)
  .post("/webhooks/language", page, withSettings, signedIn, switchWebhooksLanguage)
  // The address of a form's answer, opened again.
  .get("/webhooks/:form{secret|rotate|ping|verify|language}", page, (context) =>
    context.redirect("/webhooks", 303),
  )
  .all("/webhooks/:form{secret|rotate|ping|verify|language}", methodNotAllowed("GET, HEAD, POST"))
  .get("/start", page, withSettings, signedIn, showStart)
  .all("/start", methodNotAllowed("GET, HEAD"))
  .post("/start/secret", page, withSettings, signedIn, revealStartSecret)
  .post("/start/ping", page, withSettings, signedIn, rateLimited, pingFromStart)
  .get("/start/:form{secret|ping}", page, (context) => context.redirect("/start", 303))
  .all("/start/:form{secret|ping}", methodNotAllowed("GET, HEAD, POST"))
  .get("/statistics", page, withSettings, signedIn, showStatistics)
  .all("/statistics", methodNotAllowed("GET, HEAD"))
  .get("/accounts", page, withSettings, operatorSignedIn, showAccounts)
  .post("/accounts", page, withSettings, operatorSignedIn, chooseAccount)
  .all("/accounts", methodNotAllowed("GET, HEAD, POST"))
  .get("/sign-in", page, withSettings, showSignIn)
  .post("/sign-in", page, withSettings, signIn)
  .all("/sign-in", methodNotAllowed("GET, HEAD, POST"))
  .post("/sign-out", page, signOut)
  .all("/sign-out", methodNotAllowed("POST"))
  .post("/language", page, switchLanguage)
  .all("/language", methodNotAllowed("POST"));

consolePages.onError(onConsoleError);

/** Pages at paths of the API's half of the Worker, which loads this half as one module. */
export { showNoSuchPage, showRecipe, showReference };
