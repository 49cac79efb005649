/** What a log line may say: ids, words of our own, numbers. Never a key, a header value, a prompt or a URL's query. */
export type LogFields = Record<string, string | number | boolean | null | undefined>;

/** One JSON line per thing that happened. */
export function log(event: string, fields: LogFields): void {
  console.log(JSON.stringify({ event, ...fields }));
}

/** An error's class and message for a log line. Our own messages carry no secrets; the runtime's carry no data. */
export function errorFields(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: typeof error };
  return { error: error.name, error_message: error.message.slice(0, 200) };
}
