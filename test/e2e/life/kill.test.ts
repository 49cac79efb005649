import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type Gateway } from "../../../dev/gateway.ts";
import { startReceiver, type Receiver } from "../../../dev/receiver.ts";
import {
  startKillableWorker,
  type KillableOptions,
  type KillableWorker,
} from "../../support/programs/processes.ts";
import { addRun, newTally, printTally } from "../../support/checks/tally.ts";
import {
  eventually,
  FAST_SETTINGS,
  isTerminal,
  MODEL,
  OWN_KEY,
  type DeliveryBody,
  type TaskBody,
} from "../../support/stack.ts";

/*
 * scenario                                              requirement
 * workerd is killed at random moments, with             guarantee 1: every accepted task ends and calls back
 * 200 tasks being created, polled and called back       guarantee 2: one submit a task
 *                                                       guarantee 4: same id and body; repeats only by a kill
 *                                                       guarantee 5: the log never holds fewer rows than the wire
 */

const TASKS = 200;
/** KILLS makes it more: `npm run test:nightly` does. */
const KILLS = Number(process.env["KILLS"] ?? 3);
/** Each kill costs the start of a Worker, which takes seconds on a busy machine. */
const PATIENCE_MS = 240_000;

const folder = mkdtempSync(join(tmpdir(), "ringback-kill-"));
let gateway: Gateway;
let receiver: Receiver;
let worker: KillableWorker;
let options: KillableOptions;
const run = { over: false };

beforeAll(async () => {
  gateway = await startGateway({ queueSeconds: 1, runSeconds: 6 });
  receiver = await startReceiver();
  options = {
    persistTo: folder,
    settings: {
      ...FAST_SETTINGS,
      AIO_BASE_URL: gateway.baseUrl,
      POLL_FIRST_SECONDS: "1",
      POLL_MIN_SECONDS: "0.5",
      POLL_MAX_SECONDS: "1",
      // A loaded machine must not make an attempt time out whose answer is on its way: only kills repeat one here.
      CALLBACK_TIMEOUT_SECONDS: "2",
      CALLBACK_RETRY_SECONDS: Array.from({ length: 12 }, () => "0.5").join(","),
    },
  };
  worker = await startKillableWorker(options);
  options.port = Number(new URL(worker.url).port);
});
afterAll(async () => {
  run.over = true;
  await worker.kill();
  await Promise.all([gateway.close(), receiver.close()]);
  rmSync(folder, { recursive: true, force: true });
});

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

/** A create that is repeated under its key until it is answered: what a careful client does. */
async function createUntilAnswered(index: number): Promise<TaskBody> {
  const init = {
    method: "POST",
    headers: { "idempotency-key": `kill-${index}` },
    body: JSON.stringify({
      model: MODEL,
      prompt: `task number ${index}`,
      callback_url: `${receiver.url}/${index}`,
    }),
  };
  const answer = await eventually(
    async () => ask("/v1/videos", init),
    (got) => got !== null && got.status !== 409 && got.status !== 503,
    PATIENCE_MS,
  );
  if (answer?.status !== 202) throw new Error(`the create was answered ${JSON.stringify(answer)}`);
  return answer.body as TaskBody;
}

async function createAll(): Promise<TaskBody[]> {
  const tasks: TaskBody[] = [];
  for (let index = 0; index < TASKS; index += 20) {
    const batch = Array.from({ length: 20 }, async (_, offset) => createUntilAnswered(index + offset));
    tasks.push(...(await Promise.all(batch)));
  }
  return tasks;
}

async function killAtRandomMoments(): Promise<void> {
  for (let kills = 0; kills < KILLS && !run.over; kills++) {
    await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 800));
    await worker.kill();
    worker = await startKillableWorker(options);
  }
  // The test has failed meanwhile, and nothing else would end this one.
  if (run.over) await worker.kill();
}

function isDelivered(task: TaskBody): boolean {
  return isTerminal(task) && task.callback?.status === "delivered";
}

async function settledTask(id: string): Promise<TaskBody> {
  const answer = await eventually(
    async () => ask(`/v1/videos/${id}`),
    (got) => got !== null && (got.status !== 200 || isDelivered(got.body as TaskBody)),
    PATIENCE_MS,
  );
  if (answer?.status !== 200) throw new Error(`${id} answered ${JSON.stringify(answer)}`);
  return answer.body as TaskBody;
}

it(
  "loses nothing and doubles nothing that it need not, however often it is killed",
  { timeout: 300_000 },
  async () => {
    const [tasks] = await Promise.all([createAll(), killAtRandomMoments()]);

    const tally = newTally(`a SIGKILL at a random moment, ${KILLS} times`);
    let repeats = 0;
    let unknown = 0;
    for (const [index, { task_id: id }] of tasks.entries()) {
      const task = await settledTask(id);
      const deliveries = await ask(`/v1/videos/${id}/deliveries`);
      const { data = [] } = (deliveries?.body ?? {}) as { data?: DeliveryBody[] };
      const attempts = data.flatMap((delivery) => delivery.attempts);
      const received = receiver.received.filter(({ path }) => path.endsWith(`/${index}`));
      addRun(tally, {
        lost: received.length === 0 ? 1 : 0,
        doubled: new Set(received.map(({ headers }) => headers["webhook-id"])).size > 1 ? 1 : 0,
        leaked: received.filter(({ body }) => body.includes(OWN_KEY)).length,
      });
      expect(received.length).toBeGreaterThanOrEqual(1);
      expect(attempts.length).toBeGreaterThanOrEqual(received.length);
      expect(new Set(received.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
      expect(new Set(received.map(({ body }) => body)).size).toBe(1);
      const said: unknown = JSON.parse(received[0]?.body ?? "");
      expect(said).toMatchObject({ data: { task_id: id, status: task.status } });
      if (task.status === "failed") expect(task.error?.code).toBe("submit_unknown");
      // A callback that was taken comes again only where a kill left an attempt without a result.
      const interrupted = attempts.filter(({ outcome }) => outcome === "unknown").length;
      expect(received.length - 1, JSON.stringify(attempts)).toBeLessThanOrEqual(interrupted);
      repeats += received.length - 1;
      unknown += task.status === "failed" ? 1 : 0;
    }

    // Every create here is accepted or unknown, never refused: one submit a task, and no more.
    const prompts = gateway.calls
      .filter(({ method, path }) => method === "POST" && path === "/v1/videos")
      .map(({ body }) => (JSON.parse(body.toString()) as { prompt: string }).prompt);
    tally.doubled += prompts.length - new Set(prompts).size;
    printTally(tally);
    expect(tally).toMatchObject({ runs: TASKS, lost: 0, doubled: 0, leaked: 0 });
    console.log(`${KILLS} kills, ${tasks.length} tasks, ${unknown} submit_unknown, ${repeats} repeats`);
  },
);
