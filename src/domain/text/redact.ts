import { isJsonObject, type JsonValue } from "./json.ts";

const MARK = "[redacted]";

/** A shorter key stands in ids and URLs by chance. Source: docs/decisions/upstream-answers.md, rule 4. */
const KEY_MIN_LENGTH = 16;

/** The upstream key as a secret to mask; none if it is too short to differ from other text. */
export function keySecrets(apiKey: string): string[] {
  return apiKey.length < KEY_MIN_LENGTH ? [] : [apiKey];
}

/** The text without any of the secrets. Empty secrets are ignored. */
export function redactText(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret !== "") clean = clean.replaceAll(secret, MARK);
  return clean;
}

/**
 * The text without an end that begins a secret, because a cut may have cut the secret, too. `minLength`: a shorter beginning
 * stands there by chance.
 */
export function withoutBegunSecret(text: string, secrets: readonly string[], minLength = 1): string {
  const begun = secrets.map((secret) => {
    let length = Math.min(secret.length - 1, text.length);
    while (length >= minLength && !text.endsWith(secret.slice(0, length))) length -= 1;
    return length < minLength ? 0 : length;
  });
  return text.slice(0, text.length - Math.max(0, ...begun));
}

const QUOTED = /"[^]*"|`[^]*`|'[^']{3,}'|\b[a-z][a-z0-9+.-]*:\S+/gi;

/** A message without what it quotes, and without URLs. */
export function withoutQuotes(text: string): string {
  return text.replaceAll(QUOTED, "…");
}

/** The same inside parsed JSON, keys included: escapes cannot hide a secret here. Equal values keep their identity. */
export function redactJson(value: JsonValue, secrets: readonly string[]): JsonValue {
  if (typeof value === "string") return redactText(value, secrets);
  if (Array.isArray(value)) {
    const items = value.map((item) => redactJson(item, secrets));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value);
  const clean = entries.map(([key, item]) => [redactText(key, secrets), redactJson(item, secrets)] as const);
  const same = clean.every(
    ([key, item], index) => key === entries[index]?.[0] && item === entries[index]?.[1],
  );
  return same ? value : Object.fromEntries(clean);
}
