import type { Context } from "hono";
import { accountStats } from "../../account-object/client.ts";
import { listEndpoints } from "../../account-object/endpoints/client.ts";
import type { AppEnv } from "../../http/app-env.ts";
import { viewEndpoint } from "../../http/routes/webhooks/endpoints.ts";
import { pageContext } from "../page-context.ts";
import { StatisticsPage } from "../pages/statistics/statistics-page.tsx";

/** `GET /statistics` */
export async function showStatistics(context: Context<AppEnv>): Promise<Response> {
  const { account } = context.get("caller");
  const [stats, endpoints] = await Promise.all([
    accountStats(context.env.ACCOUNTS, account),
    listEndpoints(context.env.ACCOUNTS, account),
  ]);
  const { mode } = context.get("settings").keep;
  return context.html(
    <StatisticsPage
      page={pageContext(context)}
      stats={stats}
      endpoints={endpoints.map(viewEndpoint)}
      // Files of an earlier setting stay until their retention is over.
      showsFiles={mode !== "off" || stats.files.kept > 0}
    />,
  );
}
