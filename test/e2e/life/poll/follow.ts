import { afterEach, expect } from "vitest";
import type { Fault, GatewayCall } from "../../../../dev/gateway.ts";
import { isTerminal, type Stack, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export const VIDEO = "https://cdn.example.com/v.mp4?token=a%2Fb+c==&n=1#t=2";
export const DONE = { body: { status: "succeeded", video_url: VIDEO } };
export const RUNNING = { body: { status: "running" } };

export type Planned = Omit<Fault, "on">;

interface Followed {
  /** As the create answered it. */
  created: TaskBody;
  id: string;
  /** The id that the upstream gives it, unless the plan for the submit gives another. */
  upstreamId: string;
  /** The polls so far. */
  polls(): GatewayCall[];
}

export let serial = 0;

/** Creates a task whose every answer of the upstream is planned; past the plan the upstream knows no such task. */
export async function follow(
  stack: Stack,
  polls: Planned[],
  submit: (id: string) => object | string = (id) => ({ task_id: id, status: "queued" }),
): Promise<Followed> {
  serial += 1;
  const upstreamId = `up-${serial}`;
  stack.gateway.fault({ on: "submit", status: 200, body: submit(upstreamId) });
  plan(stack, polls);
  const first = stack.gateway.calls.length;
  // A 429 paces every task of its key for a minute: it has a key of its own, so that no other test here notices.
  const isPaced = polls.some(({ status }) => status === 429);
  const response = await stack.create({}, isPaced ? { authorization: `Bearer sk-of-${upstreamId}` } : {});
  expect(response.status).toBe(202);
  const created = (await response.json()) as TaskBody;
  const isPoll = ({ method, path }: GatewayCall): boolean =>
    method === "GET" && path.startsWith("/v1/videos/");
  return {
    created,
    id: created.task_id,
    upstreamId,
    polls: () => stack.gateway.calls.slice(first).filter(isPoll),
  };
}

/** What the gateway answers to the next polls. */
export function plan(stack: Stack, polls: Planned[]): void {
  for (const poll of polls)
    stack.gateway.fault({ on: "poll", ...(poll.drop === undefined ? { status: 200 } : {}), ...poll });
}

export function gapsMs(calls: GatewayCall[]): number[] {
  return calls.slice(1).map(({ at }, index) => at - (calls[index]?.at ?? Number.NaN));
}

/** A poll leaves a little later than planned and arrives a little later than it left: two cores, several processes. */
export const LATE_MS = 400;

interface QuickPolls {
  stack: Stack;
  /** Follows a task to its end. */
  ending(
    polls: Planned[],
    submit?: (id: string) => object | string,
  ): Promise<{ task: TaskBody; polls: GatewayCall[]; upstreamId: string }>;
}

/** UPSTREAM_LOST_SECONDS, UPSTREAM_UNAUTHORIZED_SECONDS and RESULT_MISSING_SECONDS of quick polls. */
export const WINDOW_MS = 800;

/** One stack for all tests of a `describe`, which asks the upstream every few milliseconds. */
export function useQuickPolls(): QuickPolls {
  const windowSeconds = String(WINDOW_MS / 1000);
  const stack = useStack({
    settings: {
      POLL_FIRST_SECONDS: "0.05",
      POLL_MIN_SECONDS: "0.02",
      POLL_MAX_SECONDS: "0.05",
      UPSTREAM_TIMEOUT_SECONDS: "0.4",
      UPSTREAM_LOST_SECONDS: windowSeconds,
      UPSTREAM_UNAUTHORIZED_SECONDS: windowSeconds,
      RESULT_MISSING_SECONDS: windowSeconds,
    },
  });
  afterEach(() => stack.gateway.clearFaults());
  return {
    stack,
    ending: async (polls, submit) => {
      const followed = await follow(stack, polls, submit);
      const task = await stack.task(followed.id, isTerminal);
      return { task, polls: followed.polls(), upstreamId: followed.upstreamId };
    },
  };
}
