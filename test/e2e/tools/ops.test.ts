import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { bundleWorker, MAIN_MODULE, writeModules } from "../../../dev/bundle.ts";
import { readSettings } from "../../../src/env.ts";

/*
 * The programs that an operator runs, as npm runs them. Wrangler is played by a script that answers as the real one
 * does, because there is no login here.
 */

const root = fileURLToPath(new URL("../../..", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ringback-ops-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Cloudflare's own builds set `WORKERS_CI`. */
let build: Record<string, string> = {};
afterEach(() => {
  build = {};
});

function run(program: string, ...args: string[]): { code: number | null; out: string; err: string } {
  const env = { ...process.env, ...build, PATH: `${folder}:${process.env["PATH"] ?? ""}` };
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "ops", program), ...args], {
    encoding: "utf8",
    env,
  });
  return { code: status, out: stdout, err: stderr };
}

/** A wrangler whose account is in this state; notes what it was asked in `calls`. */
function playWrangler(state: { login: boolean; secrets: string[] | null; refuses?: boolean }): void {
  const list = state.secrets?.map((name) => ({ name, type: "secret_text" }));
  const no = state.refuses
    ? "Authentication error [code: 10000]"
    : "This Worker does not exist on your account. [code: 10007]";
  const script = `#!/bin/sh
echo "$@" >> ${folder}/calls
case "$1" in
  whoami) echo '${state.login ? "You are logged in" : "You are not authenticated. Please run wrangler login."}' ;;
  secret) ${list ? `echo '${JSON.stringify(list)}'` : `echo '${no}' >&2; exit 1`} ;;
  deploy) echo deployed ;;
esac
`;
  writeFileSync(join(folder, "calls"), "");
  writeFileSync(join(folder, "wrangler"), script);
  chmodSync(join(folder, "wrangler"), 0o755);
}

const DEPLOY = "deploy dist/worker/index.js --no-bundle";

const calls = (): string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

describe("npm run secret", () => {
  it("prints a secret that Ringback takes, another one each time", () => {
    const [first, second] = [run("secret.ts"), run("secret.ts")];
    expect(first.code).toBe(0);
    expect(first.out).toMatch(/^[\w-]{43}\n$/);
    expect(second.out).not.toBe(first.out);
    expect(readSettings({ RINGBACK_SECRET: first.out.trim() }).ok).toBe(true);
  });
});

describe("npm run key", () => {
  it("prints a token, and the entry that lets it in", () => {
    const { code, out } = run("key.ts", "acme");
    expect(code).toBe(0);
    const token = /rbk_[\w-]{43}/.exec(out)?.[0] ?? "";
    const entry = /acme:[0-9a-f]{64}/.exec(out)?.[0] ?? "";
    expect(entry).toBe(`acme:${createHash("sha256").update(token).digest("hex")}`);
    const settings = {
      RINGBACK_SECRET: run("secret.ts").out.trim(),
      AIO_API_KEY: "sk-1",
      RINGBACK_KEYS: entry,
    };
    expect(readSettings(settings).ok).toBe(true);
  });

  it("prints one for an operator, who is no caller", () => {
    const { code, out } = run("key.ts", "support", "--operator");
    expect(code).toBe(0);
    const token = /rbo_[\w-]{43}/.exec(out)?.[0] ?? "";
    const entry = `support:${createHash("sha256").update(token).digest("hex")}`;
    expect(out).toContain(`entry for RINGBACK_OPERATOR_KEYS:  ${entry}`);
  });

  it.each([[], ["--operator"], ["a", "b"], [""], ["no spaces"], ["a:b"], ["n".repeat(65)]])(
    "refuses the name %j",
    (...args) => {
      const { code, out, err } = run("key.ts", ...args);
      expect({ code, out }).toEqual({ code: 1, out: "" });
      expect(err).toContain("Usage");
    },
  );
});

describe("npm run deploy", () => {
  it("deploys when nothing is missing", () => {
    playWrangler({ login: true, secrets: ["RINGBACK_SECRET"] });
    const { code, out } = run("deploy.ts");
    expect(code).toBe(0);
    expect(out).toContain("deployed");
    expect(calls().at(-1)).toBe(DEPLOY);
  });

  it("only looks with --check", () => {
    playWrangler({ login: true, secrets: ["RINGBACK_SECRET"] });
    expect(run("deploy.ts", "--check")).toMatchObject({ code: 0, out: "Nothing is missing.\n" });
    expect(calls()).not.toContain(DEPLOY);
  });

  it.each([
    { what: "a login", state: { login: false, secrets: null }, says: "npx wrangler login" },
    {
      what: "the secret of a Worker that was never deployed",
      state: { login: true, secrets: null },
      says: "npm run -s secret | npx wrangler secret put RINGBACK_SECRET",
    },
    {
      what: "callers",
      state: { login: true, secrets: ["RINGBACK_SECRET", "AIO_API_KEY"] },
      says: "npm run -s key -- NAME",
    },
  ])("stops and says what is missing: $what", ({ state, says }) => {
    playWrangler(state);
    const { code, err } = run("deploy.ts");
    expect(code).toBe(1);
    expect(err).toContain(says);
    expect(calls()).not.toContain(DEPLOY);
  });

  it.each([
    { what: "of a Worker that was never deployed", state: { login: true, secrets: null } },
    { what: "whose secrets may not be listed", state: { login: true, secrets: null, refuses: true } },
    { what: "that cannot show its login", state: { login: false, secrets: null } },
  ])("in Cloudflare's own build deploys without the secret: one $what", ({ state }) => {
    build = { WORKERS_CI: "1" };
    playWrangler(state);
    const { code, out } = run("deploy.ts");
    expect({ code, deployed: calls().at(-1) }).toEqual({ code: 0, deployed: DEPLOY });
    // What is known to be missing is said.
    const known = state.login && !("refuses" in state);
    expect(out.includes("npm run -s secret | npx wrangler secret put RINGBACK_SECRET")).toBe(known);
  });

  it("deploys another environment with that one's secrets", () => {
    playWrangler({ login: true, secrets: ["RINGBACK_SECRET"] });
    expect(run("deploy.ts", "--env", "staging").code).toBe(0);
    expect(calls()).toEqual(["whoami", "secret list --format json --env staging", `${DEPLOY} --env staging`]);
  });
});

const toml = readFileSync(join(root, "wrangler.toml"), "utf8");

/** What wrangler itself would deploy with this configuration: the names of its bindings and variables. */
function dryRun(text: string, ...more: string[]): string[] {
  const whole = text
    .replace('"src/index.ts"', JSON.stringify(join(root, "src/index.ts")))
    .replace('"dist/public"', JSON.stringify(join(root, "dist/public")))
    .replace("node dev/public.ts", `${process.execPath} ${join(root, "dev/public.ts")}`);
  const config = join(folder, "wrangler.toml");
  writeFileSync(config, whole);
  const args = ["deploy", "--dry-run", ...more, "-c", config, "--outdir", join(folder, "out")];
  const { status, stdout, stderr } = spawnSync(join(root, "node_modules/.bin/wrangler"), args, {
    encoding: "utf8",
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", NO_COLOR: "1", CI: "true" },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  expect(stdout).not.toContain("WARNING");
  return Array.from(stdout.matchAll(/^env\.(\w+)/gm), ([, name = ""]) => name);
}

/** The same by the configuration's own lines. */
function namesIn(text: string): string[] {
  const found = text.matchAll(/^(?:name|binding) = "([A-Z_]+)"$|^([A-Z_]+) = /gm);
  return Array.from(found, ([, binding, variable]) => binding ?? variable ?? "");
}

describe("wrangler", () => {
  it("takes the lines that turn kept files on, as docs/deploy.md uncomments them", () => {
    expect(readFileSync(join(root, "docs/deploy.md"), "utf8")).toContain(
      "perl -pi -e 's/^#= //' wrangler.toml",
    );
    const names = dryRun(toml.replaceAll(/^#= /gm, ""));
    expect(new Set(names)).toEqual(new Set([...namesIn(toml), "KEEP_RESULTS", "RESULTS"]));
    expect(namesIn(toml)).not.toContain("RESULTS");
  }, 60_000);

  it("uploads each module that the deployment hands it", async () => {
    const from = join(folder, "worker");
    const to = join(folder, "uploaded");
    writeModules(from, await bundleWorker({ minify: true }));
    const wrangler = join(root, "node_modules/.bin/wrangler");
    const config = ["--config", join(root, "wrangler.toml")];
    const deploy = [...config, "deploy", join(from, MAIN_MODULE), "--no-bundle", "--dry-run", "--outdir", to];
    const { status } = spawnSync(wrangler, deploy, { cwd: root, encoding: "utf8" });
    expect(status).toBe(0);
    expect(readdirSync(to)).toEqual(expect.arrayContaining(readdirSync(from)));
    expect(readdirSync(from).length).toBeGreaterThan(1);
  });
});

describe("docs/deploy.md", () => {
  /** The block of TOML that begins so. */
  function block(start: string): string {
    const page = readFileSync(join(root, "docs/deploy.md"), "utf8");
    const found = Array.from(page.matchAll(/^```toml\n([^]*?)^```$/gm), ([, text = ""]) => text);
    return found.find((text) => text.startsWith(start)) ?? "";
  }

  it("has a staging environment with every binding of the one at the top, and counters of its own", () => {
    const staging = block("[env.staging");
    const logs = block("[observability]");
    const whole = toml.replace("[observability]\nenabled = true\n", logs);
    const deployed = dryRun(`${whole}\n${staging}`, "--env", "staging");
    // Objects, counters, the files, the variables.
    expect(namesIn(toml).length).toBeGreaterThanOrEqual(6);
    expect(new Set(deployed)).toEqual(new Set(namesIn(toml)));
    const counters = (text: string): string[] =>
      Array.from(text.matchAll(/^namespace_id = "(\d+)"$/gm), ([, id = ""]) => id);
    expect(counters(staging)).toHaveLength(counters(toml).length);
    expect(counters(toml)).not.toEqual(expect.arrayContaining(counters(staging)));
  }, 60_000);
});
