import { expect, it } from "vitest";
import { requestDigestsOf } from "../../../../src/http/create/request-digests.ts";
import { parseJsonBody } from "../../../../src/http/body/json-body.ts";
import { requestDigest } from "../../../../src/keys/request-digest.ts";

type DigestedRequest = Parameters<typeof requestDigestsOf>[0];

function request(fields: object, test: DigestedRequest["test"] = null): DigestedRequest {
  const result = parseJsonBody(new TextEncoder().encode(JSON.stringify(fields)));
  if (!result.ok) throw new Error(result.problem.code);
  return { upstream: result.value, test };
}

async function digests(texts: string[]): Promise<string[]> {
  return Promise.all(texts.map(requestDigest));
}

it.each<[string, object, string[]]>([
  ["nothing of a text", { prompt: "a clip like https://a.example.com/x", image: "iVBOR" }, []],
  [
    "URLs anywhere, once each",
    {
      image: "https://a.example.com/1.png",
      content: [{ type: "video_url", video_url: { url: " HTTP://a.example.com/2.mp4 " } }],
      reference_images: ["https://a.example.com/1.png", "asset://3", "data:image/png;base64,AAAA"],
    },
    ["https://a.example.com/1.png", "HTTP://a.example.com/2.mp4"],
  ],
  [
    "ids anywhere",
    { id: 12345678901234567890n.toString(), nested: [{ task_id: 7 }] },
    ["12345678901234567890", "7"],
  ],
])("an echo digest is made of %s", async (_name, fields, texts) => {
  expect(await requestDigestsOf(request(fields))).toEqual(await digests(texts));
});

it("is made of nothing of a test, which no upstream ever sees", async () => {
  const test = { outcome: "succeeded", delayMs: 0 } as const;
  expect(await requestDigestsOf(request({ image: "https://a.example.com/1.png", id: "x" }, test))).toEqual(
    [],
  );
});

it("is made of the first 32 URLs", async () => {
  const urls = Array.from({ length: 50 }, (_, index) => `https://a.example.com/${index}.png`);
  expect(await requestDigestsOf(request({ reference_images: urls }))).toEqual(
    await digests(urls.slice(0, 32)),
  );
});

it("is the same for every spelling of one URL, and says nothing of it", async () => {
  const same = await requestDigest("https://a.example.com/v.mp4?x=1");
  expect(await requestDigest("HTTPS://A.example.com:443/b/../v.mp4?x=1")).toBe(same);
  expect(await requestDigest("https://a.example.com/V.mp4?x=1")).not.toBe(same);
  expect(same).toMatch(/^[0-9a-f]{32}$/);
});
