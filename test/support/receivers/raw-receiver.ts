import type { Socket } from "node:net";
import {
  httpAnswer,
  startRawServer,
  trackExchange,
  type Exchange,
  type RawRequest,
} from "../wire/raw-server.ts";

/** A receiver with one endpoint per task, each of which answers as planned, in naked bytes. */

export type Reply = (socket: Socket, request: RawRequest) => void;

export interface Endpoint {
  url: string;
  /** Its requests, in order. */
  exchanges: Exchange[];
}

export interface RawReceiver {
  origin: string;
  /** Replies are used one after the other; past the last one every callback is taken. */
  endpoint(...replies: Reply[]): Endpoint;
  /** Every one so far. */
  endpoints(): Endpoint[];
  close(): Promise<void>;
}

export function reply(status: number, body = "", headers: Record<string, string> = {}): Reply {
  return (socket) => void socket.end(httpAnswer(status, body, headers));
}

/** `onArrival` is waited for before anything is answered. */
export async function startRawReceiver(
  onArrival: (exchange: Exchange) => Promise<void> = async () => undefined,
): Promise<RawReceiver> {
  const endpoints = new Map<string, { endpoint: Endpoint; replies: Reply[] }>();
  const raw = await startRawServer((socket, request) => {
    const found = endpoints.get(request.path);
    if (found === undefined) {
      socket.end(httpAnswer(404));
      return;
    }
    const { endpoint, replies } = found;
    const answer = replies[endpoint.exchanges.length] ?? reply(200, "ok");
    const exchange = trackExchange(socket, request);
    endpoint.exchanges.push(exchange);
    onArrival(exchange).then(
      () => answer(socket, request),
      () => socket.destroy(),
    );
  });
  return {
    origin: raw.origin,
    endpoint: (...replies) => {
      const path = `/hook/${endpoints.size + 1}?signature=a%2Fb+c==`;
      const endpoint = { url: raw.origin + path, exchanges: [] };
      endpoints.set(path, { endpoint, replies });
      return endpoint;
    },
    endpoints: () => Array.from(endpoints.values(), ({ endpoint }) => endpoint),
    close: raw.close,
  };
}
