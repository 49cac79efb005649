import type { CONTROL_MODES, INPUT_MODES } from "../../contract/create.ts";
import { issue, type Issue } from "../../contract/problems.ts";
import { DEFAULT_EVENTS } from "../../contract/words.ts";
import { coerceList, numeric } from "../../http/body/fields.ts";
import { RawText, type RequestObject, type RequestValue } from "../../http/body/json-body.ts";

/** From the fields of the form to the request that a program would send, and from there to a command. */

export const MODES = ["text", "image", "reference"] as const;
type Mode = (typeof MODES)[number];

export function modeIn(form: RequestObject): Mode {
  return MODES.find((mode) => mode === form["mode"]) ?? "text";
}

/** The modes as the upstream's document writes them. */
const MODE_WORDS = {
  text: "text",
  image: "single_image",
  reference: "multi_image",
} as const satisfies Record<Mode, (typeof INPUT_MODES)[number]>;

/** Fields whose values go over as they are, where they are given. */
const PLAIN = ["model", "prompt", "aspect_ratio", "resolution"] as const;

/** The form as the API's create: only what its mode uses, so that a field that is not shown is not sent. */
export function requestOf(form: RequestObject): RequestObject {
  const mode = modeIn(form);
  const request: RequestObject = { capability: "video_generation" };
  const take = takeInto(request, form);
  for (const name of PLAIN) take(name);
  take("input_mode", inputMode(mode, form));
  take("control_mode", controlMode(mode, form));
  if (mode === "image") {
    take("image");
    take("end_image");
  }
  if (mode === "reference") take("reference_images", coerceList(form["reference_images"]) as RequestValue);
  take("duration_seconds", numeric(form["duration_seconds"]) as RequestValue | undefined);
  take("with_audio", checkbox(form["with_audio"]));
  return { ...request, ...ownFieldsOf(form) };
}

/** Ringback's own fields of the form: where the video is made says nothing about them. */
export function ownFieldsOf(form: RequestObject): RequestObject {
  const fields: RequestObject = {};
  const take = takeInto(fields, form);
  takeCallback(form, take);
  takeEndpoints(form, take);
  take("metadata");
  take("timeout_seconds", numeric(form["timeout_seconds"]) as RequestValue | undefined);
  const test = testOf(form);
  take("test", test);
  // The box for it is hidden from a test, of which nothing is kept; but it may have been checked before.
  if (test === undefined) take("keep_result", keepOf(form["keep_result"]));
  return fields;
}

/** A mode that is none of the form's is the schema's to refuse: taken for text it would be paid for. */
function inputMode(mode: Mode, form: RequestObject): RequestValue {
  const given = form["mode"] ?? "";
  return given === "" || given === mode ? MODE_WORDS[mode] : given;
}

/** A box that is not checked is not sent; what no box sends is left for the schema to refuse. */
function checkbox(value: RequestValue | undefined): RequestValue {
  if (value === undefined || value === null || value === "") return false;
  return value === "true" ? true : value;
}

function controlMode(mode: Mode, form: RequestObject): (typeof CONTROL_MODES)[number] {
  if (mode === "reference") return "reference";
  const endImage = form["end_image"] ?? "";
  return mode === "image" && endImage !== "" ? "end_frame" : "none";
}

type Take = (name: string, value?: RequestValue) => void;

/** Adds a field that is given; without a value that of the form. */
function takeInto(request: RequestObject, form: RequestObject): Take {
  return (name, value = form[name]) => {
    if (value !== undefined && value !== null && value !== "") request[name] = value;
  };
}

/** Without a URL the events and the format that the form starts with say nothing. */
function takeCallback(form: RequestObject, take: Take): void {
  const headers = headersIn(form["callback_headers"]);
  take("callback_headers", headers);
  if ((form["callback_url"] ?? "") === "") return;
  take("callback_url");
  take("callback_events");
  take("callback_format");
}

/** What only the form can find: filled in fields that mean nothing without a URL, and would be dropped in silence. */
export function formIssues(form: RequestObject): Issue[] {
  if ((form["callback_url"] ?? "") !== "") return [];
  const given = Object.entries({
    callback_headers: headersIn(form["callback_headers"]) !== undefined,
    callback_format: (form["callback_format"] ?? "standard") !== "standard",
    callback_events: !isDefault(form["callback_events"]),
  });
  const [field] = given.find(([, isGiven]) => isGiven) ?? [];
  return field === undefined ? [] : [issue("callback_url", "required_with", { field })];
}

function isDefault(events: RequestValue | undefined): boolean {
  return events === undefined || JSON.stringify(events) === JSON.stringify(DEFAULT_EVENTS);
}

/**
 * One header a line; lines of one name are one header with all their values (RFC 9110, 5.2). Written as JSON, they are an
 * object already.
 */
export function headersIn(value: RequestValue | undefined): RequestValue | undefined {
  const lines = linesOf(value);
  if (!Array.isArray(lines)) return lines;
  const headers = new Map<string, string>();
  for (const [name, text] of lines.map(headerIn)) {
    const before = headers.get(name);
    headers.set(name, before === undefined ? text : `${before}, ${text}`);
  }
  return Object.fromEntries(headers);
}

/** One item a line; a text of one long line is not split. */
function linesOf(value: RequestValue | undefined): RequestValue | undefined {
  if (typeof value !== "string") return value instanceof RawText ? [value] : value;
  const lines = value.split(/\r?\n/).map((line) => line.trim());
  const items = lines.filter((line) => line !== "");
  return items.length === 0 ? undefined : items;
}

/** `name: value`; a line without a colon is a name without a value, which is then refused by name. */
function headerIn(line: RequestValue): [name: string, value: string] {
  const text = typeof line === "string" ? line : "";
  const colon = text.indexOf(":");
  return colon === -1 ? [text, ""] : [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}

/** A box each for a test and for every other task, because they start otherwise; the request says what is not the default. */
function takeEndpoints(form: RequestObject, take: Take): void {
  const isTest = (form["test_outcome"] ?? "") !== "";
  const isWanted = checkbox(form[isTest ? "test_endpoints" : "endpoints"]);
  if (isWanted !== !isTest) take("endpoints", isWanted);
}

/** One box, which asks for a copy or declines it, as the deployment needs. */
function keepOf(value: RequestValue | undefined): RequestValue | undefined {
  return value === "true" || value === "false" ? value === "true" : value;
}

function testOf(form: RequestObject): RequestValue | undefined {
  const outcome = form["test_outcome"];
  if (typeof outcome !== "string" || outcome === "") return undefined;
  const delay = numeric(form["test_delay"]) as RequestValue | undefined;
  return delay === undefined ? { outcome } : { outcome, delay_seconds: delay };
}

/** A longer string is an image; a command shows its beginning. */
const SHOWN_LENGTH = 200;
const SHOWN_START = 48;

/** The same request for a shell; the key is a variable, because a page may be shown to others. */
export function curlOf(url: string, request: RequestObject): string {
  const body = JSON.stringify(request, (_key, value: unknown) => shown(value), 2);
  return [
    `curl "${url}" \\`,
    '  -H "Authorization: Bearer $RINGBACK_KEY" \\',
    '  -H "Content-Type: application/json" \\',
    `  -d '${body.replaceAll("'", "'\\''")}'`,
  ].join("\n");
}

function shown(value: unknown): unknown {
  if (value instanceof RawText) return `${new TextDecoder().decode(value.bytes.subarray(0, SHOWN_START))}…`;
  const long = typeof value === "string" && value.length > SHOWN_LENGTH && !/\s/.test(value);
  return long ? `${value.slice(0, SHOWN_START)}…` : value;
}
