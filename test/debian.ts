import { spawnSync } from "node:child_process";
import { CHROMIUM, HEADLESS_SHELL, PHP, PYTHON, RUBY } from "./support/programs/programs.ts";

/**
 * `npm run test:setup`: what the tests need besides Node. Installs Debian's packages of what is missing; on another
 * system, install it yourself and name it in `CHROMIUM`, `TEST_PYTHON`, `TEST_PHP` and
 * `TEST_RUBY`.
 */

interface Need {
  name: string;
  /** Succeeds if it is there. */
  check: [string, ...string[]];
  packages: string[];
  /** Succeeds if there is something that does as well, where the packages cannot be had. */
  otherwise?: [string, ...string[]];
}

const NEEDS: Need[] = [
  {
    name: "Chromium",
    check: [process.env["CHROMIUM"] ?? HEADLESS_SHELL, "--version"],
    packages: ["chromium-headless-shell"],
    otherwise: [CHROMIUM, "--version"],
  },
  {
    name: "Python with FastAPI and uvicorn",
    check: [PYTHON, "-c", "import fastapi, uvicorn"],
    packages: ["python3-fastapi", "python3-uvicorn"],
  },
  { name: "PHP", check: [PHP, "--version"], packages: ["php-cli"] },
  {
    name: "Ruby with WEBrick",
    check: [RUBY, "-e", 'require "webrick"'],
    packages: ["ruby", "ruby-webrick"],
  },
  { name: "Wget", check: ["wget", "--version"], packages: ["wget"] },
];

const PATIENCE_MS = 300_000;
const complaints: string[] = [];

function isMissing({ check: [program, ...rest] }: Pick<Need, "check">): boolean {
  return spawnSync(program, rest, { stdio: "ignore", timeout: 60_000 }).status !== 0;
}

function hasNothingElse({ otherwise }: Need): boolean {
  return otherwise === undefined || isMissing({ check: otherwise });
}

/** Hides a package manager's progress; prints its complaints only if something is missing in the end. */
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

let missing = NEEDS.filter(isMissing);
if (missing.length > 0) {
  const packages = missing.flatMap((need) => need.packages);
  console.log(`installing ${packages.join(", ")} …`);
  // A machine's lists may be old or missing: then they are fetched first.
  const install = ["install", "-y", "--no-install-recommends", ...packages];
  if (!apt(...install) && apt("update")) apt(...install);
  missing = missing.filter(isMissing).filter(hasNothingElse);
}
if (missing.length > 0) {
  for (const complaint of complaints) console.error(complaint);
  for (const { name, check } of missing) console.error(`${name} is missing: tried ${check.join(" ")}`);
  process.exitCode = 1;
}
