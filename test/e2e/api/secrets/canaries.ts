import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach } from "vitest";
import { isTerminal, type Stack, type TaskBody, type StackOptions } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/** The slash and the plus are escaped by some encoders, which must not hide the key. */
export const KEY = "sk-canary/of+the=caller";
export const TOKEN = "rb-canary-token-of-alice";
export const OPERATOR_KEY = "sk-canary/of+the=operator";
export const HEADER = "canary-value-of-a-header";
export const PROMPT = "A canary 金丝雀 in the prompt.";
export const IMAGE = `canaryImage${"A".repeat(400_000)}`;
export const QUERY = "canary-in-the-query";
export const ANSWER = "canary-in-the-last-answer";

export function escaped(text: string): string {
  return Array.from(text, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`).join(
    "",
  );
}

/** JSON of the upstream in which the key stands, in the ways in which encoders write it. */
export function echoes(key: string, members: string): [name: string, body: string][] {
  return [
    ["plain", `{${members},"echo":"Bearer ${key}."}`],
    ["as a name", `{${members},"${key}":1}`],
    ["deep inside", `{${members},"a":[{"b":{"c":["x ${key} ${key}"]}}]}`],
    ["with its slash escaped", `{${members},"echo":"${key.replace("/", "\\/")}"}`],
    ["with every letter escaped", `{${members},"echo":"${escaped(key)}"}`],
    ["as JSON in a string", `{${members},"echo":${JSON.stringify(JSON.stringify({ key }))}}`],
  ];
}

interface Store {
  stack: Stack;
  /** Where the objects' stores are. */
  folder: string;
  settled(id: string): Promise<TaskBody>;
}

/** One stack for all tests of a `describe`, whose store is kept in files. */
export function useStore(options: StackOptions): Store {
  const folder = mkdtempSync(join(tmpdir(), "ringback-secrets-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const stack = useStack({ ...options, persistTo: folder });
  afterEach(() => stack.gateway.clearFaults());
  return {
    stack,
    folder,
    settled: async (id) => stack.task(id, (task) => isTerminal(task) && task.callback?.status !== "pending"),
  };
}
