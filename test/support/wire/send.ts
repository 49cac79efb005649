import { OWN_KEY, sendRaw, type RawAnswer, type Stack } from "../stack.ts";

export interface Sending {
  method?: string;
  /** The caller's Bearer token. */
  key?: string;
  headers?: Record<string, string>;
  /** Text goes as it is, anything else as JSON. */
  body?: unknown;
}

/** A request whose answer is compared byte for byte: over a connection of its own, nothing added, nothing undone. */
export async function send(
  { worker }: Pick<Stack, "worker">,
  path: string,
  { method = "GET", key = OWN_KEY, headers = {}, body }: Sending = {},
): Promise<RawAnswer> {
  const chunks = body === undefined ? [] : [typeof body === "string" ? body : JSON.stringify(body)];
  const own = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  return sendRaw(worker.url + path, { method, headers: { ...own, ...headers }, chunks });
}

export function codeOf({ body }: RawAnswer): string {
  return (JSON.parse(body) as { error: { code: string } }).error.code;
}
