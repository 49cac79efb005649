import type { Settings } from "../env.ts";
import type { Caller } from "./caller.ts";
import type { OperatorCall } from "./operator/open-calls.ts";

/** What middleware leaves for a handler. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    requestId: string;
    /** Epoch milliseconds: a wait counts from here. */
    arrivedAt: number;
    /** Host and port that the request was sent to. */
    ownHost: string;
    settings: Settings;
    caller: Caller;
    /** The name of the operator's token that calls for the account; absent: its own token calls. */
    operator?: string;
    /** What the operator may do in this call; absent: the account's own token calls. */
    operatorCall?: OperatorCall;
    /** Whether it counts against the rate limits already: a request counts once, however many calls it leads to. */
    isCounted?: boolean;
  };
}
