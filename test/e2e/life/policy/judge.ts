import { beforeAll } from "vitest";
import type { Stack } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * Where a callback may go and what may ride along, as a deployment judges it (ALLOW_PRIVATE_CALLBACKS not set). The
 * upstream refuses every submit, so that an accepted create is seen by the upstream's own no and nothing is called
 * back.
 */

/** A host of the deployment's own. */
export const ALSO_OWN = "ringback.acme-studio.com";

export interface Verdict {
  status: number;
  error: { code: string; param?: string; issues?: { path: string; message: string }[] };
}

interface Judge {
  stack: Stack;
  /** How a create with these fields is answered, and whether it got as far as the upstream. */
  judge(fields: Record<string, unknown>): Promise<Verdict & { submitted: boolean }>;
}

/** One stack for all tests of a file. */
export function useJudge(): Judge {
  const stack = useStack({
    settings: {
      ALLOW_PRIVATE_CALLBACKS: "",
      RINGBACK_HOSTS: `${ALSO_OWN}, Second.Acme-Studio.com, third.acme-studio.com:8443`,
    },
  });
  beforeAll(() => {
    const refusal = { status: 400, body: { error: { message: "No." } } };
    stack.gateway.fault({ on: "submit", times: Infinity, ...refusal });
  });
  return {
    stack,
    judge: async (fields) => {
      const before = stack.gateway.calls.length;
      const response = await stack.create(fields);
      const { error } = (await response.json()) as Verdict;
      return { status: response.status, error, submitted: stack.gateway.calls.length > before };
    },
  };
}

export const accepted = { status: 400, error: { code: "upstream_rejected" }, submitted: true };

export function refused(param: string) {
  return { status: 400, error: { code: "invalid_request", param }, submitted: false };
}
