import type { Execution, N8n, Workflow, WorkflowNode } from "./n8n-server.ts";
import { fetchOnceThere, until } from "./program.ts";
import { attempted, type LocalRingback } from "./ringback.ts";
import type { Run } from "./run.ts";

interface Callback {
  event: string;
  metadata_order: string;
}

interface Change {
  prompt?: string;
  waitSeconds?: number;
}

const EXAMPLE_URL = "https://ringback.example.com";
const PATIENCE_MS = 120_000;
const VIDEO = { status: "success", at: "Download it", file: "video/mp4" };
const REFUSED = {
  status: "error",
  at: "Say why not",
  error: "generation_failed: The prompt was refused by content review.",
};
const UNKNOWN = {
  status: "error",
  at: "Say why not",
  error:
    "submit_unknown: The upstream's answer to the submit is unknown. It may have accepted the request, so it was not sent again.",
};

/** The workflows are those of `docs/recipes/n8n`, by their ids. */
export function runsOf(n8n: N8n, ringback: LocalRingback, credentialId: string): Run[] {
  /** What the page asks for: the address and the credential. And what this run changes. */
  async function edit(
    id: string,
    { prompt = "A lighthouse at dusk.", waitSeconds = 60 }: Change = {},
  ): Promise<void> {
    const text = JSON.stringify(await n8n.workflow(id)).replaceAll(/wait=\d+/g, `wait=${waitSeconds}`);
    const workflow = JSON.parse(text) as Workflow;
    for (const node of workflow.nodes) {
      const { url, genericAuthType } = node.parameters;
      if (typeof url === "string") node.parameters["url"] = url.replace(EXAMPLE_URL, ringback.url);
      if (typeof genericAuthType === "string")
        node.credentials = { [genericAuthType]: { id: credentialId, name: "Ringback" } };
      if (node.name === "The video") setPrompt(node, prompt);
    }
    await n8n.save(workflow);
  }

  async function runVideo(id: string, change: Change = {}): Promise<Record<string, unknown>> {
    await edit(id, change);
    const before = await ringback.submits();
    const execution = await ended(n8n, await n8n.execute(id, "Start"));
    const submits = (await ringback.submits()) - before;
    const asksAgain = execution.data.resultData.runData["Ask again"] !== undefined;
    return { ...outcomeOf(execution), submits, ...(asksAgain && { asksAgain }) };
  }

  /** The address at which an execution waited, once it is over. */
  async function runThenCallAgain(): Promise<unknown> {
    const outcome = await runVideo("ringbackVideo");
    const [execution] = await n8n.executionsOf("ringbackVideo");
    const asked = execution?.data.resultData.runData["Ask Ringback"]?.[0]?.data?.main[0]?.[0]?.json["body"];
    const { task_id: id, callback } = asked as { task_id: string; callback: { url: string } };
    await ringback.call(`/v1/videos/${id}/redeliver`, {});
    const unsigned = await fetch(new URL(new URL(callback.url).pathname, callback.url), { method: "POST" });
    return { ...outcome, again: await attempted(ringback, id, 2), unsigned: unsigned.status };
  }

  async function runSeveral(): Promise<unknown> {
    await edit("ringbackOneOfSeveral");
    await n8n.publish("ringbackOneOfSeveral");
    const before = await ringback.submits();
    const parent = await ended(n8n, await n8n.execute("ringbackSeveral", "Start"));
    const ends = await executions(n8n, "ringbackOneOfSeveral", 2);
    const videos = ends.map((end) =>
      Object.assign(outcomeOf(end), { order: callbackOf(end)?.metadata_order }),
    );
    return {
      parent: outcomeOf(parent),
      videos: videos.toSorted((a, b) => String(a.order).localeCompare(String(b.order))),
      submits: (await ringback.submits()) - before,
    };
  }
  return [
    {
      name: "workflow.json",
      run: runThenCallAgain,
      expected: { ...VIDEO, submits: 1, again: "retryable, 409", unsigned: 401 },
    },
    {
      name: "workflow.json, a prompt that the upstream refuses",
      run: async () => runVideo("ringbackVideo", { prompt: "A lighthouse [fail]" }),
      expected: { ...REFUSED, submits: 1 },
    },
    {
      name: "workflow.json, a submit whose outcome is unknown: Retry On Fail does not pay again",
      run: async () => {
        await ringback.fault({ on: "submit", status: 500, process: true });
        return runVideo("ringbackVideo");
      },
      expected: { ...UNKNOWN, submits: 1 },
    },
    {
      name: "several.json and one-of-several.json",
      run: runSeveral,
      expected: {
        parent: { status: "success", at: "One at a time" },
        videos: [
          { order: "42", ...VIDEO },
          { order: "43", ...VIDEO },
        ],
        submits: 2,
      },
    },
    {
      name: "without-callback.json",
      run: async () => runVideo("ringbackWithoutCallback"),
      expected: { ...VIDEO, submits: 1 },
    },
    {
      name: "without-callback.json, a video that takes longer than the wait",
      run: async () => runVideo("ringbackWithoutCallback", { waitSeconds: 5 }),
      expected: { ...VIDEO, submits: 1, asksAgain: true },
    },
    {
      name: "without-callback.json, a prompt that the upstream refuses",
      run: async () => runVideo("ringbackWithoutCallback", { prompt: "A lighthouse [fail]" }),
      expected: { ...REFUSED, submits: 1 },
    },
    {
      name: "verify.json: two that are forged, a callback, and the same once more",
      run: async () => {
        await edit("ringbackVerify");
        await n8n.publish("ringbackVerify");
        return runVerify(n8n, ringback);
      },
      expected: {
        forged: ["400 no_match", "400 missing_header"],
        callback: "delivered, 204",
        again: "delivered, 204",
        ends: ["Refuse it", "Refuse it", "The event", "Only once"],
        event: "video.succeeded",
      },
    },
  ];
}

async function runVerify(n8n: N8n, ringback: LocalRingback): Promise<unknown> {
  const hook = `${n8n.url}/webhook/ringback`;
  const forged = [
    {
      "webhook-id": "msg_forged",
      "webhook-timestamp": String(Math.floor(Date.now() / 1000)),
      "webhook-signature": `v1,${Buffer.alloc(32).toString("base64")}`,
    },
    {},
  ];
  const answers: string[] = [];
  for (const headers of forged) {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: '{"event":"video.succeeded"}',
    };
    const answer = await fetchOnceThere(hook, init, PATIENCE_MS);
    answers.push(`${answer.status} ${await answer.text()}`);
  }
  const created = await ringback.call("/v1/videos", {
    model: "any",
    prompt: "any",
    test: { outcome: "succeeded", delay_seconds: 0 },
    callback_url: hook,
    callback_format: "flat",
    // The signature is over these bytes: parsed and printed again they are others.
    metadata: { order: "42", of: 'A "lighthouse"/灯塔 \u0007', big: 1e21 },
  });
  const { task_id: id } = (await created.json()) as { task_id: string };
  const callback = await attempted(ringback, id, 1);
  await ringback.call(`/v1/videos/${id}/redeliver`, {});
  const again = await attempted(ringback, id, 2);
  const ends = (await executions(n8n, "ringbackVerify", forged.length + 2)).toReversed();
  return {
    forged: answers,
    callback,
    again,
    ends: ends.map((end) => outcomeOf(end)["at"]),
    event: ends.map(eventOf).find((event) => event !== undefined),
  };
}

async function ended(n8n: N8n, id: string): Promise<Execution> {
  let execution = await n8n.execution(id);
  await until(async () => {
    execution = await n8n.execution(id);
    return hasEnded(execution);
  }, PATIENCE_MS);
  return execution;
}

/** A workflow's, newest first, once there are so many and all have ended: an answer may leave before its execution is listed. */
export async function executions(n8n: N8n, workflowId: string, count: number): Promise<Execution[]> {
  let all: Execution[] = [];
  await until(async () => {
    all = await n8n.executionsOf(workflowId);
    return all.length === count && all.every(hasEnded);
  }, PATIENCE_MS);
  return all;
}

function hasEnded({ status }: Execution): boolean {
  return ["success", "error", "crashed", "canceled"].includes(status);
}

export function outcomeOf({ status, data }: Execution): Record<string, unknown> {
  const { lastNodeExecuted: at, error, runData } = data.resultData;
  const item = runData[at ?? ""]?.at(-1)?.data?.main[0]?.[0];
  const file = item?.binary?.["data"]?.mimeType;
  return { status, at, ...(error && { error: error.message }), ...(file !== undefined && { file }) };
}

function callbackOf({ data }: Execution): Callback | undefined {
  const item = data.resultData.runData["Until it calls"]?.at(-1)?.data?.main[0]?.[0];
  return item?.json["body"] as Callback | undefined;
}

export function eventOf({ data }: Execution): unknown {
  return data.resultData.runData["The event"]?.[0]?.data?.main[0]?.[0]?.json["event"];
}

function setPrompt(node: WorkflowNode, prompt: string): void {
  const { assignments } = node.parameters["assignments"] as {
    assignments: { name: string; value: unknown }[];
  };
  for (const assignment of assignments) if (assignment.name === "prompt") assignment.value = prompt;
}
