import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import { openApiDocument } from "../src/openapi/document.ts";
import type { ApiDocument } from "./reference/document.ts";
import { recipeFiles } from "./reference/recipes.ts";
import { renderReference } from "./reference/reference.ts";

/**
 * Puts the static files together in `dist/public`, which is what `[assets]` of `wrangler.toml` deploys: `public/` as it
 * is, and what is made from the sources and the packages. Every way to run the Worker calls this first.
 */

const root = fileURLToPath(new URL("..", import.meta.url));

export const PUBLIC_FOLDER = join(root, "dist/public");

/** Every static file by its path under `/`. */
function staticFiles(): Map<string, Uint8Array> {
  const committed = filesIn(join(root, "public"));
  const files = new Map<string, Uint8Array>(
    committed.map((path) => [path, readFileSync(join(root, "public", path))]),
  );
  files.set("assets/console.css", consoleLook());
  addReference(files);
  addReceivers(files);
  return files;
}

/** The sheets of `src/console/look` as one, so that a page waits for one file. */
function consoleLook(): Uint8Array {
  const { outputFiles } = buildSync({
    entryPoints: [join(root, "src/console/look/console.css")],
    bundle: true,
    write: false,
    logLevel: "error",
  });
  const [sheet] = outputFiles;
  if (!sheet) throw new Error("esbuild wrote no sheet");
  return sheet.contents;
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
    return { name, file, code: readFileSync(join(root, "docs/recipes/receivers", file), "utf8") };
  });
  files.set("reference/receivers.json", Buffer.from(JSON.stringify(receivers)));
}

/** What the console's frame is put around: the reference page and the recipes. */
function addReference(files: Map<string, Uint8Array>): void {
  const document = openApiDocument() as unknown as ApiDocument;
  files.set("openapi.json", Buffer.from(JSON.stringify(document)));
  files.set("reference/api.html", Buffer.from(renderReference(document)));
  const recipes = recipeFiles(join(root, "docs/recipes"));
  for (const [path, html] of recipes.fragments) files.set(`reference/recipes/${path}`, Buffer.from(html));
  for (const [path, bytes] of recipes.files) files.set(`docs/recipes/${path}`, bytes);
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
