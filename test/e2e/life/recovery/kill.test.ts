import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RecoveryJson } from "../../../../src/contract/shapes/recovery.ts";
import { startGateway, type Gateway } from "../../../../dev/gateway.ts";
import { startReceiver, type Receiver } from "../../../../dev/receiver.ts";
import { addRun, newTally, printTally } from "../../../support/checks/tally.ts";
import {
  startKillableWorker,
  type KillableOptions,
  type KillableWorker,
} from "../../../support/programs/processes.ts";
import {
  eventually,
  FAST_SETTINGS,
  MODEL,
  OWN_KEY,
  type DeliveryBody,
  type TaskBody,
} from "../../../support/stack.ts";

/*
 * scenario                                              requirement
 * workerd is killed at random moments while an          guarantee 6: it comes to its end
 * outage's 80 callbacks are recovered                   guarantee 4: no task is sent to twice by it
 *                                                       the counts are those of the wire, but for what a kill left open
 */

const TASKS = 80;
const KILLS = Number(process.env["KILLS"] ?? 1);
const PATIENCE_MS = 240_000;

const folder = mkdtempSync(join(tmpdir(), "ringback-recovery-kill-"));
let gateway: Gateway;
let receiver: Receiver;
let worker: KillableWorker;
let options: KillableOptions;

beforeAll(async () => {
  gateway = await startGateway();
  receiver = await startReceiver();
  options = {
    persistTo: folder,
    settings: { ...FAST_SETTINGS, AIO_BASE_URL: gateway.baseUrl, CALLBACK_RETRY_SECONDS: "0.05" },
  };
  worker = await startKillableWorker(options);
  options.port = Number(new URL(worker.url).port);
});
afterAll(async () => {
  await worker.kill();
  await Promise.all([gateway.close(), receiver.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function ask<T>(path: string, body?: object): Promise<T> {
  const response = await fetch(worker.url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${OWN_KEY}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

/** The same while the Worker is down, or is killed before the answer is whole. */
async function asked<T>(path: string, ready: (value: T) => boolean): Promise<T> {
  const value = await eventually(
    async () => ask<T>(path).catch(() => null),
    (got) => got !== null && ready(got),
    PATIENCE_MS,
  );
  if (value === null) throw new Error(`${path} was not answered`);
  return value;
}

async function anOutage(): Promise<string[]> {
  receiver.defaultReply({ status: 503 });
  const ids: string[] = [];
  for (let index = 0; index < TASKS; index += 1) {
    const test = { outcome: "succeeded", delay_seconds: 0 };
    const fields = { model: MODEL, prompt: "p", test, callback_url: `${receiver.url}/${index}` };
    ids.push((await ask<TaskBody>("/v1/videos", fields)).task_id);
  }
  await eventually(
    async () => ask<{ matched: number }>("/v1/webhooks/recoveries", { dry_run: true }),
    ({ matched }) => matched === TASKS,
    60_000,
  );
  return ids;
}

it(
  "is recovered without a double, however often the process is killed meanwhile",
  { timeout: 300_000 },
  async () => {
    const ids = await anOutage();
    receiver.received.length = 0;
    receiver.defaultReply({ status: 200, delayMs: 60 });
    const { id, matched } = await ask<RecoveryJson>("/v1/webhooks/recoveries", {});
    expect(matched).toBe(TASKS);
    const path = `/v1/webhooks/recoveries/${id}`;
    for (let kills = 0; kills < KILLS; kills += 1) {
      const before = receiver.received.length;
      await asked<RecoveryJson>(
        path,
        ({ status }) => status !== "running" || receiver.received.length > before,
      );
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 200));
      await worker.kill();
      worker = await startKillableWorker(options);
    }
    const over = await asked<RecoveryJson>(path, ({ status }) => status !== "running");
    expect(over).toMatchObject({ status: "done", matched: TASKS, remaining: 0 });

    const tally = newTally(`a SIGKILL at a random moment of a recovery, ${KILLS} times`);
    let unknown = 0;
    let delivered = 0;
    for (const [index, task] of ids.entries()) {
      const { data } = await ask<{ data: DeliveryBody[] }>(`/v1/videos/${task}/deliveries`);
      const attempts = data
        .flatMap((delivery) => delivery.attempts)
        .filter(({ trigger }) => trigger === "manual");
      const received = receiver.received.filter(({ path: at }) => at.endsWith(`/hook/${index}`));
      const isDelivered = data[0]?.status === "delivered";
      const isUnknown = attempts.some(({ outcome }) => outcome === "unknown");
      delivered += isDelivered ? 1 : 0;
      unknown += isUnknown ? 1 : 0;
      addRun(tally, {
        lost: received.length === 0 && !isUnknown ? 1 : 0,
        doubled: Math.max(0, received.length - 1),
        leaked: received.filter(({ body }) => body.includes(OWN_KEY)).length,
      });
      expect(attempts).toHaveLength(1);
    }
    printTally(tally);
    console.log(`${KILLS} kills, ${TASKS} tasks, ${unknown} with an unknown outcome`);
    expect(tally).toMatchObject({ runs: TASKS, lost: 0, doubled: 0, leaked: 0 });
    expect([over.delivered, over.failed]).toEqual([delivered, TASKS - delivered]);
    // Five are on their way at a time.
    expect(unknown).toBeLessThanOrEqual(5 * KILLS);
  },
);
