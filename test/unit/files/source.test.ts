import { afterEach, describe, expect, it, vi } from "vitest";
import { openSource } from "../../../src/files/source.ts";
import { TryTime } from "../../../src/files/try-time.ts";
import { BUILT_IN } from "../../../src/profiles/built-in.ts";

/*
 * scenario                                        requirement
 * a result at the upstream's own origin           the key, in the header of the upstream's profile
 * a result at another origin, a redirect there    never the key
 * a host that refuses what it got no key for      decisions/keys.md: needs_key; whatever else failed is said as it is
 * the fixed headers of a profile                  docs/upstreams.md: those of every call; a file without the key is none
 */

const KEY = "sk-0123456789abcdef";
const ORIGIN = "https://generativelanguage.googleapis.com";

afterEach(() => vi.unstubAllGlobals());

const upstreamOf = (name: string, apiKey: string | null, headers: Record<string, string> = {}) => {
  const profile = BUILT_IN.get(name);
  return { origin: ORIGIN, apiKey, ...(profile ? { profile: { ...profile, headers } } : {}) };
};

/** What opening comes to where the answers are these, each after the one that redirects to it. */
async function opened(url: string, apiKey: string | null, answers: Response[]): Promise<string> {
  vi.stubGlobal("fetch", async () => answers.shift());
  const time = new TryTime(1000, 1000, new AbortController().signal);
  const rules = { allowPrivate: false, ownHosts: [] };
  const result = await openSource({ url, upstream: upstreamOf("veo", apiKey), rules }, time);
  time.clear();
  return result.kind === "failed" ? result.reason : result.kind;
}

/** The headers of each request for the result. */
async function requests(
  url: string,
  name: string,
  answers: Response[],
  headers: Record<string, string> = {},
  apiKey: string | null = KEY,
): Promise<Record<string, string>[]> {
  const sent: Record<string, string>[] = [];
  vi.stubGlobal("fetch", async (_url: URL, init: RequestInit) => {
    sent.push(Object.fromEntries(new Headers(init.headers)));
    return answers.shift() ?? new Response("file");
  });
  const time = new TryTime(1000, 1000, new AbortController().signal);
  const upstream = upstreamOf(name, apiKey, headers);
  const result = await openSource({ url, upstream, rules: { allowPrivate: false, ownHosts: [] } }, time);
  time.clear();
  expect(result.kind).toBe("opened");
  return sent;
}

const ASKED = { "accept-encoding": "identity" };

describe("a result", () => {
  it.each([
    ["veo", { "x-goog-api-key": KEY }],
    ["openai", { authorization: `Bearer ${KEY}` }],
    ["none", { authorization: `Bearer ${KEY}` }],
  ])("at the upstream's origin is asked for with the key of the profile %s", async (name, header) => {
    expect(await requests(`${ORIGIN}/f`, name, [])).toEqual([{ ...ASKED, "ringback-hop": "1", ...header }]);
  });

  it("is asked for with the fixed headers of the profile where the key goes, and only there", async () => {
    const fixed = { "X-Api-Version": "2", "Accept-Encoding": "br" };
    const away = new Response(null, { status: 302, headers: { location: "https://cdn.acme.com/f" } });
    expect(await requests(`${ORIGIN}/f`, "veo", [away], fixed)).toEqual([
      { ...ASKED, "ringback-hop": "1", "x-goog-api-key": KEY, "x-api-version": "2" },
      ASKED,
    ]);
    expect(await requests(`${ORIGIN}/f`, "veo", [], fixed, null)).toEqual([
      { ...ASKED, "ringback-hop": "1" },
    ]);
  });

  it("elsewhere is asked for without the key, after a redirect as well", async () => {
    expect(await requests("https://cdn.acme.com/f", "veo", [])).toEqual([ASKED]);
    const away = new Response(null, { status: 302, headers: { location: "https://cdn.acme.com/f" } });
    const sent = await requests(`${ORIGIN}/f`, "veo", [away]);
    expect(sent).toEqual([{ ...ASKED, "ringback-hop": "1", "x-goog-api-key": KEY }, ASKED]);
  });

  it.each<[url: string, apiKey: string | null, statuses: number[], expected: string]>([
    ["https://cdn.acme.com/f", KEY, [403], "needs_key"],
    ["https://cdn.acme.com/f", KEY, [401], "needs_key"],
    ["https://cdn.acme.com/f", KEY, [404], "http_404"],
    ["https://cdn.acme.com/f", null, [403], "http_403"],
    [`https://cdn.acme.com/f?key=${KEY}`, KEY, [403], "http_403"],
    [`${ORIGIN}/f`, KEY, [403], "http_403"],
    [`${ORIGIN}/f`, KEY, [302, 403], "http_403"],
    ["https://cdn.acme.com/f", KEY, [302, 403], "needs_key"],
  ])(
    "at %s, asked for with the key %s and answered %j, is no file: %s",
    async (url, apiKey, statuses, expected) => {
      const headers = { location: "https://cdn.acme.com/g" };
      const answers = statuses.map((status) => new Response(null, { status, headers }));
      expect(await opened(url, apiKey, answers)).toBe(expected);
    },
  );
});
