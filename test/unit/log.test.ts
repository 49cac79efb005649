import { describe, expect, it } from "vitest";
import { errorFields } from "../../src/log.ts";

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
