import { beforeEach } from "vitest";
import { ALICE, OPERATOR, OPERATOR_SETTINGS, tokenDigest } from "../../../support/operator.ts";
import {
  isTerminal,
  newHook,
  sendRaw,
  type Hook,
  type RawAnswer,
  type Stack,
  type TaskBody,
} from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export const SETTINGS = {
  ...OPERATOR_SETTINGS,
  RINGBACK_KEYS_2: `alice:${tokenDigest("rb-second-token-of-alice")}`,
};
export const PATH_CANARY = "canary-of-the-path";
export const QUERY_CANARY = "canary-of-the-query";

export interface Sending {
  method?: string;
  /** Null: without the header. */
  account?: string | null;
  body?: object;
  headers?: Record<string, string>;
  token?: string;
}

export const parsed = ({ body }: RawAnswer): unknown => JSON.parse(body);

export const code = ({ status, body }: RawAnswer): string =>
  `${status} ${(JSON.parse(body) as { error: { code: string } }).error.code}`;

interface Operated {
  stack: Stack;
  operate(path: string, sending?: Sending): Promise<RawAnswer>;
  /** A task of alice's whose callback went to a receiver with a secret in path and query. */
  ended(fields?: object): Promise<{ id: string; hook: Hook }>;
}

/** One stack for all tests of a file, with alice's and bob's tokens and an operator's. */
export function useOperated(): Operated {
  const stack = useStack({ token: ALICE, settings: SETTINGS });
  beforeEach(() => stack.receiver.defaultReply({ status: 200 }));
  return {
    stack,
    operate: async (path, sending = {}) => {
      const { method = "GET", account = "alice", body, token = OPERATOR } = sending;
      return sendRaw(stack.worker.url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(account === null ? {} : { "ringback-account": account }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...sending.headers,
        },
        chunks: body === undefined ? [] : [JSON.stringify(body)],
      });
    },
    ended: async (fields = {}) => {
      const hook = newHook({ receiver: { ...stack.receiver, url: `${stack.receiver.url}/${PATH_CANARY}` } });
      const callback_url = `${hook.url}?token=${QUERY_CANARY}`;
      const { task_id: id } = (await (await stack.create({ callback_url, ...fields })).json()) as TaskBody;
      await stack.task(id, isTerminal);
      await stack.deliveries(id, ([one]) => (one?.attempts[0]?.duration_ms ?? null) !== null);
      return { id, hook };
    },
  };
}
