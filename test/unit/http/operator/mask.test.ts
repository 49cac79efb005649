import { describe, expect, it } from "vitest";
import {
  addressOf,
  maskAnswer,
  maskEvents,
  withoutAddress,
  type Receivers,
} from "../../../../src/http/operator/mask.ts";
import { isoTime } from "../../../../src/domain/text/time.ts";
import { anEndpoint, T0 } from "../../../support/builders.ts";
import { parseJson, type JsonValue } from "../../../../src/domain/text/json.ts";

const OWN = "https://hooks.acme.com/t/s3cret-path?token=s3cret-query";
const ENDPOINT = "https://n8n.acme.com:5678/webhook/8f7a6c";
const MOVED_AT = T0 + 60_000;
const MOVED = anEndpoint({ id: "ep_moved", url: ENDPOINT, urlSince: MOVED_AT });
const receivers: Receivers = {
  own: OWN,
  endpoints: new Map([
    ["ep_a", addressOf(anEndpoint({ url: ENDPOINT }))],
    ["ep_moved", addressOf(MOVED)],
  ]),
};

const masked = (value: unknown): JsonValue => maskAnswer(parseJson(JSON.stringify(value)), receivers);
const attempt = (response_excerpt: string | null, more: object = {}): object => ({
  number: 1,
  started_at: isoTime(T0),
  response_excerpt,
  ...more,
});

describe("an answer to an operator", () => {
  it("has a receiver's origin in place of its URL, at any depth", () => {
    const endpoint = { object: "webhook_endpoint", id: "ep_a", url: ENDPOINT, events: [] };
    expect(masked({ object: "list", data: [endpoint] })).toEqual({
      object: "list",
      data: [{ ...endpoint, url: "https://n8n.acme.com:5678" }],
    });
    expect(masked({ callback: { url: OWN } })).toEqual({ callback: { url: "https://hooks.acme.com" } });
    expect(masked({ request: { url: "" } })).toEqual({ request: { url: "" } });
  });

  it("has no signature, and every other header", () => {
    const headers = { "webhook-id": "msg_a", "webhook-signature": "v1,x", "x-make-apikey": "…" };
    expect(masked({ request: { url: OWN, headers } })).toEqual({
      request: {
        url: "https://hooks.acme.com",
        headers: { "webhook-id": "msg_a", "x-make-apikey": "…" },
      },
    });
  });

  it("leaves the caller's own words and the upstream's as they are, digits too", () => {
    const text =
      '{"metadata":{"url":"https://a.com/b?c","n":1.0},"upstream":{"url":"x","id":12345678901234567890}}';
    expect(JSON.stringify(maskAnswer(parseJson(text), receivers))).toBe(text);
  });

  it.each<[what: string, delivery: object, excerpt: string | null]>([
    [
      "of the task's own receiver",
      { endpoint: null, attempts: [attempt("at /t/s3cret-path")] },
      "at [redacted]",
    ],
    [
      "of an endpoint",
      { endpoint: { id: "ep_a" }, attempts: [attempt("8f7a6c is unknown")] },
      "[redacted] is unknown",
    ],
    ["of an endpoint that was deleted", { endpoint: { id: "ep_b" }, attempts: [attempt("ok")] }, null],
    [
      "of an endpoint at an earlier URL",
      { endpoint: { id: "ep_moved" }, attempts: [attempt("no /hooks/0ld-s3cret")] },
      null,
    ],
    [
      "of an endpoint at the time of the change of its URL",
      { endpoint: { id: "ep_moved" }, attempts: [attempt("ok", { started_at: isoTime(MOVED_AT + 1000) })] },
      null,
    ],
    [
      "of an endpoint at its later URL",
      { endpoint: { id: "ep_moved" }, attempts: [attempt("ok", { started_at: isoTime(MOVED_AT + 2000) })] },
      "ok",
    ],
    ["of another URL", { endpoint: null, attempts: [attempt("ok", { host: "b.com" })] }, null],
    ["that is none", { endpoint: null, attempts: [attempt(null)] }, null],
  ])("shows the words of a receiver without its address: %s", (_what, delivery, excerpt) => {
    expect(masked(delivery)).toMatchObject({ attempts: [{ number: 1, response_excerpt: excerpt }] });
  });
});

describe("the words of a receiver", () => {
  it.each([
    [`Cannot POST /t/s3cret-path?token=s3cret-query`, "Cannot POST [redacted]"],
    [
      `{"path":"\\/t\\/s3cret-path","query":{"token":"s3cret-query"}}`,
      `{"path":"\\/t\\/[redacted]","query":{"[redacted]":"[redacted]"}}`,
    ],
    [`redirect to https://www.acme.com/x/s3cret-path`, "redirect to https://www.acme.com"],
    [`<a href="http://a.com/x?y=1">here</a>`, `<a href="http://a.com">here</a>`],
    ["the order table is locked", "the order table is locked"],
    ["no route /t/s3cret-p", "no route "],
    ["no hook s3cret-qu", "no hook "],
    ["this is /t", "this is /t"],
  ])("name no path and no query: %s", (text, shown) => {
    expect(withoutAddress(text, OWN)).toBe(shown);
  });

  it("are whole where the address has neither", () => {
    expect(withoutAddress("a/b / c?", "https://hooks.acme.com/")).toBe("a/b / c?");
  });

  it("name no path in another spelling of it", () => {
    const url = "https://a.com/caf%C3%A9-hook/x%ZZ?a=b%26c-long";
    for (const text of ["café-hook", "/caf%C3%A9-hook/x%ZZ", "b&c-long", "b&amp;c-long"])
      expect(withoutAddress(`no ${text}.`, url)).toBe("no [redacted].");
  });
});

describe("a stream to an operator", () => {
  async function streamed(chunks: readonly string[]): Promise<string> {
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
    return new Response(source.pipeThrough(maskEvents(receivers))).text();
  }
  const event = (data: string): string => `event: video.running\nid: running-0\n${data}\n\n`;

  it("has masked tasks, however its bytes come", async () => {
    const text = `:\n\n${event(`data: {"name":"é","callback":{"url":"${OWN}"}}`)}retry: 1000\n\n`;
    const shown = `:\n\n${event('data: {"name":"é","callback":{"url":"https://hooks.acme.com"}}')}retry: 1000\n\n`;
    for (const size of [1, 7, 1000]) {
      const chunks = text.match(new RegExp(`[^]{1,${size}}`, "gu")) ?? [];
      expect(await streamed(chunks)).toBe(shown);
    }
  });

  it("joins a task that has line breaks of the upstream's", async () => {
    const lines = `data: {"callback":{"url":"${OWN}"},\ndata: "upstream":{}}`;
    expect(await streamed([event(lines)])).toBe(
      event('data: {"callback":{"url":"https://hooks.acme.com"},"upstream":{}}'),
    );
  });

  it("shows nothing of an event that is cut off", async () => {
    expect(await streamed([`data: {"callback":{"url":"${OWN}`])).toBe("");
  });
});
