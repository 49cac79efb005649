import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse } from "smol-toml";

/** What a deployment takes from `wrangler.toml`, or from its `[env.NAME]`; wrangler's own reader would start a bundler. */
export interface DeployedTable {
  vars: ReadonlyMap<string, string>;
  buckets: readonly { binding?: string; bucket_name?: string }[];
}

interface Table {
  vars?: Record<string, unknown>;
  r2_buckets?: DeployedTable["buckets"];
}

interface WranglerToml extends Table {
  compatibility_date: string;
  compatibility_flags: string[];
  env?: Record<string, Table>;
}

const FILE = fileURLToPath(new URL("../wrangler.toml", import.meta.url));

function wranglerToml(): WranglerToml {
  return parse(readFileSync(FILE, "utf8")) as unknown as WranglerToml;
}

/** `environment` as in `wrangler deploy --env`; empty: the top level. */
export function deployedTable(environment: string): DeployedTable {
  const toml = wranglerToml();
  const { vars = {}, r2_buckets: buckets = [] } = (environment === "" ? toml : toml.env?.[environment]) ?? {};
  const texts = Object.entries(vars).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { vars: new Map(texts), buckets };
}

/** The compatibility date and flags: what is deployed. */
export function compatibility(): { date: string; flags: string[] } {
  const { compatibility_date: date, compatibility_flags: flags } = wranglerToml();
  return { date, flags };
}
