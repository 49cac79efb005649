import type { Context } from "hono";
import type { Account, Stats } from "../../contract/shapes/account.ts";
import { accountStats } from "../../account-object/client.ts";
import type { AccountStats } from "../../domain/account/stats.ts";
import { isoTime } from "../../domain/text/time.ts";
import { accountName } from "../../keys/ids.ts";
import type { AppEnv } from "../app-env.ts";

/** `GET /v1/me`: a label for connections. */
export function showAccount(context: Context<AppEnv>): Response {
  const { mode, account } = context.get("caller");
  const answer: Account = {
    object: "account",
    name: accountName(account),
    mode,
    base_url_host: new URL(context.get("settings").upstreams[0].baseUrl).host,
  };
  return context.json(answer);
}

/** `GET /v1/stats`: this account's tasks in numbers. */
export async function showStats(context: Context<AppEnv>): Promise<Response> {
  const stats = await accountStats(context.env.ACCOUNTS, context.get("caller").account);
  return context.json(viewStats(stats));
}

/** As an answer shows them. */
export function viewStats({ tasks, models, deliveries, hosts, files, pollsPerTask }: AccountStats): Stats {
  return {
    object: "stats",
    tasks,
    models: models.map(({ model, count, p50Ms, p95Ms }) => ({
      model,
      count,
      p50_seconds: p50Ms / 1000,
      p95_seconds: p95Ms / 1000,
    })),
    deliveries,
    hosts: hosts.map(({ host, delivered, failed, failingSince, lastReason }) => ({
      host,
      delivered,
      failed,
      failing_since: isoTime(failingSince),
      last_reason: lastReason,
    })),
    files,
    polls_per_task: pollsPerTask,
  };
}
