import { abortAllDurableObjects, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { account } from "../support/account.ts";
import { failFrom, failing, failNoMore, plantFailures } from "../support/storage.ts";
import { alarmOf, tablesOf } from "../support/stored.ts";
import { fakeNetwork, request } from "../support/world.ts";

/*
 * An account's registered endpoints, in workerd itself.
 *
 * scenario                                 requirement
 * a process that dies after the answer     what was answered is there
 * a storage that fails at each call        an error is no endpoint, neither now nor later
 * an account with nothing but endpoints    guarantee 10: kept, and emptied after the last one
 */

const PATH = "/v1/webhooks/endpoints";
const URL_A = "https://hooks.acme.com/a";
const SECRET = "shh-the-receivers-own";

beforeEach(fakeNetwork);
afterEach(async () => {
  failNoMore();
  vi.restoreAllMocks();
  await reset();
});

interface Shown {
  id: string;
  url: string;
  header_names: string[];
}

async function registered(url: string): Promise<Shown> {
  const response = await request("POST", PATH, { url, headers: { "x-key": SECRET } });
  expect(response.status).toBe(201);
  return response.json();
}

async function listed(): Promise<Shown[]> {
  const response = await request("GET", PATH);
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: Shown[] }).data;
}

async function tables(): Promise<string[]> {
  return runInDurableObject(await account(), (_object, { storage }) => tablesOf(storage));
}

describe("an endpoint", () => {
  it("outlives the process that has answered, with each of its changes", async () => {
    const one = await registered(URL_A);
    await abortAllDurableObjects();
    expect(await listed()).toEqual([one]);
    await request("PATCH", `${PATH}/${one.id}`, { enabled: false, headers: {} });
    await abortAllDurableObjects();
    const disabled = { ...one, header_names: [], status: "disabled", disabled_reason: "manual" };
    expect(await listed()).toEqual([disabled]);
    expect((await request("DELETE", `${PATH}/${one.id}`)).status).toBe(204);
    await abortAllDurableObjects();
    expect(await listed()).toEqual([]);
  });

  it("is stored without its headers' values in clear", async () => {
    const { id } = await registered(URL_A);
    const stored = await runInDurableObject(await account(), (_object, { storage }) =>
      JSON.stringify(storage.sql.exec("SELECT * FROM document").toArray()),
    );
    expect(stored).toContain(id);
    expect(stored).not.toContain(SECRET);
    expect(stored).not.toContain(btoa(SECRET));
  });

  it("whose storage fails is none: an answer that is no 201 leaves nothing, whichever call it was", async () => {
    const one = await registered(URL_A);
    await plantFailures();
    let failures = 0;
    for (let nth = 1; nth < 20; nth += 1) {
      const url = `${URL_A}/${nth}`;
      await runInDurableObject(await account(), (_object, { storage }) => failFrom(nth, storage));
      const response = await request("POST", PATH, { url }).catch(() => null);
      const hasFailed = failing.failed;
      failNoMore();
      if (!hasFailed) {
        expect(response?.status).toBe(201);
        break;
      }
      failures += 1;
      expect(response?.ok ?? false).toBe(false);
      expect((await listed()).map((endpoint) => endpoint.url)).toEqual([one.url]);
      await abortAllDurableObjects();
      expect((await listed()).map((endpoint) => endpoint.url)).toEqual([one.url]);
    }
    expect(failures).toBeGreaterThan(1);
    expect(await listed()).toHaveLength(2);
  });
});

describe("an account with nothing but endpoints", () => {
  it("is kept without an alarm, and emptied by the one that the deletion of the last sets", async () => {
    const one = await registered(URL_A);
    const two = await registered(`${URL_A}/b`);
    expect({ alarm: await alarmOf(await account()), tables: await tables() }).toEqual({
      alarm: null,
      tables: ["document"],
    });
    // An alarm that is left over empties nothing.
    await runInDurableObject(await account(), async (_object, { storage }) => storage.setAlarm(Date.now()));
    await runDurableObjectAlarm(await account());
    expect(await listed()).toEqual([one, two]);
    await request("DELETE", `${PATH}/${one.id}`);
    expect(await alarmOf(await account())).toBeNull();
    await request("DELETE", `${PATH}/${two.id}`);
    expect(await alarmOf(await account())).toBeGreaterThan(Date.now());
    await abortAllDurableObjects();
    await runDurableObjectAlarm(await account());
    expect({ alarm: await alarmOf(await account()), tables: await tables() }).toEqual({
      alarm: null,
      tables: [],
    });
    expect(await listed()).toEqual([]);
  });
});
