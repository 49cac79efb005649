import worker from "../../src/index.ts";

export { AccountObject, CadenceObject, TaskObject } from "../../src/index.ts";

/** Bare workerd has no rate-limit binding. */
const unlimited = { limit: async () => ({ success: true }) };

/** Ringback itself on bare workerd. */
export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) =>
    worker.fetch(request, { ...env, CREATE_LIMIT: unlimited }, context),
};
