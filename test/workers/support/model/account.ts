import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { rotateSecret } from "../../../../src/account-object/client.ts";
import { deleteEndpoint, patchEndpoint } from "../../../../src/account-object/endpoints/client.ts";
import {
  FIRST_VERSION,
  rotated,
  type SigningVersion,
} from "../../../../src/domain/account/signing-versions.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import {
  changeOf,
  headerOf,
  type EndpointChangeWord,
  type EndpointId,
} from "../../../support/model/endpoints.ts";
import type { LifePlan } from "../../../support/model/world.ts";
import { register, sealedHeaders, unregister } from "../registered.ts";
import { alarmOf, rowsByTable } from "../stored.ts";
import { ENDPOINT_A, ENDPOINT_B } from "../world.ts";

const ENDPOINT_URLS: Record<EndpointId, string> = { ep_a: ENDPOINT_A, ep_b: ENDPOINT_B };
const ALARMS_MAX = 60;

/** The task's account in workerd. */
export class RealAccount {
  readonly name: string;
  /** By which it signs. */
  versions: readonly SigningVersion[] = FIRST_VERSION;
  /** It was silent when the rows were read. */
  everSilent = false;
  readonly #plans: LifePlan["endpoints"];

  constructor(name: string, { endpoints }: LifePlan) {
    this.name = name;
    this.#plans = endpoints;
  }

  async register(): Promise<void> {
    if (this.#plans.length === 0) return;
    await register(await Promise.all(this.#plans.map(registered)), this.name);
  }

  async rotate(overlapMs: number): Promise<void> {
    await rotateSecret(env.ACCOUNTS, this.name, overlapMs);
  }

  /** `rotate` was answered, or lost. */
  rotated(overlapMs: number): void {
    this.versions = rotated(this.versions, Date.now(), overlapMs) ?? this.versions;
  }

  async change(endpoint: Endpoint, word: EndpointChangeWord): Promise<void> {
    const change = changeOf(endpoint, word);
    if (change === null) await deleteEndpoint(env.ACCOUNTS, this.name, endpoint.id);
    else await patchEndpoint(env.ACCOUNTS, this.name, endpoint.id, change);
  }

  /** As it has them. */
  async endpoints(): Promise<readonly Endpoint[]> {
    if (this.#plans.length === 0) return [];
    const states = await this.#stub().endpoints();
    return states.map(({ endpoint }) => endpoint);
  }

  /** Lets its time pass under these settings, with no endpoint any more; how many rows it still has of tasks. */
  async rowsLeft(settings: object): Promise<number> {
    if (this.#plans.length > 0) await unregister(this.name);
    // All objects of a deployment have the same settings.
    await runInDurableObject<DurableObject, void>(this.#stub(), (object) => {
      (object as unknown as { env: object }).env = { ...env, ...settings };
    });
    for (let time = 0; time < ALARMS_MAX; time++) {
      const alarm = await alarmOf(this.#stub());
      if (alarm === null) break;
      vi.setSystemTime(Math.max(Date.now(), alarm));
      await runDurableObjectAlarm(this.#stub());
    }
    const left = await runInDurableObject(this.#stub(), (_object, { storage }) => rowsByTable(storage));
    // Rotated secrets stay.
    if (this.versions !== FIRST_VERSION) delete left["document"];
    return Object.values(left).reduce((sum, count) => sum + count, 0);
  }

  #stub() {
    return env.ACCOUNTS.get(env.ACCOUNTS.idFromName(this.name));
  }
}

async function registered({ id, events, format }: LifePlan["endpoints"][number]): Promise<Partial<Endpoint>> {
  return { id, events, format, url: ENDPOINT_URLS[id], ...(await sealedHeaders(id, headerOf(id))) };
}
