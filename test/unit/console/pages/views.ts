import type { HtmlEscapedString } from "hono/utils/html";
import type { AttemptJson, DeliveryJson } from "../../../../src/contract/shapes/delivery.ts";
import { TEXTS, type Language } from "../../../../src/console/language.ts";
import type { PageContext } from "../../../../src/console/page-context.ts";
import type { TaskView } from "../../../../src/console/pages/task/task-view.ts";
import { aTaskJson, T0 } from "../../../support/builders.ts";

/** What a task's object tells of itself to its page: a task that is running, without a callback. */

export const iso = (afterMs: number): string => new Date(T0 + afterMs).toISOString();

export function aView(overrides: { [Part in keyof TaskView]?: Partial<TaskView[Part]> } = {}): TaskView {
  return {
    task: aTaskJson({ status: "running", ...overrides.task }),
    deliveries: { object: "list", data: [], ...overrides.deliveries },
    diagnostics: {
      submit: { phase: "done", due_at: null, refusals: 0 },
      running_at: null,
      polls: 0,
      next_poll_at: null,
      ready_at: null,
      copy: null,
      deliveries: [],
      erased_at: null,
      ...overrides.diagnostics,
    },
  };
}

export function anAttempt(overrides: Partial<AttemptJson> = {}): AttemptJson {
  return {
    number: 1,
    trigger: "scheduled",
    started_at: iso(20_000),
    duration_ms: 12,
    status_code: 200,
    outcome: "delivered",
    reason: null,
    response_excerpt: null,
    ...overrides,
  };
}

export function aDeliveryView(overrides: Partial<DeliveryJson> = {}): DeliveryJson {
  return {
    message_id: "msg_1",
    event: "video.succeeded",
    endpoint: null,
    status: "pending",
    next_attempt_at: null,
    attempts: [],
    ...overrides,
  };
}

declare global {
  /** The Worker's bindings: a page has none of them. */
  type Env = object;
}

/** Where a page is shown, two hours later. */
export function pageIn(language: Language): PageContext {
  return {
    language,
    text: TEXTS[language],
    path: "/endpoints",
    origin: "https://ringback.example.com",
    viewer: "acme",
    isOperator: false,
    account: null,
    mode: "operator",
    upstreams: [],
    now: T0 + 2 * 3_600_000,
    requestId: "req_a",
  };
}

/** What is rendered without waiting is text already. */
export function htmlOf(element: unknown): string {
  return (element as HtmlEscapedString).toString();
}
