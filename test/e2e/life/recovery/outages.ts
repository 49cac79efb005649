import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { RecoveryJson } from "../../../../src/contract/shapes/recovery.ts";
import { startReceiver, type Receiver } from "../../../../dev/receiver.ts";
import { eventually, type Hook, type Stack, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

interface Outages {
  stack: Stack;
  /** The headers of the account that calls. */
  caller: { authorization: string };
  /** A second receiver, for a recovery to another URL. */
  other(): Receiver;
  call(method: string, path: string, body?: object): Promise<{ status: number; body: unknown }>;
  start(fields?: object): Promise<RecoveryJson>;
  read(id: string): Promise<RecoveryJson>;
  ended(id: string): Promise<RecoveryJson>;
  /** Test tasks, which end at once; their ids, oldest first, once their callbacks have come to that. */
  tasks(count: number, url: string, status: string, fields?: object): Promise<string[]>;
  anOutage(count: number, hook: Hook, fields?: object): Promise<string[]>;
}

/** One stack for all tests of a file, each of which calls as an account of its own. */
export function useOutages(): Outages {
  const store = mkdtempSync(join(tmpdir(), "ringback-recovery-"));
  afterAll(() => rmSync(store, { recursive: true, force: true }));
  const stack = useStack({ settings: { CALLBACK_RETRY_SECONDS: "0.05" }, persistTo: store });
  let other: Receiver;
  let keys = 0;
  const caller = { authorization: "" };
  beforeAll(async () => {
    other = await startReceiver();
  });
  afterAll(async () => other.close());
  beforeEach(() => {
    keys += 1;
    caller.authorization = `Bearer sk-recovery-key-number-${keys}`;
    stack.receiver.defaultReply({ status: 200 });
    other.defaultReply({ status: 200 });
  });

  async function call(
    method: string,
    path: string,
    body?: object,
  ): Promise<{ status: number; body: unknown }> {
    const response = await stack.call(`/v1/webhooks/recoveries${path}`, {
      method,
      headers: { ...caller, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  async function start(fields: object = {}): Promise<RecoveryJson> {
    const { status, body } = await call("POST", "", fields);
    expect(status, JSON.stringify(body)).toBe(202);
    return body as RecoveryJson;
  }

  async function read(id: string): Promise<RecoveryJson> {
    return (await call("GET", `/${id}`)).body as RecoveryJson;
  }

  async function ended(id: string): Promise<RecoveryJson> {
    return eventually(
      async () => read(id),
      ({ status }) => status !== "running",
      30_000,
    );
  }

  /** Test tasks, which end at once; their ids, oldest first, once their callbacks have come to that. */
  async function tasks(count: number, url: string, status: string, fields: object = {}): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const test = { outcome: "succeeded", delay_seconds: 0 };
      const response = await stack.create({ test, callback_url: url, ...fields }, caller);
      ids.push(((await response.json()) as TaskBody).task_id);
    }
    for (const id of ids) await stack.task(id, ({ callback }) => callback?.status === status, 20_000);
    // The account knows it, too.
    await eventually(
      async () => {
        const response = await stack.call(`/v1/videos?limit=100&callback_status=${status}`, {
          headers: caller,
        });
        return ((await response.json()) as { data: { id: string }[] }).data.map(({ id }) => id);
      },
      (listed) => ids.every((id) => listed.includes(id)),
    );
    return ids;
  }

  async function anOutage(count: number, hook: Hook, fields: object = {}): Promise<string[]> {
    stack.receiver.defaultReply({ status: 503 });
    const ids = await tasks(count, hook.url, "exhausted", fields);
    stack.receiver.defaultReply({ status: 200 });
    return ids;
  }

  return { stack, caller, other: () => other, call, start, read, ended, tasks, anOutage };
}

export function taken(hook: Hook): string[] {
  const all = hook.received().filter(({ status }) => status === 200);
  return all.map(({ body }) => (JSON.parse(body) as { data: { task_id: string } }).data.task_id);
}
