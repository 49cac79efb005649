import {
  endpointAt,
  patched,
  registered,
  without,
  type EndpointChange,
  type EndpointRequest,
  type Patched,
  type Registered,
} from "../../domain/endpoint/change.ts";
import type { HealthTransition } from "../../domain/account/hosts.ts";
import type { AccountEndpoint, Endpoint } from "../../domain/endpoint/endpoint.ts";
import { sealEndpointHeaders } from "../../keys/endpoint-headers.ts";
import { newEndpointId } from "../../keys/ids.ts";
import type { EndpointStore } from "./store.ts";

export type RegisterAnswer =
  | { kind: "new" | "known"; state: AccountEndpoint }
  | Extract<Registered, { kind: "too_many" }>;

export type PatchAnswer = { kind: "patched"; state: AccountEndpoint } | Exclude<Patched, { kind: "patched" }>;

/** What callers do with an account's endpoints. Headers are sealed first; then one step decides and writes. */
export class Endpoints {
  readonly #store: EndpointStore;
  readonly #passOn: (transitions: readonly HealthTransition[]) => void;

  /** `passOn` takes what has become of failing ones. */
  constructor(store: EndpointStore, passOn: (transitions: readonly HealthTransition[]) => void) {
    this.#store = store;
    this.#passOn = passOn;
  }

  async register(request: EndpointRequest & { url: string }, root: string): Promise<RegisterAnswer> {
    const { url } = request;
    for (;;) {
      const known = this.#knownAt(url);
      const id = known ?? newEndpointId();
      const change = { ...(await sealed(request, id, root)), url };
      // Registered or deleted meanwhile: the headers are sealed for another id.
      if (this.#knownAt(url) !== known) continue;
      const answer = registered(this.#store.all(), change, { id, now: Date.now() });
      if (answer.kind === "too_many") return answer;
      this.#write(answer.endpoints);
      return { kind: answer.kind, state: this.#state(answer.endpoint) };
    }
  }

  async patch(id: string, request: EndpointRequest, root: string): Promise<PatchAnswer> {
    const change = await sealed(request, id, root);
    const answer = patched(this.#store.all(), id, change, Date.now());
    if (answer.kind !== "patched") return answer;
    this.#write(answer.endpoints);
    return { kind: "patched", state: this.#state(answer.endpoint) };
  }

  /** False: there is none with this id. */
  delete(id: string): boolean {
    const others = without(this.#store.all(), id);
    if (others !== null) this.#write(others);
    return others !== null;
  }

  /** Oldest first. */
  list(): AccountEndpoint[] {
    return this.#store.all().map((endpoint) => this.#state(endpoint));
  }

  /** Null: there is none with this id. */
  find(id: string): AccountEndpoint | null {
    const endpoint = this.#store.find(id);
    return endpoint && this.#state(endpoint);
  }

  #write(endpoints: readonly Endpoint[]): void {
    const ended = this.#store.write(endpoints, Date.now());
    if (ended.length > 0) this.#passOn(ended);
  }

  #knownAt(url: string): string | undefined {
    return endpointAt(this.#store.all(), url)?.id;
  }

  #state(endpoint: Endpoint): AccountEndpoint {
    return { endpoint, failingSince: this.#store.failingSince(endpoint.id) };
  }
}

async function sealed(
  { headers, ...change }: EndpointRequest,
  id: string,
  root: string,
): Promise<EndpointChange> {
  if (headers === undefined) return change;
  const names = headers.map(([name]) => name);
  const text = names.length === 0 ? null : await sealEndpointHeaders(root, id, headers);
  return { ...change, headers: { sealed: text, names } };
}
