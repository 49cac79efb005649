import { NEW_HOST } from "../../../../src/domain/account/hosts.ts";
import type { TaskReport } from "../../../../src/domain/account/report.ts";
import {
  FIRST_VERSION,
  rotated,
  versionsInForce,
  type SigningVersion,
} from "../../../../src/domain/account/signing-versions.ts";
import type { TaskSummary } from "../../../../src/domain/account/summary.ts";
import { patched, without } from "../../../../src/domain/endpoint/change.ts";
import { disablingOf } from "../../../../src/domain/endpoint/disabling.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import { OverloadedError } from "../../../../src/domain/errors/unavailable.ts";
import type { Tombstone } from "../../../../src/task-object/document/records.ts";
import { anEndpoint } from "../../builders.ts";
import { changeOf, type EndpointChangeWord, type EndpointId } from "../endpoints.ts";
import type { LifePlan, Script } from "../world.ts";
import { ENDPOINT_URLS, SEALED_HEADERS, sleep } from "./deployment.ts";

/** The task's account, as the task sees it: it answers, or is silent. */
export class SimulatedAccount {
  endpoints: readonly Endpoint[];
  /** It was silent when the rows were read. */
  everSilent = false;
  readonly #script: Script;
  readonly #summaries = new Map<string, TaskSummary>();
  #versions: readonly SigningVersion[] = FIRST_VERSION;
  #toldVersions: readonly SigningVersion[] = FIRST_VERSION;

  constructor(life: LifePlan, script: Script) {
    this.#script = script;
    this.endpoints = life.endpoints.map(({ id, events, format }) =>
      anEndpoint({ id, url: ENDPOINT_URLS[id], events, format, headers: SEALED_HEADERS[id], createdAt: 0 }),
    );
  }

  rotate(overlapMs: number): void {
    this.#versions = rotated(this.#versions, Date.now(), overlapMs) ?? this.#versions;
  }

  change(id: EndpointId, word: EndpointChangeWord): void {
    const endpoint = this.endpoints.find((one) => one.id === id);
    if (!endpoint) return;
    const change = changeOf(endpoint, word);
    if (change === null) this.endpoints = without(this.endpoints, id) ?? [];
    else {
      const { headers: _none, ...fields } = change;
      const answer = patched(this.endpoints, id, fields, Date.now());
      if (answer.kind === "patched") this.endpoints = answer.endpoints;
    }
  }

  async briefing(): Promise<{ signing: readonly SigningVersion[]; endpoints: readonly Endpoint[] }> {
    await this.answer(1_000);
    this.#toldVersions = versionsInForce(this.#versions, Date.now());
    return { signing: this.#toldVersions, endpoints: this.endpoints };
  }

  /** What it has said to another task of the isolate since this one was created. */
  known(random: () => number): readonly Endpoint[] | undefined {
    return this.#script.silentAccount || random() < 0.7 ? undefined : this.endpoints;
  }

  /** How many secrets a callback is signed with, by what the account has told last. */
  get signatures(): number {
    return versionsInForce(this.#toldVersions, Date.now()).length;
  }

  async report({ name, createdAt, summary }: TaskReport): Promise<void> {
    await this.answer(10_000);
    if (!summary) throw new Error("a deletion is told by its tombstone");
    const known = this.#summaries.get(name);
    const isOld = known?.createdAt === createdAt && known.version >= summary.version;
    if (isOld) return;
    this.#summaries.set(name, summary);
    for (const { id, goneAt } of summary.endpoints) this.#disableGone(id, goneAt);
  }

  async bury({ name }: Tombstone): Promise<void> {
    await this.answer(10_000);
    this.#summaries.delete(name);
  }

  /** A call of the account, or of the cadence; throws if they are silent, after so long. */
  async answer(patienceMs: number): Promise<void> {
    const silent = this.#script.silentAccount;
    await sleep(silent ? patienceMs : 5);
    if (silent) throw new OverloadedError("the account or the cadence did not answer in time");
  }

  /** Tasks whose time is not over. */
  tasksLeft(): number {
    const left = [...this.#summaries.values()].filter(
      ({ expiresAt }) => expiresAt === null || expiresAt > Date.now(),
    );
    return left.length;
  }

  /** As an account does that hears of a 410. */
  #disableGone(id: string, goneAt: number | null): void {
    const at = Date.now();
    this.endpoints = this.endpoints.map((endpoint) => {
      if (endpoint.id !== id) return endpoint;
      const end = disablingOf(endpoint, { goneAt, health: NEW_HOST }, at);
      return end ? { ...endpoint, disabled: { reason: end.reason, at } } : endpoint;
    });
  }
}
