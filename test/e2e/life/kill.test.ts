import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type Gateway } from "../../../dev/gateway.ts";
import { startReceiver, type Received, type Receiver } from "../../../dev/receiver.ts";
import type { EndpointJson } from "../../../src/contract/shapes/endpoint.ts";
import {
  startKillableWorker,
  type KillableOptions,
  type KillableWorker,
} from "../../support/programs/processes.ts";
import { addRun, newTally, printTally } from "../../support/checks/tally.ts";
import {
  eventually,
  FAST_SETTINGS,
  MODEL,
  OWN_KEY,
  type DeliveryBody,
  type TaskBody,
} from "../../support/stack.ts";

/*
 * scenario                                              requirement
 * workerd is killed while tasks are created, and        guarantee 1: every accepted task ends and calls back
 * while their callbacks are on the wire to three        guarantee 2: one submit a task
 * receivers: the task's own and two endpoints           guarantee 4: same id and body; repeats only by a kill
 *                                                       guarantee 5: the log never holds fewer rows than the wire
 *                                                       contract, Registered endpoints: one id, a body for each format
 */

/** KILLS makes it more: `npm run test:nightly` does. */
const KILLS = Number(process.env["KILLS"] ?? 3);
/** Created in each life of the process. */
const TASKS_A_LIFE = 12;
/** Each kill costs the start of a Worker, which takes seconds on a busy machine. */
const PATIENCE_MS = 240_000;
/** So many clients that ask more often would take the time in which the Worker starts. */
const ASK_EVERY_MS = 150;
/** A receiver takes so long to answer, so that a kill meets attempts on the wire. */
const ANSWER_MS = 300;
/** Over so long the creates of one life are spread. */
const CREATES_MS = 800;

const folder = mkdtempSync(join(tmpdir(), "ringback-kill-"));
let gateway: Gateway;
/** Of the tasks' own callbacks, and of the endpoints in the formats standard and flat. */
let receivers: { own: Receiver; standard: Receiver; flat: Receiver };
let endpoints: { standard: string; flat: string };
let worker: KillableWorker;
let options: KillableOptions;

beforeAll(async () => {
  gateway = await startGateway({
    taskPlan: () => ({ queueSeconds: 0.3, runSeconds: 0.5 + Math.random() * 2 }),
  });
  receivers = { own: await startReceiver(), standard: await startReceiver(), flat: await startReceiver() };
  for (const one of Object.values(receivers)) one.defaultReply({ status: 200, delayMs: ANSWER_MS });
  options = {
    persistTo: folder,
    settings: {
      ...FAST_SETTINGS,
      AIO_BASE_URL: gateway.baseUrl,
      POLL_FIRST_SECONDS: "1",
      POLL_MIN_SECONDS: "0.5",
      POLL_MAX_SECONDS: "1",
      // A loaded machine must not make an attempt time out whose answer is on its way: only kills repeat one here.
      CALLBACK_TIMEOUT_SECONDS: "6",
      CALLBACK_RETRY_SECONDS: Array.from({ length: 12 }, () => "0.5").join(","),
      UPSTREAM_TIMEOUT_SECONDS: "5",
    },
  };
  worker = await startKillableWorker(options);
  options.port = Number(new URL(worker.url).port);
  endpoints = { standard: await register("standard"), flat: await register("flat") };
});
afterAll(async () => {
  await worker.kill();
  await Promise.all([gateway.close(), ...Object.values(receivers).map(async (one) => one.close())]);
  rmSync(folder, { recursive: true, force: true });
});

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** An answer, or null if the Worker was down or was killed before the answer was whole. */
async function ask(path: string, init: RequestInit = {}): Promise<{ status: number; body: unknown } | null> {
  try {
    const headers = new Headers(init.headers);
    headers.set("authorization", `Bearer ${OWN_KEY}`);
    headers.set("content-type", "application/json");
    const response = await fetch(worker.url + path, { ...init, headers });
    return { status: response.status, body: await response.json() };
  } catch {
    // Whatever was done, the answer is lost.
    return null;
  }
}

async function register(format: "standard" | "flat"): Promise<string> {
  const body = JSON.stringify({ url: receivers[format].url, format });
  const answer = await ask("/v1/webhooks/endpoints", { method: "POST", body });
  if (answer?.status !== 201) throw new Error(`the endpoint was answered ${JSON.stringify(answer)}`);
  return (answer.body as EndpointJson).id;
}

/** A create that is repeated under its key until it is answered: what a careful client does. */
async function createUntilAnswered(index: number): Promise<string> {
  const init = {
    method: "POST",
    headers: { "idempotency-key": `kill-${index}` },
    body: JSON.stringify({
      model: MODEL,
      prompt: `task number ${index}`,
      callback_url: `${receivers.own.url}/${index}`,
    }),
  };
  const answer = await eventually(
    async () => ask("/v1/videos", init),
    (got) => got !== null && got.status !== 409 && got.status !== 503,
    PATIENCE_MS,
    ASK_EVERY_MS,
  );
  if (answer?.status !== 202) throw new Error(`the create was answered ${JSON.stringify(answer)}`);
  return (answer.body as TaskBody).task_id;
}

async function createSome(life: number): Promise<string[]> {
  const indexes = Array.from({ length: TASKS_A_LIFE }, (_, offset) => life * TASKS_A_LIFE + offset);
  return Promise.all(
    indexes.map(async (index) => {
      await pause(Math.random() * CREATES_MS);
      return createUntilAnswered(index);
    }),
  );
}

/** In every third life while its tasks are created; in the others while callbacks are on the wire. */
async function killAtSomeMoment(life: number): Promise<void> {
  const isEarly = life % 3 === 0;
  if (!isEarly) {
    const before = callbacks();
    const more = 1 + Math.floor((Math.random() * TASKS_A_LIFE) / 2);
    await eventually(
      async () => callbacks() - before,
      (count) => count >= more,
      PATIENCE_MS,
    );
  }
  await pause(Math.random() * (isEarly ? CREATES_MS : ANSWER_MS / 2));
  await worker.kill();
  worker = await startKillableWorker(options);
}

function callbacks(): number {
  return Object.values(receivers).reduce((sum, { received }) => sum + received.length, 0);
}

/** The task's deliveries once each of the three is over. */
async function settledDeliveries(id: string): Promise<DeliveryBody[]> {
  const listed = await eventually(
    async () => ((await ask(`/v1/videos/${id}/deliveries`))?.body as { data?: DeliveryBody[] } | null)?.data,
    (data) => data?.length === 3 && data.every(({ status }) => status !== "pending"),
    PATIENCE_MS,
    ASK_EVERY_MS,
  );
  return listed ?? [];
}

/** What a callback says, in either format. */
function said({ body }: Received): { task_id: string; status: string } {
  const message = JSON.parse(body) as { data?: TaskBody; task_id: string; status: string };
  return message.data ?? message;
}

type Attempt = DeliveryBody["attempts"][number];

/** It may have been taken although it is not recorded so, and therefore comes again. */
function mayHaveArrived({ outcome, reason }: Attempt): boolean {
  return outcome === "unknown" || reason === "timeout";
}

/** One receiver's part of a task: what was recorded, and what it saw. */
function judge({ status, message_id: id, attempts }: DeliveryBody, received: readonly Received[]): void {
  const log = JSON.stringify(attempts);
  expect(status, log).toBe("delivered");
  expect(received.length).toBeGreaterThanOrEqual(1);
  expect(new Set(received.map(({ headers }) => headers["webhook-id"]))).toEqual(new Set([id]));
  expect(new Set(received.map(({ body }) => body)).size).toBe(1);
  // Each request stands in the log, as an attempt of its own.
  const numbers = received.map(({ headers }) => Number(headers["ringback-attempt"]));
  expect(new Set(numbers).size, log).toBe(numbers.length);
  expect(attempts.map(({ number }) => number)).toEqual(expect.arrayContaining(numbers));
  // A callback that was taken comes again only where a kill left an attempt without a result.
  const [last, ...earlier] = attempts.toReversed();
  expect(last, log).toMatchObject({ outcome: "delivered", status_code: 200 });
  expect(numbers, log).toContain(last?.number);
  expect(earlier.filter((attempt) => !mayHaveArrived(attempt))).toEqual([]);
}

it(
  "loses nothing and doubles nothing that it need not at any receiver, however often it is killed",
  { timeout: 300_000 },
  async () => {
    const creating: Promise<string[]>[] = [];
    for (let life = 0; life < KILLS; life += 1) {
      creating.push(createSome(life));
      await killAtSomeMoment(life);
    }
    const ids = (await Promise.all(creating)).flat();
    // All of them first: after that nothing more may arrive.
    const tasks: { id: string; deliveries: DeliveryBody[] }[] = [];
    for (const id of ids) tasks.push({ id, deliveries: await settledDeliveries(id) });

    const tally = newTally(`a SIGKILL at a random moment, ${KILLS} times`);
    let repeats = 0;
    let interrupted = 0;
    let unknown = 0;
    for (const [index, { id, deliveries }] of tasks.entries()) {
      const { body } = (await ask(`/v1/videos/${id}`)) as { body: TaskBody };
      const seenBy = ({ received }: Receiver) => received.filter((one) => said(one).task_id === id);
      const seen = {
        own: seenBy(receivers.own),
        standard: seenBy(receivers.standard),
        flat: seenBy(receivers.flat),
      };
      const all = Object.values(seen);
      addRun(tally, {
        lost: all.filter(({ length }) => length === 0).length,
        doubled: new Set(all.flat().map(({ headers }) => headers["webhook-id"])).size > 1 ? 1 : 0,
        leaked: all.flat().filter((one) => one.body.includes(OWN_KEY)).length,
      });
      expect(new Set(deliveries.map(({ endpoint }) => endpoint?.id ?? null))).toEqual(
        new Set([null, endpoints.standard, endpoints.flat]),
      );
      const at = (endpoint: string | null) =>
        deliveries.find((one) => (one.endpoint?.id ?? null) === endpoint) as DeliveryBody;
      judge(at(null), seen.own);
      judge(at(endpoints.standard), seen.standard);
      judge(at(endpoints.flat), seen.flat);
      expect(new Set(deliveries.map(({ message_id }) => message_id)).size).toBe(1);
      expect(new Set(seen.own.map(({ path }) => path))).toEqual(new Set([`/hook/${index}`]));
      expect(seen.standard[0]?.body).toBe(seen.own[0]?.body);
      expect(new Set(all.flat().map((one) => said(one).status))).toEqual(new Set([body.status]));
      if (body.status === "failed") expect(body.error?.code).toBe("submit_unknown");
      unknown += body.status === "failed" ? 1 : 0;
      repeats += all.flat().length - all.length;
      interrupted += deliveries.flatMap(({ attempts }) => attempts).filter(mayHaveArrived).length;
    }
    // Nothing else was sent anywhere.
    expect(callbacks()).toBe(3 * tasks.length + repeats);

    // Every create here is accepted or unknown, never refused: one submit a task, and no more.
    const prompts = gateway.calls
      .filter(({ method, path }) => method === "POST" && path === "/v1/videos")
      .map(({ body }) => (JSON.parse(body.toString()) as { prompt: string }).prompt);
    tally.doubled += prompts.length - new Set(prompts).size;
    printTally(tally);
    expect(tally).toMatchObject({ runs: KILLS * TASKS_A_LIFE, lost: 0, doubled: 0, leaked: 0 });
    // The kills met what they are for.
    expect(interrupted).toBeGreaterThan(0);
    console.log(
      `${KILLS} kills, ${tasks.length} tasks, ${unknown} submit_unknown, ${interrupted} attempts without a result, ${repeats} repeats`,
    );
  },
);
