import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import { startReceiver, type Received, type Receiver } from "../../../../dev/receiver.ts";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import {
  isTerminal,
  newHook,
  type DeliveryBody,
  type Hook,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

const RETRY_SECONDS = "1.5,0.1,0.1";
/** Seen running, on a loaded machine, too. */
export const SLOW = "[slow] A lighthouse at dusk.";

interface ThreeReceivers {
  stack: Stack;
  /** The headers of the account that calls. */
  caller: { authorization: string };
  /** Of three hosts: the task's own callback, and two endpoints. */
  newHooks(): [own: Hook, first: Hook, second: Hook];
  receiverOf(hook: Hook): Receiver;
  call<Answer>(method: string, path: string, body?: object, status?: number): Promise<Answer>;
  register(hook: Hook, fields?: object): Promise<EndpointJson>;
  change(id: string, fields: object): Promise<EndpointJson>;
  create(fields?: object): Promise<string>;
  /** The task's deliveries at this endpoint, or with null those of its own callback. */
  at(endpoint: string | null, id: string, ready: (mine: DeliveryBody[]) => boolean): Promise<DeliveryBody[]>;
  /** Once an event would have come: the task has ended, and its own callback was delivered. */
  isOver(id: string): Promise<void>;
}

/** One stack with three receivers for all tests of a file, each of which calls as an account of its own. */
export function useThreeReceivers(): ThreeReceivers {
  const store = mkdtempSync(join(tmpdir(), "ringback-endpoints-"));
  afterAll(() => rmSync(store, { recursive: true, force: true }));
  const stack = useStack({
    settings: { CALLBACK_RETRY_SECONDS: RETRY_SECONDS },
    gateway: {
      taskPlan: ({ prompt }) => ({
        queueSeconds: 0.1,
        runSeconds: String(prompt).includes("[slow]") ? 3 : 0.2,
      }),
    },
    persistTo: store,
  });
  let others: Receiver[];
  let keys = 0;
  const caller = { authorization: "" };
  const receivers = (): Receiver[] => [stack.receiver, ...others];
  beforeAll(async () => {
    others = [await startReceiver(), await startReceiver()];
  });
  afterAll(async () => Promise.all(others.map(async (one) => one.close())));
  beforeEach(() => {
    keys += 1;
    caller.authorization = `Bearer sk-endpoints-key-number-${keys}`;
    for (const one of receivers()) one.defaultReply({ status: 200 });
  });
  const call: ThreeReceivers["call"] = async <Answer>(
    method: string,
    path: string,
    body?: object,
    status = 200,
  ) => {
    const answer = await stack.call(`/v1${path}`, {
      method,
      headers: { ...caller, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([status, text]);
    return (text === "" ? undefined : JSON.parse(text)) as Answer;
  };
  return {
    stack,
    caller,
    newHooks: () => {
      const [own, first, second] = receivers().map((receiver) => newHook({ receiver }));
      if (!own || !first || !second) throw new Error("three receivers");
      return [own, first, second];
    },
    receiverOf: ({ url }) => {
      const found = receivers().find((one) => new URL(one.url).origin === new URL(url).origin);
      if (!found) throw new Error(`no receiver at ${url}`);
      return found;
    },
    call,
    register: async ({ url }, fields = {}) =>
      call<EndpointJson>("POST", "/webhooks/endpoints", { url, ...fields }, 201),
    change: async (id, fields) => call<EndpointJson>("PATCH", `/webhooks/endpoints/${id}`, fields),
    create: async (fields = {}) => {
      const answer = await stack.create(fields as Record<string, unknown>, caller);
      expect(answer.status).toBe(202);
      return ((await answer.json()) as TaskBody).task_id;
    },
    at: async (endpoint, id, ready) => {
      const mine = (all: DeliveryBody[]): DeliveryBody[] =>
        all.filter((one) => (one.endpoint?.id ?? null) === endpoint);
      return mine(await stack.deliveries(id, (all) => ready(mine(all))));
    },
    isOver: async (id) => {
      await stack.task(id, (task) => isTerminal(task) && task.callback?.status === "delivered");
    },
  };
}

export const isSettled =
  (status: string) =>
  (mine: DeliveryBody[]): boolean =>
    mine.length > 0 && mine.every((one) => one.status === status);

export const messageId = ({ headers }: Received): unknown => headers["webhook-id"];
