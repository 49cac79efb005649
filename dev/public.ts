import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../src/openapi/document.ts";

/**
 * Puts the static files together in `dist/public`, which is what `[assets]` of `wrangler.toml` deploys: `public/` as it
 * is, and what is made from the sources and the packages. Every way to run the Worker calls this first.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

export const PUBLIC_FOLDER = join(root, "dist/public");

/** Every static file by its path under `/`. */
function staticFiles(): Map<string, Uint8Array> {
  const committed = filesIn(join(root, "public"));
  const files = new Map(committed.map((path) => [path, readFileSync(join(root, "public", path))]));
  files.set("openapi.json", Buffer.from(JSON.stringify(openApiDocument())));
  addRenderer(files);
  addReceivers(files);
  return files;
}

/** The programs that the console offers to copy, by language; the first is open. */
const RECEIVERS = {
  "Node.js": "node.mjs",
  Python: "fastapi_receiver.py",
  PHP: "receiver.php",
  Go: "receiver.go",
  Ruby: "receiver.rb",
  "Cloudflare Workers": "worker.ts",
};

function addReceivers(files: Map<string, Uint8Array>): void {
  const receivers = Object.entries(RECEIVERS).map(([name, file]) => {
    const bytes = readFileSync(join(root, "docs/recipes/receivers", file));
    files.set(`assets/receivers/${file}`, bytes);
    return { name, file, code: bytes.toString() };
  });
  files.set("assets/receivers.json", Buffer.from(JSON.stringify(receivers)));
}

/** Swagger UI under a name that changes with its version, so that a browser may keep it for good. */
function addRenderer(files: Map<string, Uint8Array>): void {
  const manifest = createRequire(import.meta.url).resolve("swagger-ui-dist/package.json");
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  const folder = `assets/swagger-ui-${version}`;
  for (const name of [
    "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt",
    "swagger-ui.css",
    "LICENSE",
    "NOTICE",
  ]) {
    files.set(`${folder}/${name}`, readFileSync(join(dirname(manifest), name)));
  }
  const page = Buffer.from(files.get("docs.html") ?? []).toString();
  files.set("docs.html", Buffer.from(page.replaceAll("assets/swagger-ui/", `${folder}/`)));
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/**
 * Test files start Workers side by side: a file is replaced in one step, and not at all when it is as it should be, so
 * that no Worker ever reads half of one.
 */
export function buildPublic(): void {
  const files = staticFiles();
  const scratch = join(root, `dist/.public-${process.pid}`);
  for (const [path, bytes] of files) {
    const target = join(PUBLIC_FOLDER, path);
    if (existsSync(target) && Buffer.compare(readFileSync(target), bytes) === 0) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(scratch, bytes);
    renameSync(scratch, target);
  }
  for (const path of filesIn(PUBLIC_FOLDER)) {
    if (!files.has(path)) rmSync(join(PUBLIC_FOLDER, path), { force: true });
  }
}

if (import.meta.main) buildPublic();
