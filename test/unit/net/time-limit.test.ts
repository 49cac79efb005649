import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { httpUpstream } from "../../../src/upstream/http-upstream.ts";
import { sendCallback } from "../../../src/webhook/send.ts";
import { timeLimit } from "../../../src/net/time-limit.ts";
import { anAccess, anAskedTask } from "../../support/builders.ts";

/*
 * scenario                                requirement
 * a limit that is reached, or cleared     the signal aborts, or never does
 * a poll, a submit, a callback            no timer stays open: an object with one counts as awake
 */

const TIMEOUT_MS = 20_000;

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function answering(answer: () => Promise<Response>): void {
  vi.spyOn(globalThis, "fetch").mockImplementation(answer);
}

/** Never answers. Resolves once it has been asked: signing takes real time, which faked timers do not wait for. */
async function hanging(): Promise<void> {
  return new Promise((asked) => {
    vi.spyOn(globalThis, "fetch").mockImplementation(
      async (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new Error("aborted")));
          asked();
        }),
    );
  });
}

const calls: Record<string, () => Promise<unknown>> = {
  "a poll": async () => upstream().poll("up-1"),
  "a submit": async () => upstream().submit(new TextEncoder().encode("{}")),
  "a callback": async () =>
    sendCallback({
      url: "https://hooks.acme.com/ringback",
      headers: [],
      messageId: "msg_1",
      body: "{}",
      attempt: 1,
      secrets: ["whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="],
      timeoutMs: TIMEOUT_MS,
      version: "1.0.0",
    }),
};

function upstream(): ReturnType<typeof httpUpstream> {
  const access = anAccess({ baseUrl: "https://api.acme.com/v1", apiKey: "sk-1", timeoutMs: TIMEOUT_MS });
  return httpUpstream(access, anAskedTask());
}

describe("a time limit", () => {
  it("aborts its signal when the time is over", () => {
    const { signal } = timeLimit(1000);
    vi.advanceTimersByTime(999);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);
    expect(signal.aborted).toBe(true);
  });

  it("never aborts its signal once it is cleared", () => {
    const { signal, clear } = timeLimit(1000);
    clear();
    expect(vi.getTimerCount()).toBe(0);
    vi.advanceTimersByTime(2000);
    expect(signal.aborted).toBe(false);
  });

  it.each(Object.entries(calls))("is not left behind by %s that was answered", async (_name, call) => {
    answering(async () => Response.json({ task_id: "up-1", status: "running" }));
    await call();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(Object.entries(calls))("is not left behind by %s that broke off", async (_name, call) => {
    answering(async () => Promise.reject(new Error("connection lost")));
    await call();
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(Object.entries(calls))("ends %s without an answer", async (_name, call) => {
    const asked = hanging();
    const ended = vi.fn<() => void>();
    const done = call().then(ended);
    await asked;
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await done;
    expect(ended).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});
