import { describe, expect, it } from "vitest";
import { missingFor } from "../../../ops/missing.ts";

const secrets = ["RINGBACK_SECRET"];
const byHand = { loggedIn: true, inBuild: false, environment: "", bucket: null };
const inBuild = { loggedIn: true, inBuild: true, environment: "", bucket: null };

const GOOD: Record<string, string> = {
  VALIDATION: "strict",
  AIO_API_KEY: "sk-the-operators-own",
  RINGBACK_KEYS_3: `alice:${"a1".repeat(32)}`,
  RINGBACK_SECRET: "a secret of 32 characters, or more",
  RINGBACK_SECRET_PREVIOUS: "an older secret of 32 characters",
};

/** Variables of these names, with good values. */
function set(...names: string[]): Map<string, string> {
  return new Map(names.map((name) => [name, GOOD[name] ?? ""]));
}

describe("a deployment", () => {
  it.each([
    { what: "own keys", secrets, vars: set("VALIDATION") },
    { what: "the operator's key", secrets: [...secrets, "AIO_API_KEY", "RINGBACK_KEYS"], vars: set() },
    {
      what: "another upstream and its key",
      secrets: [...secrets, "AIO_API_KEY", "RINGBACK_KEYS", "UPSTREAM_KEY_ARK"],
      vars: new Map([["UPSTREAMS_2", '{"ark": {"profile": "ark"}}']]),
    },
    {
      what: "another upstream in a secret",
      secrets: [...secrets, "AIO_API_KEY", "RINGBACK_KEYS", "UPSTREAM_KEY_ARK", "UPSTREAMS"],
      vars: set(),
    },
    {
      what: "own keys of another upstream",
      secrets,
      vars: new Map([["UPSTREAMS", '{"ark": {"profile": "ark"}}']]),
    },
    { what: "callers in a further list", secrets: [...secrets, "AIO_API_KEY"], vars: set("RINGBACK_KEYS_3") },
  ])("with $what lacks nothing", (found) => {
    for (const how of [byHand, inBuild]) {
      expect(missingFor({ ...how, ...found })).toEqual({ first: [], later: [] });
    }
  });

  it("without a login asks for that first: nothing else can be known", () => {
    expect(missingFor({ ...byHand, loggedIn: false, secrets: null, vars: set() })).toEqual({
      first: [expect.stringContaining("npx wrangler login")],
      later: [],
    });
  });

  it.each([
    { what: "the secret", secrets: [], vars: set(), names: ["RINGBACK_SECRET: run"] },
    {
      what: "a secret that is one",
      secrets,
      vars: set("RINGBACK_SECRET_PREVIOUS"),
      names: ["RINGBACK_SECRET_PREVIOUS as a secret"],
    },
    { what: "callers", secrets: [...secrets, "AIO_API_KEY"], vars: set(), names: ["RINGBACK_KEYS"] },
    {
      what: "an upstream's key",
      secrets: [...secrets, "AIO_API_KEY", "RINGBACK_KEYS", "UPSTREAM_KEY_ARK"],
      vars: new Map([["UPSTREAMS", '{"ark": {"profile": "ark"}, "my-own": {"profile": "xai"}}']]),
      names: ["UPSTREAM_KEY_MY_OWN, which the upstream my-own needs: run `npx wrangler secret put"],
    },
    {
      what: "the upstream of a key",
      secrets: [...secrets, "AIO_API_KEY", "RINGBACK_KEYS", "UPSTREAM_KEY_ARK"],
      vars: set(),
      names: ["UPSTREAMS, which UPSTREAM_KEY_ARK needs"],
    },
    {
      what: "an upstream's key that is a secret",
      secrets: [...secrets, "AIO_API_KEY", "RINGBACK_KEYS"],
      vars: new Map([
        ["UPSTREAMS", '{"ark": {"profile": "ark"}}'],
        ["UPSTREAM_KEY_ARK", "x"],
      ]),
      names: ["UPSTREAM_KEY_ARK as a secret"],
    },
    {
      what: "the upstream's key",
      secrets: [...secrets, "RINGBACK_KEYS"],
      vars: set(),
      names: ["AIO_API_KEY"],
    },
    {
      what: "everything at once",
      secrets: [],
      vars: set("AIO_API_KEY"),
      names: ["RINGBACK_SECRET: run", "AIO_API_KEY as a secret", "RINGBACK_KEYS"],
    },
  ])("is reported to lack $what", ({ secrets: known, vars, names }) => {
    const { first, later } = missingFor({ ...byHand, secrets: known, vars });
    expect(first.toSorted()).toEqual(names.toSorted().map((name) => expect.stringMatching(`^${name}`)));
    expect(later).toEqual([]);
    // In Cloudflare's own build it can follow; a secret that is public cannot.
    const built = missingFor({ ...inBuild, secrets: known, vars });
    expect([...built.first, ...built.later].toSorted()).toEqual(first.toSorted());
    expect(built.first).toEqual(first.filter((line) => line.includes("as a secret")));
  });

  it("in Cloudflare's own build needs neither a login of ours nor the names of its secrets", () => {
    expect(missingFor({ ...inBuild, loggedIn: false, secrets: null, vars: set() })).toEqual({
      first: [],
      later: [],
    });
    expect(missingFor({ ...inBuild, secrets: null, vars: set("RINGBACK_SECRET") }).first).toHaveLength(1);
  });

  it.each([
    { keep: undefined, bucket: null, lacks: [] },
    { keep: "off", bucket: null, lacks: [] },
    { keep: "", bucket: null, lacks: [] },
    { keep: "ask", bucket: null, lacks: ["RESULTS, which KEEP_RESULTS needs: a [[r2_buckets]]"] },
    { keep: " on ", bucket: null, lacks: ["RESULTS, which KEEP_RESULTS needs: a [[r2_buckets]]"] },
    { keep: "ask", bucket: { name: "films", exists: true }, lacks: [] },
    { keep: "off", bucket: { name: "films", exists: true }, lacks: [] },
    {
      keep: "off",
      bucket: { name: "films", exists: false },
      lacks: ["the bucket films, which is bound as RESULTS: run `npx wrangler r2 bucket create films`"],
    },
  ])("that keeps files ($keep) in the bucket $bucket lacks $lacks", ({ keep, bucket, lacks }) => {
    const vars = new Map(keep === undefined ? [] : [["KEEP_RESULTS", keep]]);
    const expected = lacks.map((line) => expect.stringContaining(line));
    expect(missingFor({ ...byHand, secrets, vars, bucket })).toEqual({ first: expected, later: [] });
    // The platform refuses it, or the Worker each call: a build of Cloudflare's, too, stops at it.
    expect(missingFor({ ...inBuild, secrets, vars, bucket })).toEqual({ first: expected, later: [] });
  });

  it.each([
    {
      what: "a wrong profile",
      vars: [
        [
          "UPSTREAMS",
          '{"pictura": {"profile": {"auth": {"header": "x-key"}}, "base_url": "https://a.example"}}',
        ],
      ],
      says: "a right value in [vars]: UPSTREAMS has a wrong profile for pictura: create must be given, as an object",
    },
    {
      what: "no JSON",
      vars: [["UPSTREAMS_2", "{ark: {}}"]],
      says: 'a right value in [vars]: UPSTREAMS_2 must be a JSON object such as {"ark": {"profile": "ark"}}',
    },
    {
      what: "a list that is none",
      vars: [["UPSTREAMS_10", '{"ark": {"profile": "ark"}}']],
      says: "a right value in [vars]: UPSTREAMS_10 is no setting: the lists of upstreams are UPSTREAMS, and",
    },
    {
      what: "two upstreams where callers bring their keys",
      vars: [["UPSTREAMS", '{"ark": {"profile": "ark"}, "xai": {"profile": "xai"}}']],
      says: "a right value in [vars]: UPSTREAMS must name one upstream at most where callers bring their own keys",
    },
    {
      what: "a wrong number",
      vars: [["POLL_MAX_SECONDS", "soon"]],
      says: "a right value in [vars]: POLL_MAX_SECONDS must be seconds, such as 15 or 0.5",
    },
  ] as { what: string; vars: [string, string][]; says: string }[])(
    "that would answer every call with 503, because of $what, is not made",
    ({ vars, says }) => {
      const found = { secrets, vars: new Map(vars) };
      for (const how of [byHand, inBuild])
        expect(missingFor({ ...how, ...found })).toEqual({
          first: [expect.stringContaining(says)],
          later: [],
        });
    },
  );

  it("is not judged by what its secrets may hold", () => {
    const vars = new Map([["UPSTREAMS", '{"ark": {"profile": "ark"}, "xai": {"profile": "xai"}}']]);
    const keys = ["AIO_API_KEY", "RINGBACK_KEYS", "UPSTREAM_KEY_ARK", "UPSTREAM_KEY_XAI"];
    expect(missingFor({ ...byHand, secrets: [...secrets, ...keys], vars }).first).toEqual([]);
    expect(missingFor({ ...inBuild, secrets: null, vars }).first).toEqual([]);
    const { first } = missingFor({ ...byHand, loggedIn: false, secrets: null, vars });
    expect(first).toEqual([expect.stringContaining("npx wrangler login")]);
  });

  it("that keeps files in an environment is told of the environment's own table", () => {
    const vars = new Map([["KEEP_RESULTS", "on"]]);
    const { first } = missingFor({ ...byHand, secrets, vars, environment: "staging" });
    expect(first).toEqual([expect.stringContaining("[[env.staging.r2_buckets]]")]);
  });

  it("of an environment is reported with the command for that environment", () => {
    const { first } = missingFor({
      ...byHand,
      secrets: ["RINGBACK_KEYS"],
      vars: set(),
      environment: "staging",
    });
    expect(first).toEqual([
      expect.stringContaining("secret put RINGBACK_SECRET --env staging"),
      expect.stringContaining("secret put AIO_API_KEY --env staging"),
    ]);
  });
});
