import type { TaskState } from "../../../src/domain/task/state.ts";
import type { EndpointHistory } from "./endpoints.ts";
import type { Rows } from "./world.ts";

/** One task from its first row to its last. */
export interface Life {
  createId: string;
  taskId: string;
  /** Its first call in the wire's log, and the first one that is not its own any more. */
  from: number;
  until: number;
  /** A create was answered 2xx with it, and when. */
  takenAt: number | null;
  removed: boolean;
  end: string | null;
  /** Attempts by hand that were asked for, and those of them that were promised. */
  asked: number;
  queued: number;
  /** Recoveries that were asked for, by receiver: each is one attempt by hand there at most. */
  recoveries: Set<string>;
  /** What never changes of a delivery, by `seq`. */
  deliveries: Map<number, string>;
  /** How each was when it was last checked. */
  checked: Map<number, string>;
  /** The endpoints that it has taken along, once it has. */
  taken: string | null;
  /** Its account was silent, or its alarm came late: it may never have learned of its endpoints. */
  wasCutOff: boolean;
  endpoints: EndpointHistory;
  /** Its account was silent: what goes to an endpoint may be given up after 22 hours, unsent. */
  wasSilent: boolean;
  lastState: TaskState;
  lastRows: Rows;
}
