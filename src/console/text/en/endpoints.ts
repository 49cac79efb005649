import type { DisabledReason, EndpointStatus } from "../../../contract/words.ts";

/** Receivers that are registered once, for every task. */
export const endpoints = {
  title: "Endpoints",
  lead: "A registered URL receives the events of every task that you create from then on.",
  none: "No endpoints yet",
  noneLead:
    "Register one for a trigger of n8n, Zapier or Make, or for a client that can change only its base URL and sends no callback_url.",
  register: "Register an endpoint",
  full: "An account has at most 10 endpoints. Delete one to register another.",
  url: "URL",
  urlHint: "Ringback POSTs each event here.",
  description: "Description (optional)",
  descriptionHint: "Your own words for it, at most 200 characters.",
  headersAgain: "Enter the headers again. Ringback does not put their values back into a form.",
  submit: "Register",
  status: { active: "Active", failing: "Failing", disabled: "Disabled" } satisfies Record<
    EndpointStatus,
    string
  >,
  failing: "First failed",
  back: "All endpoints",
  one: "Endpoint",
  id: "Endpoint id",
  why: {
    gone: "The receiver answered 410 Gone, so Ringback sends nothing to it.",
    failing: "Every attempt has failed for five days, so Ringback sends nothing to it.",
    manual: "It was disabled by hand, so Ringback sends nothing to it.",
  } satisfies Record<DisabledReason, string>,
  todo: {
    gone: "Switch the receiver on again; a webhook of Make that no scenario uses answers 410. Send a test, and enable the endpoint once it is delivered. If the receiver has moved, change the URL in the settings. If it is no longer needed, delete the endpoint.",
    failing:
      "Open one of the tasks that were not delivered here to see what the receiver said. Mend the receiver, send a test, and enable the endpoint once it is delivered.",
    manual: "Enable it when it should receive events again.",
  } satisfies Record<DisabledReason, string>,
  operatorTodo:
    "Open one of the tasks that were not delivered here to see what the receiver said, and tell the account's owner, who can test the endpoint, change its URL and delete it.",
  missed: "Tasks record meanwhile what was not sent. After you have enabled the endpoint, deliver all again.",
  failingWhy: "Its last attempts have failed, the first of them",
  failingTodo:
    "Open one of the tasks that were not delivered here to see what the receiver said, then mend the receiver and send a test. The next event that is delivered makes the endpoint active again. After five days of failing Ringback disables it.",
  test: "Send a test",
  testLead:
    "Sends one signed request now, with the headers and the format of this endpoint, and shows what the receiver says.",
  testType: "What to send",
  ping: "Ping",
  sample: (event: string) => `Sample: ${event}`,
  send: "Send the test",
  settings: "Settings",
  settingsLead:
    "A new URL and new headers count from the next attempt on, new events and a new format for tasks created later.",
  headers: "Headers",
  noHeaders: "No custom headers.",
  headersHidden: "Their values are stored encrypted and never shown.",
  newHeaders: "New headers",
  newHeadersHint:
    "One header per line, Name: value. They replace all headers. Leave empty to keep the headers as they are; a URL on another host needs them again.",
  dropHeaders: "Remove all headers",
  save: "Save",
  registeredAt: "Registered",
  deliveries: "Deliveries",
  notDelivered: "Tasks not delivered here",
  every: "All tasks sent here",
  again: "Deliver all again",
  enable: "Enable",
  disable: "Disable",
  disableLead: "Ringback sends nothing to this endpoint until you enable it.",
  remove: "Delete this endpoint",
  removeLead:
    "Ringback sends nothing to this URL any more, what waits for it included, and deletes its headers. Other receivers of your tasks stay as they are.",
  removeConfirm: "Delete permanently",
  removed: "Endpoint deleted.",
  registered: "Endpoint registered. Send a test to see whether it answers.",
  known: "You had registered this URL before. It now has the settings that you entered.",
  saved: "Settings saved.",
  enabled: "Endpoint enabled.",
  disabled: "Endpoint disabled.",
};
