import { eventOf, executions, outcomeOf } from "./n8n-runs.ts";
import type { N8n } from "./n8n-server.ts";
import { fetchOnceThere } from "./program.ts";
import { attempted, type LocalRingback } from "./ringback.ts";
import type { Run } from "./run.ts";

const ID = "ringbackTrigger";
const HEADER = { name: "x-app-key", value: "a-secret-of-yours" };
const ENDPOINTS = "/v1/webhooks/endpoints";
const PATIENCE_MS = 120_000;

/** Workflows that are registered as endpoints. They run last: an endpoint gets the events of every later task. */
export function endpointRuns(n8n: N8n, ringback: LocalRingback): Run[] {
  return [triggerRun(n8n, ringback), verifyRun(n8n, ringback)];
}

function triggerRun(n8n: N8n, ringback: LocalRingback): Run {
  return {
    name: "trigger.json: a ping, a video, the same once more, one that the upstream refuses, a call without the header",
    run: async () => runTrigger(n8n, ringback),
    expected: {
      registered: 201,
      withoutHeader: 403,
      ping: true,
      video: "delivered, 200",
      again: "delivered, 200",
      refused: "delivered, 200",
      ends: [
        { status: "success", at: "Which event?" },
        { status: "success", at: "Download it", file: "video/mp4" },
        { status: "success", at: "Only once" },
        {
          status: "error",
          at: "Say why not",
          error: "generation_failed: The prompt was refused by content review.",
        },
      ],
      unpublished: { delivered: false, status_code: 404 },
      deleted: 204,
    },
  };
}

/** It was published by its own run. That the task has this delivery alone shows that the trigger's endpoint is gone. */
function verifyRun(n8n: N8n, ringback: LocalRingback): Run {
  return {
    name: "verify.json, registered as an endpoint: a video",
    run: async () => runVerify(n8n, ringback),
    expected: {
      registered: 201,
      video: "delivered, 204",
      deliveries: 1,
      event: "video.succeeded",
      deleted: 204,
    },
  };
}

async function runTrigger(n8n: N8n, ringback: LocalRingback): Promise<unknown> {
  const url = await publish(n8n);
  const anything = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
  const unsigned = await fetchOnceThere(url, anything, PATIENCE_MS);
  const registration = { url, format: "flat", headers: { [HEADER.name]: HEADER.value }, description: "n8n" };
  const registered = await ringback.call(ENDPOINTS, registration);
  const { id } = (await registered.json()) as { id: string };
  const ping = await ringback.call(`${ENDPOINTS}/${id}/test`, {});
  const { delivered } = (await ping.json()) as { delivered: boolean };
  await executions(n8n, ID, 1);
  const task = await create(ringback, "A lighthouse at dusk.");
  const video = await attempted(ringback, task, 1);
  await executions(n8n, ID, 2);
  await ringback.call(`/v1/videos/${task}/redeliver`, { endpoint: id });
  const again = await attempted(ringback, task, 2);
  await executions(n8n, ID, 3);
  const refused = await attempted(ringback, await create(ringback, "A lighthouse [fail]"), 1);
  const all = await executions(n8n, ID, 4);
  await n8n.unpublish(ID);
  const late = await ringback.call(`${ENDPOINTS}/${id}/test`, {});
  const { delivered: isTaken, status_code } = (await late.json()) as {
    delivered: boolean;
    status_code: number;
  };
  const deleted = await ringback.call(`${ENDPOINTS}/${id}`, undefined, "DELETE");
  return {
    registered: registered.status,
    withoutHeader: unsigned.status,
    ping: delivered,
    video,
    again,
    refused,
    ends: all.toReversed().map(outcomeOf),
    unpublished: { delivered: isTaken, status_code },
    deleted: deleted.status,
  };
}

async function runVerify(n8n: N8n, ringback: LocalRingback): Promise<unknown> {
  const registered = await ringback.call(ENDPOINTS, { url: `${n8n.url}/webhook/ringback`, format: "flat" });
  const { id } = (await registered.json()) as { id: string };
  const before = await n8n.executionsOf("ringbackVerify");
  const task = await create(ringback, "A lighthouse at dusk.");
  const video = await attempted(ringback, task, 1);
  const deliveries = await ringback.call(`/v1/videos/${task}/deliveries`);
  const { data } = (await deliveries.json()) as { data: unknown[] };
  const [newest] = await executions(n8n, "ringbackVerify", before.length + 1);
  const deleted = await ringback.call(`${ENDPOINTS}/${id}`, undefined, "DELETE");
  return {
    registered: registered.status,
    video,
    deliveries: data.length,
    event: newest && eventOf(newest),
    deleted: deleted.status,
  };
}

/** Gives its first node the credential that the page asks for; the production URL. */
async function publish(n8n: N8n): Promise<string> {
  const credential = await n8n.createCredential({ name: "Trigger", type: "httpHeaderAuth", data: HEADER });
  const workflow = await n8n.workflow(ID);
  const [first] = workflow.nodes;
  if (first?.type !== "n8n-nodes-base.webhook") throw new Error("the first node is no Webhook");
  first.credentials = { httpHeaderAuth: { id: credential, name: "Trigger" } };
  await n8n.save(workflow);
  await n8n.publish(ID);
  return `${n8n.url}/webhook/${String(first.parameters["path"])}`;
}

async function create(ringback: LocalRingback, prompt: string): Promise<string> {
  const created = await ringback.call("/v1/videos", { model: "doubao-seedance-2-0-260128", prompt });
  const { task_id: id, callback } = (await created.json()) as { task_id: string; callback: unknown };
  if (callback !== null) throw new Error("it has a callback of its own");
  return id;
}
