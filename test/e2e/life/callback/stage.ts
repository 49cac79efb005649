import type { Socket } from "node:net";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect } from "vitest";
import {
  httpAnswer,
  startRawServer,
  type RawRequest,
  type RawServer,
} from "../../../support/wire/raw-server.ts";
import type { DeliveryBody, Stack, TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/** What a receiver does with a request: its endpoint's, at that attempt. */
export type Behaviour = (socket: Socket, attempt: number, request: RawRequest) => void;

/** Timers of two busy cores. */
export const LATE_MS = 500;

/** A receiver with one endpoint per behaviour. */
export interface Stage {
  raw: RawServer;
  /** The URL of an endpoint of its own. */
  endpoint(behaviour: Behaviour): string;
  /** What came to it, in order. */
  requests(url: string): RawRequest[];
}

export async function startStage(): Promise<Stage> {
  const behaviours = new Map<string, Behaviour>();
  const raw = await startRawServer((socket, request) => {
    const behave = behaviours.get(request.path);
    if (behave === undefined) socket.end(httpAnswer(404));
    else behave(socket, Number(request.headers["ringback-attempt"]), request);
  });
  return {
    raw,
    endpoint: (behaviour) => {
      const path = `/hook/${behaviours.size + 1}?signature=a%2Fb+c==`;
      behaviours.set(path, behaviour);
      return raw.origin + path;
    },
    requests: (url) => raw.to(url.slice(raw.origin.length)),
  };
}

export const answers =
  (status: number, body = "", headers: Record<string, string> = {}): Behaviour =>
  (socket) =>
    socket.end(httpAnswer(status, body, headers));

export const accepts = answers(200, "ok");

/** The behaviour at the first attempt, and a 200 at every later one. */
export const firstThenAccepts =
  (first: Behaviour): Behaviour =>
  (socket, attempt, request) =>
    (attempt === 1 ? first : accepts)(socket, attempt, request);

export function settled(data: DeliveryBody[]): boolean {
  return data.length > 0 && data.every(({ status }) => status !== "pending");
}

/** The type of the event in a standard body. */
export function typeOf({ body }: Pick<RawRequest, "body">): string {
  return (JSON.parse(body) as { type: string }).type;
}

export async function createTask(stack: Stack, fields: Record<string, unknown>): Promise<TaskBody> {
  const response = await stack.create(fields);
  expect(response.status).toBe(202);
  return (await response.json()) as TaskBody;
}

/** The delivery of the task's only event, once it is settled. */
export async function onlyDelivery(stack: Stack, id: string): Promise<DeliveryBody> {
  const data = await stack.deliveries(id, settled, 15_000);
  expect(data).toHaveLength(1);
  return data[0] as DeliveryBody;
}

export function isEnd({ event }: DeliveryBody): boolean {
  return event === "video.succeeded" || event === "video.failed";
}

export const STEPS_MS = [200, 1300, 400];
export const TIMEOUT_MS = 1500;

/** A task with an endpoint of its own. */
interface CalledBack {
  url: string;
  task: TaskBody;
  id: string;
  /** What came to the endpoint so far. */
  requests(): RawRequest[];
}

interface Callbacks {
  stack: Stack;
  /** Where the endpoints are. */
  origin(): string;
  create(behaviour: Behaviour, fields?: Record<string, unknown>): Promise<CalledBack>;
  /** The account's signing secret. */
  secret(): string;
  /** The event, if the signature is the account's; throws otherwise. */
  verify(request: RawRequest): unknown;
}

/** One stack and one stage for all tests of a `describe`: its attempts follow STEPS_MS and wait TIMEOUT_MS. */
export function useCallbacks(): Callbacks {
  let stage: Stage;
  let secret: string;
  beforeAll(async () => {
    stage = await startStage();
  });
  afterAll(async () => stage.raw.close());
  const stack = useStack({
    settings: {
      CALLBACK_RETRY_SECONDS: STEPS_MS.map((ms) => ms / 1000).join(","),
      CALLBACK_TIMEOUT_SECONDS: String(TIMEOUT_MS / 1000),
    },
    gateway: {
      // A slow one runs until the test ends it; any other has ended at the first poll.
      taskPlan: ({ prompt }) => ({
        queueSeconds: 0,
        runSeconds: String(prompt).includes("[slow]") ? 600 : 0,
        fails: String(prompt).includes("[fail]"),
      }),
    },
  });
  beforeAll(async () => {
    secret = ((await (await stack.call("/v1/webhooks/secret")).json()) as { secret: string }).secret;
  });
  return {
    stack,
    origin: () => stage.raw.origin,
    secret: () => secret,
    create: async (behaviour, fields = {}) => {
      const url = stage.endpoint(behaviour);
      const task = await createTask(stack, { callback_url: url, ...fields });
      return { url, task, id: task.task_id, requests: () => stage.requests(url) };
    },
    verify: ({ body, headers }) => new Webhook(secret).verify(body, headers),
  };
}

/** A gateway task's clock, set so that it reports this progress for hours. */
export function progressOf(percent: number): { runsAt: number; fullAt: number } {
  const runsAt = Date.now() - (percent + 0.5) * 1e7;
  return { runsAt, fullAt: runsAt + 1e9 };
}
