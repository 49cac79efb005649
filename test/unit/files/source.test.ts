import { afterEach, describe, expect, it, vi } from "vitest";
import { openSource } from "../../../src/files/source.ts";
import { TryTime } from "../../../src/files/try-time.ts";
import { BUILT_IN } from "../../../src/profiles/built-in.ts";

/*
 * scenario                                        requirement
 * a result at the upstream's own origin           the key, in the header of the upstream's profile
 * a result at another origin, a redirect there    never the key
 */

const KEY = "sk-0123456789abcdef";
const ORIGIN = "https://generativelanguage.googleapis.com";

afterEach(() => vi.unstubAllGlobals());

/** The headers of each request for the result. */
async function requests(url: string, name: string, answers: Response[]): Promise<Record<string, string>[]> {
  const sent: Record<string, string>[] = [];
  vi.stubGlobal("fetch", async (_url: URL, init: RequestInit) => {
    sent.push(init.headers as Record<string, string>);
    return answers.shift() ?? new Response("file");
  });
  const time = new TryTime(1000, 1000, new AbortController().signal);
  const profile = BUILT_IN.get(name);
  const upstream = { origin: ORIGIN, apiKey: KEY, ...(profile ? { profile } : {}) };
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

  it("elsewhere is asked for without the key, after a redirect as well", async () => {
    expect(await requests("https://cdn.acme.com/f", "veo", [])).toEqual([ASKED]);
    const away = new Response(null, { status: 302, headers: { location: "https://cdn.acme.com/f" } });
    const sent = await requests(`${ORIGIN}/f`, "veo", [away]);
    expect(sent).toEqual([{ ...ASKED, "ringback-hop": "1", "x-goog-api-key": KEY }, ASKED]);
  });
});
