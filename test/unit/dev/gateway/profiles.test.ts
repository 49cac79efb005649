import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import type { Fault, ProfileName } from "../../../../dev/gateway.ts";
import { KEY } from "./calls.ts";
import {
  ALL,
  ask,
  create,
  created,
  FAMILY,
  PATIENCE,
  pollWhen,
  PROMPT,
  useProfiles,
  type Seen,
} from "./profile-calls.ts";

/** What each profile refuses, and what it does beside its answers to a task. */

const start = useProfiles();

const NO_TASK = { code: "task_not_exist", message: "task_not_exist", data: null };

describe("an unknown task", () => {
  const table: [ProfileName, Seen][] = [
    [
      "document",
      {
        status: 404,
        body: {
          error: {
            message: "The task does not exist.",
            type: "invalid_request_error",
            code: "task_not_found",
          },
        },
      },
    ],
    ["max-api", { status: 400, body: NO_TASK }],
    ["new-api", { status: 400, body: NO_TASK }],
    ["reseller", { status: 200, body: { success: false, code: 404, message: "Task not found" } }],
  ];

  it.each(table)("has this form under %s", async (profile, answer) => {
    const gateway = await start(profile, { runSeconds: 60 });
    const { id } = await created(gateway);
    expect(await ask(gateway, "/videos/task_none")).toEqual(answer);
    expect(await ask(gateway, `/videos/${id}`, {}, "sk-second")).toEqual(answer);
    expect(await ask(gateway, `/videos/${id}/content`, {}, "sk-second")).toEqual(answer);
  });

  it.each(table)("is what %s makes of a create that is marked [lost]", async (profile, answer) => {
    const gateway = await start(profile);
    const accepted = await create(gateway, "[lost] a harbour");
    expect(accepted.status).toBe(200);
    const id = /"task_id":"([^"]+)"/.exec(JSON.stringify(accepted.body))?.[1];
    expect(await ask(gateway, `/videos/${id}`)).toEqual(answer);
  });
});

describe("what a profile refuses", () => {
  const openAi = (status: number, message: string, type: string, code: string) => ({
    status,
    body: { error: { message, type, code } },
  });
  const flat = (status: number, code: string, message: string) => ({
    status,
    body: { code, message, data: null },
  });
  const short = (code: number, message: string) => ({
    status: code,
    body: { success: false, code, message },
  });
  const NO_KEY = "The API key is missing or invalid.";
  const NO_MONEY = "The account balance is insufficient.";
  const NO_MODEL = "The model sora does not exist or is not available.";
  const BUSY = "Too many requests.";
  const NO_ANSWER = "The task could not be queried.";
  const NO_JSON = "The body must be a JSON object.";
  const INVALID = "invalid_request_error";

  it.each<[ProfileName, Record<"noKey" | "poor" | "noModel" | "noJson" | "busy" | "queryFailed", Seen>]>([
    [
      "document",
      {
        noKey: openAi(401, NO_KEY, INVALID, "invalid_api_key"),
        poor: openAi(403, NO_MONEY, INVALID, "insufficient_balance"),
        noModel: openAi(404, NO_MODEL, INVALID, "model_not_found"),
        noJson: openAi(400, NO_JSON, INVALID, "invalid_request"),
        busy: openAi(429, BUSY, "rate_limit_error", "rate_limit_exceeded"),
        queryFailed: openAi(500, NO_ANSWER, "server_error", "query_failed"),
      },
    ],
    ...FAMILY.map((profile): [ProfileName, Record<string, Seen>] => {
      const type = `${profile.replace("-", "_")}_error`;
      return [
        profile,
        {
          noKey: openAi(401, NO_KEY, type, ""),
          poor: flat(403, "insufficient_user_quota", NO_MONEY),
          // Not a 4xx: it has no channel for the model now, as for one that is down.
          noModel: openAi(503, NO_MODEL, type, "model_not_found"),
          noJson: flat(400, "invalid_request", NO_JSON),
          busy: flat(429, "fail_to_fetch_task", BUSY),
          queryFailed: { status: 200, body: { code: "success", data: null } },
        },
      ];
    }),
    [
      "reseller",
      {
        noKey: short(401, NO_KEY),
        poor: openAi(429, NO_MONEY, "billing", "insufficient_quota"),
        noModel: short(404, NO_MODEL),
        noJson: short(400, NO_JSON),
        busy: short(429, BUSY),
        queryFailed: { status: 200, body: { success: false, code: 500, message: NO_ANSWER } },
      },
    ],
  ])("is worded by %s in its own way", async (profile, answers) => {
    const gateway = await start(profile, { poorKeys: ["sk-poor"] });
    // Planned, so that they take no effect: worded like the profile's own.
    const planned = async (fault: Fault, asking: () => Promise<Seen>): Promise<Seen> => {
      gateway.fault(fault);
      return asking();
    };
    const post = (body: string): RequestInit => ({ method: "POST", body });
    expect({
      noKey: await ask(gateway, "/videos/x", { headers: {} }),
      poor: await create(gateway, PROMPT, "/videos", "sk-poor"),
      noModel: await ask(gateway, "/videos", post(JSON.stringify({ model: "sora", prompt: PROMPT }))),
      noJson: await ask(gateway, "/videos", post("{")),
      busy: await planned({ on: "submit", refusal: "busy" }, async () => create(gateway)),
      queryFailed: await planned({ on: "poll", refusal: "queryFailed" }, async () =>
        ask(gateway, "/videos/x"),
      ),
    }).toEqual(answers);
    expect(gateway.tasks.size).toBe(0);
  });
});

describe("a result that needs the key", () => {
  it.each(ALL)("is served by %s to the key of the task alone, once there is one", async (profile) => {
    const gateway = await start(profile, { runSeconds: 60 });
    const { id } = await created(gateway, "[content] a harbour");
    const path = `/videos/${id}/content`;
    const early = await ask(gateway, path);
    gateway.finish(id, "succeeded");
    const poll = async () => JSON.stringify((await ask(gateway, `/videos/${id}`)).body);
    await expect.poll(poll, PATIENCE).toContain(`"${gateway.baseUrl}${path}"`);
    const statusFor = async (headers: Record<string, string>) => {
      const response = await fetch(gateway.baseUrl + path, { headers });
      return [response.status, response.headers.get("content-type")];
    };
    expect(early.status).toBe(profile === "reseller" ? 404 : 400);
    expect(await statusFor({ authorization: `Bearer ${KEY}` })).toEqual([200, "video/mp4"]);
    expect(await statusFor({})).toEqual([401, "application/json"]);
  });
});

describe("the loop over the vendor", () => {
  it("shows a status when it comes by, to one task after the other", async () => {
    const gateway = await start("max-api", { loopSeconds: 0.3 });
    const prompts = ["one", "two", "three"];
    for (const prompt of prompts) await create(gateway, prompt);
    const tasks = [...gateway.tasks.values()];
    await expect.poll(() => tasks.every(({ found }) => found?.status === "succeeded"), PATIENCE).toBe(true);
    const at = tasks.map(({ found }) => found?.at ?? 0);
    // A fifteenth of 300 ms between two tasks; timers may fire a millisecond early.
    expect(Number(at[0]) - Number(tasks[0]?.createdAt)).toBeGreaterThanOrEqual(299);
    expect(Number(at[1]) - Number(at[0])).toBeGreaterThanOrEqual(19);
    expect(Number(at[2]) - Number(at[1])).toBeGreaterThanOrEqual(19);
  });

  it("leaves a task as it is once it has found the end", async () => {
    const gateway = await start("max-api");
    const { id } = await created(gateway);
    await pollWhen(gateway, "succeeded");
    gateway.finish(id, "failed", "Too late.");
    await create(gateway, "another");
    await expect
      .poll(() => [...gateway.tasks.values()].map(({ found }) => found?.status))
      .toEqual(["succeeded", "succeeded"]);
  });
});

describe("the choice of a profile", () => {
  it("may follow the key, so that one gateway plays several", async () => {
    const gateway = await start((key) => ALL.find((name) => key === `sk-${name}`) ?? "document");
    const bodies = await Promise.all(
      ALL.map(async (name) => (await create(gateway, PROMPT, "/videos", `sk-${name}`)).body),
    );
    const names = (body: unknown) => Object.keys(body as object);
    expect(bodies.map(names)).toEqual([
      ["task_id", "status", "created_at"],
      ["id", "task_id", "object", "model", "status", "progress", "created_at"],
      ["id", "task_id", "object", "model", "status", "progress", "created_at"],
      ["code", "data"],
    ]);
  });

  it.each<[ProfileName, string[]]>([
    ["document", ["object", "data"]],
    ["max-api", ["success", "data", "object"]],
    ["new-api", ["success", "data", "object"]],
    ["reseller", ["models"]],
  ])("shapes the list of models: %s", async (profile, names) => {
    const gateway = await start(profile, { models: ["m-1"] });
    const { body } = await ask(gateway, "/models");
    const list = body as { data?: unknown; models?: unknown };
    expect(Object.keys(list)).toEqual(names);
    expect(list.data ?? list.models).toMatchObject([{ id: "m-1", object: "model" }]);
  });

  const program = fileURLToPath(new URL("../../../../dev/gateway.ts", import.meta.url));

  it("may be named on the command line", async () => {
    const child = spawn(process.execPath, [program, "--profile", "new-api"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      const baseUrl = line.replace("gateway at ", "");
      const response = await fetch(`${baseUrl}/videos/x`, { headers: { authorization: `Bearer ${KEY}` } });
      expect([response.status, await response.json()]).toEqual([400, NO_TASK]);
    } finally {
      child.kill();
    }
  });

  it("names the profiles to a caller that asks for another", async () => {
    const attempt = promisify(execFile)(process.execPath, [program, "--profile", "sora"]);
    await expect(attempt).rejects.toThrow("--profile must be one of document, max-api, new-api, reseller");
  });
});
