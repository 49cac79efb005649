import { env } from "cloudflare:workers";
import { sync } from "../../../src/account-object/client.ts";
import { deletionOf } from "../../../src/domain/account/report.ts";
import { cadenceClass } from "../../../src/domain/task/cadence.ts";

/** In a burst another task of the isolate has asked the account for its briefing a moment ago. */
export async function anotherAsks(account: string, model: string): Promise<void> {
  const traits = { resolution: null, seconds: null, inputMode: null };
  const asked = cadenceClass({ mode: "own", upstreamName: "aio", account, model, traits });
  await sync(env.ACCOUNTS, deletionOf({ name: "another", account, createdAt: Date.now() }), asked);
}
