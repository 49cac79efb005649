import * as z from "zod/mini";
import { asMessage, problem, type Problem } from "../contract/problems.ts";

/** How the text of a setting is read, by the kind of its value. */

/** Says what is wrong with a setting, and gives no value. */
type Refuse = (found: Problem) => never;

/**
 * A setting that is read from its text; undefined: it is not set. Settings come as strings (`[vars]`, secrets) or as
 * TOML scalars; null (bare workerd) and empty count as not set.
 */
export function settingOf<T>(read: (text: string | undefined, refuse: Refuse) => T) {
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

/** One of the listed words; the first one if it is not set. */
export function oneOf<const Word extends string>(words: readonly [Word, ...Word[]]) {
  return settingOf((text, refuse): Word => {
    const word = text === undefined ? words[0] : words.find((one) => one === text);
    return word ?? refuse(problem("not_listed", { values: words }));
  });
}

/** A whole number of bytes. */
function byteCount(fallback: number, range: { min: number; max: number }) {
  return settingOf((text, refuse) => {
    const value = text === undefined ? fallback : Number(text);
    const valid = Number.isInteger(value) && value >= range.min && value <= range.max;
    return valid ? value : refuse(problem("bytes_range", range));
  });
}

interface SecondsRange {
  min?: number;
  max?: number;
}

/** Seconds, fractions allowed, given back in milliseconds. */
export function seconds(fallback: number, range: SecondsRange = {}) {
  return settingOf((text, refuse) =>
    text === undefined ? fallback * 1000 : parseSeconds(text, range, refuse),
  );
}

export function parseSeconds(
  text: string,
  { min = 0, max = 31_536_000 }: SecondsRange,
  refuse: Refuse,
): number {
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
export const previousSecret = settingOf((text, refuse) =>
  text === undefined || text.length >= SECRET_MIN_LENGTH ? text : refuse(TOO_SHORT),
);
export const secret = settingOf((text, refuse) => {
  if (text === undefined) return refuse(problem("setting_missing", { min: SECRET_MIN_LENGTH }));
  if (text.length < SECRET_MIN_LENGTH) return refuse(TOO_SHORT);
  return new Set(text).size >= SECRET_DIFFERENT_MIN
    ? text
    : refuse(problem("text_too_uniform", { min: SECRET_DIFFERENT_MIN }));
});

/** Without a slash at its end. */
export function readBaseUrl(text: string): string | Problem {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) return problem("not_http_url");
  if (url.search || url.hash || url.username || url.password) return problem("url_with_extras");
  return url.href.replace(/\/+$/, "");
}

export function baseUrl(fallback: string) {
  return settingOf((text, refuse) => {
    const read = readBaseUrl(text ?? fallback);
    return typeof read === "string" ? read : refuse(read);
  });
}

export const boolean = settingOf((text, refuse) => {
  if (text === undefined || /^(false|0)$/i.test(text)) return false;
  return /^(true|1)$/i.test(text) ? true : refuse(problem("not_boolean"));
});

const RETRY_STEPS_MAX = 20;
const RETRY_STEP_MAX_SECONDS = 86_400;
export const retrySchedule = settingOf((text, refuse) => {
  const steps = (text ?? "5,30,120,300,1800,7200,18000,36000").split(",").map((step) => step.trim());
  const valid = steps.every((step) => /^\d+(\.\d+)?$/.test(step) && Number(step) <= RETRY_STEP_MAX_SECONDS);
  if (steps.length > RETRY_STEPS_MAX || !valid)
    return refuse(problem("not_retry_schedule", { steps: RETRY_STEPS_MAX, max: RETRY_STEP_MAX_SECONDS }));
  return steps.map((step) => Math.round(Number(step) * 1000));
});

/** A token by its digest, and the name of its holder. */
export interface NamedToken {
  name: string;
  /** In lower case. */
  sha256: string;
}

const ACCOUNT_NAME = /^[A-Za-z0-9._-]{1,64}$/;

/** `name:sha256hex`, comma separated. Kept as pairs: a name may have several tokens. */
export const keyList = settingOf((text, refuse) => {
  const entries = (text ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  const pairs = entries.map((entry) => /^([^:]+):([0-9a-fA-F]{64})$/.exec(entry));
  if (!pairs.every((pair) => pair !== null && ACCOUNT_NAME.test(pair[1] ?? ""))) {
    return refuse(problem("not_key_list"));
  }
  return pairs.map((pair): NamedToken => ({
    name: pair?.[1] ?? "",
    sha256: (pair?.[2] ?? "").toLowerCase(),
  }));
});

/** Those of these settings that give a token to a name other than the first one that it has in them. */
export function twoNames<Name extends string>(
  given: Record<Name, readonly NamedToken[]>,
  settings: readonly Name[],
): Name[] {
  const names = new Map<string, string>();
  return settings.filter((setting) => {
    for (const { name, sha256 } of given[setting]) if (!names.has(sha256)) names.set(sha256, name);
    return given[setting].some(({ name, sha256 }) => names.get(sha256) !== name);
  });
}

export const hostList = settingOf((text, refuse) => {
  const hosts = (text ?? "")
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "");
  const valid = hosts.every((host) => !/[\s/@?#\\]/.test(host) && URL.canParse(`https://${host}`));
  return valid ? hosts : refuse(problem("not_host_list"));
});

export const headerName = settingOf((text, refuse) =>
  text === undefined || /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(text) ? text : refuse(problem("not_header")),
);

/** A secret of Standard Webhooks: `whsec_` and the base64 of 24 to 64 bytes. */
const WEBHOOK_SECRET_BYTES = { min: 24, max: 64 };
export const webhookSecret = settingOf((text, refuse) => {
  if (text === undefined) return null;
  const [, base64 = ""] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const bytes = base64.length % 4 === 0 ? Math.floor((base64.replace(/=+$/, "").length * 3) / 4) : 0;
  const { min, max } = WEBHOOK_SECRET_BYTES;
  return bytes >= min && bytes <= max ? text : refuse(problem("not_webhook_secret", WEBHOOK_SECRET_BYTES));
});

const mebibytes = 1_048_576;
/** One client address can hold no larger body in memory (`net/body-limits.ts`). */
const BODY_LIMITS = { min: 1024, max: 20 * mebibytes };
export const bodyLimit = byteCount(16 * mebibytes, BODY_LIMITS);

/** R2 takes 5 GiB in one piece; a copy has two minutes. */
const KEEP_LIMITS = { min: 1024, max: 5 * 1024 * mebibytes };
export const keepLimit = byteCount(512 * mebibytes, KEEP_LIMITS);

/** An origin, with nothing behind it. */
export const publicUrl = settingOf((text, refuse) => {
  if (text === undefined) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return refuse(problem("not_http_url"));
  return url.href === `${url.origin}/` ? url.origin : refuse(problem("not_origin"));
});

const RETENTION_MAX_HOURS = 87_600;
export const retentionHours = settingOf((text, refuse) => {
  const hours = Number(text ?? "720");
  const valid = Number.isFinite(hours) && hours > 0 && hours <= RETENTION_MAX_HOURS;
  return valid ? Math.round(hours * 3_600_000) : refuse(problem("hours_range", { max: RETENTION_MAX_HOURS }));
});
