import type { RecoveryStatus } from "../../../contract/words.ts";

/** Delivering again, together, what was not delivered. */
export const recoveries = {
  title: "Recoveries",
  lead: "A recovery delivers the callbacks again that your receivers missed. The last 20 are shown.",
  none: "No recoveries yet",
  noneLead: "Filter the tasks by their callback, then choose Deliver all again.",
  failedTasks: "Tasks whose callback failed",
  preview: "Deliver all again",
  previewLead: "Nothing has been sent yet.",
  matched: (count: number) => (count === 1 ? "1 callback" : `${count} callbacks`),
  nothing: "Nothing to deliver",
  nothingLead: "No callback fits these filters any more.",
  hosts: "Receivers",
  host: "Host",
  count: "Callbacks",
  oldest: "Oldest tasks",
  how: "Ringback sends each callback once more, oldest first, with the same webhook-id and body. After five failures in a row it leaves a host alone.",
  elsewhere: "The receiver has moved",
  elsewhereLead: "All of these go to this URL instead. A success there counts as the delivery.",
  url: "New URL",
  headers: "Custom headers",
  headersHint:
    "One header per line, Name: value. Without them nothing of the old receiver's headers is sent.",
  start: (count: number) => (count === 1 ? "Deliver 1 callback" : `Deliver ${count} callbacks`),
  back: "Back to the tasks",
  one: "Recovery",
  status: { running: "Running", done: "Done", halted: "Halted", cancelled: "Cancelled" } satisfies Record<
    RecoveryStatus,
    string
  >,
  progress: "Progress",
  total: "In all",
  delivered: "Delivered",
  failed: "Failed",
  remaining: "Remaining",
  started: "Started",
  ended: "Ended",
  cancel: "Cancel",
  allDelivered: "All callbacks were delivered.",
  someFailed:
    "Some callbacks failed again. Open one of their tasks to see what the receiver said; once that is mended, start another recovery.",
  haltedLead:
    "A receiver failed five times in a row, so Ringback left the rest for it undelivered. Open one of the tasks to see what the receiver said; once that is mended, start another recovery.",
  cancelledLead: "What had not been sent by then stays as it was.",
  unchanged: "Every callback that fitted was delivered meanwhile, or its task was deleted.",
  deliveredTasks: "Tasks whose callback was delivered",
  alreadyRunning: "This recovery was running already. No other one was started.",
  alreadyStarted:
    "This recovery was started after you opened the preview, so no other one was started. Open a new preview to start another.",
};
