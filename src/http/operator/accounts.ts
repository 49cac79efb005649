import type { Context } from "hono";
import type { AccountList, AccountOverview } from "../../contract/shapes/operator.ts";
import { accountStats, type AccountNamespace } from "../../account-object/client.ts";
import { isUnavailable } from "../../domain/errors/unavailable.ts";
import { namedAccount } from "../../keys/ids.ts";
import type { AppEnv } from "../app-env.ts";
import { invalidRequest } from "../errors.ts";
import { methodNotAllowed, withOperator, withSettings } from "../guards.ts";
import { deduplicated, issuesOf } from "../issue.ts";
import { cursorOf, queryIssues } from "../query.ts";
import { Router } from "../router.ts";
import { viewStats } from "../routes/account.ts";
import { ACCOUNTS_QUERY } from "./accounts-schema.ts";

/** An account that takes longer is shown without its numbers. */
const PATIENCE_MS = 2000;
/** The platform opens six connections for a request; more would queue while their patience runs. */
const ASKED_AT_A_TIME = 6;

/** `/v1/operator`: what an operator asks of the deployment, not of one account. */
export const operator = new Router()
  .get("/accounts", withSettings, withOperator, async (context) => context.json(await listAccounts(context)))
  .all("/accounts", methodNotAllowed("GET"));

/** The page of accounts that the query asks for. @throws ApiError 400 with all that is wrong with it */
export async function listAccounts(context: Context<AppEnv>): Promise<AccountList> {
  const { limit, after } = readQuery(context.req.url);
  const names = [...new Set(context.get("settings").keys.map(({ name }) => name))].toSorted();
  const rest = names.filter((name) => after === null || name > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const isMore = rest.length > page.length && last !== undefined;
  return {
    object: "list",
    data: await overviews(context.env.ACCOUNTS, page),
    next_cursor: isMore ? cursorOf(last) : null,
  };
}

/** @throws ApiError 400 with all that is wrong with it */
function readQuery(url: string): { limit: number; after: string | null } {
  const parsed = ACCOUNTS_QUERY.safeParse(Object.fromEntries(new URL(url).searchParams));
  const issues = deduplicated([
    ...queryIssues(url, Object.keys(ACCOUNTS_QUERY.shape)),
    ...(parsed.success ? [] : issuesOf(parsed.error)),
  ]);
  if (!parsed.success || issues.length > 0) throw invalidRequest(issues);
  return { limit: parsed.data.limit, after: parsed.data.cursor ?? null };
}

/** The accounts in numbers, in this order. */
async function overviews(accounts: AccountNamespace, names: readonly string[]): Promise<AccountOverview[]> {
  const found: AccountOverview[] = [];
  const waiting = names.entries();
  const askInTurn = async (): Promise<void> => {
    for (const [index, name] of waiting) found[index] = await overview(accounts, name);
  };
  await Promise.all(Array.from({ length: ASKED_AT_A_TIME }, askInTurn));
  return found;
}

async function overview(accounts: AccountNamespace, name: string): Promise<AccountOverview> {
  try {
    const { tasks, deliveries, hosts } = viewStats(
      await accountStats(accounts, namedAccount(name), PATIENCE_MS),
    );
    return { name, tasks, deliveries, hosts };
  } catch (error) {
    if (!isUnavailable(error)) throw error;
    return { name, tasks: null, deliveries: null, hosts: null };
  }
}
