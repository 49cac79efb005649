import * as z from "zod/mini";
import { asMessage, problem, problemSaid, type Problem } from "./contract/problems.ts";
import type { AccountMode } from "./contract/words.ts";
import { judgeEndpoint } from "./domain/delivery/endpoint-policy.ts";
import type { PatienceLimits } from "./domain/task/poll.ts";
import type { PollLimits } from "./domain/polling/plan.ts";
import { aio } from "./profiles/built-in/aio.ts";
import {
  allUpstreams,
  baseUrlProblem,
  isHeaderValue,
  strayLists,
  upstreamKeys,
  upstreamList,
  type SettingProblem,
  type UpstreamSettings,
} from "./env/upstreams.ts";
import {
  baseUrl,
  bodyLimit,
  boolean,
  headerName,
  hostList,
  keepLimit,
  keyList,
  type NamedToken,
  oneOf,
  parseSeconds,
  previousSecret,
  publicUrl,
  retentionHours,
  retrySchedule,
  seconds,
  secret,
  settingOf,
  twoNames,
  webhookSecret,
} from "./env/values.ts";

type Digit = 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

/** A setting whose value may be longer than the platform lets one be. */
function numbered<Name extends string>(name: Name): (Name | `${Name}_${Digit}`)[] {
  const digits: Digit[] = [2, 3, 4, 5, 6, 7, 8, 9];
  return [name, ...digits.map((digit): `${Name}_${Digit}` => `${name}_${digit}`)];
}

const KEY_SETTINGS = numbered("RINGBACK_KEYS");
const UPSTREAM_SETTINGS = numbered("UPSTREAMS");

function each<Name extends string, T>(names: readonly Name[], type: T): Record<Name, T> {
  return Object.fromEntries(names.map((name) => [name, type])) as Record<Name, T>;
}

/** Every setting of the contract, its default and its unit. */
const schema = z
  .object({
    AIO_BASE_URL: baseUrl(aio.base_url ?? ""),
    AIO_API_KEY: settingOf((text, refuse) =>
      text === undefined || isHeaderValue(text) ? text : refuse(problem("not_visible_ascii")),
    ),
    RINGBACK_SECRET: secret,
    RINGBACK_SECRET_PREVIOUS: previousSecret,
    ...each(UPSTREAM_SETTINGS, upstreamList),
    ...each(KEY_SETTINGS, keyList),
    RINGBACK_OPERATOR_KEYS: keyList,
    RINGBACK_HOSTS: hostList,
    VALIDATION: oneOf(["strict", "lenient"]),
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
    ALERT_URL: settingOf((text) => text ?? null),
    ALERT_FORMAT: oneOf(["standard", "slack"]),
    ALERT_SECRET: webhookSecret,
    KEEP_RESULTS: oneOf(["off", "ask", "on"]),
    KEEP_MAX_BYTES: keepLimit,
    KEEP_PATIENCE_SECONDS: seconds(120, { min: 0.1, max: 600 }),
    RINGBACK_PUBLIC_URL: publicUrl,
  })
  .check(
    z.superRefine((given, context) => {
      const { ALLOW_PRIVATE_CALLBACKS: allowPrivate } = given;
      const hosts = ownHostsOf(given);
      const refuse = (name: string, found: Problem): void =>
        context.addIssue({ code: "custom", path: [name], message: asMessage(found) });
      const alerts =
        given.ALERT_URL === null ? null : judgeEndpoint(given.ALERT_URL, { allowPrivate, ownHosts: hosts });
      if (alerts?.ok === false) refuse("ALERT_URL", alerts.problem);
      if (given.RINGBACK_PUBLIC_URL?.startsWith("http:") && !allowPrivate)
        refuse("RINGBACK_PUBLIC_URL", problem("not_https"));
      const keys = KEY_SETTINGS.some((name) => given[name].length > 0);
      const operatorKey = given.AIO_API_KEY !== undefined;
      if (operatorKey && !keys)
        refuse("RINGBACK_KEYS", problem("setting_missing_beside", { setting: "AIO_API_KEY" }));
      if (!operatorKey && keys)
        refuse("AIO_API_KEY", problem("setting_missing_beside", { setting: "RINGBACK_KEYS" }));
      const operatorTokens = given.RINGBACK_OPERATOR_KEYS;
      if (!operatorKey && operatorTokens.length > 0)
        refuse("RINGBACK_OPERATOR_KEYS", problem("setting_needs", { setting: "AIO_API_KEY" }));
      for (const name of [...twoNames(given, KEY_SETTINGS), ...twoNames(given, ["RINGBACK_OPERATOR_KEYS"])])
        refuse(name, problem("token_of_two_names"));
      const callers = new Set(KEY_SETTINGS.flatMap((name) => given[name]).map(({ sha256 }) => sha256));
      if (operatorTokens.some(({ sha256 }) => callers.has(sha256)))
        refuse("RINGBACK_OPERATOR_KEYS", problem("token_in_both", { setting: "RINGBACK_KEYS" }));
    }),
  );

/** Every name of this deployment that it knows by itself. */
function ownHostsOf(given: {
  RINGBACK_HOSTS: readonly string[];
  RINGBACK_PUBLIC_URL: string | null;
}): string[] {
  const { RINGBACK_HOSTS: hosts, RINGBACK_PUBLIC_URL: url } = given;
  return url === null ? [...hosts] : [...hosts, new URL(url).host];
}

/** The names of all settings but those of upstreams' keys. */
export const SETTING_NAMES: readonly string[] = Object.keys(schema.shape);

export interface TaskSettings {
  upstreams: readonly UpstreamSettings[];
  /** Root secrets that open what was sealed or issued, the current one first; only that one seals and issues. */
  roots: readonly [string, ...string[]];
  poll: PollLimits & PatienceLimits;
  callback: { retryMs: readonly number[]; timeoutMs: number; holdMs: number; allowPrivate: boolean };
  ownHosts: readonly string[];
  upstreamTimeoutMs: number;
  taskTimeoutMs: number;
  retentionMs: number;
  /** Null: none are sent. */
  alerts: AlertSettings | null;
  keep: KeepSettings;
}

/** How copies of results are kept. */
interface KeepSettings {
  /** `KEEP_RESULTS`: never · if the create asks for it · unless it refuses. */
  mode: "off" | "ask" | "on";
  maxBytes: number;
  patienceMs: number;
  /** The origin under which callers reach this deployment; null: that of their requests. */
  publicUrl: string | null;
}

export interface AlertSettings {
  url: string;
  format: "standard" | "slack";
  /** `whsec_…`; null: alerts are not signed. */
  secret: string | null;
}

export interface Settings extends TaskSettings {
  /** Whose key goes upstream: callers bring their own, or the operator has one for each upstream. */
  mode: AccountMode;
  /** The first one is that of `/v1/models`, and of the question whether an own key is known. */
  upstreams: readonly [UpstreamSettings, ...UpstreamSettings[]];
  /** Callers' tokens. */
  keys: readonly NamedToken[];
  /** The operators' own: they read and repair what is of the callers' accounts. */
  operatorTokens: readonly NamedToken[];
  /** `VALIDATION=strict`. */
  strict: boolean;
  maxBodyBytes: number;
  /** The header that holds the caller's address; null: the platform's. */
  clientAddressHeader: string | null;
}

/** Null: there is none of this name. */
export function upstreamNamed({ upstreams }: TaskSettings, name: string): UpstreamSettings | null {
  return upstreams.find((upstream) => upstream.name === name) ?? null;
}

type SettingsResult = { ok: true; settings: Settings } | { ok: false; problems: SettingProblem[] };

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
  if (raw.KEEP_RESULTS !== "off" && !(env as { RESULTS?: unknown }).RESULTS) {
    return { ok: false, problems: [{ setting: "KEEP_RESULTS", ...problem("bucket_missing") }] };
  }
  const { keys: apiKeys, problems: keyProblems } = upstreamKeys(env);
  const { upstreams, problems: upstreamProblems } = allUpstreams({
    aio: { baseUrl: raw.AIO_BASE_URL, operatorKey: raw.AIO_API_KEY ?? null },
    lists: UPSTREAM_SETTINGS.map((name) => [name, raw[name]]),
    keys: apiKeys,
  });
  const rules = { allowPrivate: raw.ALLOW_PRIVATE_CALLBACKS, ownHosts: ownHostsOf(raw) };
  const urlProblems = upstreams
    .map((upstream) => baseUrlProblem(upstream, rules))
    .filter((found) => found !== null);
  const strays = strayLists(env, UPSTREAM_SETTINGS);
  const problems = [...strays, ...keyProblems, ...upstreamProblems, ...urlProblems];
  if (problems.length > 0) return { ok: false, problems };
  const previous = raw.RINGBACK_SECRET_PREVIOUS;
  const settings: Settings = {
    mode: raw.AIO_API_KEY === undefined ? "own" : "operator",
    upstreams,
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
    ownHosts: ownHostsOf(raw),
    upstreamTimeoutMs: raw.UPSTREAM_TIMEOUT_SECONDS,
    taskTimeoutMs: raw.TASK_TIMEOUT_SECONDS,
    retentionMs: raw.RETENTION_HOURS,
    alerts:
      raw.ALERT_URL === null
        ? null
        : { url: raw.ALERT_URL, format: raw.ALERT_FORMAT, secret: raw.ALERT_SECRET },
    keep: {
      mode: raw.KEEP_RESULTS,
      maxBytes: raw.KEEP_MAX_BYTES,
      patienceMs: raw.KEEP_PATIENCE_SECONDS,
      publicUrl: raw.RINGBACK_PUBLIC_URL,
    },
    keys: KEY_SETTINGS.flatMap((name) => raw[name]),
    operatorTokens: raw.RINGBACK_OPERATOR_KEYS,
    strict: raw.VALIDATION === "strict",
    maxBodyBytes: raw.MAX_BODY_BYTES,
    clientAddressHeader: raw.CLIENT_ADDRESS_HEADER ?? null,
  };
  return { ok: true, settings };
}
