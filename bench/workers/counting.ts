import worker from "../../src/index.ts";
import { AccountObject as Account, CadenceObject as Cadence, TaskObject as Task } from "../../src/index.ts";
import type { Metered } from "../cost/counts.ts";
import { countingBucket } from "./bucket.ts";
import { counts, meterMethods, meterObject } from "./meter.ts";

/** Ringback with a meter on each object, and on the bucket. */

const BUCKET_MS = 50;
const { bucket, counts: bucketCounts } = countingBucket(BUCKET_MS);

/** Bare workerd has no rate-limit binding. */
const unlimited = { limit: async () => ({ success: true }) };
let whole: (Env & { RESULTS: R2Bucket }) | null = null;

/** The settings are parsed once for one object. */
function wholeOf(env: Env): Env {
  return (whole ??= { ...env, CREATE_LIMIT: unlimited, RESULTS: bucket });
}

export class TaskObject extends Task {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, wholeOf(env));
    meterObject("task", this, ctx);
  }
}

export class AccountObject extends Account {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, wholeOf(env));
    meterObject("account", this, ctx);
  }
}

export class CadenceObject extends Cadence {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, wholeOf(env));
    meterObject("cadence", this, ctx);
  }
}

meterMethods(TaskObject, Task);
meterMethods(AccountObject, Account);
meterMethods(CadenceObject, Cadence);

export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) => {
    if (new URL(request.url).pathname === "/_bench/counts")
      return Response.json({ objects: counts(), bucket: bucketCounts() } satisfies Metered);
    return worker.fetch(request, wholeOf(env), context);
  },
};
