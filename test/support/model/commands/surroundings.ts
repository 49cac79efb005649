import type { KeyVerdict } from "../../../../src/domain/task/key-proof.ts";
import type { EndpointChangeWord, EndpointId } from "../endpoints.ts";
import type { CallbackWord, CopyWord, CrashPlan, PollWord, SubmitWord, WireKind, World } from "../world.ts";
import { counted, type Move } from "./move.ts";

/** What happens to a task without its doing: answers, time, alarms, deaths, changes of what is around it. */

export function answers(kind: "submit", words: SubmitWord[]): Move;
export function answers(kind: "poll", words: PollWord[]): Move;
export function answers(kind: "callback", words: CallbackWord[]): Move;
export function answers(kind: "copy", words: CopyWord[]): Move;
export function answers(kind: WireKind, words: string[]): Move {
  return {
    text: `${kind === "copy" ? "copies" : `${kind}s`} are answered ${words.join(", ")}`,
    run: async ({ script }) => {
      (script[kind] as string[]).push(...words);
    },
  };
}

export function keyAnswers(words: KeyVerdict[]): Move {
  return {
    text: `the key is ${words.join(", ")}`,
    run: async ({ script }) => void script.key.push(...words),
  };
}

/** Of a life that has this endpoint. */
function atEndpoint(id: EndpointId, text: string, run: (world: World) => Promise<void>): Move {
  return { text, fits: ({ life }) => life.endpoints.some((plan) => plan.id === id), run };
}

export function endpointAnswers(id: EndpointId, words: CallbackWord[]): Move {
  return atEndpoint(id, `callbacks to ${id} are answered ${words.join(", ")}`, async ({ script }) => {
    script.endpoints[id].push(...words);
  });
}

export function changeEndpoint(id: EndpointId, change: EndpointChangeWord): Move {
  return atEndpoint(id, `${id} is ${change}`, async (world) => world.changeEndpoint(id, change));
}

export const release: Move = { text: "answer what hangs", run: async (world) => world.release() };
export const crash: Move = { text: "crash", run: async (world) => world.crash() };

export function fire(times: number): Move {
  return {
    text: times === 1 ? "alarm" : `${times} alarms`,
    run: async (world, model) => {
      for (let time = 0; time < times; time++) {
        if (!(await world.fire())) break;
        counted.alarms += 1;
        await model.look(world);
      }
    },
  };
}

export function pass(ms: number, text: string): Move {
  return { text: `${text} pass`, run: async (world) => world.pass(ms) };
}

export function crashAt(plan: CrashPlan): Move {
  const loss = plan.lossy ? ", and loses what was not yet reported" : "";
  return {
    text: `dies ${plan.when} verb ${plan.nth} from here${loss}`,
    run: async (world) => world.planCrash(plan),
  };
}

export function hold(kind: WireKind): Move {
  return { text: `the next ${kind} hangs`, run: async ({ script }) => void script.hold.add(kind) };
}

export function silence(silent: boolean): Move {
  return {
    text: silent ? "the account falls silent" : "the account answers again",
    run: async ({ script }) => void (script.silentAccount = silent),
  };
}

export function bucket(broken: boolean): Move {
  return {
    text: broken ? "the bucket breaks" : "the bucket works again",
    run: async ({ script }) => void (script.brokenBucket = broken),
  };
}

export function settings(good: boolean): Move {
  return {
    text: good ? "the settings parse again" : "the settings are bad",
    // A deployment ends the process; the recovery of a lost create has the settings of the create.
    fits: (world) => !world.busy().create,
    run: async (world) => world.setSettings(good),
  };
}

export function rotate(overlapMs: number): Move {
  return {
    text: `rotate, overlap ${overlapMs / 1000} s`,
    run: async (world) => world.rotate(overlapMs),
  };
}
