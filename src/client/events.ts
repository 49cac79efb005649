import type { EventType, Task } from "./task.ts";

/** The events of `GET /v1/videos/{id}/events`: the state as it is, then each change. */
export interface StreamedEvent {
  type: EventType | "video.queued";
  task: Task;
}

/** The events of one stream of server-sent events, in order. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamedEvent, void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      // A connection that breaks is the end of the stream, and no more.
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      text += decoder.decode(value, { stream: !done });
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      yield* blocks.map(eventOf).filter((event) => event !== null);
      if (done) return;
    }
  } finally {
    // The listener may have left in mid-stream.
    await reader.cancel().catch(() => undefined);
  }
}

/** Null: a comment, which only keeps the connection alive. */
function eventOf(block: string): StreamedEvent | null {
  const field = (name: string): string =>
    block
      .split("\n")
      .flatMap((line) => (line.startsWith(`${name}: `) ? [line.slice(name.length + 2)] : []))
      .join("\n");
  if (!field("data")) return null;
  return { type: field("event") as StreamedEvent["type"], task: JSON.parse(field("data")) as Task };
}
