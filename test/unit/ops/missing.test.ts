import { describe, expect, it } from "vitest";
import { missingFor } from "../../../ops/missing.ts";

const secrets = ["RINGBACK_SECRET"];

describe("a deployment", () => {
  it.each([
    { what: "own keys", secrets, vars: ["VALIDATION"] },
    { what: "the operator's key", secrets: [...secrets, "AIO_API_KEY", "RINGBACK_KEYS"], vars: [] },
    { what: "callers in a further list", secrets: [...secrets, "AIO_API_KEY"], vars: ["RINGBACK_KEYS_3"] },
  ])("with $what lacks nothing", (found) => {
    expect(missingFor({ loggedIn: true, ...found })).toEqual([]);
  });

  it("without a login asks for that first: nothing else can be known", () => {
    expect(missingFor({ loggedIn: false, secrets: null, vars: [] })).toEqual([
      expect.stringContaining("npx wrangler login"),
    ]);
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
  ])("is told that it lacks $what", ({ secrets: set, vars, names }) => {
    const missing = missingFor({ loggedIn: true, secrets: set, vars });
    expect(missing).toEqual(names.map((name) => expect.stringMatching(`^${name}`)));
  });
});
