import type { CreateInput } from "../../src/task-object/steps/create.ts";

/** What the Worker hands to a task's object; the task is named by the alphabet. */
export function aCreateInput(overrides: Partial<CreateInput> = {}): CreateInput {
  const taskId = "task_abcdefghijklmnopqrstuvwxyzaaaaaaaaaaaaaaaa";
  return {
    taskId,
    acceptedTaskIds: [taskId],
    account: "key:somebody",
    mode: "own",
    upstreamName: "aio",
    createPath: null,
    apiKey: "sk-own-key",
    createId: "create-1",
    fingerprint: null,
    model: "m",
    traits: { resolution: null, seconds: null, inputMode: null },
    metadata: null,
    requestDigests: [],
    test: null,
    isKnownKey: true,
    timeoutMs: 3_600_000,
    repeatServerErrors: false,
    callback: null,
    endpoints: false,
    keep: null,
    ownHost: "ringback.test",
    body: new TextEncoder().encode("{}"),
    respondAsync: false,
    waitMs: 0,
    ...overrides,
  };
}
