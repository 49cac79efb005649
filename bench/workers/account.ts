import { AccountObject as Account } from "../../src/index.ts";
import { EVERY_TASK, type ListPage, type TaskFilter } from "../../src/domain/account/filter.ts";
import { reportOf } from "../../src/domain/account/report.ts";
import type { TaskSummary } from "../../src/domain/account/summary.ts";
import { counts, meterMethods, meterObject } from "./meter.ts";

/**
 * An account under a clock that the bench sets, so that it has a month of tasks within seconds. Its alarm rings only
 * when the bench lets it.
 */

const HOUR_MS = 3_600_000;
const RETENTION_MS = 720 * HOUR_MS;
const PER_REPORT = 500;
/** From a task's creation to its end, as a clip takes. */
const LIFE_MS = 105_000;
/** No alarm of the runtime's own comes before the bench is over. */
const NEVER_MS = 1000 * HOUR_MS;
const MODELS = ["doubao-seedance-2-0-260128", "doubao-seedance-1-0-pro", "wan-2-5", "kling-2-6"];

const realNow = Date.now.bind(Date);
let now: number | null = null;
Date.now = () => now ?? realNow();

/** The `nth` task of an account that gets one every `gapMs`; as it is in the middle of its life, or settled. */
function summaryOf(nth: number, createdAt: number, isSettled: boolean): TaskSummary {
  const name =
    nth
      .toString(36)
      .replaceAll(/[0189]/g, "a")
      .padStart(26, "b") + nth;
  const endedAt = createdAt + LIFE_MS;
  const hasFailed = nth % 20 === 0;
  return {
    name: name.slice(-26),
    account: "name:bench",
    taskId: `task_${name}`,
    status: isSettled ? (hasFailed ? "failed" : "succeeded") : "queued",
    model: MODELS[nth % MODELS.length] ?? "",
    upstreamName: "aio",
    upstreamTaskId: `cgt-${name}`,
    test: false,
    metadata: `{"order":${nth},"customer":"customer-${nth % 1000}"}`,
    videoUrl: isSettled && !hasFailed ? `https://cdn.example.com/videos/${name}.mp4` : null,
    keptBytes: null,
    error: null,
    createdAt,
    submittedAt: createdAt + 300,
    finishedAt: isSettled ? endedAt : null,
    delivery: isSettled ? "delivered" : "waiting",
    terminalDelivery: isSettled ? "delivered" : null,
    callbackHost: `hooks-${nth % 10}.example.com`,
    endpoints: [],
    attempts: {
      delivered: isSettled ? 1 : 0,
      failed: 0,
      deliveredAt: isSettled ? endedAt : null,
      failedAt: [],
      lastFailure: null,
    },
    polls: isSettled ? 11 : 0,
    version: isSettled ? 2 : 1,
    settledAt: isSettled ? endedAt : null,
    expiresAt: isSettled ? endedAt + RETENTION_MS : null,
  };
}

export class AccountObject extends Account {
  #alarmAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    meterObject("account", this, ctx);
    const { storage } = ctx;
    const setAlarm = storage.setAlarm.bind(storage);
    const own = (name: string, value: unknown): void => void Object.defineProperty(storage, name, { value });
    own("setAlarm", async (at: number) => {
      this.#alarmAt = at;
      await setAlarm(realNow() + NEVER_MS);
    });
    own("getAlarm", async () => this.#alarmAt);
  }

  /** So many tasks, created evenly over the last 30 days, each settled. */
  async fill(tasks: number): Promise<void> {
    now = realNow();
    for (let from = 0; from < tasks; from += PER_REPORT) {
      const nths = Array.from({ length: Math.min(PER_REPORT, tasks - from) }, (_, index) => from + index);
      await this.#tell(nths.map((nth) => summaryOf(nth, createdAtOf(nth, tasks), true)));
    }
  }

  /** The same account for some hours more, at the rate at which its tasks came. Answers how many came. */
  async live(tasks: number, hours: number): Promise<number> {
    const from = now ?? 0;
    const gapMs = RETENTION_MS / tasks;
    const came = Math.floor((hours * HOUR_MS) / gapMs);
    for (let nth = 0; nth < came; nth++) {
      const createdAt = Math.round(from + nth * gapMs);
      await this.#until(createdAt);
      await this.#tell([summaryOf(tasks + nth, createdAt, false)]);
      // The task that was created four gaps ago ends by now, as does its callback, which asks for the secret.
      const ended = nth - Math.ceil(LIFE_MS / gapMs);
      if (ended < 0) continue;
      await this.signingVersions();
      await this.#tell([summaryOf(tasks + ended, Math.round(from + ended * gapMs), true)]);
    }
    return came;
  }

  nothing(): void {
    // What a call costs by itself.
  }

  async ring(): Promise<void> {
    await this.alarm();
  }

  /** Lets the alarm ring for all that is due until then. */
  async #until(instant: number): Promise<void> {
    while (this.#alarmAt !== null && this.#alarmAt <= instant) {
      now = Math.max(this.#alarmAt, now ?? 0);
      this.#alarmAt = null;
      await this.alarm();
    }
    now = instant;
  }

  async #tell(summaries: TaskSummary[]): Promise<void> {
    await this.sync(summaries.map((summary) => reportOf(summary)));
  }
}

meterMethods(AccountObject, Account);

function createdAtOf(nth: number, tasks: number): number {
  return Math.round((now ?? 0) - RETENTION_MS + (nth * RETENTION_MS) / tasks);
}

/** What the account asks its tasks: none of the bench's is ever asked. */
export { TaskObject, CadenceObject } from "../../src/index.ts";

function pageOf(query: URLSearchParams): ListPage {
  const asked = JSON.parse(query.get("filter") ?? "{}") as Partial<TaskFilter>;
  return { filter: { ...EVERY_TASK, ...asked }, limit: 100, before: query.get("before") };
}

function answer(value: unknown): Response {
  return Response.json(value ?? null);
}

export default {
  fetch: async (request: Request, env: Env): Promise<Response> => {
    const { pathname, searchParams } = new URL(request.url);
    const account = env.ACCOUNTS.get(
      env.ACCOUNTS.idFromName("name:bench"),
    ) as unknown as DurableObjectStub<AccountObject>;
    const number = (name: string): number => Number(searchParams.get(name));
    switch (pathname) {
      case "/fill":
        return answer(await account.fill(number("tasks")));
      case "/live":
        return answer(await account.live(number("tasks"), number("hours")));
      case "/nothing":
        return answer(await account.nothing());
      case "/stats":
        return answer(await account.stats());
      case "/alarm":
        return answer(await account.ring());
      case "/page": {
        return answer(await account.list(pageOf(searchParams)));
      }
      case "/versions":
        return answer(await account.signingVersions());
      case "/_bench/counts":
        return answer(counts());
      default:
        return new Response(null, { status: 404 });
    }
  },
};
