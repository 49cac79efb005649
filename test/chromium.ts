import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";

/**
 * `npm run chromium`: the browser in which the pages are tested. Installs Debian's where there is none; on another
 * system, install one and name it in `CHROMIUM`.
 */

const browser = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
const PATIENCE_MS = 300_000;
const complaints: string[] = [];

/** A package manager's progress is nobody's news; what it complains of is, if there is no browser in the end. */
function apt(...args: string[]): boolean {
  const command = process.getuid?.() === 0 ? ["apt-get"] : ["sudo", "-n", "apt-get"];
  const [program = "", ...rest] = [...command, "-qq", "-o", "DPkg::Lock::Timeout=120", ...args];
  const { status, stderr, error } = spawnSync(program, rest, {
    encoding: "utf8",
    timeout: PATIENCE_MS,
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  if (status !== 0) complaints.push(`${program} ${rest.join(" ")}: ${error?.message ?? stderr}`);
  return status === 0;
}

if (!existsSync(browser) && process.env["CHROMIUM"] === undefined) {
  console.log("installing Debian's Chromium …");
  // A machine's lists may be old or missing: then they are fetched first.
  const install = ["install", "-y", "--no-install-recommends", "chromium"];
  if (!apt(...install) && apt("update")) apt(...install);
}
if (!existsSync(browser)) {
  for (const complaint of complaints) console.error(complaint);
  console.error(`There is no browser at ${browser}: install Chromium, or name one in CHROMIUM.`);
  process.exitCode = 1;
}
