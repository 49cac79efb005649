import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { root } from "../../../../dev/bundle.ts";
import { documented, installClient } from "../../../support/programs/installed-client.ts";
import { OWN_KEY, startStack, type Stack } from "../../../support/stack.ts";

/*
 * The client as it is published: packed, installed somewhere else, and used.
 *
 * scenario                             requirement
 * installed from its tarball           exports map, no dependencies, about 3.3 kB gzipped
 * run by each Node on this machine     Node 20 and later
 * run by workerd                       Workers
 * compiled where it is installed       types, also without those of Workers or of a browser; the page's own code
 */

const MAX_BYTES = 3400;
const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), "ringback-client-"));
let stack: Stack;
let consumer: string;
let packed: string[];

beforeAll(async () => {
  ({ consumer, packed } = await installClient(folder));
  cpSync(`${root}test/support/programs/client-consumer.mjs`, join(consumer, "consumer.mjs"));
  stack = await startStack();
}, 60_000);
afterAll(async () => {
  await stack?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Every Node on the PATH, the project's own among them. */
function nodes(): { node: string; version: string }[] {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const found = [process.execPath, ...folders.map((one) => join(one, "node"))].filter((one) =>
    existsSync(one),
  );
  return [...new Set(found.map((one) => realpathSync(one)))].map((node) => ({
    node,
    version: execFileSync(node, ["--version"], { encoding: "utf8" }).trim(),
  }));
}

async function bundled(entry: string, minify: boolean): Promise<string> {
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify,
    format: "esm",
    target: "es2022",
    write: false,
    nodePaths: [join(consumer, "node_modules")],
  });
  return result.outputFiles[0]?.text ?? "";
}

describe("the package", () => {
  it("holds the modules, their types, a README and a licence, and nothing else", () => {
    const modules = [
      "callback",
      "client",
      "contract",
      "creates",
      "endpoints",
      "events",
      "exchange",
      "filters",
      "index",
      "task",
    ];
    const expected = [
      ...modules.flatMap((name) => [`${name}.js`, `${name}.d.ts`]),
      "LICENSE",
      "README.md",
      "package.json",
    ];
    expect(packed.toSorted()).toEqual(expected.toSorted());
  });

  it("is packed and published by a path, which npm cannot take for a repository", () => {
    expect(documented("pack")).toEqual(["pack", "./dist/client"]);
    expect(documented("publish")).toEqual(["publish", "./dist/client"]);
  });

  it("depends on nothing, and has one door", async () => {
    const manifest = JSON.parse(
      readFileSync(join(consumer, "node_modules/ringback-client/package.json"), "utf8"),
    ) as object;
    expect(Object.keys(manifest).filter((key) => key.toLowerCase().includes("dependencies"))).toEqual([]);
    expect(manifest).toMatchObject({ name: "ringback-client", exports: { default: "./index.js" } });
    const script = 'await import("ringback-client/client.js").catch((error) => console.log(error.code))';
    const { stdout } = await run(process.execPath, ["--input-type=module", "-e", script], { cwd: consumer });
    expect(stdout.trim()).toBe("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });

  it(`is under ${MAX_BYTES} bytes, minified and gzipped`, async () => {
    const text = await bundled(join(consumer, "node_modules/ringback-client/index.js"), true);
    const bytes = gzipSync(text, { level: 9 }).byteLength;
    expect(text.length).toBeGreaterThan(2000);
    expect(bytes).toBeLessThan(MAX_BYTES);
  });

  it.each(nodes())("does its work in Node $version", async ({ node }) => {
    const env = { ...process.env, BASE_URL: `${stack.worker.url}/v1`, API_KEY: OWN_KEY, NODE_OPTIONS: "" };
    const { stdout } = await run(node, ["consumer.mjs"], { cwd: consumer, env, timeout: 30_000 });
    expect(JSON.parse(stdout)).toEqual({
      status: "succeeded",
      callback: { type: "video.succeeded", forged: "no_match" },
      events: ["video.succeeded"],
      refused: "task_not_found",
    });
  });

  it("does its work in a Worker", async () => {
    const worker = new Miniflare(
      convertV4MiniflareOptions({
        modules: [
          {
            type: "ESModule",
            path: "index.js",
            contents: await bundled(`${root}test/support/programs/client-worker.ts`, false),
          },
        ],
        compatibilityDate: "2026-10-20",
        bindings: { BASE_URL: `${stack.worker.url}/v1`, API_KEY: OWN_KEY },
        host: "127.0.0.1",
        port: 0,
      }),
    );
    try {
      const { origin } = await worker.ready;
      const started = await fetch(`${origin}/start?callback_url=${encodeURIComponent(`${origin}/hook`)}`);
      const task = (await started.json()) as { task_id: string; status: string };
      expect(task.status).toBe("succeeded");
      const [delivery] = await stack.deliveries(task.task_id, ([one]) => one?.status === "delivered");
      expect(delivery?.attempts).toMatchObject([{ status_code: 200, response_excerpt: "video.succeeded" }]);
      const forged = await fetch(`${origin}/hook`, { method: "POST", body: "{}" });
      expect([forged.status, await forged.text()]).toEqual([400, "missing_header"]);
    } finally {
      await worker.dispose();
    }
  });

  it("compiles with no other types than those of Node", async () => {
    const source = `
      import { createServer } from "node:http";
      import { Ringback, verifyCallback, type CreateRequest } from "ringback-client";
      const request: CreateRequest = { model: "m", prompt: "p", duration_seconds: 5 };
      const ringback = new Ringback({ baseUrl: "", apiKey: "" });
      createServer(async (incoming) => {
        const event = await verifyCallback("", incoming.headers, "");
        if (event.type === "video.succeeded") event.data.video_url?.toUpperCase();
        // @ts-expect-error: a ping has no task
        if (event.type === "ping") event.data.video_url.toUpperCase();
        const task = await ringback.wait((await ringback.create(request)).task_id);
        // @ts-expect-error: it may have failed
        task.video_url.toUpperCase();
        // @ts-expect-error: no such value
        await ringback.create({ model: "m", resolution: "8k" });
      });
    `;
    expect(await compilerErrors("use.ts", source)).toBe("");
  });

  it("compiles as its page uses it", async () => {
    const page = readFileSync(`${root}docs/client.md`, "utf8");
    const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
    expect(blocks.length).toBeGreaterThanOrEqual(3);
    const readersOwn = `
      declare const request: Request;
      declare const env: { RINGBACK_SIGNING_SECRET: string };
      declare function save(id: string, metadata: unknown, url: string | null): Promise<void>;
    `;
    expect(await compilerErrors("page.ts", blocks.join("\n") + readersOwn)).toBe("");
  });
});

/** What the compiler says of a program that has installed the client and the types of Node. */
async function compilerErrors(name: string, source: string): Promise<string> {
  for (const types of ["@types", "undici-types"]) {
    const link = join(consumer, "node_modules", types);
    if (!existsSync(link)) symlinkSync(`${root}node_modules/${types}`, link);
  }
  writeFileSync(join(consumer, name), source);
  const options = "--strict --noEmit --target es2022 --lib es2022 --module nodenext --types node";
  const compiling = run(`${root}node_modules/.bin/tsc`, [...options.split(" "), name], { cwd: consumer });
  const { stdout } = await compiling.catch(({ stdout: said }: { stdout: string }) => ({ stdout: said }));
  return stdout;
}
