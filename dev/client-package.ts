import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * `npm run client` builds the published package, `ringback-client`, in `dist/client`. It is a package of its own, so
 * that a program that installs the client does not get the Worker's dependencies. `npm publish ./dist/client` publishes
 * it.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

export const CLIENT_FOLDER = join(root, "dist/client");

const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<
  string,
  string
>;

const MANIFEST = {
  name: "ringback-client",
  version,
  description: "The client of Ringback: start a video, wait for it or be called back, prove the callback.",
  license,
  type: "module",
  sideEffects: false,
  exports: { types: "./index.d.ts", default: "./index.js" },
  engines: { node: ">=20.3" },
};

/** Removes the folder and builds the package again. */
export function buildClientPackage(folder: string = CLIENT_FOLDER): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const compiler = createRequire(import.meta.url).resolve("typescript/package.json");
  const { bin } = JSON.parse(readFileSync(compiler, "utf8")) as { bin: { tsc: string } };
  const options = ["-p", join(root, "src/client"), "--outDir", folder];
  execFileSync(process.execPath, [join(dirname(compiler), bin.tsc), ...options], { stdio: "inherit" });
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(MANIFEST, null, 2)}\n`);
  copyFileSync(join(root, "docs/client.md"), join(folder, "README.md"));
  copyFileSync(join(root, "LICENSE"), join(folder, "LICENSE"));
}

if (import.meta.main) buildClientPackage();
