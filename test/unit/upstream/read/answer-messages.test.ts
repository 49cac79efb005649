import { expect, it } from "vitest";
import { isJsonObject, parseJson } from "../../../../src/domain/text/json.ts";
import { errorMessageIn } from "../../../../src/upstream/read/answer-messages.ts";

it.each([
  [{ error_message: "a", error: { message: "b" }, message: "c" }, "a"],
  [{ error: { message: "b" }, message: "c" }, "b"],
  [{ fail_reason: "r", error: "b", message: "c" }, "r"],
  [{ error: "b", message: "c" }, "b"],
  [{ message: "c" }, "c"],
  [{ error_message: "", message: "c" }, "c"],
  [{ error_message: "success", message: "c" }, "c"],
  [{ message: "SUCCESS" }, null],
  [{ message: "ok" }, null],
  [{ error: { code: 5 } }, null],
  [{ error_message: "a\nb\u0000c" }, "a b c"],
  [{ error_message: "x".repeat(3000) }, "x".repeat(2000)],
])("the error of %.60j is %.20j", (answer, expected) => {
  const value = parseJson(JSON.stringify(answer));
  expect(isJsonObject(value) && errorMessageIn(value, [])).toBe(expected);
});
