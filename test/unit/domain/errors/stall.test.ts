import { expect, it } from "vitest";
import { OverloadedError } from "../../../../src/domain/errors/unavailable.ts";
import { isRingbackFault, shouldRethrow, StallError } from "../../../../src/domain/errors/stall.ts";
import { SealError } from "../../../../src/keys/seal.ts";
import { MissingKeyError } from "../../../../src/task-object/task-upstream.ts";

/** An error as the platform gives it: with members that say what became of the object. */
function platformError(message: string, marks: object = {}): Error {
  return Object.assign(new Error(message), marks);
}

it.each<[what: string, error: unknown]>([
  ["a reason to wait", new StallError("not now")],
  ["a seal that does not open", new SealError("no")],
  ["a key that is not set", new MissingKeyError("no")],
  ["another object that does not answer", new OverloadedError("no")],
  [
    "another object that was reset",
    new OverloadedError("no", { cause: platformError("reset", { durableObjectReset: true }) }),
  ],
  ["a fault in our code", new TypeError("undefined is not a function")],
  ["a row that does not parse", new SyntaxError("Unexpected end of JSON input")],
  ["a number out of range", new RangeError("Invalid time value")],
  ["a fault whose mark says no", Object.assign(new TypeError("undefined"), { remote: false })],
])("%s is a fault of Ringback: the step waits", (_what, error) => {
  expect(isRingbackFault(error)).toBe(true);
});

it.each<[what: string, error: unknown]>([
  [
    "a reset by a deployment",
    platformError("Durable Object reset because its code was updated.", { durableObjectReset: true }),
  ],
  ["the same without its mark", platformError("Durable Object reset because its code was updated.")],
  ["a script that was upgraded", platformError("This script has been upgraded.")],
  ["a lost connection", platformError("Network connection lost.", { retryable: true })],
  ["the same without its mark", platformError("Network connection lost.")],
  ["an overload", platformError("Durable Object is overloaded.", { overloaded: true, remote: false })],
  ["a full disk", platformError("database or disk is full: SQLITE_FULL")],
  [
    "a storage operation that took too long",
    platformError("Durable Object storage operation exceeded timeout"),
  ],
  ["one of the platform that is of our kind", Object.assign(new TypeError("gone"), { retryable: true })],
  ["whatever is no error at all", "gone"],
  ["nothing", undefined],
])("%s is the platform's: alarm() throws it", (_what, error) => {
  expect(isRingbackFault(error)).toBe(false);
});

it.each<[what: string, error: unknown, retryCount: number, thrown: boolean]>([
  ["the platform's error", new Error("Network connection lost."), 0, true],
  ["the platform's error, before the last retry", new Error("Network connection lost."), 5, true],
  ["the platform's error, in the last retry", new Error("Network connection lost."), 6, false],
  ["a fault of Ringback", new StallError("not now"), 0, false],
])("%s: alarm() throws it, or sets its alarm a minute on", (_what, error, retryCount, thrown) => {
  expect(shouldRethrow(error, retryCount)).toBe(thrown);
});
