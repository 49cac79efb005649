import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSourceServer, videoDigest, type SourceServer } from "../../../support/sources/source-server.ts";
import { eventually, isTerminal, startStack, type Stack, type TaskBody } from "../../../support/stack.ts";

/*
 * A result is copied, and real clients fetch the copy over HTTP.
 *
 * scenario                                         requirement (contract, Kept files)
 * with and without a length                        kept byte for byte
 * `curl -C -`, `wget -c` after a broken download   ranges: the rest, and nothing twice
 * several connections, each with a part            ranges
 * a download by its own name, a repeated one       `?download`, `etag`
 * a file that is there whole                       416 means that there is no more
 * a kept file in the statistics                    counted while it is kept
 */

const SIZE = 12 * 1_048_576 + 7;
const DIGEST = videoDigest(SIZE);

let stack: Stack;
let source: SourceServer;
let folder: string;
let url: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ringback-files-"));
  source = await startSourceServer();
  stack = await startStack({ settings: { KEEP_RESULTS: "on" } });
  url = (await keptTask("/chunked")).video_url ?? "";
});
afterAll(async () => {
  await Promise.all([stack.close(), source.close()]);
  rmSync(folder, { recursive: true });
});

/** A task whose result is at this path of the source, at its end. */
async function keptTask(path: string): Promise<TaskBody> {
  const result = `${source.origin}${path}?size=${SIZE}&type=video/mp4`;
  stack.gateway.fault({ on: "poll", status: 200, body: { status: "succeeded", video_url: result } });
  const { task_id: id } = (await (await stack.create()).json()) as TaskBody;
  return stack.task(id, isTerminal, 30_000);
}

/** Runs a program in the folder of downloads; its exit code and what it wrote. */
async function run(program: string, ...args: string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd: folder }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function saved(name: string): string {
  return digest(readFileSync(join(folder, name)));
}

it.each(["/file", "/chunked"])("a result from %s is kept byte for byte", async (path) => {
  const task = await keptTask(path);
  expect(task).toMatchObject({
    status: "succeeded",
    video_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1\/files\/[a-z2-7]{26}\.mp4$/),
    source_url: `${source.origin}${path}?size=${SIZE}&type=video/mp4`,
    file: { status: "kept", bytes: SIZE, content_type: "video/mp4" },
  });
  const response = await fetch(task.video_url ?? "");
  expect(response.headers.get("content-length")).toBe(String(SIZE));
  expect(digest(Buffer.from(await response.arrayBuffer()))).toBe(DIGEST);
});

describe("a download", () => {
  it("that broke off is continued by curl, and is not begun again at its end", async () => {
    expect((await run("curl", "-sS", "-f", "-o", "curl.mp4", "-r", "0-3000000", url)).code).toBe(0);
    expect(await run("curl", "-sS", "-f", "-C", "-", "-o", "curl.mp4", url)).toEqual({ code: 0, output: "" });
    expect(saved("curl.mp4")).toBe(DIGEST);
    await run("curl", "-sS", "-C", "-", "-o", "curl.mp4", url);
    expect(saved("curl.mp4")).toBe(DIGEST);
  });

  it("that broke off is continued by wget, which knows when it is whole", async () => {
    expect((await run("wget", "-q", "-O", "wget.mp4", url)).code).toBe(0);
    truncateSync(join(folder, "wget.mp4"), 5_000_001);
    const continued = await run("wget", "-c", "-O", "wget.mp4", url);
    expect([continued.code, saved("wget.mp4")]).toEqual([0, DIGEST]);
    expect(continued.output).toContain("206 Partial Content");
    const whole = await run("wget", "-c", "-O", "wget.mp4", url);
    expect([whole.code, saved("wget.mp4")]).toEqual([0, DIGEST]);
    expect(whole.output).toContain("416");
  });

  it("over eight connections, each with a part, is the file", async () => {
    const step = Math.ceil(SIZE / 8);
    const parts = await Promise.all(
      Array.from({ length: 8 }, async (_, part) => {
        const range = `bytes=${part * step}-${(part + 1) * step - 1}`;
        const response = await fetch(url, { headers: { range } });
        expect(response.status).toBe(206);
        return Buffer.from(await response.arrayBuffer());
      }),
    );
    expect(digest(Buffer.concat(parts))).toBe(DIGEST);
  });

  it("with ?download gets its own name from curl and wget", async () => {
    const name = new URL(url).pathname.split("/").at(-1) ?? "";
    expect((await run("curl", "-sS", "-f", "-OJ", `${url}?download=..%2Fevil.html`)).code).toBe(0);
    expect(saved(name)).toBe(DIGEST);
    rmSync(join(folder, name));
    expect((await run("wget", "-q", "--content-disposition", `${url}?download=evil.html`)).code).toBe(0);
    expect(saved(name)).toBe(DIGEST);
  });

  it("that curl has already is not sent again", async () => {
    const etags = ["--etag-save", "etag.txt", "--etag-compare", "etag.txt"];
    writeFileSync(join(folder, "etag.txt"), "");
    const status = ["-sS", "-o", "again.mp4", "-w", "%{http_code} %{size_download}", ...etags, url];
    expect((await run("curl", ...status)).output).toBe(`200 ${SIZE}`);
    expect((await run("curl", ...status)).output).toBe("304 0");
    expect(saved("again.mp4")).toBe(DIGEST);
  });

  it("is told of by HEAD over HTTP, length and all", async () => {
    const { output } = await run("curl", "-sS", "-I", url);
    expect(output).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(output.toLowerCase()).toContain(`content-length: ${SIZE}\r\n`);
    expect(output.toLowerCase()).toContain("accept-ranges: bytes\r\n");
    expect(output.toLowerCase()).not.toContain("last-modified");
  });
});

it("is in its account's statistics until its task is deleted", async () => {
  const headers = { authorization: "Bearer sk-counts-its-files" };
  const filesOf = async (): Promise<unknown> =>
    ((await (await stack.call("/v1/stats", { headers })).json()) as { files: unknown }).files;
  const result = `${source.origin}/file?size=${SIZE}&type=video/mp4`;
  stack.gateway.fault({ on: "poll", status: 200, body: { status: "succeeded", video_url: result } });
  const { task_id: id } = (await (await stack.create({}, headers)).json()) as TaskBody;
  await stack.task(id, isTerminal, 30_000);
  await eventually(filesOf, (files) => JSON.stringify(files) === JSON.stringify({ kept: 1, bytes: SIZE }));
  await stack.call(`/v1/videos/${id}`, { method: "DELETE", headers });
  await eventually(filesOf, (files) => JSON.stringify(files) === JSON.stringify({ kept: 0, bytes: 0 }));
  expect(await filesOf()).toEqual({ kept: 0, bytes: 0 });
});
