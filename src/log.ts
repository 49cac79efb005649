/** What a log line may say: ids, words of our own, numbers. Never a key, a header value, a prompt or a URL's query. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** One JSON line per thing that happened. */
export function log(event: string, fields: LogFields): void {
  console.log(JSON.stringify({ event, ...fields }));
}

/** Whatever an error quotes, or a URL that it names: the runtime's own messages repeat what they choke on. */
const QUOTED = /"[^]*"|`[^]*`|'[^']{3,}'|\b[a-z][a-z0-9+.-]*:\S+/gi;

/** An error's class and message for a log line, without any data that the message quotes. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, error_message: error.message.replaceAll(QUOTED, "…").slice(0, 200) };
}
