import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";

/*
 * scenario                                    requirement
 * `npm start` where a port is taken           a plain sentence that names the port and `PORT`, and no stack
 * `npm start` with a PORT that is none        the same
 * `npm start` with settings that are wrong    each of them with what to write, before anything is started
 */

function start(
  port: string,
  settings: Record<string, string> = {},
): { status: number | null; stderr: string } {
  const env = { ...process.env, ...settings, PORT: port };
  return spawnSync(process.execPath, [`${root}dev/start.ts`], { env, encoding: "utf8", timeout: 20_000 });
}

describe("npm start", () => {
  it.each([0, 1, 2])("says that the port %i after its first is taken", async (offset) => {
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const { status, stderr } = start(String(port - offset));
    await new Promise((resolve) => server.close(resolve));
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^Another program uses ports? [\d, ]+\. Name the first of three free ports in PORT, /,
    );
    expect(stderr).toContain(String(port));
    expect(stderr).not.toMatch(/ {2}at /);
  });

  it.each(["abc", "0", "65534", "80.5"])("says what PORT must be where it is %s", (port) => {
    expect(start(port)).toMatchObject({ status: 1, stderr: "PORT must be a number from 1 to 65533.\n" });
  });

  it("says what is wrong with the settings", () => {
    const UPSTREAMS = '{"ark": {"profile": "ark"}}';
    const { status, stderr } = start("abc", { UPSTREAMS, UPSTREAM_KEY_ARK: "k", UPSTREAM_KEY_XAI: "k" });
    expect([status, stderr.trimEnd().split("\n")]).toEqual([
      1,
      ["UPSTREAM_KEY_ARK", "UPSTREAM_KEY_XAI"].map((name) => `${name} must not be set without AIO_API_KEY.`),
    ]);
  });
});
