import worker from "../../src/index.ts";
import { AccountObject as Account, CadenceObject as Cadence, TaskObject as Task } from "../../src/index.ts";
import { answerLateness, noteAlarm } from "./lateness.ts";

/**
 * Ringback in a world whose clock runs faster: `Date.now` and alarms, so that every setting, price and prior means what
 * it always means, and a clip of 105 s takes 5. Timers stay as they are: they limit the wire, which does not run
 * faster.
 */

interface HurriedEnv extends Env {
  BENCH_SPEED: string;
}

let origin = 0;
let speed = 1;

const realNow = Date.now.bind(Date);
const hurried = (at: number): number => origin + (at - origin) * speed;
/** In whole milliseconds: the runtime would cut a fraction off, and the alarm would come before its time. */
const unhurried = (at: number): number => Math.ceil(origin + (at - origin) / speed);

/** Once, at the first request: before it the clock stands at zero. */
function hurry(env: Env): void {
  if (origin !== 0) return;
  origin = realNow();
  speed = Number((env as HurriedEnv).BENCH_SPEED);
  Date.now = () => hurried(realNow());
}

/** For when each object has set its alarm: the runtime knows whole milliseconds of the slow clock only. */
const planned = new WeakMap<object, number>();
const patched = new WeakSet<object>();

/** The storage's prototype is found by a first object. */
function hurryAlarms({ storage }: DurableObjectState): void {
  const prototype = Object.getPrototypeOf(storage) as DurableObjectStorage;
  if (patched.has(prototype)) return;
  patched.add(prototype);
  replace(prototype, "setAlarm", async (self, setAlarm, at) => {
    planned.set(self, Number(at));
    await setAlarm(unhurried(Number(at)));
  });
  replace(prototype, "getAlarm", async (_self, getAlarm) => {
    const at = await getAlarm();
    return typeof at === "number" ? hurried(at) : null;
  });
}

type Call = (...args: unknown[]) => Promise<unknown>;

function replace(
  owner: object,
  name: string,
  act: (self: object, original: Call, ...args: unknown[]) => unknown,
): void {
  const original = Reflect.get(owner, name) as Call;
  const value = function (this: object, ...args: unknown[]): unknown {
    return act(this, async (...given) => Reflect.apply(original, this, given), ...args);
  };
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
}

export class TaskObject extends Task {
  constructor(ctx: DurableObjectState, env: Env) {
    hurryAlarms(ctx);
    super(ctx, env);
  }

  /** Late by what lies between the time of a poll and the moment at which the next one is planned. */
  override async alarm(): Promise<void> {
    const scheduledTime = planned.get(this.ctx.storage);
    await super.alarm();
    if (scheduledTime !== undefined) noteAlarm({ scheduledTime });
  }
}

export class AccountObject extends Account {
  constructor(ctx: DurableObjectState, env: Env) {
    hurryAlarms(ctx);
    super(ctx, env);
  }
}

export class CadenceObject extends Cadence {
  constructor(ctx: DurableObjectState, env: Env) {
    hurryAlarms(ctx);
    super(ctx, env);
  }
}

/** Bare workerd has no rate-limit binding. */
const unlimited = { limit: async () => ({ success: true }) };
let whole: Env | null = null;

export default {
  fetch: (request: Request, env: Env, context: ExecutionContext) => {
    hurry(env);
    whole ??= { ...env, CREATE_LIMIT: unlimited };
    return answerLateness(request) ?? worker.fetch(request, whole, context);
  },
};
