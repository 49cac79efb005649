import { describe, expect, it } from "vitest";
import { missingFor } from "../../../ops/missing.ts";

const secrets = ["RINGBACK_SECRET"];
const byHand = { loggedIn: true, inBuild: false, environment: "" };
const inBuild = { loggedIn: true, inBuild: true, environment: "" };

describe("a deployment", () => {
  it.each([
    { what: "own keys", secrets, vars: ["VALIDATION"] },
    { what: "the operator's key", secrets: [...secrets, "AIO_API_KEY", "RINGBACK_KEYS"], vars: [] },
    { what: "callers in a further list", secrets: [...secrets, "AIO_API_KEY"], vars: ["RINGBACK_KEYS_3"] },
  ])("with $what lacks nothing", (found) => {
    for (const how of [byHand, inBuild]) {
      expect(missingFor({ ...how, ...found })).toEqual({ first: [], later: [] });
    }
  });

  it("without a login asks for that first: nothing else can be known", () => {
    expect(missingFor({ ...byHand, loggedIn: false, secrets: null, vars: [] })).toEqual({
      first: [expect.stringContaining("npx wrangler login")],
      later: [],
    });
  });

  it.each([
    { what: "the secret", secrets: [], vars: [], names: ["RINGBACK_SECRET: run"] },
    {
      what: "a secret that is one",
      secrets,
      vars: ["RINGBACK_SECRET_PREVIOUS"],
      names: ["RINGBACK_SECRET_PREVIOUS as a secret"],
    },
    { what: "callers", secrets: [...secrets, "AIO_API_KEY"], vars: [], names: ["RINGBACK_KEYS"] },
    { what: "the upstream's key", secrets: [...secrets, "RINGBACK_KEYS"], vars: [], names: ["AIO_API_KEY"] },
    {
      what: "everything at once",
      secrets: [],
      vars: ["AIO_API_KEY"],
      names: ["RINGBACK_SECRET: run", "AIO_API_KEY as a secret", "RINGBACK_KEYS"],
    },
  ])("is reported to lack $what", ({ secrets: set, vars, names }) => {
    const { first, later } = missingFor({ ...byHand, secrets: set, vars });
    expect(first.toSorted()).toEqual(names.toSorted().map((name) => expect.stringMatching(`^${name}`)));
    expect(later).toEqual([]);
    // In Cloudflare's own build it can follow; a secret that is public cannot.
    const built = missingFor({ ...inBuild, secrets: set, vars });
    expect([...built.first, ...built.later].toSorted()).toEqual(first.toSorted());
    expect(built.first).toEqual(first.filter((line) => line.includes("as a secret")));
  });

  it("in Cloudflare's own build needs neither a login of ours nor the names of its secrets", () => {
    expect(missingFor({ ...inBuild, loggedIn: false, secrets: null, vars: [] })).toEqual({
      first: [],
      later: [],
    });
    expect(missingFor({ ...inBuild, secrets: null, vars: ["RINGBACK_SECRET"] }).first).toHaveLength(1);
  });

  it("of an environment is reported with the command for that environment", () => {
    const { first } = missingFor({ ...byHand, secrets: ["RINGBACK_KEYS"], vars: [], environment: "staging" });
    expect(first).toEqual([
      expect.stringContaining("secret put RINGBACK_SECRET --env staging"),
      expect.stringContaining("secret put AIO_API_KEY --env staging"),
    ]);
  });
});
