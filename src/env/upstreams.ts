import { problem, problemText, type Problem } from "../contract/problems.ts";
import { AIO } from "../contract/words.ts";
import { isOwnHost, type EndpointRules } from "../domain/delivery/endpoint-policy.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../domain/text/json.ts";
import { repeatedNames } from "../domain/text/json-names.ts";
import { BUILT_IN } from "../profiles/built-in.ts";
import { aio as aioProfile } from "../profiles/built-in/aio.ts";
import { parseProfile, type Profile } from "../profiles/schema.ts";
import { readBaseUrl, settingOf } from "./values.ts";

/** `UPSTREAMS` and `UPSTREAM_KEY_…`: upstreams beside the one of `AIO_BASE_URL`, as data. */

/** An upstream that tasks can be made by. */
export interface UpstreamSettings {
  name: string;
  /** That of a built-in profile; null: the setting holds the profile itself. */
  profileName: string | null;
  profile: Profile;
  /** Without a slash at its end. */
  baseUrl: string;
  /** The operator's key for it, or null where callers bring their own. */
  operatorKey: string | null;
}

/** One of `UPSTREAMS`, before its key is known. */
type NamedUpstream = Omit<UpstreamSettings, "operatorKey">;

const NAME = /^[a-z][a-z0-9-]{0,30}$/;
const KEY_PREFIX = "UPSTREAM_KEY_";

/** Whether one of `UPSTREAMS` may have this name. */
export function isUpstreamName(name: string): boolean {
  return NAME.test(name) && name !== AIO;
}

/** Whether it is the setting of an upstream's key, by its name. */
export function isKeySetting(setting: string): boolean {
  return setting.startsWith(KEY_PREFIX);
}

/** The setting that holds the key of the upstream of this name. */
export function keySettingOf(name: string): string {
  return KEY_PREFIX + name.toUpperCase().replaceAll("-", "_");
}

/** Settings that are spelled like lists of upstreams and are none: Ringback would not read what they hold. */
export function strayLists(env: object, lists: readonly string[]): SettingProblem[] {
  const strays = Object.entries(env as Record<string, unknown>).filter(
    ([setting, value]) => /^UPSTREAMS/i.test(setting) && !lists.includes(setting) && Boolean(value),
  );
  return strays.map(([setting]) => wrong(setting, problem("not_a_list")));
}

/** A setting of the form of `UPSTREAMS`. */
export const upstreamList = settingOf((text, refuse) => {
  const found = text === undefined ? [] : readUpstreams(text);
  return "code" in found ? refuse(found) : found;
});

function readUpstreams(text: string): readonly NamedUpstream[] | Problem {
  const given = parsed(text);
  if (!isJsonObject(given)) return problem("not_upstreams");
  const repeated = repeatedNames(new TextEncoder().encode(text));
  if (repeated === null) return problem("not_upstreams");
  if (!Object.keys(given).every(isUpstreamName)) return problem("upstream_names");
  const [twice] = repeated;
  if (twice) {
    const [name, member] = twice;
    return problem("upstream_twice", { name: member === undefined ? name : `${name}.${member}` });
  }
  const upstreams: NamedUpstream[] = [];
  for (const [name, entry] of Object.entries(given)) {
    const upstream = readUpstream(name, entry);
    if ("code" in upstream) return upstream;
    upstreams.push(upstream);
  }
  return upstreams;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Then it is no object either. The parser's message would quote the value.
    return null;
  }
}

function readUpstream(name: string, entry: JsonValue): NamedUpstream | Problem {
  if (!isUpstreamEntry(entry)) return problem("not_upstream", { name });
  const { profile: given, base_url: url } = entry;
  const profile = readProfile(name, given);
  if ("code" in profile) return profile;
  const href = url ?? profile.base_url;
  if (href === undefined) return problem("upstream_without_url", { name });
  const baseUrl = readBaseUrl(href);
  if (typeof baseUrl !== "string") return urlProblem(name, baseUrl);
  return { name, profileName: typeof given === "string" ? given : null, profile, baseUrl };
}

function isUpstreamEntry(entry: JsonValue): entry is { profile: string | JsonObject; base_url?: string } {
  if (!isJsonObject(entry)) return false;
  const { profile, base_url: url, ...more } = entry;
  const isProfile = typeof profile === "string" || (profile !== undefined && isJsonObject(profile));
  return isProfile && (url === undefined || typeof url === "string") && Object.keys(more).length === 0;
}

function readProfile(name: string, given: string | JsonObject): Profile | Problem {
  if (typeof given === "string")
    return BUILT_IN.get(given) ?? problem("unknown_profile", { name, values: [...BUILT_IN.keys()] });
  const result = parseProfile(given);
  return result.ok ? result.profile : problem("bad_profile", { name, ...result.problem });
}

/** Ringback sends keys and prompts there; if it were Ringback, one create would become hundreds. Null: it is usable. */
export function baseUrlProblem(
  { name, baseUrl }: Pick<UpstreamSettings, "name" | "baseUrl">,
  rules: EndpointRules,
): SettingProblem | null {
  const found = hostProblem(new URL(baseUrl), rules);
  if (found === null) return null;
  return name === AIO ? wrong("AIO_BASE_URL", found) : wrong("UPSTREAMS", urlProblem(name, found));
}

function hostProblem(url: URL, rules: EndpointRules): Problem | null {
  if (url.protocol !== "https:" && !rules.allowPrivate) return problem("not_https");
  return isOwnHost(url, rules) ? problem("upstream_own_host") : null;
}

function urlProblem(name: string, found: Problem): Problem {
  return problem("bad_base_url", { name, says: problemText(found) });
}

export interface SettingProblem extends Problem {
  setting: string;
}

function wrong(setting: string, found: Problem): SettingProblem {
  return { setting, ...found };
}

/** What the settings of upstreams say together. */
interface Given {
  aio: { baseUrl: string; operatorKey: string | null };
  /** Of each setting of the form of `UPSTREAMS`. */
  lists: readonly (readonly [setting: string, upstreams: readonly NamedUpstream[]])[];
  keys: UpstreamKeys;
}

/** By their settings. */
type UpstreamKeys = ReadonlyMap<string, string>;

/** The settings `UPSTREAM_KEY_…` that are set, whatever follows. */
export function upstreamKeys(env: object): { keys: UpstreamKeys; problems: SettingProblem[] } {
  const keys = new Map<string, string>();
  const problems: SettingProblem[] = [];
  for (const [setting, value] of Object.entries(env as Record<string, unknown>)) {
    const text = typeof value === "string" ? value.trim() : (value ?? "");
    if (!isKeySetting(setting) || text === "") continue;
    if (typeof text === "string" && isHeaderValue(text)) keys.set(setting, text);
    else problems.push(wrong(setting, problem("not_visible_ascii")));
  }
  return { keys, problems };
}

/** Whether a key can be sent as it is. */
export function isHeaderValue(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

/**
 * All upstreams, the one of `AIO_BASE_URL` first. A caller's own key belongs to one vendor: there the only other one takes
 * its place.
 */
export function allUpstreams({ aio, lists, keys }: Given): {
  upstreams: readonly [UpstreamSettings, ...UpstreamSettings[]];
  problems: SettingProblem[];
} {
  const own: UpstreamSettings = {
    ...aio,
    name: AIO,
    profileName: AIO,
    profile: aioProfile,
  };
  const named = lists.flatMap(([, upstreams]) => upstreams);
  const problems = [
    ...repeatedIn(lists),
    ...(aio.operatorKey === null ? ownKeyProblems(named, keys) : keyProblems(named, keys)),
  ];
  const others = named.map((upstream) => withKey(upstream, keys));
  const [only] = others;
  return { upstreams: aio.operatorKey === null && only ? [only] : [own, ...others], problems };
}

function withKey(upstream: NamedUpstream, keys: UpstreamKeys): UpstreamSettings {
  return { ...upstream, operatorKey: keys.get(keySettingOf(upstream.name)) ?? null };
}

function repeatedIn(lists: Given["lists"]): SettingProblem[] {
  const seen = new Set<string>();
  return lists.flatMap(([setting, upstreams]) => {
    const twice = upstreams.find(({ name }) => seen.has(name));
    for (const { name } of upstreams) seen.add(name);
    return twice ? [wrong(setting, problem("upstream_twice", { name: twice.name }))] : [];
  });
}

function ownKeyProblems(named: readonly NamedUpstream[], keys: UpstreamKeys): SettingProblem[] {
  const several = named.length > 1 ? [wrong("UPSTREAMS", problem("one_upstream"))] : [];
  const needs = problem("setting_needs", { setting: "AIO_API_KEY" });
  return [...several, ...Array.from(keys.keys(), (setting) => wrong(setting, needs))];
}

function keyProblems(named: readonly NamedUpstream[], keys: UpstreamKeys): SettingProblem[] {
  const settings = new Set(named.map(({ name }) => keySettingOf(name)));
  const missing = named
    .filter(({ name }) => !keys.has(keySettingOf(name)))
    .map(({ name }) => wrong(keySettingOf(name), problem("upstream_key_missing", { name })));
  const loose = Array.from(keys.keys())
    .filter((setting) => !settings.has(setting))
    .map((setting) => wrong(setting, problem("key_without_upstream")));
  return [...missing, ...loose];
}
