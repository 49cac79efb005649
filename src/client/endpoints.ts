import type { Call } from "./exchange.ts";
import type { CallOptions } from "./client.ts";
import type { Endpoint, EndpointChange, EndpointRequest, EndpointTest, PingResult } from "./task.ts";

type Exchange = <Answer>(call: Call) => Promise<Answer>;

/** Receivers that are registered once: the events of every task that is created later go to them. */
export class Endpoints {
  readonly #exchange: Exchange;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** A `url` that is registered already gets the fields given: registered twice is registered. */
  async register(body: EndpointRequest, { signal }: CallOptions = {}): Promise<Endpoint> {
    return this.#exchange({ method: "POST", path: pathOf(), body, signal, repeatable: true });
  }

  /** All of them, oldest first. */
  async list({ signal }: CallOptions = {}): Promise<Endpoint[]> {
    return (await this.#exchange<{ data: Endpoint[] }>({ path: pathOf(), signal })).data;
  }

  async get(endpointId: string, { signal }: CallOptions = {}): Promise<Endpoint> {
    return this.#exchange({ path: pathOf(endpointId), signal });
  }

  /** Changes what is given. A `url` on another host needs `headers` in the same call. */
  async update(endpointId: string, body: EndpointChange, { signal }: CallOptions = {}): Promise<Endpoint> {
    // Changed twice in the same way is changed once.
    return this.#exchange({ method: "PATCH", path: pathOf(endpointId), body, signal, repeatable: true });
  }

  /** What is pending for it is not sent any more. */
  async delete(endpointId: string, { signal }: CallOptions = {}): Promise<void> {
    return this.#exchange({ method: "DELETE", path: pathOf(endpointId), signal });
  }

  /** Sends it a `ping` now, or a sample of an event, and gives the receiver's answer. */
  async test(endpointId: string, { type, signal }: CallOptions & EndpointTest = {}): Promise<PingResult> {
    const path = `${pathOf(endpointId)}/test`;
    return this.#exchange({ method: "POST", path, body: { type }, signal });
  }
}

/** Of one, or of all. */
function pathOf(endpointId?: string): string {
  return `/webhooks/endpoints${endpointId === undefined ? "" : `/${encodeURIComponent(endpointId)}`}`;
}
