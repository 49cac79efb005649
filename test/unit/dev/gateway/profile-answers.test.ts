import { describe, expect, it } from "vitest";
import type { Gateway } from "../../../../dev/gateway.ts";
import { MODEL } from "./calls.ts";
import {
  ALL,
  ask,
  create,
  created,
  FAILED,
  FAMILY,
  fileUrl,
  onlyTask,
  pollWhen,
  PROMPT,
  seconds,
  useProfiles,
  type Seen,
} from "./profile-calls.ts";

/** The exact answers of each profile. They follow what is known of the upstreams, not what Ringback can read. */

const start = useProfiles();

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
