import { env } from "cloudflare:workers";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { AccountRows } from "../../../src/account-object/rows.ts";
import type { Endpoint } from "../../../src/domain/endpoint/endpoint.ts";
import { readSettings } from "../../../src/env.ts";
import { sealEndpointHeaders } from "../../../src/keys/endpoint-headers.ts";
import { anEndpoint } from "../../support/builders.ts";
import { ownAccount } from "./account.ts";
import { ENDPOINT_A, ENDPOINT_B } from "./world.ts";

/** Puts these endpoints into the account's store, in place of all others, as if each had been there for long. */
export async function register(endpoints: readonly Partial<Endpoint>[], account?: string): Promise<void> {
  const stub = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(account ?? (await ownAccount())));
  await runInDurableObject(stub, (_object, { storage: { sql } }) => {
    const all = endpoints.map((endpoint) => anEndpoint({ createdAt: 0, ...endpoint }));
    new AccountRows(sql).writeDocument("endpoints", all);
  });
  await evictDurableObject(stub);
}

/** As if there had never been one: an account without tasks empties itself then. */
export async function unregister(account: string): Promise<void> {
  const stub = env.ACCOUNTS.get(env.ACCOUNTS.idFromName(account));
  await runInDurableObject(stub, (_object, { storage: { sql } }) => {
    sql.exec("DELETE FROM document WHERE name IN ('endpoints', 'endpoint_health')");
  });
  await evictDurableObject(stub);
}

function rootSecret(): string {
  const read = readSettings(env);
  if (!read.ok) throw new Error("the settings of the tests do not parse");
  return read.settings.roots[0];
}

export const HEADER_OF_ENDPOINT = "a header of an endpoint";

/** Of an endpoint that has one. */
export async function sealedHeaders(
  id: string,
  value: string,
): Promise<Pick<Endpoint, "headers" | "headerNames">> {
  const headers = await sealEndpointHeaders(rootSecret(), id, [["x-endpoint", value]]);
  return { headers, headerNames: ["x-endpoint"] };
}

/** One with a header, and one that is flat. */
export async function twoEndpoints(): Promise<Partial<Endpoint>[]> {
  return [
    { id: "ep_a", url: ENDPOINT_A, ...(await sealedHeaders("ep_a", HEADER_OF_ENDPOINT)) },
    {
      id: "ep_b",
      url: ENDPOINT_B,
      format: "flat",
      events: ["video.succeeded", "video.failed", "video.running"],
    },
  ];
}
