import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { BUILT_IN } from "../../../../src/profiles/built-in.ts";
import type { Profile } from "../../../../src/profiles/schema.ts";
import { KEY, NOT_FOUND, poll, sent, submit } from "./ask-by-profile.ts";
import { VENDORS } from "./vendors/vendors.ts";

/*
 * The built-in profiles against the answers of their vendors, as raw HTTP.
 *
 * scenario                                              requirement (the contract, "Other upstreams")
 * create and poll on the wire                           method, URL, headers, body of the profile; nothing of the caller
 * queue, run, progress, success, failure, moderation    read where the profile says, in its words
 * an answer without a status                            goes on without trouble under a pending status, else `other`
 * unknown task                                          `not_found`, by the profile's statuses and words, too
 * 401, 402, 403, 404, 429, 5xx, HTML, noise, redirect   mean what they mean for every upstream
 * odd ids                                               percent-encoded, or held to the characters of a path
 * a result that needs the key                           is marked; one that contains it, too
 */

beforeEach(() => {
  sent.length = 0;
});
afterEach(() => {
  vi.unstubAllGlobals();
});

function builtIn(name: string): Profile {
  const profile = BUILT_IN.get(name);
  if (!profile) throw new Error(name);
  return profile;
}

const HOP = { "ringback-hop": "1" };

it("has an example of every built-in profile", () => {
  expect(Object.keys(VENDORS).toSorted()).toEqual([...BUILT_IN.keys()].toSorted());
});

describe.each(Object.entries(VENDORS))("%s", (name, vendor) => {
  const profile = builtIn(name);
  const { createPath } = vendor;

  it("is sent a create as it wants it", async () => {
    const answer = await submit({ profile, createPath }, { body: vendor.created(vendor.id) });
    expect(answer).toMatchObject({ kind: "accepted", ids: [vendor.id] });
    const headers = { ...vendor.headers, "content-type": "application/json", accept: "application/json" };
    const body = '{"prompt":"a"}';
    expect(sent).toEqual([{ url: vendor.create, method: "POST", headers: { ...headers, ...HOP }, body }]);
  });

  it("is polled as it wants it", async () => {
    await poll({ profile }, vendor.id, {});
    const { pollBody = null } = vendor;
    const headers = { ...vendor.headers, accept: "application/json", ...HOP };
    const method = pollBody === null ? "GET" : "POST";
    expect(sent).toEqual([{ url: vendor.poll, method, headers, body: pollBody }]);
  });

  it.each(vendor.answers)("%s", async (_scenario, raw, expected) => {
    expect(await poll({ profile }, vendor.id, raw)).toMatchObject(expected);
  });

  it.each<[number, unknown, object]>([
    [401, {}, { kind: "unauthorized", status: 401 }],
    [402, {}, { kind: "other", status: 402 }],
    [403, {}, { kind: "unauthorized", status: 403 }],
    [404, "<html>", NOT_FOUND],
    [429, {}, { kind: "slow_down" }],
    [500, {}, { kind: "nothing", down: "http_500" }],
    [503, "<html>", { kind: "nothing", down: "http_503" }],
    [302, {}, { kind: "nothing" }],
    [200, "<html>", { kind: "nothing" }],
    [200, "[1]", { kind: "nothing" }],
    [200, "x".repeat(1_048_577), { kind: "nothing" }],
  ])("answers a poll with %d like every upstream: %.20j", async (status, body, expected) => {
    const answer = await poll({ profile }, vendor.id, { status, body, headers: { location: "/login" } });
    expect(answer).toMatchObject(expected);
    expect(answer).not.toHaveProperty("isPending");
    expect(sent).toHaveLength(1);
  });

  it.each<[number, unknown, object]>([
    [401, {}, { kind: "refused", status: 401 }],
    [402, {}, { kind: "refused", status: 402 }],
    [403, {}, { kind: "refused", status: 403 }],
    [404, {}, { kind: "refused", status: 404 }],
    [429, {}, { kind: "later", status: 429 }],
    [429, { error: { code: "insufficient_quota" } }, { kind: "refused", status: 402 }],
    [500, {}, { kind: "unknown", completeServerError: true }],
    [503, "<html>", { kind: "unknown", completeServerError: true }],
    [302, {}, { kind: "unknown" }],
    [200, {}, { kind: "unknown", completeServerError: false }],
    [200, "<html>", { kind: "unknown" }],
  ])("answers a create with %d like every upstream: %j", async (status, body, expected) => {
    const headers = { location: "/login" };
    expect(await submit({ profile, createPath }, { status, body, headers })).toMatchObject(expected);
    expect(sent).toHaveLength(1);
  });

  it("is never sent a create again after a 5xx that names a task", async () => {
    const raw = { status: 500, body: vendor.created(vendor.id) };
    const answer = await submit({ profile, createPath }, raw);
    expect(answer).not.toMatchObject({ completeServerError: true });
    const text = { status: 502, body: `<pre>${JSON.stringify(JSON.stringify(raw.body))}` };
    expect(await submit({ profile, createPath }, text)).toMatchObject({ completeServerError: false });
  });

  it.each([null, "", "0", "null", 0, "..", ".", "x".repeat(257), {}, ["a"], true, `a${KEY}b`])(
    "does not take %j as an id",
    async (id) => {
      const answer = await submit({ profile, createPath }, { body: vendor.created(id) });
      expect(answer).toMatchObject({ kind: "unknown" });
    },
  );

  it.each(["a b", "a/../b", "ä?#", "%2e%2e", "a\\b"])("is polled for %j within its path", async (id) => {
    const answer = await submit({ profile, createPath }, { body: vendor.created(id) });
    if (name === "veo") {
      expect(answer).toMatchObject({ kind: "unknown" });
      expect(await poll({ profile }, id, {})).toMatchObject({ kind: "nothing" });
      // Only the create went out.
      expect(sent).toHaveLength(1);
      return;
    }
    expect(answer).toMatchObject({ kind: "accepted", ids: [id] });
    await poll({ profile }, id, {});
    const own = encodeURIComponent(vendor.id);
    const body = vendor.pollBody && JSON.stringify({ requestId: id });
    expect(sent.at(-1)?.url).toBe(vendor.poll.replace(own, encodeURIComponent(id)));
    expect(sent.at(-1)?.body).toBe(body ?? null);
  });

  it("takes an id that is a large number with all its digits", async () => {
    const text = JSON.stringify(vendor.created("ID")).replaceAll('"ID"', "12345678901234567890");
    const answer = await submit({ profile, createPath }, { body: text });
    expect(answer).toMatchObject({ kind: "accepted", ids: ["12345678901234567890"] });
  });
});
