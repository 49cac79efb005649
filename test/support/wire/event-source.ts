import { Agent, EventSource } from "undici";

/** What an EventSource dispatched, in order: `open`, `error` when it comes again, and the events by their names. */
export interface Dispatched {
  type: string;
  id: string;
  data: string;
  at: number;
}

export interface Listener {
  source: EventSource;
  dispatched: Dispatched[];
  /** The names so far, without those about its connection. */
  events(): string[];
  close(): void;
}

const TYPES = ["video.queued", "video.running", "video.progress", "video.succeeded", "video.failed"];

/** The HTML standard's EventSource as a page would use it, plus the header that a page cannot set. */
export function listenTo(url: string, authorization: string, reconnectionTimeMs = 200): Listener {
  const dispatcher = new Agent().compose((dispatch) => (options, handler) => {
    const headers = { ...(options.headers as Record<string, string>), authorization };
    return dispatch({ ...options, headers }, handler);
  });
  const source = new EventSource(url, { node: { dispatcher, reconnectionTime: reconnectionTimeMs } });
  const dispatched: Dispatched[] = [];
  for (const type of ["open", "error", "message", ...TYPES]) {
    source.addEventListener(type, (event: object) => {
      const { data = "", lastEventId = "" } = event as { data?: string; lastEventId?: string };
      dispatched.push({ type, id: lastEventId, data, at: Date.now() });
    });
  }
  return {
    source,
    dispatched,
    events: () => dispatched.map(({ type }) => type).filter((type) => TYPES.includes(type)),
    close: () => source.close(),
  };
}
