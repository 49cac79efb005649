import type { Exchange } from "../wire/raw-server.ts";
import { VIDEO, type Answer, type Plan, type RawUpstream, type Scene } from "./raw-upstream.ts";
import { isTerminal, type Stack, type TaskBody } from "../stack.ts";

/** The outcome of a task that gets one bad answer of the upstream, and honest ones after it. */
export interface Met {
  exchange: Exchange;
  outcome: { status: string; code: string | null; video: string | null; submits: number; polls: number };
}

/** At the submit: sent once, never polled. */
export const UNKNOWN = { status: "failed", code: "submit_unknown", video: null, submits: 1, polls: 0 };
/** At a poll: asked again, and ended by the honest answer. */
export const BORNE = { status: "succeeded", code: null, video: VIDEO, submits: 1, polls: 2 };

export function outcomes(met: readonly Met[]): Met["outcome"][] {
  return met.map(({ outcome }) => outcome);
}

function meeting(scene: Scene, [exchange]: Exchange[], task: TaskBody): Met {
  const { status, error, video_url: video } = task;
  const counts = { submits: scene.submits.length, polls: scene.polls.length };
  return { exchange: exchange as Exchange, outcome: { status, code: error?.code ?? null, video, ...counts } };
}

export interface Meetings {
  /** A task that the upstream treats as planned. */
  create(plan: Plan, fields?: Record<string, unknown>): Promise<{ scene: Scene; task: TaskBody }>;
  submitMeets(answer: Answer): Promise<Met>;
  pollMeets(answer: Answer): Promise<Met>;
  /** Both, each with a task of its own. */
  meet(answer: Answer): Promise<[submit: Met, poll: Met]>;
}

/** `on` is asked at each call: the two are started in `beforeAll`. */
export function meetings(on: () => { stack: Stack; upstream: RawUpstream }): Meetings {
  const create: Meetings["create"] = async (plan, fields = {}) => {
    const { stack, upstream } = on();
    const scene = upstream.scene(plan);
    const response = await stack.create({ ...scene.fields, ...fields });
    if (response.status !== 202) throw new Error(`the create was answered ${response.status}`);
    return { scene, task: (await response.json()) as TaskBody };
  };
  const submitMeets: Meetings["submitMeets"] = async (answer) => {
    const { scene, task } = await create({ submit: [answer] });
    return meeting(scene, scene.submits, task);
  };
  const pollMeets: Meetings["pollMeets"] = async (answer) => {
    const { scene, task } = await create({ poll: [answer] });
    return meeting(scene, scene.polls, await on().stack.task(task.task_id, isTerminal));
  };
  const meet: Meetings["meet"] = async (answer) => Promise.all([submitMeets(answer), pollMeets(answer)]);
  return { create, submitMeets, pollMeets, meet };
}
