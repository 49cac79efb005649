import * as z from "zod/mini";
import { isOwnHost } from "./domain/delivery/endpoint-policy.ts";
import type { PatienceLimits } from "./domain/task/poll.ts";
import type { PollLimits } from "./domain/polling/plan.ts";

/** Settings come as strings (`[vars]`, secrets) or as TOML scalars; null (bare workerd) and empty count as not set. */
const setting = z.pipe(
  z.nullish(z.union([z.string(), z.number(), z.boolean()], "must be text")),
  z.transform((value) => {
    const text = String(value ?? "").trim();
    return text === "" ? undefined : text;
  }),
);

/** Says what is wrong with a setting, and gives no value. */
type Refuse = (message: string) => never;

/** A setting that is read from its text; undefined: it is not set. */
function settingOf<T>(read: (text: string | undefined, refuse: Refuse) => T) {
  return z.pipe(
    setting,
    z.transform((input, context) =>
      read(input, (message) => {
        context.issues.push({ code: "custom", message, input });
        return z.NEVER;
      }),
    ),
  );
}

interface SecondsRange {
  min?: number;
  max?: number;
}

/** Seconds, fractions allowed, given back in milliseconds. */
function seconds(fallback: number, range: SecondsRange = {}) {
  return settingOf((text, refuse) =>
    text === undefined ? fallback * 1000 : parseSeconds(text, range, refuse),
  );
}

function parseSeconds(text: string, { min = 0, max = 31_536_000 }: SecondsRange, refuse: Refuse): number {
  if (!/^\d+(\.\d+)?$/.test(text)) return refuse("must be seconds, such as 15 or 0.5");
  const value = Number(text);
  return value < min || value > max
    ? refuse(`must be from ${min} to ${max} seconds`)
    : Math.round(value * 1000);
}

/** Thirty-two equal letters are long, too. No count separates a phrase from chance: docs/deploy.md says what does. */
const SECRET_DIFFERENT_MIN = 12;
/** A poor secret of an older version must stay readable while the operator rotates it away. */
const previousSecret = settingOf((text, refuse) =>
  text === undefined || text.length >= 32 ? text : refuse("must have 32 characters or more"),
);
const secret = settingOf((text, refuse) => {
  if (text === undefined) return refuse("must be set (32 characters or more)");
  if (text.length < 32) return refuse("must have 32 characters or more");
  return new Set(text).size >= SECRET_DIFFERENT_MIN
    ? text
    : refuse(`must have ${SECRET_DIFFERENT_MIN} different characters or more`);
});

const baseUrl = settingOf((text, refuse) => {
  const href = text ?? "https://api.aiearth.dev/v1";
  const url = URL.canParse(href) ? new URL(href) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return refuse("must be an http(s) URL");
  if (url.search || url.hash || url.username || url.password) {
    return refuse("must have no query, fragment, user name or password");
  }
  return url.href.replace(/\/+$/, "");
});

/** Ringback sends keys and prompts there; if it were Ringback, one create would become hundreds. Null: it is usable. */
export function baseUrlProblem(
  href: string,
  allowPrivate: boolean,
  ownHosts: readonly string[],
): string | null {
  const url = new URL(href);
  if (url.protocol !== "https:" && !allowPrivate) return "must be an https URL";
  return isOwnHost(url, { allowPrivate, ownHosts }) ? "must not be this deployment's own host" : null;
}

const boolean = settingOf((text, refuse) => {
  if (text === undefined || /^(false|0)$/i.test(text)) return false;
  return /^(true|1)$/i.test(text) ? true : refuse("must be true or false");
});

const retrySchedule = settingOf((text, refuse) => {
  const steps = (text ?? "5,30,120,300,1800,7200,18000,36000").split(",").map((step) => step.trim());
  if (steps.length > 20 || !steps.every((step) => /^\d+(\.\d+)?$/.test(step) && Number(step) <= 86_400)) {
    return refuse("must be up to 20 comma separated numbers of seconds, each at most 86400");
  }
  return steps.map((step) => Math.round(Number(step) * 1000));
});

const ACCOUNT_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** `name:sha256hex`, comma separated. Kept as pairs: a name may have several tokens. */
const keyList = settingOf((text, refuse) => {
  const entries = (text ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const pairs = entries.map((entry) => /^([^:]+):([0-9a-fA-F]{64})$/.exec(entry));
  if (!pairs.every((pair) => pair !== null && ACCOUNT_NAME.test(pair[1] ?? ""))) {
    return refuse("must be name:sha256hex entries, comma separated");
  }
  return pairs.map((pair) => ({ name: pair?.[1] ?? "", sha256: (pair?.[2] ?? "").toLowerCase() }));
});

const hostList = settingOf((text, refuse) => {
  const hosts = (text ?? "")
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "");
  const valid = hosts.every((host) => !/[\s/@?#\\]/.test(host) && URL.canParse(`https://${host}`));
  return valid ? hosts : refuse("must be host names, comma separated");
});

const headerName = settingOf((text, refuse) =>
  text === undefined || /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text)
    ? text
    : refuse("must be the name of a header"),
);

const mebibytes = 1_048_576;
const bodyLimit = settingOf((text, refuse) => {
  const bytes = text === undefined ? 16 * mebibytes : Number(text);
  // One client address can hold no larger body in memory (`net/body-limits.ts`).
  const maxBytes = 20 * mebibytes;
  const valid = Number.isInteger(bytes) && bytes >= 1024 && bytes <= maxBytes;
  return valid ? bytes : refuse(`must be a number of bytes from 1024 to ${maxBytes}`);
});

const retentionHours = settingOf((text, refuse) => {
  const hours = Number(text ?? "720");
  const valid = Number.isFinite(hours) && hours > 0 && hours <= 87_600;
  return valid ? Math.round(hours * 3_600_000) : refuse("must be hours, more than 0 and at most 87600");
});

const KEY_SETTINGS = [
  "RINGBACK_KEYS",
  "RINGBACK_KEYS_2",
  "RINGBACK_KEYS_3",
  "RINGBACK_KEYS_4",
  "RINGBACK_KEYS_5",
  "RINGBACK_KEYS_6",
  "RINGBACK_KEYS_7",
  "RINGBACK_KEYS_8",
  "RINGBACK_KEYS_9",
] as const;

/** Every setting of the contract, its default and its unit. */
const schema = z
  .object({
    AIO_BASE_URL: baseUrl,
    AIO_API_KEY: settingOf((text, refuse) =>
      text === undefined || /^[\x21-\x7e]+$/.test(text) ? text : refuse("must be visible ASCII"),
    ),
    RINGBACK_SECRET: secret,
    RINGBACK_SECRET_PREVIOUS: previousSecret,
    ...(Object.fromEntries(KEY_SETTINGS.map((name) => [name, keyList])) as Record<
      (typeof KEY_SETTINGS)[number],
      typeof keyList
    >),
    RINGBACK_HOSTS: hostList,
    VALIDATION: settingOf((text, refuse) =>
      text === undefined || text === "strict" || text === "lenient"
        ? text !== "lenient"
        : refuse("must be strict or lenient"),
    ),
    MAX_BODY_BYTES: bodyLimit,
    UPSTREAM_TIMEOUT_SECONDS: seconds(20, { min: 0.05, max: 28 }),
    UPSTREAM_LOST_SECONDS: seconds(120),
    UPSTREAM_UNAUTHORIZED_SECONDS: seconds(600),
    RESULT_MISSING_SECONDS: seconds(120),
    POLL_FIRST_SECONDS: settingOf((text, refuse) =>
      text === undefined ? null : parseSeconds(text, {}, refuse),
    ),
    POLL_MIN_SECONDS: seconds(1, { min: 0.01 }),
    POLL_MAX_SECONDS: seconds(15, { min: 0.01 }),
    CALLBACK_RETRY_SECONDS: retrySchedule,
    CALLBACK_TIMEOUT_SECONDS: seconds(15, { min: 0.05, max: 28 }),
    CALLBACK_HOLD_SECONDS: seconds(2, { max: 3600 }),
    TASK_TIMEOUT_SECONDS: seconds(86_400, { min: 0.1, max: 259_200 }),
    RETENTION_HOURS: retentionHours,
    ALLOW_PRIVATE_CALLBACKS: boolean,
    CLIENT_ADDRESS_HEADER: headerName,
  })
  .check(
    z.superRefine((given, context) => {
      const {
        AIO_BASE_URL: upstreamUrl,
        ALLOW_PRIVATE_CALLBACKS: allowPrivate,
        RINGBACK_HOSTS: hosts,
      } = given;
      const upstreamProblem = baseUrlProblem(upstreamUrl, allowPrivate, hosts);
      if (upstreamProblem !== null)
        context.addIssue({ code: "custom", path: ["AIO_BASE_URL"], message: upstreamProblem });
      const keys = KEY_SETTINGS.some((name) => given[name].length > 0);
      if (given.AIO_API_KEY !== undefined && !keys) {
        context.addIssue({
          code: "custom",
          path: ["RINGBACK_KEYS"],
          message: "must be set when AIO_API_KEY is",
        });
      }
      if (given.AIO_API_KEY === undefined && keys) {
        context.addIssue({
          code: "custom",
          path: ["AIO_API_KEY"],
          message: "must be set when RINGBACK_KEYS is",
        });
      }
    }),
  );

/** The names of all settings. */
export const SETTING_NAMES: readonly string[] = Object.keys(schema.shape);

export interface TaskSettings {
  baseUrl: string;
  /** The operator's upstream key, or null where callers bring their own. */
  operatorKey: string | null;
  /** Root secrets that open what was sealed or issued, the current one first; only that one seals and issues. */
  roots: readonly [string, ...string[]];
  poll: PollLimits & PatienceLimits;
  callback: { retryMs: readonly number[]; timeoutMs: number; holdMs: number; allowPrivate: boolean };
  ownHosts: readonly string[];
  upstreamTimeoutMs: number;
  taskTimeoutMs: number;
  retentionMs: number;
}

export interface Settings extends TaskSettings {
  keys: readonly { name: string; sha256: string }[];
  /** `VALIDATION=strict`. */
  strict: boolean;
  maxBodyBytes: number;
  /** The header that holds the caller's address; null: the platform's. */
  clientAddressHeader: string | null;
}

export type SettingsResult =
  | { ok: true; settings: Settings }
  | { ok: false; problems: { setting: string; message: string }[] };

/** Parsed once per environment object: an isolate sees the same one on every request. */
const parsed = new WeakMap<object, SettingsResult>();

/** Reads the settings; names a bad one without repeating its value, and never guesses. */
export function readSettings(env: object): SettingsResult {
  const known = parsed.get(env);
  if (known) return known;
  const result = parseSettings(env);
  parsed.set(env, result);
  return result;
}

function parseSettings(env: object): SettingsResult {
  const result = schema.safeParse(env);
  if (!result.success) {
    const problems = result.error.issues.map(({ path, message }) => ({ setting: String(path[0]), message }));
    return { ok: false, problems };
  }
  const raw = result.data;
  const previous = raw.RINGBACK_SECRET_PREVIOUS;
  const settings: Settings = {
    baseUrl: raw.AIO_BASE_URL,
    operatorKey: raw.AIO_API_KEY ?? null,
    roots: [raw.RINGBACK_SECRET, ...(previous === undefined ? [] : [previous])],
    poll: {
      firstMs: raw.POLL_FIRST_SECONDS,
      minMs: raw.POLL_MIN_SECONDS,
      maxMs: raw.POLL_MAX_SECONDS,
      lostMs: raw.UPSTREAM_LOST_SECONDS,
      unauthorizedMs: raw.UPSTREAM_UNAUTHORIZED_SECONDS,
      resultMissingMs: raw.RESULT_MISSING_SECONDS,
    },
    callback: {
      retryMs: raw.CALLBACK_RETRY_SECONDS,
      timeoutMs: raw.CALLBACK_TIMEOUT_SECONDS,
      holdMs: raw.CALLBACK_HOLD_SECONDS,
      allowPrivate: raw.ALLOW_PRIVATE_CALLBACKS,
    },
    ownHosts: raw.RINGBACK_HOSTS,
    upstreamTimeoutMs: raw.UPSTREAM_TIMEOUT_SECONDS,
    taskTimeoutMs: raw.TASK_TIMEOUT_SECONDS,
    retentionMs: raw.RETENTION_HOURS,
    keys: KEY_SETTINGS.flatMap((name) => raw[name]),
    strict: raw.VALIDATION,
    maxBodyBytes: raw.MAX_BODY_BYTES,
    clientAddressHeader: raw.CLIENT_ADDRESS_HEADER ?? null,
  };
  return { ok: true, settings };
}
