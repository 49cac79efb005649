import { expect, it } from "vitest";
import type { Profile } from "../../../../src/profiles/schema.ts";
import { httpUpstream } from "../../../../src/upstream/http-upstream.ts";
import { anAskedTask } from "../../../support/builders.ts";
import { startInventedApi, type InventedApi } from "../../../support/upstreams/invented-api.ts";

/*
 * scenario                                       requirement
 * each answer that docs/upstreams.md invents     its profile reads it as the page says
 */

const KEY = "sk-0123456789abcdef";

it.each<[keyof InventedApi & ("waits" | "runs" | "succeeds" | "fails" | "heldBack" | "unknown"), object]>([
  ["waits", { reading: { status: "queued", progress: 0 } }],
  ["runs", { reading: { status: "running", progress: 40 } }],
  ["succeeds", { reading: { status: "succeeded", progress: 100, result: { needsKey: false } } }],
  ["fails", { reading: { status: "failed", errorMessage: "The style does not exist." } }],
  ["heldBack", { reading: { status: "failed", errorMessage: "The prompt names a person." } }],
  ["unknown", { kind: "not_found" }],
])("its profile reads the answer that it %s", async (which, expected) => {
  const server = await startInventedApi((api) => [api[which]], { key: KEY, file: Buffer.of() });
  try {
    const { create, setting } = server.api;
    const { profile } = (JSON.parse(setting) as { pictura: { profile: Profile } }).pictura;
    const access = { baseUrl: `${server.origin}/v2`, apiKey: KEY, timeoutMs: 5000, profile };
    const body = new TextEncoder().encode(JSON.stringify(create.body));
    const created = await httpUpstream(access, anAskedTask({ taskIds: null })).submit(body);
    if (created.kind !== "accepted") throw new Error(JSON.stringify(created));
    const [id] = created.ids;
    const answer = await httpUpstream(access, anAskedTask({ taskIds: created.ids })).poll(id);
    expect(answer).toMatchObject(expected);
    const url = answer.kind === "read" ? answer.reading.result?.url : undefined;
    expect(url).toBe(which === "succeeds" ? `${server.origin}/a/1.png` : undefined);
  } finally {
    await server.close();
  }
});
