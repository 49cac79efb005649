import { afterEach, describe, expect, it, vi } from "vitest";
import type { Profile } from "../../../../src/profiles/schema.ts";
import { custom, failed, poll, queued, running, submit, succeeded, U } from "./ask-by-profile.ts";

/*
 * scenario                                            requirement
 * an answer that lists tasks of others, too           facts of the task come from its own object; guarantee 8
 * an answer with a result and no word                 a task that is done is not polled until its deadline
 * a failure's rule beside a result                    `unless`
 * a create that is refused                            `read.error` says why
 */

afterEach(() => {
  vi.unstubAllGlobals();
});

const OTHER = "https://cdn.example/other.mp4";

/** An upstream that answers every poll with all jobs of its key. */
const LISTS: Profile = custom({
  status: ["/jobs/*/state"],
  failed_if: [{ at: "/jobs/*/error" }],
  progress: "/jobs/*/percent",
  urls: ["/jobs/*/files/*/url"],
  error: ["/jobs/*/error"],
  id: ["/jobs/*/id"],
});

const done = (id: string, url: string) => ({ id, state: "succeeded", files: [{ url }] });
const broken = (id: string) => ({ id, state: "failed", error: `${id} broke.` });
const busy = (id: string) => ({ id, state: "running", percent: 40 });

describe("of a list of tasks only the own one is read", () => {
  it.each<[string, object[], object]>([
    ["runs behind one that is done", [done("other", OTHER), busy("mine")], running(40)],
    ["runs behind one that has failed", [broken("other"), busy("mine")], running(40)],
    ["runs before one that has failed", [busy("mine"), broken("other")], running(40)],
    ["waits beside one that runs", [busy("other"), { id: "mine", state: "queued" }], queued()],
    ["is done behind one that is done", [done("other", OTHER), done("mine", U)], succeeded()],
    ["is done before one that is done", [done("mine", U), done("other", OTHER)], succeeded()],
    ["is done behind one that has failed", [broken("other"), done("mine", U)], succeeded()],
    ["has failed behind one that is done", [done("other", OTHER), broken("mine")], failed("mine broke.")],
    ["has failed behind one that has", [broken("other"), broken("mine")], failed("mine broke.")],
    [
      "has no result of another's",
      [done("other", OTHER), { id: "mine", state: "succeeded" }],
      { reading: { status: "succeeded", result: null } },
    ],
    [
      "is not in it",
      [done("other", OTHER), broken("another")],
      { kind: "nothing", why: "another task's id" },
    ],
    ["is in an empty one", [], { kind: "other" }],
  ])("%s", async (_what, jobs, expected) => {
    expect(await poll({ profile: LISTS }, "mine", { body: { jobs } })).toMatchObject(expected);
  });

  it("in a list within a list, by a number, and at a place of the item", async () => {
    const read = { status: ["/pages/*/jobs/*/0"], urls: ["/pages/*/jobs/*/1"], id: ["/pages/*/jobs/*/2"] };
    const pages = [
      { jobs: [["succeeded", OTHER, 6]] },
      {
        jobs: [
          ["failed", null, 8],
          ["succeeded", U, 7],
        ],
      },
    ];
    expect(await poll({ profile: custom(read) }, "7", { body: { pages } })).toMatchObject(succeeded());
  });

  it("but without `read.id` the first known word counts", async () => {
    const profile = custom({ ...LISTS.read, id: undefined });
    const jobs = [busy("other"), done("mine", U)];
    expect(await poll({ profile }, "mine", { body: { jobs } })).toMatchObject(running(40));
  });
});

describe("a result without any word", () => {
  const named = custom({ status: ["/s"], urls: ["/u"], failed_if: [{ at: "/error" }] });

  it.each<[string, Profile, { status?: number; body: object }, object]>([
    ["is a success", named, { body: { u: U } }, succeeded()],
    ["is a success beside a null", named, { body: { s: null, u: U } }, succeeded()],
    ["is none beside a word", named, { body: { s: "running", u: U } }, running()],
    ["is none beside an odd word", named, { body: { s: "odd", u: U } }, { reading: { status: null } }],
    [
      "is none beside a failure",
      named,
      { body: { error: "Broke.", u: U } },
      { reading: { status: "failed" } },
    ],
    ["is none at another place", named, { body: { video_url: U } }, { kind: "other" }],
    ["is none that is no URL", named, { body: { u: "soon" } }, { kind: "other" }],
    ["is none in a refusal", named, { status: 409, body: { u: U } }, { kind: "other" }],
    [
      "is none where the profile does not name the status",
      custom({ urls: ["/u"] }),
      { body: { u: U } },
      { kind: "other" },
    ],
    [
      "is none where the profile does not name the results",
      custom({ status: ["/s"] }),
      { body: { video_url: U } },
      { kind: "other" },
    ],
    [
      "is none under a pending status",
      { ...named, pending_statuses: [202] },
      { status: 202, body: { u: U } },
      { isPending: true, reading: { status: null, result: null } },
    ],
  ])("%s", async (_what, profile, raw, expected) => {
    expect(await poll({ profile }, "j1", raw)).toMatchObject(expected);
  });
});

describe("a rule of failed_if with unless", () => {
  const profile = custom({
    status: ["/s"],
    urls: ["/u/*"],
    failed_if: [{ at: "/refused", unless: "/u" }],
  });

  it.each<[string, object, object]>([
    [
      "counts where nothing stands there",
      { s: "done", refused: ["Unsafe."] },
      { reading: { status: "failed" } },
    ],
    [
      "counts beside an empty list",
      { s: "done", refused: ["Unsafe."], u: [] },
      { reading: { status: "failed" } },
    ],
    ["does not count beside a result", { s: "done", refused: ["Unsafe."], u: [U] }, succeeded()],
    ["asks for nothing without a refusal", { s: "done", u: [U] }, succeeded()],
  ])("%s", async (_what, body, expected) => {
    expect(await poll({ profile }, "j1", { body })).toMatchObject(expected);
  });
});

describe("why a create was refused", () => {
  const profile = custom({ error: ["/why", "/detail/0"] });

  it.each<[string, object, string | null]>([
    ["stands where the profile says", { why: "Bad style.", message: "no" }, "Bad style."],
    ["stands at the next place", { why: null, detail: ["Too long."] }, "Too long."],
    ["stands where it usually does, if it is at none of them", { error: { message: "No." } }, "No."],
    ["is not said", { code: 7 }, null],
  ])("%s", async (_what, body, message) => {
    expect(await submit({ profile }, { status: 400, body })).toMatchObject({ kind: "refused", message });
  });
});
