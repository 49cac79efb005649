import { describe, expect, it } from "vitest";
import { AnswerMemory } from "../../../src/upstream/answer-memory.ts";

/*
 * scenario                                       requirement
 * the same text again                            what was read of it, itself
 * another text, another key, or forgotten        read anew
 * no JSON object                                 no reading
 */

const RUNNING = '{"task_id":"up-1","status":"running","progress":42}';
const KEY = "sk-1";

describe("an answer's memory", () => {
  it("knows a text that it has just read", () => {
    const memory = new AnswerMemory();
    const first = memory.read(RUNNING, KEY);
    expect(first.reading).toMatchObject({ ids: ["up-1"], status: "running", progress: 42 });
    expect(memory.read(RUNNING, KEY).reading).toBe(first.reading);
  });

  it("reads another text anew, and the first one again after it", () => {
    const memory = new AnswerMemory();
    const first = memory.read(RUNNING, KEY);
    expect(memory.read(RUNNING.replace("42", "43"), KEY).reading).toMatchObject({ progress: 43 });
    const again = memory.read(RUNNING, KEY);
    expect(again.reading).toEqual(first.reading);
    expect(again.reading).not.toBe(first.reading);
  });

  it("reads the same text anew under another key, which is cut out of it", () => {
    const memory = new AnswerMemory();
    const text = '{"status":"running","message":"of sk-2"}';
    expect(memory.read(text, KEY).parsed.json).toBe(text);
    expect(memory.read(text, "sk-2").parsed.json).not.toContain("sk-2");
  });

  it("reads anew what it was told to forget", () => {
    const memory = new AnswerMemory();
    const first = memory.read(RUNNING, KEY);
    memory.forget();
    expect(memory.read(RUNNING, KEY).reading).not.toBe(first.reading);
  });

  it.each(["<html>", "[1]", "null", '"running"', ""])("has no reading of %j, however often", (text) => {
    const memory = new AnswerMemory();
    expect([memory.read(text, KEY).reading, memory.read(text, KEY).reading]).toEqual([null, null]);
  });
});
