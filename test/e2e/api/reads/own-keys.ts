import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, expect } from "vitest";
import type { Stack, TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

export const iso = expect.stringMatching(ISO) as string;

export interface ErrorBody {
  error: { code: string; message: string; request_id: string };
}

/** What the upstream was asked, polls aside: those go on by themselves. */
export const asked = ({ gateway }: Stack): string[] =>
  gateway.calls
    .filter(({ method, path }) => method !== "GET" || !path.startsWith("/v1/videos/"))
    .map(({ method, path }) => `${method} ${path}`);

export const as = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });

interface Reads {
  stack: Stack;
  /** Where the objects' stores are. */
  folder: string;
  create(fields?: Record<string, unknown>): Promise<TaskBody>;
  secretOf(key: string): Promise<Response>;
  /** How often the upstream was asked for its models with that key. */
  modelCalls(key: string): number;
}

/** One stack for all tests of a `describe`, where callers read with their own keys. */
export function useReads(): Reads {
  const folder = mkdtempSync(join(tmpdir(), "ringback-reads-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const stack = useStack({
    persistTo: folder,
    settings: { CALLBACK_RETRY_SECONDS: "600" },
    gateway: {
      taskPlan: ({ prompt }) => ({
        queueSeconds: String(prompt).includes("[queued]") ? 600 : 0,
        runSeconds: String(prompt).includes("[slow]") ? 600 : 0,
        fails: String(prompt).includes("[fail]"),
      }),
    },
  });
  afterEach(() => stack.gateway.clearFaults());
  return {
    stack,
    folder,
    create: async (fields = {}) => {
      const response = await stack.create(fields);
      expect(response.status).toBe(202);
      return (await response.json()) as TaskBody;
    },
    secretOf: async (key) => stack.call("/v1/webhooks/secret", { headers: as(key) }),
    modelCalls: (key) =>
      stack.gateway.calls.filter(
        ({ path, authorization }) => path === "/v1/models" && authorization === `Bearer ${key}`,
      ).length,
  };
}
