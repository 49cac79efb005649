/** One event as an EventSource would dispatch it. */
export interface ServerEvent {
  event: string;
  id: string;
  data: string;
}

/** What came of a stream: its events, its comments, and the reconnection time that it set last. */
export interface ParsedStream {
  events: ServerEvent[];
  comments: string[];
  retryMs: number | null;
}

/** Reads a whole stream as the HTML standard has it (9.2.6). What is not closed by an empty line is no event. */
export function parseEventStream(text: string): ParsedStream {
  const parsed: ParsedStream = { events: [], comments: [], retryMs: null };
  let id = "";
  let event = "";
  let data: string[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  // Behind the last line feed there is no line.
  for (const line of lines.slice(0, -1)) {
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? [];
    if (line === "") {
      if (data.length > 0) parsed.events.push({ event: event || "message", id, data: data.join("\n") });
      event = "";
      data = [];
    } else if (line.startsWith(":")) parsed.comments.push(line.slice(1));
    else if (field === "event") event = value;
    else if (field === "data") data.push(value);
    else if (field === "id") id = value;
    else if (field === "retry") parsed.retryMs = Number(value);
  }
  return parsed;
}
