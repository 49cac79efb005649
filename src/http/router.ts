import { HonoBase } from "hono/hono-base";
import { TrieRouter } from "hono/router/trie-router";
import type { AppEnv } from "./app-env.ts";

/**
 * A part of the Worker's map. Not strict: a path with a slash at its end is the path without it. hono's own class would
 * bring two more routers along, neither of which can take these routes.
 */
export class Router extends HonoBase<AppEnv> {
  constructor() {
    super({ strict: false, router: new TrieRouter() });
  }
}
