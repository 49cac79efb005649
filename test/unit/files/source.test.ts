import { afterEach, describe, expect, it, vi } from "vitest";
import { openSource } from "../../../src/files/source.ts";
import { TryTime } from "../../../src/files/try-time.ts";
import { BUILT_IN } from "../../../src/profiles/built-in.ts";
import { aio } from "../../../src/profiles/built-in/aio.ts";

/*
 * scenario                                        requirement
 * a result at the upstream's own origin           the key, in the header of the upstream's profile
 * a result at another origin, a redirect there    never the key
 * the fixed headers of a profile                  docs/upstreams.md: those of every call; a file without the key is none
 */

const KEY = "sk-0123456789abcdef";
const ORIGIN = "https://generativelanguage.googleapis.com";

afterEach(() => vi.unstubAllGlobals());

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
  const profile = { ...(BUILT_IN.get(name) ?? aio), headers };
  const upstream = { origin: ORIGIN, apiKey, profile };
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
    ["aio", { authorization: `Bearer ${KEY}` }],
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
});
