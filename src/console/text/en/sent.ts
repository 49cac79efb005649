/** What was sent for one event, and to send it elsewhere. */
export const sent = {
  title: "What was sent",
  back: "Back to the task",
  deleted: "This endpoint was deleted. Its URL is not kept, so the request is not known any more.",
  url: "URL",
  headers: "Headers",
  headersHint:
    "The timestamp and the signature are made for this page, so that a receiver takes them for the next five minutes. The values of your own headers are not shown (…).",
  body: "Body",
  bodyHint: "Formatted to be read. Copy takes the exact text that is signed and sent.",
  exact: "As it is sent",
  replay: "Replay to localhost",
  replayHint: "Sends the same request to a receiver on your machine.",
  elsewhere: "Deliver to another URL",
  elsewhereLead:
    "One attempt goes there, with the same webhook-id and body. This task's own callback, its state and its retries stay as they are.",
  target: "Other URL",
  own: "Custom headers",
  ownHint: "One header per line, Name: value. The task's stored headers are not sent there.",
  send: "Deliver there",
  to: (host: string) => `to ${host}`,
};
