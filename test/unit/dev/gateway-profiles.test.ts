import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Fault,
  type Gateway,
  type GatewayOptions,
  type ProfileName,
  startGateway,
} from "../../../dev/gateway.ts";

/** The exact answers of each profile. They follow what is known of the upstreams, not what Ringback can read. */

const KEY = "sk-first";
const MODEL = "doubao-seedance-2-0-260128";
const PROMPT = "A lighthouse in the rain";
const PATIENCE = { interval: 5, timeout: 10_000 };
const FAILED = "The prompt was refused by content review.";

const running: Gateway[] = [];
afterEach(() => Promise.all(running.splice(0).map((gateway) => gateway.close())));

async function start(
  profile: NonNullable<GatewayOptions["profile"]>,
  options: GatewayOptions = {},
): Promise<Gateway> {
  const gateway = await startGateway({
    loopSeconds: 0.02,
    queueSeconds: 0,
    runSeconds: 0,
    ...options,
    profile,
  });
  running.push(gateway);
  return gateway;
}

interface Seen {
  status: number;
  body: unknown;
}

async function ask(gateway: Gateway, path: string, init: RequestInit = {}, key = KEY): Promise<Seen> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(gateway.baseUrl + path, { headers, ...init });
  return { status: response.status, body: await response.json() };
}

function create(gateway: Gateway, prompt = PROMPT, path = "/videos", key = KEY): Promise<Seen> {
  return ask(gateway, path, { method: "POST", body: JSON.stringify({ model: MODEL, prompt }) }, key);
}

/** The one task of the gateway, as it keeps it. */
function onlyTask({ tasks }: Gateway) {
  const [task, ...others] = tasks.values();
  if (task === undefined || others.length > 0) throw new Error(`${tasks.size} tasks`);
  return task;
}

/** A task just made of this prompt. */
async function created(gateway: Gateway, prompt?: string) {
  await create(gateway, prompt);
  return onlyTask(gateway);
}

/** The answer to a poll, once the loop has found the status. */
async function pollWhen(gateway: Gateway, found: string, path = "/videos"): Promise<Seen> {
  await expect.poll(() => onlyTask(gateway).found?.status, PATIENCE).toBe(found);
  return ask(gateway, `${path}/${onlyTask(gateway).id}`);
}

const seconds = (at: number): number => Math.floor(at / 1000);
const fileUrl = ({ baseUrl }: Gateway, id: string, token: string): string =>
  `${new URL(baseUrl).origin}/files/${id}.mp4?token=${token}`;

const FAMILY = ["max-api", "new-api"] as const;
const ALL = ["document", ...FAMILY, "reseller"] as const;

describe("a create", () => {
  it.each(FAMILY)("is answered by %s with a video object", async (profile) => {
    const gateway = await start(profile);
    const answer = await create(gateway);
    const { id, createdAt } = onlyTask(gateway);
    expect(id).toMatch(/^task_[0-9a-f]{32}$/);
    expect(answer).toEqual({
      status: 200,
      body: {
        id,
        task_id: id,
        object: "video",
        model: MODEL,
        status: "queued",
        progress: 0,
        created_at: seconds(createdAt),
      },
    });
  });

  it("is answered by reseller with a list and two ids", async () => {
    const gateway = await start("reseller");
    const answer = await create(gateway);
    const { id, otherId } = onlyTask(gateway);
    expect(otherId).toBe(`vid-${id}`);
    expect(answer).toEqual({
      status: 200,
      body: { code: 200, data: [{ status: "submitted", id: otherId, task_id: id }] },
    });
  });

  it.each([
    ["document", { task_id: "I", error: { type: "billing_error", code: "billing_failed" } }],
    ["max-api", { code: "billing_settlement_pending", data: { task_id: "I" } }],
    ["new-api", { code: "billing_settlement_pending", data: { task_id: "I" } }],
    ["reseller", { success: false, code: 409, data: { id: "vid-I", task_id: "I" } }],
  ] as const)(
    "that is marked [conflict] meets 409 under %s, and the task is there",
    async (profile, body) => {
      const gateway = await start(profile);
      const answer = await create(gateway, "[conflict] a harbour");
      const { id } = onlyTask(gateway);
      const named = JSON.parse(JSON.stringify(body).replaceAll(/\bI\b/g, id)) as object;
      expect(answer.status).toBe(409);
      expect(answer.body).toMatchObject(named);
      expect(JSON.stringify(answer.body)).toMatch(/do not submit again/i);
    },
  );

  it.each(ALL)(
    "that is marked [refuse] is refused by the vendor under %s, and leaves no task",
    async (profile) => {
      const gateway = await start(profile);
      const answer = await create(gateway, "[refuse] a harbour");
      const message = "The input text may contain sensitive information.";
      const vendorBody = `{"error":{"code":"InputTextSensitiveContentDetected","message":"${message}","param":"","type":"BadRequest"}}`;
      const family = { status: 400, body: { code: "fail_to_fetch_task", message: vendorBody, data: null } };
      const type = "invalid_request_error";
      expect(answer).toEqual(
        {
          document: { status: 400, body: { error: { message, type, code: "content_policy_violation" } } },
          "max-api": family,
          "new-api": family,
          reseller: { status: 422, body: { success: false, code: 422, message } },
        }[profile],
      );
      expect(gateway.tasks.size).toBe(0);
    },
  );

  it("is taken by new-api on the older path as well, and by no other", async () => {
    const gateways = await Promise.all(ALL.map((profile) => start(profile)));
    const answers = await Promise.all(gateways.map((each) => create(each, PROMPT, "/video/generations")));
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 200, 404]);
  });
});

describe("a poll of max-api", () => {
  /** `completed_at` moves with each visit of the loop until the end. */
  const body = (gateway: Gateway, changed: object) => {
    const { id, createdAt, found } = onlyTask(gateway);
    const visited = (at: unknown): boolean =>
      Number(at) >= seconds(createdAt) && Number(at) <= Date.now() / 1000;
    const isOver = found?.status === "succeeded" || found?.status === "failed";
    return {
      status: 200,
      body: {
        id,
        task_id: id,
        object: "video",
        model: MODEL,
        created_at: seconds(createdAt),
        completed_at: isOver ? seconds(found.at) : expect.toSatisfy(visited),
        metadata: { url: "" },
        ...changed,
      },
    };
  };

  it.each([
    ["queued", 60, 60, { status: "queued", progress: 10 }],
    ["running", 0, 60, { status: "in_progress", progress: 50 }],
  ])("shows a %s task with a placeholder for progress", async (found, queueSeconds, runSeconds, changed) => {
    const gateway = await start("max-api", { queueSeconds, runSeconds });
    await create(gateway);
    expect(await pollWhen(gateway, found)).toEqual(body(gateway, changed));
  });

  it("has no word for a task that the loop has not reached", async () => {
    const gateway = await start("max-api", { loopSeconds: 60 });
    const { id } = await created(gateway);
    const answer = await ask(gateway, `/videos/${id}`);
    expect(answer).toEqual(body(gateway, { status: "unknown", progress: 0 }));
  });

  it("has the result in metadata.url and nowhere else", async () => {
    const gateway = await start("max-api");
    const { id, fileToken } = await created(gateway);
    const url = fileUrl(gateway, id, fileToken);
    const answer = await pollWhen(gateway, "succeeded");
    expect(answer).toEqual(body(gateway, { status: "completed", progress: 100, metadata: { url } }));
    expect((await fetch(url)).status).toBe(200);
  });

  it("tells a failure as an error with a message and a code", async () => {
    const gateway = await start("max-api");
    await create(gateway, "[fail] a harbour");
    const error = { message: FAILED, code: "OutputVideoSensitiveContentDetected" };
    const answer = await pollWhen(gateway, "failed");
    expect(answer).toEqual(body(gateway, { status: "failed", progress: 100, error }));
  });
});

describe("a poll of new-api", () => {
  const body = (gateway: Gateway, changed: object) => {
    const { id, row } = onlyTask(gateway);
    const data = { id: row, task_id: id, platform: "54", fail_reason: "", ...changed };
    return { status: 200, body: { code: "success", message: "", data } };
  };

  it.each([
    ["queued", 60, 60, { status: "QUEUED", progress: "10%" }],
    ["running", 0, 60, { status: "IN_PROGRESS", progress: "50%" }],
  ])("shows the row of a %s task and the vendor's answer in it", async (found, queue, run, changed) => {
    const gateway = await start("new-api", { queueSeconds: queue, runSeconds: run });
    const { vendorId } = await created(gateway);
    const data = { id: vendorId, model: MODEL, status: found };
    expect(await pollWhen(gateway, found)).toEqual(body(gateway, { ...changed, data }));
  });

  it("shows a task that the loop has not reached as not started", async () => {
    const gateway = await start("new-api", { loopSeconds: 60 });
    const { id, vendorId } = await created(gateway);
    const answer = await ask(gateway, `/videos/${id}`);
    expect(answer).toEqual(body(gateway, { status: "NOT_START", progress: "0%", data: { id: vendorId } }));
  });

  it.each(["/videos", "/video/generations"])(
    "has the result in the row and in the vendor's answer on %s",
    async (path) => {
      const gateway = await start("new-api");
      const { id, vendorId, fileToken } = await created(gateway);
      const url = fileUrl(gateway, id, fileToken);
      const data = { id: vendorId, model: MODEL, status: "succeeded", content: { video_url: url } };
      const changed = { status: "SUCCESS", progress: "100%", result_url: url, data };
      expect(await pollWhen(gateway, "succeeded", path)).toEqual(body(gateway, changed));
    },
  );

  it("tells a failure as FAILURE, its reason in both columns", async () => {
    const gateway = await start("new-api");
    const { vendorId } = await created(gateway, "[fail] a harbour");
    const error = { code: "OutputVideoSensitiveContentDetected", message: FAILED };
    const data = { id: vendorId, model: MODEL, status: "failed", error };
    const columns = { status: "FAILURE", fail_reason: FAILED, result_url: FAILED, progress: "100%" };
    expect(await pollWhen(gateway, "failed")).toEqual(body(gateway, { ...columns, data }));
  });
});

describe("a poll of reseller", () => {
  /** The answers to three polls in a row. */
  async function threePolls(gateway: Gateway): Promise<Seen[]> {
    const { id } = onlyTask(gateway);
    const answers: Seen[] = [];
    for (let poll = 0; poll < 3; poll += 1) answers.push(await ask(gateway, `/videos/${id}`));
    return answers;
  }
  const FAILED_QUERY = { status: "error", message: "timeout querying task", data: null };

  it("names the ids in turn, links to the task, and fails each third time", async () => {
    const gateway = await start("reseller", { queueSeconds: 0, runSeconds: 60 });
    const { id, otherId, createdAt } = await created(gateway);
    const facts = { task_status: "dreaming", created: seconds(createdAt), url: `/v1/videos/${id}` };
    const envelope = { status: "success", message: "ok" };
    expect(await threePolls(gateway)).toEqual(
      [
        { ...envelope, data: { id: otherId, ...facts } },
        { ...envelope, data: { task_id: id, ...facts } },
        FAILED_QUERY,
      ].map((body) => ({ status: 200, body })),
    );
  });

  it.each([
    ["waits", 60, PROMPT, { task_status: "In Queue" }],
    ["fails", 0, "[fail] a harbour", { task_status: "fail", fail_reason: FAILED }],
  ])("has a word of its own for a task that %s", async (_, queueSeconds, prompt, facts) => {
    const gateway = await start("reseller", { queueSeconds });
    await create(gateway, prompt);
    const [first] = await threePolls(gateway);
    expect(first?.body).toMatchObject({ status: "success", message: "ok", data: facts });
  });

  it("has the result among typed items, behind a cover", async () => {
    const gateway = await start("reseller");
    const { id, otherId, createdAt, fileToken } = await created(gateway);
    const output = [
      { type: "image", url: "https://media.example.com/cover.jpg" },
      { type: "video", url: fileUrl(gateway, id, fileToken) },
    ];
    const data = { id: otherId, task_status: "succeed", created: seconds(createdAt), output };
    const [first] = await threePolls(gateway);
    expect(first).toEqual({ status: 200, body: { status: "success", message: "ok", data } });
  });

  it("may be asked by either id", async () => {
    const gateway = await start("reseller");
    const { otherId } = await created(gateway);
    const { body } = await ask(gateway, `/videos/${otherId}`);
    expect(body).toMatchObject({ data: { id: otherId, task_status: "succeed" } });
  });
});

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

  const program = fileURLToPath(new URL("../../../dev/gateway.ts", import.meta.url));

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
