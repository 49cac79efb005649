import { RECOVERY_RUN, SWEEP, type Mutation } from "./mutation.ts";

/** Guarantee 6: unfinished work has an alarm. */
export const OF_ALARMS: Mutation[] = [
  {
    name: "arm after the step instead of with its rows",
    guarantee: 6,
    file: "src/task-object/document/store.ts",
    search: "        this.#arm(document);\n      });",
    replace: "      });",
    test: { file: SWEEP, name: "survives a death at every point of the happy path" },
  },
  {
    name: "swallow what storage throws",
    guarantee: 6,
    file: "src/task-object/run.ts",
    search: "if (!isRingbackFault(error)) throw error;",
    replace: "",
    test: { file: "test/unit/task-object/storage-failure.test.ts", name: "fails at any one call" },
  },
  {
    name: "do not wait for the alarm that is set",
    guarantee: 6,
    file: "src/net/object-alarm.ts",
    search: "await this.#setting;",
    replace: "",
    test: {
      file: "test/unit/task-object/storage-failure.test.ts",
      name: "fails from any call on until the run is over",
    },
  },
  {
    name: "throw before what is on the wire has ended",
    guarantee: 6,
    file: "src/task-object/run.ts",
    search: "if (open.count === 0) break;",
    replace: "if (open.count === 0 || open.failure !== null) break;",
    test: {
      file: "test/unit/task-object/storage-failure.test.ts",
      name: "is recorded before the run throws",
    },
  },
  {
    name: "forget the watchdog of a request",
    guarantee: 6,
    file: "src/task-object/alarm.ts",
    search: "if (alarm !== null && alarm >= now - OVERDUE_MS",
    replace: "if (alarm !== 0",
    test: {
      file: "test/workers/task-object/task-object.test.ts",
      name: "that is lost is armed again by any request to the task",
    },
  },
  {
    name: "forget the account's hourly reconciliation",
    guarantee: 6,
    file: "src/account-object/reconcile.ts",
    search: "due.push(...store.unheard(roundAt - HEARD_LATELY_MS));",
    replace: "",
    test: {
      file: "test/workers/account-object/reconciliation.test.ts",
      name: "wakes a task whose alarm is gone",
    },
  },
  {
    name: "leave a recovery that begins to the hourly alarm",
    guarantee: 6,
    file: "src/account-object/recovery/store.ts",
    search: 'this.#alarm.setBy(now + (recovery.status === "running" ? SOON_MS : RECONCILE_EVERY_MS));',
    replace: "this.#alarm.setBy(now + RECONCILE_EVERY_MS);",
    test: { file: RECOVERY_RUN, name: "goes back to the reconciliation, at the time that was set before" },
  },
  {
    name: "forget when the reconciliation was due before a recovery",
    guarantee: 6,
    file: "src/account-object/recovery/store.ts",
    search: "this.#alarm.set(Math.max(recovery.reconcileAt, now + SOON_MS));",
    replace: "this.#alarm.set(now + RECONCILE_EVERY_MS);",
    test: { file: RECOVERY_RUN, name: "goes back to the reconciliation, at the time that was set before" },
  },
  {
    name: "count nothing that a halted host was asked before a crash",
    guarantee: 6,
    file: "src/domain/recovery/queue.ts",
    search: "isHalted(line.pace) && candidate.key > line.askedUpTo",
    replace: "isHalted(line.pace)",
    test: { file: RECOVERY_RUN, name: "loses no count of a host that was halted" },
  },
  {
    name: "let a report that comes late count",
    guarantee: 6,
    file: "src/domain/account/report.ts",
    search: "summary.version <= known.summary.version",
    replace: "summary.version === known.summary.version",
    test: { file: "test/unit/account-object/store.test.ts", name: "come to the same in every order" },
  },
];
