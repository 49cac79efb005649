import { describe, expect, it } from "vitest";
import { nameInTaskId } from "../../../src/domain/task/task-id.ts";
import { signingSecret } from "../../../src/keys/derive.ts";
import {
  keyedName,
  newMessageId,
  openTaskId,
  ownKeyAccount,
  randomName,
  taskIdOf,
} from "../../../src/keys/ids.ts";
import { openEndpointHeaders, sealEndpointHeaders } from "../../../src/keys/endpoint-headers.ts";
import { seal, SealError, unseal } from "../../../src/keys/seal.ts";

const ROOT = "the current root secret, long enough";
const PREVIOUS = "the previous root secret, also long";
const bytes = new TextEncoder().encode("sk-upstream-key");
const context = { task: "abc", purpose: "key" };

describe("a sealed value", () => {
  it("opens under the root that sealed it, current or previous", async () => {
    const sealed = await seal(ROOT, context, bytes);
    expect(await unseal([ROOT], context, sealed)).toEqual(bytes);
    expect(await unseal([PREVIOUS, ROOT], context, sealed)).toEqual(bytes);
  });

  it("opens for no other task, purpose or root, nor when a bit has changed", async () => {
    const sealed = await seal(ROOT, context, bytes);
    const bent = sealed.map((byte, index) => (index === sealed.length - 1 ? byte ^ 1 : byte));
    for (const [roots, where, value] of [
      [[ROOT], { ...context, task: "abd" }, sealed],
      [[ROOT], { ...context, purpose: "headers" }, sealed],
      [[PREVIOUS], context, sealed],
      [[ROOT], context, bent],
      [[ROOT], context, sealed.subarray(0, 20)],
      [[ROOT], context, new Uint8Array(0)],
    ] as const) {
      await expect(unseal(roots, where, value)).rejects.toBeInstanceOf(SealError);
    }
  });

  it("never looks the same twice, and does not hold its text", async () => {
    const [one, two] = [await seal(ROOT, context, bytes), await seal(ROOT, context, bytes)];
    expect(one).not.toEqual(two);
    expect(new TextDecoder().decode(one)).not.toContain("sk-upstream");
  });
});

describe("the headers of a registered endpoint", () => {
  it("open for their endpoint only, also after a change of the root", async () => {
    const headers: [string, string][] = [["authorization", "Bearer ü"]];
    const sealed = await sealEndpointHeaders(ROOT, "ep_a", headers);
    expect(sealed).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(await openEndpointHeaders([PREVIOUS, ROOT], "ep_a", sealed)).toEqual(headers);
    await expect(openEndpointHeaders([ROOT], "ep_b", sealed)).rejects.toBeInstanceOf(SealError);
  });
});

describe("a task's id", () => {
  it("is found by its own account only, under the current or the previous root", async () => {
    const name = randomName();
    const id = await taskIdOf(ROOT, name, "key:a");
    expect(id).toMatch(/^task_[A-Za-z0-9]{42}$/);
    expect(await openTaskId([ROOT], id, "key:a")).toBe(name);
    expect(await openTaskId(["another root secret, long enough", ROOT], id, "key:a")).toBe(name);
    expect(await openTaskId([ROOT], id, "key:b")).toBeNull();
    expect(await openTaskId([PREVIOUS], id, "key:a")).toBeNull();
  });

  it("does not open with any one character changed", async () => {
    const id = await taskIdOf(ROOT, randomName(), "key:a");
    for (let index = 5; index < id.length; index++) {
      const other = id[index] === "a" ? "b" : "a";
      expect(await openTaskId([ROOT], id.slice(0, index) + other + id.slice(index + 1), "key:a")).toBeNull();
    }
  });

  it.each([
    "",
    "task_",
    "task_abc",
    `task_${"a".repeat(43)}`,
    `task_${"A".repeat(42)}`,
    `task_${"é".repeat(42)}`,
    "msg_abc",
  ])("%j does not even have the shape", (text) => {
    expect(nameInTaskId(text)).toBeNull();
  });

  it("under an idempotency key depends on the account and the key, and on no secret", async () => {
    expect(await keyedName("key:a", "k")).toBe(await keyedName("key:a", "k"));
    const names = [
      await keyedName("key:a", "k"),
      await keyedName("key:b", "k"),
      await keyedName("key:a", "l"),
    ];
    expect(new Set(names).size).toBe(3);
  });
});

it("an account does not tell its key, and a message id has no dot", async () => {
  expect(await ownKeyAccount("sk-secret")).not.toContain("sk-secret");
  expect(await ownKeyAccount("sk-secret")).not.toBe(await ownKeyAccount("sk-secreu"));
  expect(newMessageId()).toMatch(/^msg_[a-z0-9]{26}$/);
});

it("signing secrets differ by root, account and version", async () => {
  const secrets = await Promise.all([
    signingSecret(ROOT, "key:a", 1),
    signingSecret(ROOT, "key:a", 2),
    signingSecret(ROOT, "key:b", 1),
    signingSecret(PREVIOUS, "key:a", 1),
  ]);
  expect(new Set(secrets).size).toBe(4);
  for (const secret of secrets) expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
});
