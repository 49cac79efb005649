import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EVERY_TASK, type TaskFilter } from "../../../../src/domain/account/filter.ts";
import { taskKey } from "../../../../src/domain/account/report.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
import { candidateKey, endOf, partsOf, rowsFrom } from "../../../../src/domain/recovery/candidate-key.ts";
import {
  candidatesOf,
  judgeReceivers,
  type JudgedReceiver,
  type RecoveryScope,
} from "../../../../src/domain/recovery/candidates.ts";
import { anEndpointSummary, aSummary, T0 } from "../../../support/builders.ts";

/*
 * Which deliveries a recovery is for, and in which order.
 *
 * scenario                                    requirement
 * a task with several receivers               each whose delivery has one of the statuses
 * filters by a host and by an endpoint        mean receivers, not only tasks
 * endpoints that were deleted, or have moved  left out, but what goes elsewhere; the pace is that of where it is now
 * keys of any tasks and endpoints             sort by the task's creation; reading goes on from any of them
 */

const HOUR = 3_600_000;
const [EP_A, EP_B, EP_GONE] = ["ep_a", "ep_b", "ep_gone"] as const;
const HOSTS: Record<string, string> = { [EP_A]: "a.acme.com", [EP_B]: "moved.acme.com" };

const TASK = aSummary({
  delivery: "exhausted",
  callbackHost: "hooks.acme.com",
  settledAt: T0,
  endpoints: [
    anEndpointSummary({ id: EP_A, host: "a.acme.com", terminalDelivery: "exhausted" }),
    anEndpointSummary({ id: EP_B, host: "b.acme.com", terminalDelivery: "stopped" }),
    anEndpointSummary({ id: EP_GONE, host: "gone.acme.com", terminalDelivery: "stopped" }),
    anEndpointSummary({ id: "ep_c", host: "c.acme.com", terminalDelivery: null }),
  ],
});

function scopeOf(
  statuses: RecoveryScope["filter"]["statuses"],
  tasks: Partial<TaskFilter> = {},
  isElsewhere = false,
): RecoveryScope {
  return {
    filter: { statuses, tasks: { ...EVERY_TASK, ...tasks }, isElsewhere },
    retention: { now: T0 + 1, retentionMs: HOUR },
    endpointHost: (id) => HOSTS[id] ?? null,
  };
}

function meant(summary: TaskSummary, scope: RecoveryScope): [endpoint: string | null, host: string][] {
  return judgeReceivers(summary, scope)
    .filter(({ isMatch }) => isMatch)
    .map(({ endpoint, host }) => [endpoint, host]);
}

const ALL = ["exhausted", "pending", "stopped"] as const;
const AT_GONE = {
  endpoints: ALL.map((status) =>
    anEndpointSummary({ id: `ep_${status}`, host: "gone.acme.com", terminalDelivery: status }),
  ),
};
const OWN = [null, "hooks.acme.com"];
const AT_A = [EP_A, "a.acme.com"];
const AT_B = [EP_B, "moved.acme.com"];

describe("a recovery is for", () => {
  it.each<{ what: string; scope: RecoveryScope; is: unknown[]; about?: Partial<TaskSummary> }>([
    { what: "every receiver that has the status", scope: scopeOf(["exhausted"]), is: [OWN, AT_A] },
    { what: "one that has moved, where it is now", scope: scopeOf(["stopped"]), is: [AT_B] },
    {
      what: "all that have one of the statuses",
      scope: scopeOf(["exhausted", "stopped"]),
      is: [OWN, AT_A, AT_B],
    },
    { what: "none at a deleted endpoint", scope: scopeOf(ALL), about: AT_GONE, is: [OWN] },
    {
      what: "those at deleted endpoints that the deletion has not stopped, if all goes elsewhere",
      scope: scopeOf(ALL, {}, true),
      about: AT_GONE,
      is: [OWN, ["ep_exhausted", "gone.acme.com"], ["ep_pending", "gone.acme.com"]],
    },
    {
      what: "endpoints of a task without a callback",
      scope: scopeOf(["exhausted"]),
      about: { callbackHost: null },
      is: [AT_A],
    },
    {
      what: "own callbacks at their host alone",
      scope: scopeOf(["exhausted"], { callbackHost: "hooks.acme.com" }),
      is: [OWN],
    },
    {
      what: "none at an endpoint's host",
      scope: scopeOf(["exhausted"], { callbackHost: "a.acme.com" }),
      is: [],
    },
    {
      what: "deliveries to an endpoint alone",
      scope: scopeOf(["exhausted"], { endpoint: EP_A }),
      is: [AT_A],
    },
    { what: "none at one with another status", scope: scopeOf(["exhausted"], { endpoint: EP_B }), is: [] },
    { what: "none at one that was deleted", scope: scopeOf(["stopped"], { endpoint: EP_GONE }), is: [] },
    { what: "none at an unknown one", scope: scopeOf(["exhausted"], { endpoint: "ep_z" }), is: [] },
    {
      what: "an endpoint's deliveries of tasks whose callback has a host",
      scope: scopeOf(["exhausted"], { endpoint: EP_A, callbackHost: "hooks.acme.com" }),
      is: [AT_A],
    },
    {
      what: "none of tasks whose callback has another host",
      scope: scopeOf(["exhausted"], { endpoint: EP_A, callbackHost: "a.acme.com" }),
      is: [],
    },
    { what: "nothing of another model", scope: scopeOf(["exhausted"], { model: "other" }), is: [] },
    {
      what: "nothing of a task that is over",
      scope: scopeOf(["exhausted"]),
      about: { settledAt: T0 - HOUR },
      is: [],
    },
  ])("$what", ({ scope, about, is }) => {
    expect(meant({ ...TASK, ...about }, scope)).toEqual(is);
  });
});

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567".split("");
const word = (length: number) =>
  fc.array(fc.constantFrom(...LETTERS), { minLength: length, maxLength: length }).map((all) => all.join(""));
const TASKS = fc
  .uniqueArray(
    fc.record({
      createdAt: fc.integer({ min: T0, max: T0 + 3 }),
      name: word(26),
      hasCallback: fc.boolean(),
      endpoints: fc.uniqueArray(word(26), { maxLength: 3 }),
    }),
    { maxLength: 12, selector: taskKey },
  )
  .map((tasks) => tasks.toSorted((a, b) => (taskKey(a) < taskKey(b) ? -1 : 1)));

describe("the keys of candidates", () => {
  it("name the task and the endpoint, and sort by the task", () => {
    fc.assert(
      fc.property(TASKS, (tasks) => {
        const keys = tasks.flatMap((task) => {
          const all = [null, ...task.endpoints.map((id) => `ep_${id}`).toSorted()];
          const own = all.map((endpoint) => candidateKey(taskKey(task), endpoint));
          expect(own.map(partsOf)).toEqual(all.map((endpoint) => ({ name: task.name, endpoint })));
          return [...own, endOf(taskKey(task))];
        });
        expect(keys).toEqual([...new Set(keys)].toSorted());
      }),
    );
  });

  it("are read once each, in chunks of any size, from whichever of them a process goes on", () => {
    const matchedOf = fc.func(fc.boolean());
    fc.assert(
      fc.property(
        TASKS,
        matchedOf,
        fc.integer({ min: 2, max: 5 }),
        fc.nat(50),
        (tasks, isMatched, chunk, from) => {
          const rows = tasks.map((task) => ({
            key: taskKey(task),
            summary: aSummary({
              name: task.name,
              createdAt: task.createdAt,
              callbackHost: task.hasCallback ? "hooks.acme.com" : null,
              terminalDelivery: task.hasCallback ? "exhausted" : null,
              endpoints: task.endpoints.map((id) =>
                anEndpointSummary({ id: `ep_${id}`, terminalDelivery: "exhausted" }),
              ),
            }),
          }));
          const scope = {
            ...scopeOf(["exhausted"]),
            retention: { now: T0, retentionMs: Infinity },
            endpointHost: () => "there.acme.com",
          };
          const judge = (summary: TaskSummary): JudgedReceiver[] => judgeReceivers(summary, scope);
          const all = candidatesOf(rows, { after: "", matched: [] }, judge).map(({ key }) => key);
          expect(all).toHaveLength(
            tasks.reduce(
              (sum, { hasCallback, endpoints }) => sum + Number(hasCallback) + endpoints.length,
              0,
            ),
          );
          const matched = all.filter((key) => isMatched(key));
          // A task that is gone.
          const gone = `${String(T0 + 2).padStart(15, "0")} ${"m".repeat(26)} ep_${"g".repeat(26)}`;
          const stops = ["", ...all, ...tasks.map((task) => endOf(taskKey(task)))].toSorted();
          const start = stops[from % stops.length] ?? "";
          const found: string[] = [];
          for (let position = start; position !== "~";) {
            const read = rows.filter(({ key }) => key > rowsFrom(position)).slice(0, chunk);
            const last = read.length < chunk ? undefined : read.at(-1);
            const upTo = last ? endOf(last.key) : "~";
            const inChunk = [...matched, gone].filter((key) => key > position && key <= upTo);
            const candidates = candidatesOf(read, { after: position, matched: inChunk }, judge);
            found.push(...candidates.map(({ key }) => key));
            for (const one of candidates) {
              expect(one.isGone).toBe(one.key === gone);
              expect(one.isLate).toBe(!one.isGone && !matched.includes(one.key));
            }
            position = upTo;
          }
          expect(found).toEqual([...all, gone].filter((key) => key > start).toSorted());
        },
      ),
      { numRuns: 500 },
    );
  });
});
