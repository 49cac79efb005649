import { afterEach, describe, expect, it, vi } from "vitest";
import { errorFields, log, type LogEvent, type LogFields } from "../../src/log.ts";

afterEach(() => void vi.restoreAllMocks());

describe("a log line", () => {
  it.each<{ event: LogEvent; fields: LogFields; level: "log" | "error" }>([
    { event: "task.accepted", fields: {}, level: "log" },
    { event: "request.failed", fields: {}, level: "error" },
    { event: "callback.attempted", fields: { delivery: "delivered" }, level: "log" },
    { event: "callback.attempted", fields: { delivery: "pending" }, level: "log" },
    { event: "callback.attempted", fields: { delivery: "exhausted" }, level: "error" },
    { event: "submit.answered", fields: { answer: "accepted" }, level: "log" },
    { event: "submit.answered", fields: { answer: "unknown" }, level: "error" },
    { event: "submit.refused", fields: { mode: "own", status_code: 402 }, level: "log" },
    { event: "submit.refused", fields: { mode: "operator", status_code: 422 }, level: "log" },
    { event: "submit.refused", fields: { mode: "operator", status_code: 402 }, level: "error" },
    { event: "poll.without_news", fields: { answer: "nothing" }, level: "log" },
    { event: "poll.without_news", fields: { answer: "read", word: "baking" }, level: "error" },
    { event: "recovery.ended", fields: { status: "done" }, level: "log" },
    { event: "recovery.ended", fields: { status: "halted" }, level: "error" },
  ])("of $event with $fields has the level $level", ({ event, fields, level }) => {
    const lines: Record<string, string[]> = { log: [], error: [] };
    for (const name of ["log", "error"] as const) {
      vi.spyOn(console, name).mockImplementation((line: unknown) => void lines[name]?.push(String(line)));
    }
    log(event, fields);
    expect(lines).toEqual({ log: [], error: [], [level]: [JSON.stringify({ event, ...fields })] });
  });
});

describe("an error in a log line", () => {
  it.each([
    {
      what: "its class and its words",
      error: new RangeError("The alarm is not set."),
      fields: { error: "RangeError", error_message: "The alarm is not set." },
    },
    {
      what: "no text that could not be parsed",
      error: parseError('{"prompt":canary}'),
      fields: { error: "SyntaxError", error_message: "Unexpected token 'c', … is not valid JSON" },
    },
    {
      what: "no URL",
      error: new TypeError("Fetch API cannot load: https://a.test/?token=canary next"),
      fields: { error: "TypeError", error_message: "Fetch API cannot load: … next" },
    },
    {
      what: "nothing in quotes of any kind",
      error: new Error('a `canary` and \'canary\' and "ca"nary" end'),
      fields: { error: "Error", error_message: "a … and … and … end" },
    },
    {
      what: "at most 200 characters",
      error: new Error("x".repeat(300)),
      fields: { error: "Error", error_message: "x".repeat(200) },
    },
    { what: "the type of what is no error", error: "canary", fields: { error: "string" } },
  ])("holds $what", ({ error, fields }) => {
    expect(errorFields(error)).toEqual(fields);
  });
});

function parseError(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return error;
  }
}
