import { Hono } from "hono";
import { signingVersions } from "../account/stub.ts";
import { isoTime } from "../domain/time.ts";
import { signingSecret } from "../keys/derive.ts";
import type { AppEnv } from "./app-env.ts";
import { methodNotAllowed, withCaller, withSettings } from "./guards.ts";
import { requireKnownKey } from "./known-key.ts";

/** `/v1/webhooks`: the account's signing secret. */
export const webhooks = new Hono<AppEnv>()
  .get("/secret", withSettings, withCaller, async (context) => {
    const settings = context.get("settings");
    const { account } = context.get("caller");
    await requireKnownKey(context.get("caller"), settings);
    const versions = await signingVersions(context.env.ACCOUNTS, account);
    // Under RINGBACK_SECRET_PREVIOUS every version has a twin, which signs until that setting is removed.
    const secrets = settings.roots.flatMap((root, index) =>
      versions.map(async ({ version, expiresAt }) => ({
        secret: await signingSecret(root, account, version),
        expires_at: index === 0 ? isoTime(expiresAt) : null,
      })),
    );
    const [current, ...previous] = await Promise.all(secrets);
    return context.json({ secret: current?.secret, previous });
  })
  .all("/secret", methodNotAllowed("GET"));
