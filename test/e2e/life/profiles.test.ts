import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { PROFILE_NAMES, type ProfileName } from "../../../dev/gateway.ts";
import { MODEL, newHook, submitsTo, type Hook, type TaskBody } from "../../support/stack.ts";
import { useStack } from "../../support/use-stack.ts";

/*
 * Whole lives against each kind of upstream that the simulated gateway plays. One gateway plays them all, by the key.
 *
 * scenario                                                     requirement
 * created, running, a failed query, succeeded; failed          contract, The task: what is read of an answer
 * a result that needs the key                                  contract, The task: a result that needs the key
 * an unknown task                                              contract, The task: `upstream_lost`
 * refused, no quota, busy, 409 and yet accepted                contract, Submit
 */

const UNTIL_FINISHED = { queueSeconds: 0, runSeconds: 3600 };

const stack = useStack({
  gateway: {
    profile: (key) => PROFILE_NAMES.find((name) => key.startsWith(`sk-${name}-`)) ?? "document",
    poorKeys: PROFILE_NAMES.map((name) => keyFor(name, "poor")),
    loopSeconds: 0.05,
    // It runs until a test has seen it run and ends it.
    taskPlan: () => UNTIL_FINISHED,
  },
});

/** A caller for each life, so that none stands in another's way. */
function keyFor(profile: ProfileName, life: string): string {
  return `sk-${profile}-${life.replaceAll(/\W/g, "")}-key`;
}

interface Life {
  key: string;
  hook: Hook;
  status: number;
  task: TaskBody;
}

async function begin(profile: ProfileName, life: string, prompt = "A lighthouse at dusk."): Promise<Life> {
  const key = keyFor(profile, life);
  const hook = newHook(stack);
  const response = await stack.create({ prompt, callback_url: hook.url }, { authorization: `Bearer ${key}` });
  return { key, hook, status: response.status, task: (await response.json()) as TaskBody };
}

/** Waits until Ringback has seen the task run, and ends it upstream. */
async function endOnceSeen(
  { task }: Life,
  outcome: "succeeded" | "failed",
  reason?: string,
): Promise<string> {
  const seen = await stack.task(task.task_id, ({ status }) => status === "running");
  const id = seen.upstream_task_id ?? "";
  stack.gateway.finish(id, outcome, reason);
  return id;
}

interface Event {
  type: string;
  data: TaskBody;
}

/** The one callback of the task, whose signature holds. */
async function callbackOf({ key, hook }: Life): Promise<Event> {
  const [callback, ...others] = await hook.waitFor(1);
  expect(others).toEqual([]);
  const answer = await stack.call("/v1/webhooks/secret", { headers: { authorization: `Bearer ${key}` } });
  const { secret } = (await answer.json()) as { secret: string };
  const headers = callback?.headers as Record<string, string>;
  return new Webhook(secret).verify(callback?.body ?? "", headers) as Event;
}

function submitsWith(key: string): number {
  return submitsTo(stack.gateway).filter(({ authorization }) => authorization === `Bearer ${key}`).length;
}

function fileUrl(upstreamId: string): string {
  const token = stack.gateway.tasks.get(upstreamId)?.fileToken;
  return `${new URL(stack.gateway.baseUrl).origin}/files/${upstreamId}.mp4?token=${token}`;
}

describe.concurrent.each(PROFILE_NAMES)("a task against %s", (profile) => {
  it("runs and succeeds, although a query fails on the way", async () => {
    stack.gateway.fault({ on: "poll", key: keyFor(profile, "succeeds"), refusal: "queryFailed" });
    const life = await begin(profile, "succeeds");
    expect([life.status, life.task.status, life.task.error]).toEqual([202, "queued", null]);
    const id = await endOnceSeen(life, "succeeded");
    expect(stack.gateway.tasks.get(id)).toMatchObject({ model: MODEL, key: life.key });
    expect(await callbackOf(life)).toMatchObject({
      type: "video.succeeded",
      data: {
        task_id: life.task.task_id,
        upstream_task_id: id,
        status: "succeeded",
        video_url: fileUrl(id),
        error: null,
      },
    });
    expect(submitsWith(life.key)).toBe(1);
  });

  it("fails with the upstream's reason", async () => {
    const life = await begin(profile, "fails");
    await endOnceSeen(life, "failed", "The vendor ran out of memory.");
    expect(await callbackOf(life)).toMatchObject({
      type: "video.failed",
      data: {
        status: "failed",
        video_url: null,
        error: { code: "generation_failed", message: "The vendor ran out of memory." },
        error_message: "The vendor ran out of memory.",
      },
    });
  });

  it("gives its caller a result that needs the key", async () => {
    const life = await begin(profile, "content", "[content] A lighthouse at dusk.");
    const id = await endOnceSeen(life, "succeeded");
    const { type, data } = await callbackOf(life);
    expect([type, data.video_url]).toEqual([
      "video.succeeded",
      `${stack.gateway.baseUrl}/videos/${id}/content`,
    ]);
    const video = await fetch(data.video_url ?? "", { headers: { authorization: `Bearer ${life.key}` } });
    expect(video.headers.get("content-type")).toBe("video/mp4");
  });

  it("that the upstream does not know ends as upstream_lost", async () => {
    const life = await begin(profile, "lost", "[lost] A lighthouse at dusk.");
    expect([life.status, life.task.status]).toEqual([202, "queued"]);
    expect(await callbackOf(life)).toMatchObject({
      type: "video.failed",
      data: { status: "failed", video_url: null, error: { code: "upstream_lost" } },
    });
  });

  it("that is accepted by a 409 is not submitted again, and polled to its end", async () => {
    const life = await begin(profile, "conflict", "[conflict] A lighthouse at dusk.");
    expect([life.status, life.task.status, life.task.error]).toEqual([202, "queued", null]);
    const id = await endOnceSeen(life, "succeeded");
    expect(await callbackOf(life)).toMatchObject({
      type: "video.succeeded",
      data: { upstream_task_id: id, video_url: fileUrl(id) },
    });
    expect(submitsWith(life.key)).toBe(1);
  });

  it("is submitted later if the upstream is busy", async () => {
    const key = keyFor(profile, "busy");
    stack.gateway.fault({ on: "submit", key, refusal: "busy" });
    const life = await begin(profile, "busy");
    expect([life.status, life.task.status, life.task.upstream_task_id]).toEqual([202, "queued", null]);
    const id = await endOnceSeen(life, "succeeded");
    expect(await callbackOf(life)).toMatchObject({
      type: "video.succeeded",
      data: { video_url: fileUrl(id) },
    });
    expect(submitsWith(key)).toBe(2);
  });
});

describe.concurrent("a create that is refused", () => {
  it.each<[ProfileName, number, object]>([
    ["document", 400, { error: { code: "content_policy_violation" } }],
    ["max-api", 400, { code: "fail_to_fetch_task", data: null }],
    ["new-api", 400, { code: "fail_to_fetch_task", data: null }],
    ["reseller", 422, { success: false, code: 422 }],
  ])("by %s's vendor is answered with that %i", async (profile, status, body) => {
    const { key, hook, ...answer } = await begin(profile, "refused", "[refuse] A lighthouse at dusk.");
    expect(answer).toMatchObject({
      status,
      task: { error: { code: "upstream_rejected", upstream: { status, body } } },
    });
    expect(submitsWith(key)).toBe(1);
    expect(hook.received()).toEqual([]);
  });

  it.each<[ProfileName, number, string, object]>([
    [
      "document",
      403,
      "upstream_forbidden",
      { status: 403, body: { error: { code: "insufficient_balance" } } },
    ],
    ["max-api", 403, "upstream_forbidden", { status: 403, body: { code: "insufficient_user_quota" } }],
    ["new-api", 403, "upstream_forbidden", { status: 403, body: { code: "insufficient_user_quota" } }],
    // Its 429 is one that no waiting helps.
    [
      "reseller",
      402,
      "upstream_payment_required",
      { status: 429, body: { error: { code: "insufficient_quota" } } },
    ],
  ])("by %s for want of quota is answered with %i %s", async (profile, status, code, upstream) => {
    const { key, hook, ...answer } = await begin(profile, "poor");
    expect(answer).toMatchObject({ status, task: { error: { code, upstream } } });
    expect(submitsWith(key)).toBe(1);
    expect(hook.received()).toEqual([]);
  });
});
