import { describe, expect, it } from "vitest";
import { failureWords, type Reader } from "../../../../../src/console/pages/parts/error-words.ts";
import { TEXTS } from "../../../../../src/console/language.ts";
import { TASK_ERRORS, TASK_NOTES, type TaskErrorCode } from "../../../../../src/contract/errors.ts";
import type { AccountMode } from "../../../../../src/contract/words.ts";

/*
 * scenario                                       requirement
 * each of Ringback's own sentences about a task  in the page's language, and not repeated by the advice
 * words of the provider                          as they came
 * a refusal of the operator's key                is the operator's to mend, in every such code
 */

const pageOf = (language: "en" | "zh", mode: AccountMode = "own"): Reader => ({
  text: TEXTS[language],
  mode,
});
const CODES = Object.keys(TASK_ERRORS) as TaskErrorCode[];
const OWN = [
  ...CODES.map((code) => [code, TASK_ERRORS[code]] as const),
  ["timed_out", TASK_NOTES.never_submitted] as const,
  ["generation_failed", TASK_NOTES.test_failed] as const,
];

const words = (text: string): string[] => text.toLowerCase().match(/[a-z]{4,}/g) ?? [];
const shared = (a: string, b: string): number =>
  [...new Set(words(a))].filter((word) => words(b).includes(word)).length;

describe("what a page says about a failed task", () => {
  it.each(OWN)("says Ringback's own sentence in the reader's language: %s, %s", (code, message) => {
    const error = { code, message, retryable: false };
    const chinese = failureWords(pageOf("zh"), { test: false }, error);
    expect(chinese).toMatchObject({
      isOurs: true,
      sentence: expect.stringMatching(/^[^a-z]*[\u4e00-\u9fff]/),
    });
    expect(chinese.advice).toMatch(/[\u4e00-\u9fff]/);
    const english = failureWords(pageOf("en"), { test: false }, error);
    expect(english.isOurs).toBe(true);
    // The advice goes on from the sentence: most of its words are new.
    const again = shared(english.advice, english.sentence);
    expect(again).toBeLessThan(new Set(words(english.advice)).size / 2);
  });

  it.each(["en", "zh"] as const)("leaves the provider's words as they came (%s)", (language) => {
    const error = { code: "generation_failed", message: "NSFW: 内容违规", retryable: false } as const;
    expect(failureWords(pageOf(language), { test: false }, error)).toMatchObject({
      isOurs: false,
      sentence: error.message,
    });
  });

  it.each([
    ["upstream_unauthorized", 401],
    ["upstream_payment_required", 402],
    ["upstream_forbidden", 403],
  ] as const)("sends the caller of an operator's key to the operator (%s)", (code, status) => {
    const error = { code, message: TASK_ERRORS[code], retryable: false };
    expect(failureWords(pageOf("en", "operator"), { test: false }, error)).toEqual({
      isOurs: true,
      sentence: `The operator's provider account refuses this (${status}).`,
      advice: "Tell your operator this task id.",
    });
    expect(failureWords(pageOf("en", "own"), { test: false }, error).advice).toMatch(/^Check /);
  });
});
