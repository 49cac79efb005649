import worker from "../../src/index.ts";
import { diskAssets } from "./disk-assets.ts";
import { RateLimit } from "./rate-limit.ts";

export { AccountObject, CadenceObject, TaskObject } from "../../src/index.ts";

/** As `wrangler.toml` has it. */
const CREATES_PER_MINUTE = 600;

/** Bindings of `config.capnp`: settings from the environment, null where it has none; and the static files, a disk. */
type SelfHostEnv = Record<string, unknown> & { PUBLIC: Fetcher };

/** One environment for all requests, as on the platform: the parsed settings are cached by it. */
let whole: Env | null = null;

function platform({ PUBLIC, ...bindings }: SelfHostEnv): Env {
  const more = {
    ASSETS: diskAssets(PUBLIC),
    CREATE_LIMIT: new RateLimit(CREATES_PER_MINUTE, () => Date.now()),
  };
  return { ...bindings, ...more } as unknown as Env;
}

/** The platform sets this header; here no proxy does, so it holds only a client's claim. */
const PLATFORM_HEADER = "cf-connecting-ip";

function withoutClaim(request: Request, { CLIENT_ADDRESS_HEADER: named }: SelfHostEnv): Request {
  const isNamed = typeof named === "string" && named.trim().toLowerCase() === PLATFORM_HEADER;
  if (isNamed || !request.headers.has(PLATFORM_HEADER)) return request;
  const headers = new Headers(request.headers);
  headers.delete(PLATFORM_HEADER);
  return new Request(request, { headers });
}

/** Ringback on bare workerd, with replacements for the parts that the platform provides. */
export default {
  fetch: (request: Request, env: SelfHostEnv, context: ExecutionContext) => {
    whole ??= platform(env);
    return worker.fetch(withoutClaim(request, env), whole, context);
  },
};
