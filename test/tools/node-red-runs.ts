import { readFileSync } from "node:fs";
import { root } from "../../dev/bundle.ts";
import type { FlowNode, NodeRed, Shown } from "./node-red-server.ts";
import { fetchOnceThere } from "./program.ts";
import { attempted, type LocalRingback } from "./ringback.ts";
import type { Run } from "./run.ts";

const PATIENCE_MS = 60_000;
/** Of the box `ftyp`, with which every MP4 begins. */
const MP4 = /^[0-9a-f]{8}66747970/;

export function runsOf(nodeRed: NodeRed, ringback: LocalRingback): Run[] {
  /** What the page asks for: both addresses and the key. And what this run changes. */
  function read(file: string, { key = ringback.key, mark = "", waitSeconds = 60 } = {}): FlowNode[] {
    const text = readFileSync(`${root}docs/recipes/node-red/${file}`, "utf8")
      .replaceAll("https://ringback.example.com", ringback.url)
      .replaceAll("https://node-red.example.com", nodeRed.url)
      .replaceAll("wait=60", `wait=${waitSeconds}`)
      .replace("A lighthouse at dusk.", `A lighthouse at dusk.${mark}`);
    const flow = JSON.parse(text) as FlowNode[];
    for (const node of flow) if (node.authType === "bearer") node.credentials = { password: key };
    return flow;
  }

  /** Deploys the flow, presses its button, and gives what so many debug nodes showed. */
  async function press(flow: FlowNode[], count: number): Promise<{ shown: string[]; submits: number }> {
    const before = await ringback.submits();
    await nodeRed.deploy(flow);
    const button = flow.find(({ type }) => type === "inject");
    if (button === undefined) throw new Error("the flow has no inject node");
    await nodeRed.inject(button.id);
    const shown = await nodeRed.shown(count, PATIENCE_MS);
    return { shown: shown.map(describe), submits: (await ringback.submits()) - before };
  }

  async function callTwice(): Promise<unknown> {
    await nodeRed.deploy(read("flow.json"));
    const hook = `${nodeRed.url}/ringback`;
    const init = { method: "POST", body: '{"type":"video.failed","data":{"error":{}}}' };
    const forged = await fetchOnceThere(hook, init, PATIENCE_MS);
    const created = await ringback.call("/v1/videos", {
      model: "any",
      prompt: "any",
      test: { outcome: "failed", delay_seconds: 0 },
      callback_url: hook,
      // The signature is over these bytes: parsed and printed again they are others.
      metadata: { of: 'A "lighthouse"/灯塔 \u0007', big: 1e21 },
    });
    const { task_id: id } = (await created.json()) as { task_id: string };
    const callback = await attempted(ringback, id, 1);
    await ringback.call(`/v1/videos/${id}/redeliver`, {});
    const again = await attempted(ringback, id, 2);
    const shown = await nodeRed.shown(1, PATIENCE_MS);
    return { forged: forged.status, callback, again, shown: shown.map(describe) };
  }

  return [
    {
      name: "flow.json",
      run: async () => press(read("flow.json"), 2),
      expected: { shown: ["Asked: queued", "The video's file: an MP4"], submits: 1 },
    },
    {
      name: "flow.json, a prompt that the upstream refuses",
      run: async () => press(read("flow.json", { mark: " [fail]" }), 2),
      expected: { shown: ["Asked: queued", "Why not: generation_failed"], submits: 1 },
    },
    {
      name: "flow.json, a key that the upstream does not know",
      run: async () => press(read("flow.json", { key: "no-key" }), 1),
      expected: { shown: ["Refused: upstream_unauthorized"], submits: 1 },
    },
    {
      name: "flow.json: a forged callback, a true one, and the same once more",
      run: callTwice,
      expected: {
        forged: 400,
        callback: "delivered, 204",
        again: "delivered, 204",
        shown: ["Why not: generation_failed"],
      },
    },
    {
      name: "without-callback.json",
      run: async () => press(read("without-callback.json"), 1),
      expected: { shown: ["The video's file: an MP4"], submits: 1 },
    },
    {
      name: "without-callback.json, a video that takes longer than the wait",
      run: async () => press(read("without-callback.json", { waitSeconds: 5 }), 1),
      expected: { shown: ["The video's file: an MP4"], submits: 1 },
    },
    {
      name: "without-callback.json, a prompt that the upstream refuses",
      run: async () => press(read("without-callback.json", { mark: " [fail]" }), 1),
      expected: { shown: ["Why not: generation_failed"], submits: 1 },
    },
    {
      name: "flow.json with a form's content type: an object in it becomes empty, and a test would be paid",
      run: async () => press(asForm(read("flow.json")), 1),
      expected: { shown: ["Refused: invalid_request"], submits: 0 },
    },
  ];
}

function asForm(flow: FlowNode[]): FlowNode[] {
  return flow.map((node) => {
    if (node.name !== "The video") return node;
    const more = `
msg.headers["content-type"] = "application/x-www-form-urlencoded";
msg.payload.test = { outcome: "succeeded" };
return msg;`;
    return { ...node, func: String(node.func).replace(/return msg;$/, more) };
  });
}

function describe({ name, format, text }: Shown): string {
  if (format.startsWith("buffer")) return `${name}: ${MP4.test(text) ? "an MP4" : text.slice(0, 40)}`;
  const { code, error, status } = JSON.parse(text) as {
    code?: string;
    error?: { code: string } | null;
    status?: string;
  };
  return `${name}: ${code ?? error?.code ?? status}`;
}
