/** What is known of a deployment before it is made. */
export interface Deployment {
  loggedIn: boolean;
  /** Names of the secrets that are set; null: nobody is logged in, so nobody knows. */
  secrets: readonly string[] | null;
  /** Names under `[vars]` of `wrangler.toml`. */
  vars: readonly string[];
}

const KEYS = /^RINGBACK_KEYS(_[2-9])?$/;

/** What has to be done before a deployment can work, in order; nothing: it can be made. */
export function missingFor({ loggedIn, secrets, vars }: Deployment): string[] {
  if (!loggedIn || secrets === null) {
    return ["a login: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN (and CLOUDFLARE_ACCOUNT_ID)"];
  }
  const set = new Set([...secrets, ...vars]);
  const missing: string[] = [];
  if (!secrets.includes("RINGBACK_SECRET")) {
    missing.push("RINGBACK_SECRET: run `npm run -s secret | npx wrangler secret put RINGBACK_SECRET`");
  }
  for (const name of ["RINGBACK_SECRET", "RINGBACK_SECRET_PREVIOUS", "AIO_API_KEY"]) {
    if (vars.includes(name)) missing.push(`${name} as a secret: in [vars] everybody can read it`);
  }
  const keys = Array.from(set).some((name) => KEYS.test(name));
  if (set.has("AIO_API_KEY") && !keys) {
    missing.push("RINGBACK_KEYS, which AIO_API_KEY needs: `npm run -s key -- NAME` makes an entry");
  }
  if (keys && !set.has("AIO_API_KEY")) {
    missing.push("AIO_API_KEY, which RINGBACK_KEYS needs: run `npx wrangler secret put AIO_API_KEY`");
  }
  return missing;
}
