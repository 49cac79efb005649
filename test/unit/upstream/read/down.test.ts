import { afterEach, describe, expect, it, vi } from "vitest";
import { httpUpstream } from "../../../../src/upstream/http-upstream.ts";
import { downOf } from "../../../../src/upstream/read/down.ts";
import { anAccess, anAskedTask } from "../../../support/builders.ts";

/*
 * What an answer shows of the upstream itself, for alerts.
 *
 * scenario                                 requirement
 * a 5xx, whole or broken off               its status
 * any other answer that is broken off      no answer
 * no connection                            no answer, to a submit and to a poll
 */

describe("an answer", () => {
  it.each([
    [500, "complete", { down: "http_500" }],
    [599, "broken", { down: "http_599" }],
    [200, "broken", { down: "no_answer" }],
    [404, "broken", { down: "no_answer" }],
    [200, "complete", {}],
    [302, "complete", {}],
    [499, "capped", {}],
    [600, "complete", {}],
  ] as const)("of %d whose body is %s shows %j", (status, end, down) => {
    expect(downOf(status, end)).toEqual(down);
  });
});

describe("an upstream that cannot be reached", () => {
  afterEach(() => vi.restoreAllMocks());

  it("gives no answer to a submit, nor to a poll", async () => {
    vi.spyOn(globalThis, "fetch").mockRejectedValue(new TypeError("fetch failed"));
    const access = anAccess({
      baseUrl: "https://upstream.example.com/v1",
      apiKey: "sk-a-key-of-some-length",
      timeoutMs: 100,
    });
    const upstream = httpUpstream(access, anAskedTask());
    expect(await upstream.submit(new Uint8Array(0))).toMatchObject({ kind: "unknown", down: "no_answer" });
    expect(await upstream.poll("up-1")).toMatchObject({ kind: "nothing", down: "no_answer" });
  });
});
