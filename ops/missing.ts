import { problemText } from "../src/contract/problems.ts";
import { readSettings } from "../src/env.ts";
import { isKeySetting, keySettingOf } from "../src/env/upstreams.ts";

/** The known state of a deployment before it is made. */
export interface Deployment {
  loggedIn: boolean;
  /** Names of the secrets that are set; null: they cannot be asked for. */
  secrets: readonly string[] | null;
  /** What is under `[vars]` of `wrangler.toml`. */
  vars: ReadonlyMap<string, string>;
  /** The bucket that is bound as `RESULTS`; null: none is. */
  bucket: { name: string; exists: boolean } | null;
  /**
   * Cloudflare's own build makes it (Workers Builds, the deploy button). The first build of a Worker runs before its
   * operator can set a secret, and the build has a login of its own.
   */
  inBuild: boolean;
  /** `[env.NAME]` of `wrangler.toml`; empty: its top level. */
  environment: string;
}

/** What has to be done, in order. */
export interface Missing {
  /** Before the deployment. */
  first: string[];
  /** After it: until then every call is answered 503, with the setting's name. */
  later: string[];
}

const KEYS = /^RINGBACK_KEYS(_[2-9])?$/;
const UPSTREAMS = /^UPSTREAMS(_[2-9])?$/;
const SECRETS = new Set([
  "RINGBACK_SECRET",
  "RINGBACK_SECRET_PREVIOUS",
  "AIO_API_KEY",
  "ALERT_URL",
  "ALERT_SECRET",
]);

/** Those that stand under `[vars]`; of a secret only the name is known here. */
function upstreamNames(vars: Deployment["vars"]): string[] {
  return Array.from(vars).flatMap(([setting, value]) => {
    if (!UPSTREAMS.test(setting)) return [];
    try {
      return Object.keys(JSON.parse(value) as object);
    } catch {
      // Every call will name the setting that does not parse.
      return [];
    }
  });
}

/** What a deployment lacks; nothing under `first`: it can be made. */
export function missingFor(deployment: Deployment): Missing {
  const { loggedIn, secrets, inBuild } = deployment;
  const vars = Array.from(deployment.vars.keys());
  const login = "a login: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID)";
  const wrong = wrongVars(deployment);
  if (!inBuild && (!loggedIn || secrets === null)) return { first: [login, ...wrong], later: [] };
  const absent = secrets === null ? [] : absentSettings(secrets, deployment);
  const readable = vars
    .filter((name) => SECRETS.has(name) || isKeySetting(name))
    .map((name) => `${name} as a secret: in [vars] every reader of the deployment sees it`);
  const first = [...readable, ...wrong, ...absentBucket(deployment)];
  return inBuild ? { first, later: absent } : { first: [...absent, ...first], later: [] };
}

/** Each of these alone would have every call answered 503. What a secret may hold is taken for good. */
function wrongVars({ vars, secrets }: Deployment): string[] {
  const isOperators = secrets === null || secrets.includes("AIO_API_KEY") || vars.has("AIO_API_KEY");
  const keys = isOperators ? upstreamNames(vars).map((name) => [keySettingOf(name), "a-key"]) : [];
  const good = {
    RINGBACK_SECRET: "a secret of 32 characters, and more",
    ...(isOperators ? { AIO_API_KEY: "a-key", RINGBACK_KEYS: `caller:${"0".repeat(64)}` } : {}),
    ...Object.fromEntries(keys),
    RESULTS: {},
  };
  const read = readSettings({ ...good, ...Object.fromEntries(vars) });
  const problems = read.ok ? [] : read.problems.filter(({ setting }) => vars.has(setting));
  return problems.map((found) => `a right value in [vars]: ${found.setting} ${problemText(found)}`);
}

/** Without its bucket the platform refuses the deployment, and without the binding Ringback every call. */
function absentBucket({ vars, bucket, environment }: Deployment): string[] {
  if (bucket !== null) {
    const create = `run \`npx wrangler r2 bucket create ${bucket.name}\``;
    return bucket.exists ? [] : [`the bucket ${bucket.name}, which is bound as RESULTS: ${create}`];
  }
  const keeps = vars.get("KEEP_RESULTS")?.trim() ?? "";
  const table = environment === "" ? "r2_buckets" : `env.${environment}.r2_buckets`;
  return ["", "off"].includes(keeps)
    ? []
    : [`RESULTS, which KEEP_RESULTS needs: a [[${table}]] in wrangler.toml with this binding`];
}

function absentSettings(secrets: readonly string[], { vars, environment }: Deployment): string[] {
  const put = (name: string): string =>
    `npx wrangler secret put ${name}${environment && ` --env ${environment}`}`;
  const set = new Set([...secrets, ...vars.keys()]);
  const absent: string[] = [];
  if (!secrets.includes("RINGBACK_SECRET")) {
    absent.push(`RINGBACK_SECRET: run \`npm run -s secret | ${put("RINGBACK_SECRET")}\``);
  }
  const keys = Array.from(set).some((name) => KEYS.test(name));
  if (set.has("AIO_API_KEY") && !keys) {
    absent.push("RINGBACK_KEYS, which AIO_API_KEY needs: `npm run -s key -- NAME` makes an entry");
  }
  if (keys && !set.has("AIO_API_KEY")) {
    absent.push(`AIO_API_KEY, which RINGBACK_KEYS needs: run \`${put("AIO_API_KEY")}\``);
  }
  for (const name of set.has("AIO_API_KEY") ? upstreamNames(vars) : []) {
    const key = keySettingOf(name);
    if (!set.has(key)) absent.push(`${key}, which the upstream ${name} needs: run \`${put(key)}\``);
  }
  const loose = Array.from(set).filter(isKeySetting);
  if (loose.length > 0 && !Array.from(set).some((name) => UPSTREAMS.test(name))) {
    absent.push(`UPSTREAMS, which ${loose.join(", ")} needs: see docs/settings.md`);
  }
  return absent;
}
