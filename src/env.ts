import * as z from "zod/mini";
import { asMessage, problem, problemSaid, type Problem } from "./contract/problems.ts";
import { isOwnHost } from "./domain/delivery/endpoint-policy.ts";
import type { PatienceLimits } from "./domain/task/poll.ts";
import type { PollLimits } from "./domain/polling/plan.ts";

/** Says what is wrong with a setting, and gives no value. */
type Refuse = (found: Problem) => never;

/**
 * A setting that is read from its text; undefined: it is not set. Settings come as strings (`[vars]`, secrets) or as
 * TOML scalars; null (bare workerd) and empty count as not set.
 */
function settingOf<T>(read: (text: string | undefined, refuse: Refuse) => T) {
  return z.transform((value, context) => {
    const refuse: Refuse = (found) => {
      context.issues.push({ code: "custom", message: asMessage(found), input: value });
      return z.NEVER;
    };
    const text = textOf(value);
    if (text === null) return refuse(problem("not_text"));
    return read(text === "" ? undefined : text, refuse);
  });
}

/** Null: no text can be meant. */
function textOf(value: unknown): string | null {
  if (typeof value === "string") return value.trim();
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value === undefined || value === null ? "" : null;
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
  if (!/^\d+(\.\d+)?$/.test(text)) return refuse(problem("not_seconds"));
  const value = Number(text);
  return value < min || value > max
    ? refuse(problem("seconds_range", { min, max }))
    : Math.round(value * 1000);
}

const SECRET_MIN_LENGTH = 32;
/** Thirty-two equal letters are long, too. No count separates a phrase from chance: docs/deploy.md says what does. */
const SECRET_DIFFERENT_MIN = 12;
const TOO_SHORT = problem("text_too_short", { min: SECRET_MIN_LENGTH });
/** A poor secret of an older version must stay readable while the operator rotates it away. */
const previousSecret = settingOf((text, refuse) =>
  text === undefined || text.length >= SECRET_MIN_LENGTH ? text : refuse(TOO_SHORT),
);
const secret = settingOf((text, refuse) => {
  if (text === undefined) return refuse(problem("setting_missing", { min: SECRET_MIN_LENGTH }));
  if (text.length < SECRET_MIN_LENGTH) return refuse(TOO_SHORT);
  return new Set(text).size >= SECRET_DIFFERENT_MIN
    ? text
    : refuse(problem("text_too_uniform", { min: SECRET_DIFFERENT_MIN }));
});

const baseUrl = settingOf((text, refuse) => {
  const href = text ?? "https://api.aiearth.dev/v1";
  const url = URL.canParse(href) ? new URL(href) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return refuse(problem("not_http_url"));
  if (url.search || url.hash || url.username || url.password) return refuse(problem("url_with_extras"));
  return url.href.replace(/\/+$/, "");
});

/** Ringback sends keys and prompts there; if it were Ringback, one create would become hundreds. Null: it is usable. */
export function baseUrlProblem(
  href: string,
  allowPrivate: boolean,
  ownHosts: readonly string[],
): Problem | null {
  const url = new URL(href);
  if (url.protocol !== "https:" && !allowPrivate) return problem("not_https");
  return isOwnHost(url, { allowPrivate, ownHosts }) ? problem("upstream_own_host") : null;
}

const boolean = settingOf((text, refuse) => {
  if (text === undefined || /^(false|0)$/i.test(text)) return false;
  return /^(true|1)$/i.test(text) ? true : refuse(problem("not_boolean"));
});

const RETRY_STEPS_MAX = 20;
const RETRY_STEP_MAX_SECONDS = 86_400;
const retrySchedule = settingOf((text, refuse) => {
  const steps = (text ?? "5,30,120,300,1800,7200,18000,36000").split(",").map((step) => step.trim());
  const valid = steps.every((step) => /^\d+(\.\d+)?$/.test(step) && Number(step) <= RETRY_STEP_MAX_SECONDS);
  if (steps.length > RETRY_STEPS_MAX || !valid)
    return refuse(problem("not_retry_schedule", { steps: RETRY_STEPS_MAX, max: RETRY_STEP_MAX_SECONDS }));
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
    return refuse(problem("not_key_list"));
  }
  return pairs.map((pair) => ({ name: pair?.[1] ?? "", sha256: (pair?.[2] ?? "").toLowerCase() }));
});

const hostList = settingOf((text, refuse) => {
  const hosts = (text ?? "")
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "");
  const valid = hosts.every((host) => !/[\s/@?#\\]/.test(host) && URL.canParse(`https://${host}`));
  return valid ? hosts : refuse(problem("not_host_list"));
});

const headerName = settingOf((text, refuse) =>
  text === undefined || /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text) ? text : refuse(problem("not_header")),
);

const mebibytes = 1_048_576;
/** One client address can hold no larger body in memory (`net/body-limits.ts`). */
const BODY_LIMITS = { min: 1024, max: 20 * mebibytes };
const bodyLimit = settingOf((text, refuse) => {
  const bytes = text === undefined ? 16 * mebibytes : Number(text);
  const valid = Number.isInteger(bytes) && bytes >= BODY_LIMITS.min && bytes <= BODY_LIMITS.max;
  return valid ? bytes : refuse(problem("bytes_range", BODY_LIMITS));
});

const RETENTION_MAX_HOURS = 87_600;
const retentionHours = settingOf((text, refuse) => {
  const hours = Number(text ?? "720");
  const valid = Number.isFinite(hours) && hours > 0 && hours <= RETENTION_MAX_HOURS;
  return valid ? Math.round(hours * 3_600_000) : refuse(problem("hours_range", { max: RETENTION_MAX_HOURS }));
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
      text === undefined || /^[\x21-\x7e]+$/.test(text) ? text : refuse(problem("not_visible_ascii")),
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
        : refuse(problem("not_listed", { values: ["strict", "lenient"] })),
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
      const refuse = (name: string, found: Problem): void =>
        context.addIssue({ code: "custom", path: [name], message: asMessage(found) });
      if (upstreamProblem !== null) refuse("AIO_BASE_URL", upstreamProblem);
      const keys = KEY_SETTINGS.some((name) => given[name].length > 0);
      const operatorKey = given.AIO_API_KEY !== undefined;
      if (operatorKey && !keys)
        refuse("RINGBACK_KEYS", problem("setting_missing_beside", { setting: "AIO_API_KEY" }));
      if (!operatorKey && keys)
        refuse("AIO_API_KEY", problem("setting_missing_beside", { setting: "RINGBACK_KEYS" }));
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

export interface SettingProblem extends Problem {
  setting: string;
}

export type SettingsResult = { ok: true; settings: Settings } | { ok: false; problems: SettingProblem[] };

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
    const problems = result.error.issues.map(({ path, message }) => ({
      setting: String(path[0]),
      ...problemSaid(message),
    }));
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
