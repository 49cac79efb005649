import type { CreateAnswer, WireKind } from "../../../support/model/world.ts";
import { isReceiver, SOURCES, video } from "../world.ts";

/** The words of a script, and what a create is answered, as they are over HTTP. */

const TASK = { task_id: "up-1" };
const READY = { ...TASK, status: "succeeded", video_url: "https://cdn.test/v.mp4" };
const UPSTREAM: Record<string, () => Response> = {
  kept: video,
  slow: video,
  accepted: () => Response.json({ ...TASK, status: "queued" }),
  ended: () => Response.json(READY),
  succeeded: () => Response.json(READY),
  failed: () => Response.json({ ...TASK, status: "failed", error_message: "no" }),
  queued: () => Response.json({ ...TASK, status: "queued" }),
  running: () => Response.json({ ...TASK, status: "running" }),
  "progress 15": () => Response.json({ ...TASK, status: "running", progress: 15 }),
  "progress 60": () => Response.json({ ...TASK, status: "running", progress: 60 }),
  "no url": () => Response.json({ ...TASK, status: "succeeded" }),
  "error of a query": () => Response.json({ status: "error" }),
  garbage: () => Response.json({ ...TASK, status: "wobbling" }),
  "other id": () => Response.json({ ...READY, task_id: "up-2" }),
};

export function kindOf(method: string, url: string): WireKind {
  if (isReceiver(url)) return "callback";
  if (url.startsWith(SOURCES)) return "copy";
  return method === "POST" ? "submit" : "poll";
}

/** @throws DOMException for the word "timeout" */
export function responseOf(kind: WireKind, word: string): Response {
  if (word === "timeout") throw new DOMException("too slow", "TimeoutError");
  const known = kind === "callback" ? undefined : UPSTREAM[word];
  if (known) return known();
  const [status, seconds] = word.split("+");
  const headers = {
    ...(seconds === undefined ? {} : { "retry-after": seconds }),
    ...(status === "302" ? { location: "http://elsewhere.test/" } : {}),
  };
  return new Response(kind === "callback" ? "heard" : "{}", { status: Number(status), headers });
}

export function answerOf(text: string, replayed: boolean): CreateAnswer {
  const { task_id: taskId, error } = JSON.parse(text) as { task_id?: string; error?: { code: string } };
  if (taskId !== undefined) return { kind: "taken", replayed, taskId };
  switch (error?.code) {
    case "idempotency_mismatch":
      return { kind: "mismatch" };
    case "idempotency_deleted":
      return { kind: "deleted" };
    case "idempotency_in_progress":
      return { kind: "in_progress" };
    case "overloaded":
      return { kind: "given_up" };
    case "misconfigured":
      return { kind: "misconfigured" };
    case "upstream_rejected":
      return { kind: "refused" };
    default:
      throw new Error(`an unexpected answer: ${text}`);
  }
}
