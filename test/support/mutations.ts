/**
 * Each mechanism that holds a guarantee, the smallest change that breaks it, and the test that must then fail.
 * `npm run test:mutations` makes each change in a copy and runs its test.
 */
export interface Mutation {
  /** The broken mechanism, in words. */
  name: string;
  guarantee: number;
  file: string;
  /** Stands in the file exactly once. */
  search: string;
  replace: string;
  test: { file: string; name: string };
}

const SWEEP = "test/workers/crash-sweep.test.ts";
const RECOVERIES = "test/unit/account-object/recoveries.test.ts";
const ENDPOINTS = "test/unit/account-object/endpoints.test.ts";

export const MUTATIONS: Mutation[] = [
  {
    name: "drop the begun-row of a create's submit",
    guarantee: 2,
    file: "src/task-object/steps/create.ts",
    search: "input.respondAsync ? task : beginSubmit(task, leaseUntil);",
    replace: "leaseUntil > 0 ? task : beginSubmit(task, leaseUntil);",
    test: { file: SWEEP, name: "survives a death at every point of the happy path" },
  },
  {
    name: "submit again what was found begun",
    guarantee: 2,
    file: "src/task-object/steps/submit.ts",
    search: "({ task: adjust(submitLost(task, now), now) })",
    replace:
      '({ task: { ...task, submit: { ...task.submit, phase: "due", leaseUntil: null, dueAt: now } } })',
    test: { file: SWEEP, name: "survives a death at every point of 429, then success" },
  },
  {
    name: "drop the check-and-set after the seals of a create",
    guarantee: 2,
    file: "src/task-object/store.ts",
    search: "const isFree = this.load() === null && this.deletedKey() === null;",
    replace: "const isFree = this.deletedKey() === null;",
    test: { file: "test/workers/task-object.test.ts", name: "are one submit, however long their seals take" },
  },
  {
    name: "forget that a success is an end",
    guarantee: 3,
    file: "src/domain/task/task.ts",
    search: 'return task.status === "succeeded" || task.status === "failed";',
    replace: 'return task.status === "failed";',
    test: { file: "test/unit/domain/task/life.test.ts", name: "has one end" },
  },
  {
    name: "write the transition without its event",
    guarantee: 3,
    file: "src/task-object/steps/record.ts",
    search: "deliveries: [...overtaken, ...deliveries],",
    replace: "deliveries: [...overtaken],",
    test: { file: SWEEP, name: "survives a death at every point of the happy path" },
  },
  {
    name: "a new id for every attempt",
    guarantee: 4,
    file: "src/task-object/steps/attempt.ts",
    search: "messageId: begun.messageId,\n    body:",
    replace: "messageId: deps.newMessageId(),\n    body:",
    test: { file: SWEEP, name: "survives a death at every point of a callback's 500, then 200" },
  },
  {
    name: "forget which recovery an attempt was for",
    guarantee: 4,
    file: "src/task-object/steps/recover.ts",
    search: "recoveryId: order.recoveryId,",
    replace: "",
    test: { file: "test/unit/task-object/model.test.ts", name: "keeps every guarantee under any commands" },
  },
  {
    name: "follow a receiver's redirects",
    guarantee: 4,
    file: "src/webhook/send.ts",
    search: 'redirect: "manual"',
    replace: 'redirect: "follow"',
    test: { file: "test/e2e/life/callback.test.ts", name: "is not followed, and names the Location" },
  },
  {
    name: "send an attempt whose lease is not written",
    guarantee: 5,
    file: "src/task-object/steps/attempt.ts",
    search: "return delivery && { deliveries: [delivery], ...signedWith(document.task, prepared) };",
    replace:
      "return delivery && { deliveries: [delivery], ...signedWith(document.task, prepared), inMemory: true };",
    test: { file: SWEEP, name: "survives a death at every point of the happy path" },
  },
  {
    name: "send for a recovery before the lease is written",
    guarantee: 5,
    file: "src/task-object/steps/recover.ts",
    search: "      deliveries: [delivery],",
    replace: "      deliveries: [delivery], inMemory: true as const,",
    test: { file: SWEEP, name: "survives a death at every point of a recovery of what was not delivered" },
  },
  {
    name: "arm after the step instead of with its rows",
    guarantee: 6,
    file: "src/task-object/store.ts",
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
      file: "test/workers/task-object.test.ts",
      name: "that is lost is armed again by any request to the task",
    },
  },
  {
    name: "forget the account's hourly reconciliation",
    guarantee: 6,
    file: "src/account-object/reconcile.ts",
    search: "due.push(...store.unheard(roundAt - HEARD_LATELY_MS));",
    replace: "",
    test: { file: "test/workers/account-object.test.ts", name: "wakes a task whose alarm is gone" },
  },
  {
    name: "leave a recovery that begins to the hourly alarm",
    guarantee: 6,
    file: "src/account-object/recovery/store.ts",
    search: 'this.#armBy(now + (recovery.status === "running" ? SOON_MS : RECONCILE_EVERY_MS));',
    replace: "this.#armBy(now + RECONCILE_EVERY_MS);",
    test: { file: RECOVERIES, name: "goes back to the reconciliation, at the time that was set before" },
  },
  {
    name: "forget when the reconciliation was due before a recovery",
    guarantee: 6,
    file: "src/account-object/recovery/store.ts",
    search: "this.#alarm.set(Math.max(recovery.reconcileAt, now + SOON_MS));",
    replace: "this.#alarm.set(now + RECONCILE_EVERY_MS);",
    test: { file: RECOVERIES, name: "goes back to the reconciliation, at the time that was set before" },
  },
  {
    name: "count nothing that a halted host was asked before a crash",
    guarantee: 6,
    file: "src/domain/recovery/queue.ts",
    search: "isHalted(line.pace) && candidate.key > line.askedUpTo",
    replace: "isHalted(line.pace)",
    test: { file: RECOVERIES, name: "loses no count of a host that was halted" },
  },
  {
    name: "redeliver without an end",
    guarantee: 7,
    file: "src/task-object/steps/redeliver.ts",
    search: 'attemptsByHand(deliveries) >= ATTEMPTS_BY_HAND_MAX ? { kind: "too_many" } : null',
    replace: "null",
    test: { file: "test/workers/limits.test.ts", name: "end at 1,000 a task" },
  },
  {
    name: "take any id for one's own",
    guarantee: 8,
    file: "src/keys/ids.ts",
    search: "if (equalBytes(encoder.encode(expected), encoder.encode(taskId))) return name;",
    replace: "if (expected.length === taskId.length) return name;",
    test: { file: "test/workers/task-object.test.ts", name: "wakes no object and reaches no upstream" },
  },
  {
    name: "skip the second check of the callback's URL",
    guarantee: 8,
    file: "src/task-object/steps/attempt.ts",
    search: "const verdict = judgeEndpoint(receiver.url, {",
    replace:
      "const verdict = ((url: string, rules: object) => ({ ok: url !== String(rules), url }))(receiver.url, {",
    test: { file: "test/workers/task-object.test.ts", name: "is judged again before each attempt" },
  },
  {
    name: "send for a key that nothing has proved",
    guarantee: 8,
    file: "src/task-object/steps/prove-key.ts",
    search: "if (!isUnproved(asked.task)) return true;",
    replace: "if (asked.task) return true;",
    test: { file: SWEEP, name: "survives a death at every point of a key that the upstream does not know" },
  },
  {
    name: "keep the upstream key after the end",
    guarantee: 9,
    file: "src/task-object/steps/record.ts",
    search: "...(ended && !awaitsProof(task, deliveries) ? { key: null } : {}),",
    replace: "",
    test: { file: SWEEP, name: "survives a death at every point of the happy path" },
  },
  {
    name: "keep the request after its acceptance",
    guarantee: 9,
    file: "src/task-object/steps/record.ts",
    search: "...(bodyNeeded ? {} : { parts: null }),",
    replace: "",
    test: { file: SWEEP, name: "survives a death at every point of 429, then success" },
  },
  {
    name: "store in clear what should be sealed",
    guarantee: 9,
    file: "src/keys/seal.ts",
    search: "sealed.set(new Uint8Array(ciphertext), 1 + NONCE_BYTES);",
    replace: "sealed.set(bytes, 1 + NONCE_BYTES);",
    test: { file: "test/e2e/api/secrets.test.ts", name: "a whole life leaves no secret" },
  },
  {
    name: "log what an error quotes",
    guarantee: 9,
    file: "src/log.ts",
    search: "withoutQuotes(error.message).slice(0, 200)",
    replace: "error.message.slice(0, 200)",
    test: { file: "test/e2e/hostile/canaries.test.ts", name: "no canary is found" },
  },
  {
    name: "keep a recovery's own receiver after its end",
    guarantee: 9,
    file: "src/domain/recovery/recovery.ts",
    search: "{ ...recovery, status, target: null, finishedAt: now }",
    replace: "{ ...recovery, status, finishedAt: now }",
    test: { file: RECOVERIES, name: "gets all of it; it is stored sealed, and erased at the end" },
  },
  {
    name: "store an endpoint's headers that were sealed for another one",
    guarantee: 9,
    file: "src/account-object/endpoints/endpoints.ts",
    search: "if (this.#knownAt(url) !== known) continue;",
    replace: "",
    test: { file: ENDPOINTS, name: "of registrations at one time are those of the one endpoint, and open" },
  },
  {
    name: "forget that a task is erased at last",
    guarantee: 10,
    file: "src/domain/task/due-work.ts",
    search: 'steps.push({ kind: "erase", dueAt: retentionEnd(task, deliveries, retentionMs) });',
    replace: 'steps.push({ kind: "poll", dueAt: retentionEnd(task, deliveries, retentionMs) });',
    test: { file: "test/unit/domain/task/due-work.test.ts", name: "holds" },
  },
  {
    name: "empty an account that has a recent recovery",
    guarantee: 10,
    file: "src/account-object/store.ts",
    search: "} else if (keptUntil > now) {",
    replace: "} else if (keptUntil > now && now < 0) {",
    test: { file: RECOVERIES, name: "does not empty an account that has a recovery of the last 30 days" },
  },
  {
    name: "empty an account that has endpoints",
    guarantee: 10,
    file: "src/account-object/store.ts",
    search: " && this.endpoints.all().length === 0",
    replace: "",
    test: { file: ENDPOINTS, name: "is not emptied, and needs no alarm" },
  },
  {
    name: "keep an account whose last endpoint was deleted",
    guarantee: 10,
    file: "src/account-object/endpoints/store.ts",
    search: "if (endpoints.length === 0 && alarm.at === null) alarm.set(now + RETRY_MS);",
    replace: "",
    test: { file: ENDPOINTS, name: "is emptied by the alarm that the deletion of the last one sets" },
  },
  {
    name: "keep the alarm of a longer retention",
    guarantee: 10,
    file: "src/task-object/alarm.ts",
    search: "&& alarm <= latest",
    replace: "",
    test: {
      file: "test/workers/retention.test.ts",
      name: "holds within an hour for a task that has ended",
    },
  },
  {
    name: "keep an account's row of an erased task",
    guarantee: 10,
    file: "src/account-object/store.ts",
    search: 'if (what === "drop") this.#change(key, task, null, now);',
    replace: "",
    test: {
      file: "test/workers/account-object.test.ts",
      name: "leaves its account when its retention is over",
    },
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
