import { vi } from "vitest";
import type { PollAnswer, SubmitAnswer } from "../../../src/domain/task/upstream-answer.ts";
import { httpUpstream } from "../../../src/upstream/http-upstream.ts";
import { anAccess, anAskedTask } from "../../support/builders.ts";

export const I = "up-1";
export const U = "https://cdn.acme.com/v.mp4";
export const BASE_URL = "https://gateway.acme.com/v1";
export const KEY = "sk-0123456789abcdef";

interface Given {
  status?: number;
  headers?: Record<string, string>;
  taskIds?: string[] | null;
  requestDigests?: string[];
  apiKey?: string;
}

function upstream(answer: unknown, given: Given) {
  const body = typeof answer === "string" ? answer : JSON.stringify(answer);
  const { status = 200, headers = {} } = given;
  vi.stubGlobal("fetch", async () => new Response(body, { status, headers }));
  const access = anAccess({ baseUrl: BASE_URL, apiKey: given.apiKey ?? KEY });
  const { taskIds = [I], requestDigests = [] } = given;
  return httpUpstream(access, anAskedTask({ taskIds, requestDigests }));
}

/** A poll that is given this answer. */
export async function poll(answer: unknown, given: Given = {}): Promise<PollAnswer> {
  return upstream(answer, given).poll(I);
}

/** A create that is given this answer. */
export async function submit(answer: unknown, given: Given = {}): Promise<SubmitAnswer> {
  return upstream(answer, { ...given, taskIds: null }).submit(new Uint8Array());
}
