import type { Socket } from "node:net";
import {
  httpAnswer,
  startRawServer,
  trackExchange,
  type Exchange,
  type RawRequest,
} from "../wire/raw-server.ts";

/** One exchange of the upstream: naked bytes. `id` is the one that this task has there. */
export type Answer = (socket: Socket, exchange: { id: string; request: RawRequest }) => void;

/** What each request of one task meets, one after the other; past the plan the upstream is honest. */
export interface Plan {
  submit?: readonly Answer[];
  poll?: readonly Answer[];
}

/** One task as the upstream sees it. */
export interface Scene {
  /** What a create must say to meet this plan. */
  fields: { prompt: string };
  id: string;
  submits: Exchange[];
  polls: Exchange[];
}

export interface RawUpstream {
  baseUrl: string;
  scene(plan?: Plan): Scene;
  /** Every one so far. */
  scenes(): Scene[];
  close(): Promise<void>;
}

export const VIDEO = "https://cdn.example.com/v.mp4?token=a%2Fb+c==";

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return (socket) => {
    socket.end(httpAnswer(status, JSON.stringify(body), { "content-type": "application/json", ...headers }));
  };
}

/** An honest upstream's answers to the submit and to the first poll. */
export const accepts: Answer = (socket, exchange) =>
  json(200, { task_id: exchange.id, status: "queued" })(socket, exchange);
export const succeeds: Answer = (socket, exchange) =>
  json(200, { task_id: exchange.id, status: "succeeded", video_url: VIDEO })(socket, exchange);

/** An upstream on which every task has a plan of its own, so that many can be followed at once. */
export async function startRawUpstream(): Promise<RawUpstream> {
  const scenes: { scene: Scene; plan: Plan }[] = [];
  const raw = await startRawServer((socket, request) => {
    const isSubmit = request.method === "POST";
    const found = scenes.find(({ scene }) =>
      isSubmit
        ? request.body.includes(`"${scene.fields.prompt}"`)
        : request.path.endsWith(`/videos/${scene.id}`),
    );
    if (found === undefined) {
      socket.end(httpAnswer(request.path === "/v1/models" ? 200 : 404, "{}"));
      return;
    }
    const { scene, plan } = found;
    const [exchanges, answers, honest] = isSubmit
      ? [scene.submits, plan.submit, accepts]
      : [scene.polls, plan.poll, succeeds];
    const answer = answers?.[exchanges.length] ?? honest;
    exchanges.push(trackExchange(socket, request));
    answer(socket, { id: scene.id, request });
  });
  return {
    baseUrl: `${raw.origin}/v1`,
    scene: (plan = {}) => {
      const id = `up-${scenes.length + 1}`;
      const scene: Scene = { fields: { prompt: `Scene of ${id}.` }, id, submits: [], polls: [] };
      scenes.push({ scene, plan });
      return scene;
    },
    scenes: () => scenes.map(({ scene }) => scene),
    close: raw.close,
  };
}
