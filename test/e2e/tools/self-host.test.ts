import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Webhook } from "standardwebhooks";
import { freePort } from "../../support/programs/ports.ts";
import { eventually, isTerminal } from "../../support/stack.ts";
import { ALARMS_CONFIG, ALARMS_WORKER } from "./alarms-worker.ts";
import { auth, storesIn, useMachine } from "./self-host-machine.ts";

/*
 * The folder that `npm run self-host` makes, run as its systemd unit runs it: bare workerd and nothing else.
 *
 * scenario                                        requirement
 * a life, callback and all, across a kill         guarantee 1
 * an upstream and a receiver on this machine      connections go to public addresses only
 * creates without an end                          429 as on the platform
 * the static files                                the same answers as on the platform
 * stores that are empty, and those that are not   swept at a start; nothing that holds a row or an alarm goes
 * a kept file                                     contract, Kept files: a folder
 * a kept file, and pieces of others               swept at a start; nothing that is whole goes
 * licences                                        of all that is in the folder
 */

const {
  folder,
  store,
  gateway,
  receiver,
  url,
  sweep,
  start,
  afterStart,
  launch,
  stop,
  allowLocal,
  post,
  create,
  read,
} = useMachine();

describe("Ringback on one machine", () => {
  it("lives a task to its signed callback, across a kill", async () => {
    allowLocal(true);
    await start();
    const { task_id: id } = await create();
    await stop();
    await start();
    const task = await eventually(async () => read(id), isTerminal);
    expect(task).toMatchObject({ status: "succeeded", error: null });
    const [callback] = await eventually(
      async () => receiver().received,
      (all) => all.length > 0,
    );
    const secret = (await (await fetch(`${url()}/v1/webhooks/secret`, { headers: auth })).json()) as {
      secret: string;
    };
    const headers = callback?.headers as Record<string, string>;
    expect(new Webhook(secret.secret).verify(callback?.body ?? "", headers)).toMatchObject({
      type: "video.succeeded",
      data: { task_id: id },
    });
  });

  it("keeps a video in a folder across a kill, gives out parts of it, and deletes it with its task", async () => {
    const clip = readFileSync(new URL("../../../dev/clip.mp4", import.meta.url));
    const files = join(store, "files");
    const settings = { KEEP_RESULTS: "ask", RINGBACK_PUBLIC_URL: "https://ringback.example.com" };
    allowLocal(true);
    await start(settings);
    const { task_id: id } = await create({ keep_result: true });
    const task = await eventually(async () => read(id), isTerminal);
    expect(task).toMatchObject({
      status: "succeeded",
      video_url: expect.stringMatching(
        /^https:\/\/ringback\.example\.com\/v1\/files\/[a-z2-7]{26}\.mp4$/,
      ) as string,
      source_url: expect.stringContaining(new URL(gateway().baseUrl).origin) as string,
      file: { status: "kept", bytes: clip.byteLength, content_type: "video/mp4" },
    });
    await stop();
    await start(settings);
    const { pathname } = new URL(task.video_url ?? "");
    const fetched = async (headers: Record<string, string>): Promise<[number, Buffer]> => {
      const response = await fetch(url() + pathname, { headers });
      return [response.status, Buffer.from(await response.arrayBuffer())];
    };
    expect(await fetched({})).toEqual([200, clip]);
    expect(await fetched({ range: "bytes=100-299" })).toEqual([206, clip.subarray(100, 300)]);
    expect(await fetched({ range: "bytes=-7" })).toEqual([206, clip.subarray(-7)]);
    expect(readdirSync(files)).toEqual([/[a-z2-7]{26}/.exec(pathname)?.[0]]);
    await fetch(`${url()}/v1/videos/${id}`, { method: "DELETE", headers: auth });
    await eventually(
      async () => readdirSync(files),
      (names) => names.length === 0,
    );
    expect((await fetched({}))[0]).toBe(404);
  });

  it("as it is built connects to public addresses only", async () => {
    allowLocal(false);
    const before = { upstream: gateway().calls.length, callbacks: receiver().received.length };
    await start();
    // The connection is refused before it is made, so its outcome looks unknown, as any broken connection does.
    expect(await create()).toMatchObject({ status: "failed", error: { code: "submit_unknown" } });
    expect(gateway().calls).toHaveLength(before.upstream);
    expect(receiver().received).toHaveLength(before.callbacks);
  });

  it("names a setting that is missing, and does nothing without it", async () => {
    await start({ RINGBACK_SECRET: "" });
    const response = await fetch(`${url()}/v1/videos`, { method: "POST", headers: auth });
    expect(response.status).toBe(503);
    const named = {
      error: { code: "misconfigured", message: expect.stringContaining("RINGBACK_SECRET") as string },
    };
    expect(await response.json()).toMatchObject(named);
    // What the unit writes into the journal.
    expect(JSON.parse(afterStart())).toMatchObject(named);
  });

  it("sweeps the stores that are empty, and nothing else", async () => {
    allowLocal(true);
    rmSync(store, { recursive: true, force: true });
    mkdirSync(join(store, "files"), { recursive: true });
    await start({ RETENTION_HOURS: "0.0001" });
    gateway().fault({ on: "submit", status: 400, times: 3 });
    for (let refused = 0; refused < 3; refused++) expect((await post()).status).toBe(400);
    const { task_id: expired } = await create({ callback_url: undefined });
    await eventually(
      async () => (await fetch(`${url()}/v1/videos/${expired}`, { headers: auth })).status,
      (status) => status === 404,
    );
    await stop();
    await start();
    const { task_id: deleted } = await create({}, { "idempotency-key": "once" });
    await fetch(`${url()}/v1/videos/${deleted}`, { method: "DELETE", headers: auth });
    gateway().fault({ on: "submit", status: 400 });
    expect((await post()).status).toBe(400);
    gateway().fault({ on: "poll", status: 500, times: 3 });
    const { task_id: alive } = await create();
    await stop();

    const { full, empty } = storesIn(store);
    // The last refused create; the start has swept the others already. The live task, the digest of the deleted one.
    expect(empty).toHaveLength(1);
    expect(full.filter((name) => name.includes("TaskObject"))).toHaveLength(2);
    expect(sweep()).toContain("Removed 1 empty stores.\n");
    expect(storesIn(store)).toEqual({ full, empty: [] });
    expect(sweep()).toContain("Removed 0 empty stores.\n");
    await start();
    expect(await eventually(async () => read(alive), isTerminal)).toMatchObject({ status: "succeeded" });
    expect((await post({}, { "idempotency-key": "once" })).status).toBe(409);
  });

  it("sweeps what a crash has left of copies, and no kept file", () => {
    const files = join(store, "files");
    rmSync(files, { recursive: true, force: true });
    const write = (path: string, text = "x"): void => {
      mkdirSync(dirname(join(files, path)), { recursive: true });
      writeFileSync(join(files, path), text);
    };
    const note = JSON.stringify({ bytes: 1, contentType: "video/mp4", body: "body-1" });
    const whole = ["whole/body-1", "whole/kept.json"];
    const pieces = ["cut/.body-1.12.3.tmp", "unnoted/body-1", "half/body-1", "half/.kept.json.12.4.tmp"];
    for (const path of [...whole, ...pieces, "torn/body-1", "bodiless/body-2"]) write(path);
    for (const name of ["whole", "bodiless"]) write(`${name}/kept.json`, note);
    write("torn/kept.json", note.slice(0, 30));
    mkdirSync(join(files, "empty"));
    // What other tries have left beside a whole file.
    for (const path of ["whole/.body-2.12.5.tmp", "whole/body-3"]) write(path);
    expect(sweep()).toContain("Removed 8 files without an end.\n");
    expect(readdirSync(files, { recursive: true, encoding: "utf8" }).toSorted()).toEqual(["whole", ...whole]);
    expect(sweep()).toContain("Removed 0 files without an end.\n");
    rmSync(join(files, "whole"), { recursive: true });
  });

  it("keeps a store that holds an alarm and nothing else", async () => {
    const own = mkdtempSync(join(tmpdir(), "ringback-alarms-"));
    mkdirSync(join(own, "store"));
    writeFileSync(join(own, "index.js"), ALARMS_WORKER);
    writeFileSync(join(own, "config.capnp"), ALARMS_CONFIG);
    const ask = async (what: string): Promise<string> => (await fetch(`${url()}/${what}`)).text();
    const run = async (): Promise<void> => {
      const port = await freePort();
      const args = ["serve", "config.capnp", "--experimental", `--socket-addr=http=127.0.0.1:${port}`];
      await launch(port, { program: join(folder, "workerd"), args, cwd: own, path: "/none" });
    };
    try {
      await run();
      const set = await ask("set");
      expect(Number(set)).toBeGreaterThan(Date.now());
      await ask("unset");
      await stop();
      // Twice, because the second process has put what the first one wrote ahead into the file itself.
      for (let time = 0; time < 2; time++) {
        spawnSync(join(folder, "sweep-empty-stores.sh"), [join(own, "store")]);
        await run();
        expect(await ask("get")).toBe(set);
        await stop();
      }
      expect(storesIn(join(own, "store")).full.length).toBeGreaterThan(0);
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
  });

  it("brings along the licences of all that is in it", () => {
    const { dependencies } = JSON.parse(
      readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
    ) as { dependencies: Record<string, string> };
    const names = ["ringback", "workerd", ...Object.keys(dependencies)];
    const files = readdirSync(join(folder, "licenses"));
    expect(files.toSorted()).toEqual(names.map((name) => `${name}.txt`).toSorted());
    for (const name of files) {
      expect(readFileSync(join(folder, "licenses", name), "utf8")).toMatch(/copyright/i);
    }
  });

  it("trusts no address that a client claims, only the header that the setting names", async () => {
    const sign = async (headers: Record<string, string>): Promise<number> => {
      const type = { "content-type": "application/x-www-form-urlencoded", origin: url() };
      const init = {
        method: "POST",
        headers: { ...type, ...headers },
        body: "key=",
        redirect: "manual",
      } as const;
      return (await fetch(`${url()}/sign-in`, init)).status;
    };
    await start({ CLIENT_ADDRESS_HEADER: "X-Real-IP" });
    const statuses = new Set<number>();
    for (let call = 0; call < 601; call++) {
      statuses.add(await sign({ "cf-connecting-ip": `192.0.2.${call % 256}`, "x-real-ip": "198.51.100.1" }));
    }
    expect([...statuses]).toEqual([401, 429]);
    expect(await sign({ "x-real-ip": "198.51.100.2" })).toBe(401);
    await stop();
    await start();
    statuses.clear();
    for (let call = 0; call < 601; call++)
      statuses.add(await sign({ "cf-connecting-ip": `192.0.2.${call % 256}` }));
    expect([...statuses]).toEqual([401, 429]);
  });

  it("limits creates as the platform does", async () => {
    await start();
    const statuses = new Set<number>();
    for (let call = 0; call < 601; call++) {
      const headers = { ...auth, "content-type": "application/json" };
      const response = await fetch(`${url()}/v1/videos`, { method: "POST", headers, body: "{}" });
      statuses.add(response.status);
      await response.body?.cancel();
    }
    expect([...statuses]).toEqual([400, 429]);
  });

  it.each([
    { path: "/robots.txt", status: 200, type: "text/plain; charset=utf-8" },
    { path: "/assets/", status: 404, type: "application/json" },
    { path: "/assets", status: 404, type: "application/json" },
    { path: "/assets/..%2f..%2fconfig.capnp", status: 404, type: "application/json" },
  ])("answers $path with $status", async ({ path, status, type }) => {
    await start();
    const response = await fetch(`${url()}${path}`);
    expect([response.status, response.headers.get("content-type")]).toEqual([status, type]);
    expect(response.headers.get("x-request-id")).toMatch(/^req_/);
    await response.body?.cancel();
  });
});
