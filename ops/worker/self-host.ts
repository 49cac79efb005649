import worker, { AccountObject as Account, TaskObject as Task } from "../../src/index.ts";
import { diskAssets } from "./disk-assets.ts";
import { DiskFiles } from "./disk-files.ts";
import { RateLimit } from "./rate-limit.ts";

export { CadenceObject } from "../../src/index.ts";

/** As `wrangler.toml` has it. */
const CREATES_PER_MINUTE = 600;

/** Bindings of `config.capnp`: settings from the environment, null where it has none; and two disks: static and kept files. */
type SelfHostEnv = Record<string, unknown> & { PUBLIC: Fetcher; FILES: Fetcher };

/** One environment for all requests and objects, as on the platform: the parsed settings are cached by it. */
let whole: Env | null = null;

function platform(env: SelfHostEnv): Env {
  whole ??= replaced(env);
  return whole;
}

function replaced({ PUBLIC, FILES, ...bindings }: SelfHostEnv): Env {
  const more = {
    RESULTS: new DiskFiles(FILES),
    ASSETS: diskAssets(PUBLIC),
    CREATE_LIMIT: new RateLimit(CREATES_PER_MINUTE, () => Date.now()),
  };
  return { ...bindings, ...more } as unknown as Env;
}

export class TaskObject extends Task {
  constructor(context: DurableObjectState, env: SelfHostEnv) {
    super(context, platform(env));
  }
}

export class AccountObject extends Account {
  constructor(context: DurableObjectState, env: SelfHostEnv) {
    super(context, platform(env));
  }
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
    return worker.fetch(withoutClaim(request, env), platform(env), context);
  },
};
