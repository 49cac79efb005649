import { Agent, request, type IncomingMessage } from "node:http";

/** A request whose answer takes its time, over a connection of its own. */
export interface Held {
  /** When the answer's head is here. Rejects if the connection breaks before. */
  answer: Promise<IncomingMessage>;
  /** The body so far. */
  text(): string;
  /** When the body has ended. */
  ended: Promise<void>;
  /** Resets the connection, like a client that is gone. */
  hangUp(): void;
}

// One agent for all: each connection is still one request's own, because none of them ends before the test does.
const agent = new Agent({ maxSockets: Infinity });

export function hold(url: string, headers: Record<string, string>): Held {
  const outgoing = request(url, { agent, headers });
  let text = "";
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const answer = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.on("response", (response) => {
      response.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      response.on("end", end);
      // The test ends it; after that its outcome does not matter.
      response.on("error", () => undefined);
      resolve(response);
    });
    outgoing.on("error", reject);
  });
  // A client that disconnects does not wait for an answer.
  answer.catch(() => undefined);
  outgoing.end();
  return { answer, text: () => text, ended, hangUp: () => outgoing.socket?.resetAndDestroy() };
}
