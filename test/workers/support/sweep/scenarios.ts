import { video } from "../world.ts";

/** The lives of the crash sweep, as upstream, receiver and sources make them. */

export interface Scenario {
  name: string;
  /** The upstream's answers to submits, then to polls; the last one of each is repeated. */
  submits: (() => Response)[];
  polls: object[];
  receiver: number[];
  /** Answers to `/models`: the key of a task whose submit was not accepted is proved before its first attempt. */
  models?: (() => Response)[];
  /** It is never proved, so nothing may be sent. */
  unproved?: true;
  end: "succeeded" | "failed";
  /** It is deleted after so many alarms; its account is away at first. */
  deletedAfter?: number;
  /** Once its callback is stopped a recovery sends it: to its own receiver, or to another one. */
  recovered?: "own" | "elsewhere";
  /** Another task has asked for the forecast a moment before, so this one need not ask. */
  inBurst?: true;
  /** Two endpoints are registered beside its callback. */
  hasEndpoints?: true;
  /** A copy of its result is kept: how the source answers to each try. */
  sources?: (() => Response)[];
  /** Definite "not now" answers, each of which allows one more submit. */
  notNow: number;
}

const accepted = (): Response => Response.json({ task_id: "up-1", status: "queued" });
const slowDown = (): Response =>
  Response.json({ message: "slow" }, { status: 429, headers: { "retry-after": "7" } });
export const broken = (): Response => new Response("", { status: 500 });
export const listed = (): Response => Response.json({ data: [] });
const notFound = (): Response => new Response("", { status: 404 });
const ready = { status: "succeeded", video_url: "https://cdn.test/v.mp4" };

export const SCENARIOS: Scenario[] = [
  {
    name: "the happy path",
    submits: [accepted],
    polls: [{ status: "running" }, ready],
    receiver: [200],
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "429, then success",
    submits: [slowDown, accepted],
    polls: [ready],
    receiver: [200],
    end: "succeeded",
    notNow: 1,
  },
  {
    name: "a callback's 500, then 200",
    submits: [accepted],
    polls: [ready],
    receiver: [500, 200],
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "a failed generation",
    submits: [accepted],
    polls: [{ status: "failed", error_message: "no" }],
    receiver: [200],
    end: "failed",
    notNow: 0,
  },
  {
    name: "a task in a burst",
    submits: [accepted],
    polls: [{ status: "queued" }, ready],
    receiver: [200],
    end: "succeeded",
    inBurst: true,
    notNow: 0,
  },
  {
    name: "a key that is proved at the second question",
    submits: [broken],
    polls: [ready],
    models: [broken, listed],
    receiver: [200],
    end: "failed",
    notNow: 0,
  },
  {
    name: "a key that the upstream does not know",
    submits: [broken],
    polls: [ready],
    models: [() => new Response("", { status: 401 })],
    receiver: [200],
    unproved: true,
    end: "failed",
    notNow: 0,
  },
  {
    name: "a recovery of what was not delivered",
    submits: [accepted],
    polls: [ready],
    receiver: [410, 200],
    recovered: "own",
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "a recovery to another receiver that fails, too",
    submits: [accepted],
    polls: [ready],
    receiver: [410, 500, 200],
    recovered: "elsewhere",
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "an end that two registered endpoints are told of, too",
    submits: [accepted],
    polls: [ready],
    receiver: [200],
    end: "succeeded",
    hasEndpoints: true,
    notNow: 0,
  },
  {
    name: "a task that is deleted while it runs",
    submits: [accepted],
    polls: [{ status: "running" }],
    receiver: [200],
    end: "failed",
    deletedAfter: 3,
    notNow: 0,
  },
  {
    name: "a copy under way that fails once",
    submits: [accepted],
    polls: [{ status: "running" }, ready],
    sources: [notFound, video],
    receiver: [200],
    end: "succeeded",
    notNow: 0,
  },
  {
    name: "a task that is deleted while its file is copied, or after it",
    submits: [accepted],
    polls: [ready],
    sources: [notFound, video],
    receiver: [200],
    end: "succeeded",
    deletedAfter: 2,
    notNow: 0,
  },
];
