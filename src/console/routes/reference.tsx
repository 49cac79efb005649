import type { Context } from "hono";
import { raw } from "hono/html";
import { readSettings } from "../../env.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { identify } from "../../http/caller.ts";
import { pageContext, readSession } from "../page-context.ts";
import { showNoSuchPage } from "../pages/problem-page.tsx";
import { Page } from "../pages/page.tsx";
import { setSecurityHeaders } from "../security.ts";

/** Pages whose content was made when Ringback was built, in the console's frame. They need neither a session nor settings. */

/** `GET /docs` */
export async function showReference(context: Context<AppEnv>): Promise<Response> {
  return showFragment(context, "/reference/api.html", pageContext(context).text.shell.reference);
}

const TOOL_NAMES: Partial<Record<string, string>> = {
  curl: "curl",
  endpoints: "Endpoints",
  keep: "Keep the file",
  make: "Make",
  migrate: "Migrate",
  n8n: "n8n",
  "node-red": "Node-RED",
  receivers: "Receivers",
  recover: "Recover",
  upstreams: "Other video APIs",
  zapier: "Zapier",
};

/** `GET /docs/recipes/{name}` */
export async function showRecipe(context: Context<AppEnv>): Promise<Response> {
  const name = context.req.param("name") ?? "";
  const title = Object.hasOwn(TOOL_NAMES, name) ? TOOL_NAMES[name] : undefined;
  if (title === undefined) return showNoSuchPage(context);
  return showFragment(context, `/reference/recipes/${name}.html`, title);
}

async function showFragment(context: Context<AppEnv>, file: string, title: string): Promise<Response> {
  setSecurityHeaders(context, false);
  await findViewer(context);
  const found = await context.env.ASSETS.fetch(new URL(file, context.req.url));
  const html = await found.text();
  if (!found.ok) return showNoSuchPage(context);
  const isReference = file === "/reference/api.html";
  return context.html(
    <Page
      page={pageContext(context)}
      title={title}
      place="docs"
      styles={["reference"]}
      scripts={isReference ? ["reference"] : []}
    >
      <div lang="en" class={isReference ? "reference" : "prose"}>
        {isReference && <h1>Ringback API</h1>}
        {raw(html)}
      </div>
    </Page>,
  );
}

/** The frame shows its links to a reader that is signed in; nothing here depends on it. */
async function findViewer(context: Context<AppEnv>): Promise<void> {
  const result = readSettings(context.env);
  if (!result.ok) return;
  context.set("settings", result.settings);
  const session = await readSession(context);
  const caller = session && (await identify(`Bearer ${session.bearer}`, result.settings));
  if (caller) context.set("caller", caller);
}
