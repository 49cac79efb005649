import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { vi } from "vitest";
import { nameInTaskId } from "../../../src/domain/task/task-id.ts";
import { watchLog } from "../../support/log-lines.ts";
import { TaskObject } from "../../../src/task-object/object.ts";

/** What a test sees and sets of the objects from the platform's side. */
export interface Runtime {
  /** The settings of every task's object, beside the bindings. */
  settings: object;
  /** The object that a create reached last. */
  name: string | null;
  /** Work that goes on after an answer. */
  background: number;
  /** Alarms that may not be set. */
  badAlarms: string[];
  logLines: string[];
}

export const runtime: Runtime = { settings: {}, name: null, background: 0, badAlarms: [], logLines: [] };

/** Watches the objects from here on. */
export async function watchObjects(): Promise<void> {
  takeSettings();
  watchLog((line) => runtime.logLines.push(line), { isShown: true });
  const { create } = TaskObject.prototype;
  vi.spyOn(TaskObject.prototype, "create").mockImplementation(async function (this: TaskObject, input) {
    runtime.name = nameInTaskId(input.taskId);
    return create.call(this, input);
  });
  await runInDurableObject(env.TASKS.get(env.TASKS.idFromName("nobody")), (_object, state) => {
    const states = Object.getPrototypeOf(state) as DurableObjectState;
    const { waitUntil } = states;
    vi.spyOn(states, "waitUntil").mockImplementation(function (this: DurableObjectState, work) {
      runtime.background += 1;
      const over = (): void => void (runtime.background -= 1);
      void work.then(over, over);
      waitUntil.call(this, work);
    });
    const storages = Object.getPrototypeOf(state.storage) as DurableObjectStorage;
    const { setAlarm } = storages;
    vi.spyOn(storages, "setAlarm").mockImplementation(async function (this: DurableObjectStorage, at) {
      const instant = Number(at);
      if (instant <= Date.now()) runtime.badAlarms.push(`an alarm ${Date.now() - instant} ms in the past`);
      // The platform cuts a fraction off, and the alarm would come before its work.
      if (!Number.isInteger(instant)) runtime.badAlarms.push(`an alarm at ${instant}`);
      return setAlarm.call(this, at);
    });
  });
}

export function unwatchObjects(): void {
  Reflect.deleteProperty(TaskObject.prototype, "env");
}

/** The runtime gives an object its environment by setting `env`: this way it is `runtime.settings`. */
function takeSettings(): void {
  Object.defineProperty(TaskObject.prototype, "env", {
    configurable: true,
    get: () => runtime.settings,
    set: () => {},
  });
}
