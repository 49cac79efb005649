/** The known state of a deployment before it is made. */
export interface Deployment {
  loggedIn: boolean;
  /** Names of the secrets that are set; null: they cannot be asked for. */
  secrets: readonly string[] | null;
  /** What is under `[vars]` of `wrangler.toml`: names, and values without their quotes. */
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

/** What a deployment lacks; nothing under `first`: it can be made. */
export function missingFor(deployment: Deployment): Missing {
  const { loggedIn, secrets, inBuild, environment } = deployment;
  const vars = Array.from(deployment.vars.keys());
  const login = "a login: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID)";
  if (!inBuild && (!loggedIn || secrets === null)) return { first: [login], later: [] };
  const absent = secrets === null ? [] : absentSettings(secrets, vars, environment);
  const readable = ["RINGBACK_SECRET", "RINGBACK_SECRET_PREVIOUS", "AIO_API_KEY", "ALERT_URL", "ALERT_SECRET"]
    .filter((name) => vars.includes(name))
    .map((name) => `${name} as a secret: in [vars] every reader of the deployment sees it`);
  const first = [...readable, ...absentBucket(deployment)];
  return inBuild ? { first, later: absent } : { first: [...absent, ...first], later: [] };
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

function absentSettings(secrets: readonly string[], vars: readonly string[], environment: string): string[] {
  const put = (name: string): string =>
    `npx wrangler secret put ${name}${environment && ` --env ${environment}`}`;
  const set = new Set([...secrets, ...vars]);
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
  return absent;
}
