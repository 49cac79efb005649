import type { CallbackFormat, EventType } from "../../../src/contract/words.ts";
import type { Receiver } from "../../../src/domain/delivery/delivery.ts";
import type { EndpointRequest } from "../../../src/domain/endpoint/change.ts";
import type { Endpoint, TaskEndpoint } from "../../../src/domain/endpoint/endpoint.ts";
import type { CallbackWord, Redelivery } from "./world.ts";

/** The registered endpoints of an account in the model: what they are at first, how they change, and what they were. */

export const ENDPOINT_IDS = ["ep_a", "ep_b"] as const;
export type EndpointId = (typeof ENDPOINT_IDS)[number];

/** Stands in the URL of each, and in that of another receiver that its deliveries are sent to instead. */
const MARKS: Record<EndpointId, string> = { ep_a: "endpoint-a", ep_b: "endpoint-b" };

export interface EndpointPlan {
  id: EndpointId;
  events: EventType[];
  format: CallbackFormat;
  /** What it answers where the script says nothing. */
  answer: CallbackWord;
}

/** A value of the header that each of its callbacks has. */
export function headerOf(id: EndpointId): string {
  return `a header of ${id}`;
}

/** The other URL for what goes to this receiver; null: the task's own. */
function elsewhereFor(url: string, endpoint: EndpointId | null): string {
  return endpoint === null ? url : `${url}/${MARKS[endpoint]}`;
}

/** The receiver that an order names instead; null: each its own. */
export function targetOf(
  { endpoint, isElsewhere }: Pick<Redelivery, "endpoint" | "isElsewhere">,
  elsewhere: string,
): Receiver | null {
  if (!isElsewhere) return null;
  return { url: elsewhereFor(elsewhere, endpoint), headers: [["x-elsewhere", HEADER_ELSEWHERE]] };
}

/** Whose delivery a callback is, by its URL. */
export function addressee(url: string): { endpoint: EndpointId | null; isElsewhere: boolean } {
  const endpoint = ENDPOINT_IDS.find((id) => url.includes(MARKS[id])) ?? null;
  return { endpoint, isElsewhere: new URL(url).host.startsWith("elsewhere.") };
}

/** The header that must go there, and no other one of those. */
export function headerAt(url: string): [name: string, value: string] {
  const { endpoint, isElsewhere } = addressee(url);
  if (isElsewhere) return ["x-elsewhere", HEADER_ELSEWHERE];
  return endpoint === null ? ["x-make-apikey", HEADER_VALUE] : ["x-endpoint", headerOf(endpoint)];
}

export const HEADER_VALUE = "a header of the caller";
export const HEADER_ELSEWHERE = "a header of another receiver";
export const HEADER_VALUES = [HEADER_VALUE, HEADER_ELSEWHERE, ...ENDPOINT_IDS.map(headerOf)];

export const ENDPOINT_CHANGES = ["disabled", "enabled", "deleted", "moved", "reformatted"] as const;
export type EndpointChangeWord = (typeof ENDPOINT_CHANGES)[number];

/** What a caller asks for; null: the deletion. */
export function changeOf({ url, format }: Endpoint, word: EndpointChangeWord): EndpointRequest | null {
  switch (word) {
    case "disabled":
      return { enabled: false };
    case "enabled":
      return { enabled: true };
    case "moved":
      return { url: `${url}/moved` };
    case "reformatted":
      return {
        format: format === "flat" ? "standard" : "flat",
        events: ["video.failed", "video.running", "video.succeeded"],
      };
    case "deleted":
      return null;
    default:
      return word satisfies never;
  }
}

/** A change holds from the next attempt on, a second later at most. */
const SOON_MS = 1_000;

interface Span {
  from: number;
  until: number;
}

interface Known {
  versions: (Span & { endpoint: Endpoint })[];
  /** Disabled. */
  off: Span[];
  /** Infinity: it is there. */
  deletedAt: number;
}

/** What the account's endpoints were, and when: told of after every command, which changes one at most. */
export class EndpointHistory {
  readonly #known = new Map<string, Known>();

  look(endpoints: readonly Endpoint[], now: number): void {
    for (const endpoint of endpoints) this.#note(endpoint, now);
    for (const [id, known] of this.#known) {
      const isThere = endpoints.some((endpoint) => endpoint.id === id);
      if (!isThere) known.deletedAt = Math.min(known.deletedAt, now);
    }
  }

  #note(endpoint: Endpoint, now: number): void {
    const { id, createdAt, disabled } = endpoint;
    const known = this.#known.get(id) ?? { versions: [], off: [], deletedAt: Infinity };
    this.#known.set(id, known);
    const last = known.versions.at(-1);
    if (last) last.until = now;
    known.versions.push({ from: last ? now : createdAt, until: Infinity, endpoint });
    const open = known.off.find(({ until }) => until === Infinity);
    if (disabled !== null && !open) known.off.push({ from: disabled.at, until: Infinity });
    if (disabled === null && open) open.until = now;
  }

  /** Whether its delivery may have been stopped then for being off. */
  mayBeOff(id: string, at: number): boolean {
    const known = this.#known.get(id);
    if (!known) return true;
    return known.deletedAt <= at || known.off.some(({ from, until }) => from <= at && until >= at - SOON_MS);
  }

  /** Whether the schedule may send nothing there. */
  mustBeOff(id: string, at: number): boolean {
    const off = this.#known.get(id)?.off ?? [];
    return this.isDeleted(id, at) || off.some(({ from, until }) => from < at - SOON_MS && until > at);
  }

  isDeleted(id: string, at: number): boolean {
    return (this.#known.get(id)?.deletedAt ?? 0) < at - SOON_MS;
  }

  urls(id: string, at: number): string[] {
    return this.#between(id, at - SOON_MS, at).map(({ url }) => url);
  }

  /** What is wrong with the endpoints that a task of this time has taken along by now; null: nothing. */
  faultOf(taken: readonly TaskEndpoint[], createdAt: number, now: number): string | null {
    const missed = [...this.#known].filter(
      ([id, { deletedAt }]) => deletedAt > now && taken.every((one) => one.id !== id),
    );
    if (missed.length > 0) return `${missed.map(([id]) => id).join()} missed`;
    const invented = taken.filter(({ id, events, format }) =>
      this.#between(id, createdAt, now).every(
        (endpoint) => String(endpoint.events) !== String(events) || endpoint.format !== format,
      ),
    );
    return invented.length > 0 ? `${invented.map(({ id }) => id).join()} as it never was` : null;
  }

  /** As it was at any time from `from` to `to`. */
  #between(id: string, from: number, to: number): Endpoint[] {
    const { versions = [], deletedAt = 0 } = this.#known.get(id) ?? {};
    const there = versions.filter((one) => one.from <= to && Math.min(one.until, deletedAt) >= from);
    return there.map(({ endpoint }) => endpoint);
  }
}
