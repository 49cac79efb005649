/** A log line holds ids, Ringback's own words and numbers; never a key, a header value, a prompt or a URL's query. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** Writes one event as one JSON line. docs/logs.md lists the events. */
export function log(event: string, fields: LogFields): void {
  console.log(JSON.stringify({ event, ...fields }));
}

/** Quoted text and URLs in an error's message: the runtime's own messages repeat the input that they cannot read. */
const QUOTED = /"[^]*"|`[^]*`|'[^']{3,}'|\b[a-z][a-z0-9+.-]*:\S+/gi;

/** An error's class and message for a log line, without any data that the message quotes. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, error_message: error.message.replaceAll(QUOTED, "…").slice(0, 200) };
}
