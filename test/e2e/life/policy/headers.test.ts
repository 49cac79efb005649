import { describe, expect, it } from "vitest";
import { byDay } from "../../../support/checks/by-day.ts";
import { accepted, refused, useJudge } from "./judge.ts";

/*
 * scenario                                            requirement
 * names and values of static headers                  contract, callback_headers; threats T14
 */

const { judge } = useJudge();

describe("callback_headers", () => {
  const judgeHeaders = async (headers: unknown) =>
    judge({ callback_url: "https://hooks.example.com/", callback_headers: headers });

  const refusedHeaders = {
    ...refused(""),
    error: { code: "invalid_request", param: expect.stringMatching(/^callback_headers\b/) as string },
  };

  it.each(
    byDay([
      "webhook-id",
      "Webhook-Signature",
      "WEBHOOK-ANYTHING",
      "ringback-attempt",
      "Ringback-Other",
      "user-agent",
      "User-Agent",
      "host",
      "content-type",
      "Content-Length",
      "content-encoding",
      "connection",
      "transfer-encoding",
      "te",
      "TE",
      "trailer",
      "upgrade",
      "expect",
      "via",
      "forwarded",
      "proxy-authorization",
      "Proxy-Connection",
      "cookie",
      "cf-connecting-ip",
      "CF-Ray",
      "x-forwarded-for",
      "X-Forwarded-Host",
      "x-real-ip",
      "",
      " ",
      "a b",
      "a:b",
      "a\r\nb",
      "a\nb",
      "a\u0000",
      "x-é",
      "名",
      "x(y)",
      "x,y",
      "x/y",
      'x"y',
    ]),
  )("refuse the name %j", async (name) => {
    expect(await judgeHeaders({ [name]: "v" })).toMatchObject(refusedHeaders);
  });

  it.each(
    byDay([
      ["an accent", "é"],
      ["ideographs", "值"],
      ["an emoji", "🙂"],
      ["CR LF and a header", "v\r\nx-injected: 1"],
      ["LF", "a\nb"],
      ["CR", "a\rb"],
      ["NUL", "a\u0000b"],
      ["a tab", "a\tb"],
      ["DEL", "a\u007fb"],
      ["a lone surrogate", "a\ud800b"],
      ["4097 characters", "v".repeat(4097)],
      ["an object", { a: "b" }],
      ["a list", ["v"]],
    ]),
  )("refuse a value with %s", async (_name, value) => {
    expect(await judgeHeaders({ "x-key": value })).toMatchObject(refusedHeaders);
  });

  it.each(
    byDay([
      ["a name twice in another case", { "X-Key": "1", "x-key": "2" }],
      ["11 of them", Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, "v"]))],
      ["more than 8 KB in all", { "x-a": "v".repeat(4096), "x-b": "v".repeat(4096), "x-c": "v" }],
      ["a text", "x-key: v"],
      ["a list", ["x-key: v"]],
      ["a number", 5],
    ]),
  )("refuse %s", async (_name, headers) => {
    expect(await judgeHeaders(headers)).toMatchObject(refusedHeaders);
  });

  it("refuse all bad ones at once", async () => {
    const { status, error } = await judgeHeaders({ host: "v", "x-fine": "v", "x-bad": "é" });
    expect(status).toBe(400);
    expect(error.issues?.map(({ path }) => path)).toEqual([
      "callback_headers.host",
      "callback_headers.x-bad",
    ]);
  });

  it.each<[string, unknown]>([
    ["none", {}],
    ["null", null],
    ["x-make-apikey", { "x-make-apikey": "v" }],
    ["authorization", { Authorization: "Bearer abc.def-ghi_jkl" }],
    ["basic authorization", { authorization: "Basic dXNlcjpwYXNzd29yZA==" }],
    ["every sign of a token", { "!#$%&'*+-.^_`|~09azAZ": "v" }],
    ["every visible sign in a value", { "x-key": "!\"#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~" }],
    ["a value of 4096 characters", { "x-key": "v".repeat(4096) }],
    ["10 of them", Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`x-${index}`, "v"]))],
    [
      "names that only look alike",
      { "x-webhook-id": "v", hostname: "v", teapot: "v", viaduct: "v", contents: "v" },
    ],
    [
      "more of those",
      { "x-cf-ray": "v", "x-forwarded": "v", "x-real-ip-2": "v", "x-cookie": "v", accept: "*/*" },
    ],
    ["names of an object's prototype", JSON.parse('{"__proto__":"v","constructor":"v"}')],
  ])("accept %s", async (_name, headers) => {
    expect(await judgeHeaders(headers)).toMatchObject(accepted);
  });
});
