import { expect, it } from "vitest";
import { titleOf } from "../../../../../src/console/pages/parts/task-title.ts";
import { parseJson } from "../../../../../src/domain/text/json.ts";

it.each([
  [null, null],
  ["{}", null],
  ['{"a":{"b":1},"c":[],"d":null,"e":"","f":"  "}', null],
  ['{"title":"Spring sale","order":42}', "Spring sale"],
  ['{"title":{"en":"Spring"},"order":42}', "order 42"],
  ['{"shop":"acme","order":42}', "order 42 · shop acme"],
  ['{"a":1,"b":true,"c":"x","d":"y"}', "a 1 · b true · c x"],
  ['{"n":12345678901234567890.10}', "n 12345678901234567890.10"],
  [`{"title":"${"x".repeat(80)}"}`, `${"x".repeat(59)}…`],
  ['{"__proto__":"x","constructor":"y"}', "__proto__ x · constructor y"],
])("the metadata %s is called %j", (metadata, title) => {
  expect(titleOf(metadata === null ? null : parseJson(metadata))).toBe(title);
});
