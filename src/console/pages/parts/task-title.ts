import { isJsonObject, own, type JsonObject, type JsonValue } from "../../../domain/text/json.ts";
import { clip, plainText } from "../../../domain/text/text.ts";

/** What distinguishes one task from the next to its caller: what the caller wrote into its metadata. */

/** The names by which callers usually know a task, best first. */
const TITLES = ["title", "name", "order", "order_id", "id"];
const VALUES_MAX = 3;
const VALUE_MAX_LENGTH = 60;

/**
 * A title of its own, else the first values of the metadata: `order 42 · shop acme`. Null: its metadata says nothing that
 * fits into a line.
 */
export function titleOf(metadata: unknown): string | null {
  if (!isJsonObject(metadata)) return null;
  const title = scalar(own(metadata, "title"));
  if (title !== null) return title;
  const values = namesOf(metadata).flatMap((name) => {
    const value = scalar(own(metadata, name));
    return value === null ? [] : [`${plainText(name, VALUE_MAX_LENGTH)} ${value}`];
  });
  return values.length === 0 ? null : values.slice(0, VALUES_MAX).join(" · ");
}

/** The usual ones first, then all others as they came. */
function namesOf(metadata: JsonObject): string[] {
  const usual = TITLES.filter((name) => Object.hasOwn(metadata, name));
  return [...usual, ...Object.keys(metadata).filter((name) => !usual.includes(name))];
}

function scalar(value: JsonValue | undefined): string | null {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "object" && !JSON.isRawJSON(value)) return null;
  const text = plainText(typeof value === "string" ? value : JSON.stringify(value), 2 * VALUE_MAX_LENGTH);
  if (text === "") return null;
  return text.length <= VALUE_MAX_LENGTH ? text : `${clip(text, VALUE_MAX_LENGTH - 1)}…`;
}
