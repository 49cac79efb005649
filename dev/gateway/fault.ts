import type { Answer, Drip } from "../listen.ts";
import type { RefusalReason } from "./profile.ts";
import { refuse } from "./validation.ts";

/** What goes wrong on the way when a test plans it. */

export interface Fault {
  on: "submit" | "poll" | "models";
  /** Meets the requests of this key alone. */
  key?: string;
  /** How many requests it meets, 1 if left out. */
  times?: number;
  status?: number;
  headers?: Record<string, string>;
  /** Replaces the body that would have been sent. */
  body?: string | Buffer | object;
  /** A refusal as the profile words it, in place of the answer. */
  refusal?: RefusalReason;
  /** Waited after the request was processed and before it is answered. */
  delayMs?: number;
  drop?: "before" | "after" | "mid-body" | "mid-headers";
  drip?: Drip;
  /**
   * Whether the request takes effect. If left out: a drop says it itself (all but "before" do), else it does unless
   * `status` or `refusal` is given.
   */
  process?: boolean;
}

export function takesEffect({ process, drop, status, refusal }: Fault): boolean {
  return process ?? (drop === undefined ? status === undefined && refusal === undefined : drop !== "before");
}

/** The answer that the fault makes of the true one, or of none if the request takes no effect. */
export function distort(truth: Answer | undefined, fault: Fault): Answer {
  const status = fault.status ?? truth?.status ?? 200;
  const substitute =
    status < 300 ? (truth?.body ?? {}) : refuse(status, `planned_${status}`, "A planned fault.").body;
  const body = fault.body ?? (fault.status === undefined ? truth?.body : substitute);
  const { delayMs, drip, drop } = fault;
  const cut = drop === "before" || drop === "after" ? "before-headers" : drop;
  return { status, headers: { ...truth?.headers, ...fault.headers }, body, delayMs, drip, cut };
}
