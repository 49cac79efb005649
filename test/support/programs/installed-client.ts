import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "../../../dev/bundle.ts";
import { buildClientPackage } from "../../../dev/client-package.ts";

const run = promisify(execFile);

export interface InstalledClient {
  /** A project that has `ringback-client` in its `node_modules`, from a tarball. */
  consumer: string;
  /** The files in the tarball. */
  packed: string[];
}

/** Packs the client as it is published, and installs it into a project in this folder. */
export async function installClient(folder: string): Promise<InstalledClient> {
  const consumer = join(folder, "consumer");
  buildClientPackage(join(folder, "dist/client"));
  const told = ["--json", "--pack-destination", folder];
  const packing = await run("npm", [...documented("pack"), ...told], { cwd: folder });
  const { filename, files } = packResult(packing.stdout);
  mkdirSync(consumer);
  writeFileSync(join(consumer, "package.json"), '{"private":true,"type":"module"}');
  const options = ["install", "--offline", "--no-audit", "--no-fund", "--no-package-lock"];
  await run("npm", [...options, join(folder, filename)], { cwd: consumer });
  return { consumer, packed: files };
}

/** The command of the client's page, which is run as it stands there. */
export function documented(command: "pack" | "publish"): string[] {
  const page = readFileSync(`${root}docs/client.md`, "utf8");
  const [, words = ""] = new RegExp(`\`npm (${command} [^\`]+)\``).exec(page) ?? [];
  return words.split(" ");
}

/** npm 12 answers by the package's name what older ones answer as a list. */
function packResult(json: string): { filename: string; files: string[] } {
  type Packed = { filename: string; files: { path: string }[] };
  const answer = JSON.parse(json) as Packed[] | Record<string, Packed>;
  const [first] = Object.values(answer);
  if (!first) throw new Error("npm packed nothing");
  return { filename: first.filename, files: first.files.map(({ path }) => path) };
}
