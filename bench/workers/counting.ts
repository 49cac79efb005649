import worker from "../../src/index.ts";
import { AccountObject as Account, CadenceObject as Cadence, TaskObject as Task } from "../../src/index.ts";
import { counts, meterMethods, meterObject } from "./meter.ts";

/** Ringback with a meter on each object. */

export class TaskObject extends Task {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    meterObject("task", this, ctx);
  }
}

export class AccountObject extends Account {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    meterObject("account", this, ctx);
  }
}

export class CadenceObject extends Cadence {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    meterObject("cadence", this, ctx);
  }
}

meterMethods(TaskObject, Task);
meterMethods(AccountObject, Account);
meterMethods(CadenceObject, Cadence);

/** Bare workerd has no rate-limit binding. */
const unlimited = { limit: async () => ({ success: true }) };
let whole: Env | null = null;

export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) => {
    whole ??= { ...env, CREATE_LIMIT: unlimited };
    if (new URL(request.url).pathname === "/_bench/counts") return Response.json(counts());
    return worker.fetch(request, whole, context);
  },
};
