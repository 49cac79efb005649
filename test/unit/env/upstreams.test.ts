import { describe, expect, it } from "vitest";
import { readSettings, SETTING_NAMES, upstreamNamed } from "../../../src/env.ts";
import { isKeySetting, keySettingOf } from "../../../src/env/upstreams.ts";
import { ark } from "../../../src/profiles/built-in/ark.ts";
import { problemText } from "../../../src/contract/problems.ts";

/*
 * scenario                                              requirement (design.md, Other upstreams)
 * upstreams of several settings, and their keys         UPSTREAMS, UPSTREAMS_2 … _9; UPSTREAM_KEY_NAME
 * names, keys that are missing or left over, profiles   each is misconfigured, and named without its value
 * addresses                                             https, and not this deployment's own host
 * callers' own keys                                     one upstream: aio, or the only entry in its place
 */

const KEYS = { AIO_API_KEY: "sk-of-aio", RINGBACK_KEYS: `acme:${"0".repeat(64)}` };
const OWN = { RINGBACK_SECRET: "a secret of thirty-two characters" };
const OPERATOR = { ...OWN, ...KEYS };
const PROFILE = {
  base_url: "https://video.example.com/",
  auth: { header: "x-key" },
  create: { paths: ["/make"] },
  poll: { method: "GET", path: "/made/{id}" },
};

function settings(env: Record<string, unknown>) {
  const result = readSettings(env);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.settings;
}

function problems(env: Record<string, unknown>): string[] {
  const result = readSettings(env);
  return result.ok ? [] : result.problems.map(({ setting, code }) => `${setting} ${code}`);
}

function messages(env: Record<string, unknown>): string {
  const result = readSettings(env);
  return result.ok ? "" : result.problems.map((found) => problemText(found)).join("; ");
}

describe("upstreams beside aio", () => {
  it("come from several settings, each with a profile and a key", () => {
    const { upstreams, mode } = settings({
      ...OPERATOR,
      UPSTREAMS: JSON.stringify({ ark: { profile: "ark" }, "my-own-2": { profile: PROFILE } }),
      UPSTREAMS_9: ' {"regional": {"profile": "ark", "base_url": "https://ark.cn-beijing.example.com/x/"}} ',
      UPSTREAM_KEY_ARK: " ark-key ",
      UPSTREAM_KEY_MY_OWN_2: "own-key",
      UPSTREAM_KEY_REGIONAL: "regional-key",
      UPSTREAM_TIMEOUT_SECONDS: "5",
    });
    expect(mode).toBe("operator");
    expect(
      upstreams.map(({ name, profileName, baseUrl, operatorKey }) => [
        name,
        profileName,
        baseUrl,
        operatorKey,
      ]),
    ).toEqual([
      ["aio", "aio", "https://api.aiearth.dev/v1", "sk-of-aio"],
      ["ark", "ark", ark.base_url, "ark-key"],
      ["my-own-2", null, "https://video.example.com", "own-key"],
      ["regional", "ark", "https://ark.cn-beijing.example.com/x", "regional-key"],
    ]);
    expect(upstreams[2]).toMatchObject({ profile: { poll: { path: "/made/{id}" } } });
  });

  it("are found by name, and by no other member's name", () => {
    const found = settings(OPERATOR);
    expect(upstreamNamed(found, "aio")?.operatorKey).toBe("sk-of-aio");
    expect(upstreamNamed(found, "ark")).toBeNull();
    expect(upstreamNamed(found, "constructor")).toBeNull();
  });

  it.each([undefined, null, "", " ", "{}"])("may be none: %j", (UPSTREAMS) => {
    expect(
      settings({ ...OPERATOR, UPSTREAMS, UPSTREAM_KEY_ARK: UPSTREAMS === "{}" ? null : "" }).upstreams,
    ).toHaveLength(1);
  });

  it.each([["a"], ["a1-b-"], ["z".repeat(31)]])("may be named %s", (name) => {
    const env = { ...OPERATOR, UPSTREAMS: JSON.stringify({ [name]: { profile: "xai" } }) };
    expect(problems({ ...env, [keySettingOf(name)]: "k" })).toEqual([]);
  });

  it.each(["aio", "", "A", "1a", "-a", "a_b", "a.b", "a b", "é", "z".repeat(32), "__proto__"])(
    "are never named %j",
    (name) => {
      const UPSTREAMS = `{${JSON.stringify(name)}: {"profile": "xai"}}`;
      expect(problems({ ...OPERATOR, UPSTREAMS })).toContain("UPSTREAMS upstream_names");
    },
  );

  it.each<[what: string, env: Record<string, unknown>, expected: string[]]>([
    ["no JSON", { UPSTREAMS: "ark" }, ["UPSTREAMS not_upstreams"]],
    ["a list", { UPSTREAMS: '["ark"]' }, ["UPSTREAMS not_upstreams"]],
    [
      "more than JSON may hold",
      { UPSTREAMS: `{"a":${"[".repeat(64)}${"]".repeat(64)}}` },
      ["UPSTREAMS not_upstreams"],
    ],
    ["no text", { UPSTREAMS: { ark: { profile: "ark" } } }, ["UPSTREAMS not_text"]],
    ["no object", { UPSTREAMS_2: '{"ark": "ark"}' }, ["UPSTREAMS_2 not_upstream"]],
    ["no profile", { UPSTREAMS: '{"ark": {}}' }, ["UPSTREAMS not_upstream"]],
    [
      "a member of its own",
      { UPSTREAMS: '{"ark": {"profile": "ark", "key": "x"}}' },
      ["UPSTREAMS not_upstream"],
    ],
    ["an unknown profile", { UPSTREAMS: '{"ark": {"profile": "Ark"}}' }, ["UPSTREAMS unknown_profile"]],
    [
      "a profile that does not parse",
      { UPSTREAMS: '{"ark": {"profile": {"auth": 1}}}' },
      ["UPSTREAMS bad_profile"],
    ],
    ["no address", { UPSTREAMS: '{"gw": {"profile": "new-api"}}' }, ["UPSTREAMS upstream_without_url"]],
    [
      "a list that is not read",
      { UPSTREAMS_10: '{"ark": {"profile": "ark"}}', upstreams: "{}", UPSTREAMS_1: "" },
      ["UPSTREAMS_10 not_a_list", "upstreams not_a_list"],
    ],
    [
      "a member twice",
      { UPSTREAMS: '{"ark": {"profile": "ark", "profile": "veo"}}', UPSTREAM_KEY_ARK: "k" },
      ["UPSTREAMS upstream_twice"],
    ],
    [
      "one name twice in one setting",
      {
        UPSTREAMS:
          '{"ark": {"profile": "ark", "base_url": "https://a.example.com"}, "\\u0061rk": {"profile": "ark"}}',
      },
      ["UPSTREAMS upstream_twice"],
    ],
    [
      "one name in two settings",
      {
        UPSTREAMS: '{"ark": {"profile": "ark"}}',
        UPSTREAMS_3: '{"ark": {"profile": "ark"}}',
        UPSTREAM_KEY_ARK: "k",
      },
      ["UPSTREAMS_3 upstream_twice"],
    ],
    ["no key", { UPSTREAMS: '{"a-b": {"profile": "ark"}}' }, ["UPSTREAM_KEY_A_B upstream_key_missing"]],
    [
      "an empty key",
      { UPSTREAMS: '{"ark": {"profile": "ark"}}', UPSTREAM_KEY_ARK: " " },
      ["UPSTREAM_KEY_ARK upstream_key_missing"],
    ],
    [
      "a key that is no header",
      { UPSTREAMS: '{"ark": {"profile": "ark"}}', UPSTREAM_KEY_ARK: "a b" },
      ["UPSTREAM_KEY_ARK not_visible_ascii", "UPSTREAM_KEY_ARK upstream_key_missing"],
    ],
    ["a key without it", { UPSTREAM_KEY_ARK: "k" }, ["UPSTREAM_KEY_ARK key_without_upstream"]],
    ["a key of aio's", { UPSTREAM_KEY_AIO: "k" }, ["UPSTREAM_KEY_AIO key_without_upstream"]],
  ])("are refused with %s", (_what, env, expected) => {
    expect(problems({ ...OPERATOR, ...env })).toEqual(expected);
  });

  it.each([
    ["http://ark.example.com", {}, "must be an https URL"],
    ["http://ark.example.com", { ALLOW_PRIVATE_CALLBACKS: "true" }, null],
    [
      "https://ringback.example.com/v1",
      { RINGBACK_HOSTS: "ringback.example.com" },
      "must not be this deployment's own host",
    ],
    [
      "https://r.example.com",
      { RINGBACK_PUBLIC_URL: "https://r.example.com" },
      "must not be this deployment's own host",
    ],
    ["https://ark.example.com/?a=1", {}, "must have no query"],
    ["ftp://ark.example.com", {}, "must be an http(s) URL"],
    ["ark.example.com", {}, "must be an http(s) URL"],
  ])("are at %s, or that is refused", (url, more, says) => {
    const UPSTREAMS = JSON.stringify({ ark: { profile: "ark", base_url: url } });
    const env = { ...OPERATOR, UPSTREAMS, UPSTREAM_KEY_ARK: "k", ...more };
    expect(problems(env)).toEqual(says === null ? [] : ["UPSTREAMS bad_base_url"]);
    if (says !== null) expect(messages(env)).toContain(`has a base_url for ark that ${says}`);
  });

  it("are named in words, and no key nor address is", () => {
    const profile = { ...PROFILE, poll: { method: "POST", path: "/make" } };
    const env = {
      ...OPERATOR,
      UPSTREAMS: JSON.stringify({ mine: { profile } }),
      UPSTREAM_KEY_X: "sk-secret-of-x",
    };
    expect(messages(env)).toMatch(/^has a wrong profile for mine: poll must hold /);
    const text = JSON.stringify([
      readSettings(env),
      readSettings({ ...OPERATOR, UPSTREAM_KEY_X: "sk-secret-of-x" }),
    ]);
    expect(text).not.toMatch(/sk-secret|video\.example/);
  });
});

describe("where callers bring their own key", () => {
  const ONE = '{"ark": {"profile": "ark"}}';

  it("the only other upstream takes the place of aio", () => {
    const { upstreams, mode } = settings({ ...OWN, UPSTREAMS_4: ONE });
    expect(mode).toBe("own");
    expect(upstreams).toMatchObject([{ name: "ark", operatorKey: null }]);
    expect(settings(OWN).upstreams).toMatchObject([{ name: "aio", operatorKey: null }]);
  });

  it.each<[what: string, env: Record<string, unknown>, expected: string[]]>([
    [
      "a second one",
      { UPSTREAMS: '{"ark": {"profile": "ark"}, "xai": {"profile": "xai"}}' },
      ["UPSTREAMS one_upstream"],
    ],
    [
      "a second one elsewhere",
      { UPSTREAMS: ONE, UPSTREAMS_2: '{"xai": {"profile": "xai"}}' },
      ["UPSTREAMS one_upstream"],
    ],
    ["its key", { UPSTREAMS: ONE, UPSTREAM_KEY_ARK: "k" }, ["UPSTREAM_KEY_ARK setting_needs"]],
    ["any key", { UPSTREAM_KEY_XAI: "k" }, ["UPSTREAM_KEY_XAI setting_needs"]],
  ])("%s is refused", (_what, env, expected) => {
    expect(problems({ ...OWN, ...env })).toEqual(expected);
  });
});

it("the setting of a key is known by its name alone", () => {
  expect(keySettingOf("my-own-2")).toBe("UPSTREAM_KEY_MY_OWN_2");
  expect(isKeySetting("UPSTREAM_KEY_ARK")).toBe(true);
  expect(SETTING_NAMES.filter(isKeySetting)).toEqual([]);
  expect(SETTING_NAMES).toEqual(
    expect.arrayContaining(["UPSTREAMS", "UPSTREAMS_2", "UPSTREAMS_9", "RINGBACK_KEYS_9"]),
  );
});
