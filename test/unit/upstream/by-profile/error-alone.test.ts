import { readFileSync } from "node:fs";
import { afterEach, expect, it, vi } from "vitest";
import { root } from "../../../../dev/bundle.ts";
import { isOdd } from "../../../../src/domain/task/poll.ts";
import { parseProfile, type Profile } from "../../../../src/profiles/schema.ts";
import { failed, poll } from "./ask-by-profile.ts";

/*
 * scenario                                            requirement
 * an answer 200 that holds only an error              docs/upstreams.md, "If it does not work": what it does and logs,
 *                                                     and the members of a profile that mend it
 */

const page = readFileSync(`${root}docs/upstreams.md`, "utf8");
const [, advice = ""] = /\*\*If it does not work:\*\*([\s\S]*?)^## /m.exec(page) ?? [];
const jsonIn = (pattern: RegExp): object => JSON.parse(pattern.exec(advice)?.[1] ?? "") as object;
const body = jsonIn(/only an error, as `([^`]+)`/);
const mended = JSON.parse(`{${/^```\n([\s\S]*?)^```/m.exec(advice)?.[1]}}`) as object;
const oneCode = { failed_if: [jsonIn(/name the one that does not: `([^`]+)`/)] };

afterEach(() => vi.unstubAllGlobals());

function profileWith(read: object): Profile {
  const result = parseProfile({
    auth: { header: "x-key" },
    create: { paths: ["/jobs"] },
    poll: { method: "GET", path: "/jobs/{id}" },
    read: { status: ["/status"], id: ["/id"], ...read },
  });
  if (!result.ok) throw new Error(`${result.problem.path} ${result.problem.message}`);
  return result.profile;
}

it.each([
  ["of no task", body, { kind: "other", status: 200 }],
  [
    "of the task",
    { id: "j1", ...body },
    { kind: "read", reading: { status: null, word: null, members: ["id", "error"] } },
  ],
])("an error alone, %s, changes nothing, is logged, and stays in sight", async (_what, said, expected) => {
  const answer = await poll({ profile: profileWith({}) }, "j1", { body: said });
  expect(answer).toMatchObject({ ...expected, json: JSON.stringify(said) });
  expect(isOdd(answer)).toBe(true);
});

it("an error alone is a failure with what the page writes into the profile", async () => {
  expect(await poll({ profile: profileWith(mended) }, "j1", { body })).toMatchObject(failed("No credit."));
});

it("a code is a failure where the page names that", async () => {
  const profile = profileWith(oneCode);
  const answered = async (code: string) => poll({ profile }, "j1", { body: { error: { code } } });
  expect(await answered("no_credit")).toMatchObject(failed(null));
  expect(await answered("busy")).toMatchObject({ kind: "other", status: 200 });
});
