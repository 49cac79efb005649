import worker from "../../src/index.ts";
import { TaskObject as RingbackTask } from "../../src/index.ts";
import { answerLateness, noteAlarm } from "./lateness.ts";

export { AccountObject, CadenceObject } from "../../src/index.ts";

/** The real object; its alarms are noted as they come. */
export class TaskObject extends RingbackTask {
  override alarm(alarm?: AlarmInvocationInfo): Promise<void> {
    if (alarm) noteAlarm(alarm);
    return super.alarm();
  }
}

/** Bare workerd has no rate-limit binding. */
const unlimited = { limit: async () => ({ success: true }) };

/** One environment for all requests, as on the platform: the settings are parsed once per object. */
let whole: Env | null = null;

/** Ringback itself on bare workerd. */
export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) => {
    whole ??= { ...env, CREATE_LIMIT: unlimited };
    return answerLateness(request) ?? worker.fetch(request, whole, context);
  },
};
