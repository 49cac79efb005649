import worker from "../../src/index.ts";

export { AccountObject, CadenceObject, TaskObject } from "../../src/index.ts";

/** Bare workerd has no rate-limit binding. */
const unlimited = { limit: async () => ({ success: true }) };

/** One environment for all requests, as on the platform: the settings are parsed once per object. */
let whole: Env | null = null;

/** Ringback itself on bare workerd. */
export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) => {
    whole ??= { ...env, CREATE_LIMIT: unlimited };
    return worker.fetch(request, whole, context);
  },
};
