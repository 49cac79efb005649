import { describe, expect, it } from "vitest";
import { AnswerMemory } from "../../../src/upstream/answer-memory.ts";
import { anAccess, anAskedTask } from "../../support/builders.ts";

/*
 * scenario                                       requirement
 * the same text again                            what was read of it, itself
 * another text, another key, or forgotten        read anew
 * no JSON object                                 no task
 */

const RUNNING = '{"task_id":"up-1","status":"running","progress":42}';
const ACCESS = anAccess({ baseUrl: "https://gateway.acme.com/v1" });
const OTHER_ACCESS = { ...ACCESS, apiKey: "sk-fedcba9876543210" };
const KNOWN = anAskedTask();

describe("an answer's memory", () => {
  it("knows a text that it has just read", async () => {
    const memory = new AnswerMemory();
    const first = await memory.read(RUNNING, ACCESS, KNOWN);
    expect(first.task).toMatchObject({ ids: ["up-1"], status: "running", progress: 42 });
    expect((await memory.read(RUNNING, ACCESS, KNOWN)).task).toBe(first.task);
  });

  it("reads another text anew, and the first one again after it", async () => {
    const memory = new AnswerMemory();
    const first = await memory.read(RUNNING, ACCESS, KNOWN);
    const other = await memory.read(RUNNING.replace("42", "43"), ACCESS, KNOWN);
    expect(other.task).toMatchObject({ progress: 43 });
    const again = await memory.read(RUNNING, ACCESS, KNOWN);
    expect(again.task).toEqual(first.task);
    expect(again.task).not.toBe(first.task);
  });

  it("reads the same text anew under another key, which is cut out of it", async () => {
    const memory = new AnswerMemory();
    const text = `{"status":"running","message":"of ${OTHER_ACCESS.apiKey}"}`;
    expect((await memory.read(text, ACCESS, KNOWN)).parsed.json).toBe(text);
    expect((await memory.read(text, OTHER_ACCESS, KNOWN)).parsed.json).not.toContain(OTHER_ACCESS.apiKey);
  });

  it("reads again after it was cleared", async () => {
    const memory = new AnswerMemory();
    const first = await memory.read(RUNNING, ACCESS, KNOWN);
    memory.forget();
    expect((await memory.read(RUNNING, ACCESS, KNOWN)).task).not.toBe(first.task);
  });

  it.each(["<html>", "[1]", "null", '"running"', ""])("has no task of %j, however often", async (text) => {
    const memory = new AnswerMemory();
    for (let times = 0; times < 2; times += 1)
      expect((await memory.read(text, ACCESS, KNOWN)).task).toBeNull();
  });
});
