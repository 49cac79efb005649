import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Endpoints } from "../../../../src/account-object/endpoints/endpoints.ts";
import { AccountStore } from "../../../../src/account-object/store.ts";
import type { HealthTransition } from "../../../../src/domain/account/hosts.ts";
import type { Endpoint } from "../../../../src/domain/endpoint/endpoint.ts";
import { openEndpointHeaders } from "../../../../src/keys/endpoint-headers.ts";
import { anEndpointSummary, aQueuedSummary, aReport, failedAttempts, T0 } from "../../../support/builders.ts";
import { SqlMemoryStorage } from "../sql-storage.ts";

/*
 * An account's registered endpoints, in plain Node.
 *
 * scenario                                    requirement
 * headers                                     guarantee 9: sealed, the endpoint's id as associated data
 * calls at one time                           one endpoint for a URL, and its headers open
 * an endpoint that fails                      told that it does not any more, by whatever ends that
 * a process that dies, a storage that fails   what was answered is there; what failed is not, in memory neither
 * an account with nothing but endpoints       guarantee 10: kept, without an alarm; emptied after the last one
 */

const ROOT = "a root secret of a deployment that has many letters";
const URL_A = "https://hooks.acme.com/a";
const HEADERS: [string, string][] = [["x-key", "shh-the-receivers-own"]];
const RETENTION = { now: T0, retentionMs: 720 * 3_600_000 };

let storage: SqlMemoryStorage;
let store: AccountStore;
let endpoints: Endpoints;
let passedOn: HealthTransition[];

/** A process of the account. */
function begin(): void {
  store = new AccountStore(storage);
  passedOn = [];
  endpoints = new Endpoints(store.endpoints, (transitions) => passedOn.push(...transitions));
}

beforeEach(() => {
  vi.useFakeTimers({ now: T0, toFake: ["Date"] });
  storage = new SqlMemoryStorage();
  begin();
});
afterEach(() => {
  vi.useRealTimers();
  storage.close();
});

async function register(url: string, headers?: [string, string][]): Promise<Endpoint> {
  const answer = await endpoints.register({ url, headers }, ROOT);
  if (answer.kind === "too_many") throw new Error(answer.kind);
  return answer.state.endpoint;
}

function stored(): string {
  const rows = storage.sql.exec<{ doc: string }>("SELECT doc FROM document WHERE name = 'endpoints'");
  return rows.toArray()[0]?.doc ?? "";
}

function isEmpty(): boolean {
  return storage.sql.exec("SELECT name FROM sqlite_master").toArray().length === 0;
}

describe("headers", () => {
  it("are stored sealed, and open for their endpoint alone", async () => {
    const { id, headers } = await register(URL_A, HEADERS);
    expect(stored()).toContain(id);
    expect(stored()).not.toContain("shh");
    expect(await openEndpointHeaders([ROOT], id, headers ?? "")).toEqual(HEADERS);
    const another = await register(`${URL_A}/b`);
    expect(another.headers).toBeNull();
    await expect(openEndpointHeaders([ROOT], another.id, headers ?? "")).rejects.toThrow("does not open");
  });

  it("of a change or of a known URL are sealed for the endpoint that gets them", async () => {
    const { id } = await register(URL_A, HEADERS);
    for (const changed of [
      await register(URL_A, [["x-b", "again"]]),
      await endpoints.patch(id, { headers: [["x-b", "again"]] }, ROOT),
    ]) {
      const endpoint = "kind" in changed && changed.kind === "patched" ? changed.state.endpoint : changed;
      expect(endpoint).toMatchObject({ id, headerNames: ["x-b"] });
      const { headers } = endpoint as Endpoint;
      expect(await openEndpointHeaders([ROOT], id, headers ?? "")).toEqual([["x-b", "again"]]);
    }
  });

  it("of registrations at one time are those of the one endpoint, and open", async () => {
    const all = await Promise.all([1, 2, 3].map(async (nth) => register(URL_A, [["x-nth", `${nth}`]])));
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    const [only, ...more] = endpoints.list();
    expect(more).toEqual([]);
    const { id = "", headers } = only?.endpoint ?? {};
    expect(await openEndpointHeaders([ROOT], id, headers ?? "")).toEqual([["x-nth", expect.any(String)]]);
  });

  it("of a registration whose endpoint is deleted meanwhile belong to a new one", async () => {
    const { id } = await register(URL_A);
    const again = register(URL_A, HEADERS);
    expect(endpoints.delete(id)).toBe(true);
    const endpoint = await again;
    expect(endpoint.id).not.toBe(id);
    expect(await openEndpointHeaders([ROOT], endpoint.id, endpoint.headers ?? "")).toEqual(HEADERS);
  });
});

describe("a process that dies", () => {
  it("leaves what was answered to the next one", async () => {
    const one = await register(URL_A, HEADERS);
    const two = await register(`${URL_A}/b`);
    await endpoints.patch(two.id, { enabled: false }, ROOT);
    begin();
    expect(endpoints.list().map(({ endpoint }) => endpoint)).toEqual([
      one,
      { ...two, disabled: { reason: "manual", at: T0 } },
    ]);
    endpoints.delete(one.id);
    begin();
    expect(endpoints.find(one.id)).toBeNull();
    expect(endpoints.list()).toHaveLength(1);
  });

  it("tells a task and an attempt what they must know", async () => {
    const { id, headers } = await register(URL_A, HEADERS);
    begin();
    expect(store.endpoints.briefed()).toMatchObject([{ id, url: URL_A, host: "hooks.acme.com" }]);
    expect(store.endpoints.receivers()).toEqual([{ id, url: URL_A, headers, isDisabled: false }]);
    await endpoints.patch(id, { enabled: false }, ROOT);
    expect(store.endpoints.receivers()).toMatchObject([{ isDisabled: true }]);
  });
});

describe("a storage that fails", () => {
  it("leaves memory as the rows are, and goes on when it works again", async () => {
    const one = await register(URL_A);
    const exec = vi.spyOn(storage.sql, "exec").mockImplementation(() => {
      throw new Error("lost");
    });
    await expect(register(`${URL_A}/b`)).rejects.toThrow("lost");
    expect(() => endpoints.delete(one.id)).toThrow("lost");
    exec.mockRestore();
    expect(endpoints.list().map(({ endpoint }) => endpoint)).toEqual([one]);
    expect(await register(`${URL_A}/b`)).toMatchObject({ url: `${URL_A}/b` });
    expect(storage.alarm).toBeNull();
  });
});

describe("an endpoint that fails", () => {
  const FAILURES = [0, 5, 35, 155, 455];

  function fail({ id, createdAt }: Endpoint): void {
    const reports = FAILURES.map((second) => {
      const about = { id, host: "hooks.acme.com", attempts: failedAttempts(second) };
      const name = `t${second}`;
      return aReport(1, aQueuedSummary({ name, createdAt, endpoints: [anEndpointSummary(about)] }));
    });
    store.receive(reports, T0 + 500_000);
  }

  async function failing(): Promise<Endpoint> {
    vi.setSystemTime(T0 - 1000);
    const one = await register(URL_A);
    vi.setSystemTime(T0 + 600_000);
    fail(one);
    expect(endpoints.find(one.id)?.failingSince).toBe(T0);
    return one;
  }

  it.each([
    { request: { url: `${URL_A}/moved` }, is: "url_changed" },
    { request: { enabled: false }, is: "disabled" },
    { request: { enabled: false, url: `${URL_A}/moved` }, is: "disabled" },
    { request: null, is: "deleted" },
  ])("fails no more, and that is told once, by a call after which it is $is", async ({ request, is }) => {
    const { id } = await failing();
    const change = async (): Promise<unknown> =>
      request === null ? endpoints.delete(id) : endpoints.patch(id, request, ROOT);
    await change();
    await change();
    expect(passedOn).toEqual([
      { kind: "recovered", endpoint: id, host: "hooks.acme.com", since: T0, reason: is },
    ]);
  });

  it("goes on failing by a call that changes something else, or another endpoint", async () => {
    const { id } = await failing();
    const other = await register(`${URL_A}/other`);
    await endpoints.patch(id, { description: "ours", enabled: true, url: URL_A }, ROOT);
    await endpoints.register({ url: URL_A, events: ["video.failed"] }, ROOT);
    endpoints.delete(other.id);
    expect(passedOn).toEqual([]);
    expect(endpoints.find(id)?.failingSince).toBe(T0);
  });

  it("and was disabled by Ringback is told of as such alone", async () => {
    const { id } = await failing();
    vi.setSystemTime(T0 + 6 * 86_400_000);
    expect(store.judgeEndpoints(Date.now())).toMatchObject([{ kind: "disabled", endpoint: id }]);
    await endpoints.patch(id, { url: `${URL_A}/moved`, enabled: true }, ROOT);
    endpoints.delete(id);
    expect(passedOn).toEqual([]);
  });
});

describe("an account with nothing but endpoints", () => {
  it("is not emptied, and needs no alarm", async () => {
    const one = await register(URL_A);
    expect(storage.alarm).toBeNull();
    await store.endRun(RETENTION, true);
    expect(storage.alarm).toBeNull();
    begin();
    await store.watch(T0);
    expect(storage.alarm).toBeNull();
    expect(endpoints.list().map(({ endpoint }) => endpoint)).toEqual([one]);
  });

  it("is emptied by the alarm that the deletion of the last one sets", async () => {
    const one = await register(URL_A);
    const two = await register(`${URL_A}/b`);
    endpoints.delete(one.id);
    expect(storage.alarm).toBeNull();
    endpoints.delete(two.id);
    expect(storage.alarm).toBeGreaterThan(T0);
    begin();
    store.alarmFired();
    storage.alarm = null;
    await store.endRun(RETENTION, true);
    expect({ isEmpty: isEmpty(), alarm: storage.alarm }).toEqual({ isEmpty: true, alarm: null });
    expect(endpoints.list()).toEqual([]);
  });
});
