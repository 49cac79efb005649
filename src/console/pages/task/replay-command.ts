/** Where most frameworks listen while one develops. */
export const LOCAL_RECEIVER = "http://localhost:3000/webhook";

interface SentRequest {
  headers: Readonly<Record<string, string>>;
  body: string;
}

/** The same request to a receiver on one's own machine, byte for byte, for a POSIX shell. */
export function replayCommand({ headers, body }: SentRequest, url: string = LOCAL_RECEIVER): string {
  const lines = Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  // `--data-raw`: a body that begins with @ names no file.
  return [`curl ${quoted(url)}`, ...lines, `--data-raw ${quoted(body)}`].join(" \\\n  ");
}

/** Between single quotes a shell reads everything as it is, but for the quote itself. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
