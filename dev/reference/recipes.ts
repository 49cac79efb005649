import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, normalize } from "node:path";
import { renderMarkdown } from "./markdown.ts";

/** The recipes as pages of the deployment, with the files that they tell a reader to import or to copy. */

/** Of every page of the folder but its index. */
export function recipeNames(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".md") && name !== "README.md");
  return names.map((name) => name.replace(/\.md$/, ""));
}

/** Fragments by their path below `reference/recipes`, files by their path below `docs/recipes`. */
export function recipeFiles(folder: string): {
  fragments: Map<string, string>;
  files: Map<string, Uint8Array>;
} {
  const fragments = new Map<string, string>();
  const files = new Map<string, Uint8Array>();
  for (const page of recipeNames(folder)) {
    const markdown = readFileSync(join(folder, `${page}.md`), "utf8");
    fragments.set(`${page}.html`, renderMarkdown(markdown, { linkTo: (href) => targetOf(folder, href) }));
    const beside = join(folder, page);
    for (const name of existsSync(beside) ? readdirSync(beside) : []) {
      if (name !== "tsconfig.json") files.set(`${page}/${name}`, readFileSync(join(beside, name)));
    }
  }
  return { fragments, files };
}

/** Null: a document that the deployment does not show. */
function targetOf(folder: string, href: string): string | null {
  if (/^[a-z]+:|^#/.test(href)) return href;
  const [path = "", anchor] = href.split("#");
  const place = normalize(path);
  if (place.startsWith("..")) return place === "../api.md" ? "/docs" : null;
  if (!existsSync(join(folder, place))) return null;
  const page = place.replace(/\.md$/, "");
  return `/docs/recipes/${page}${anchor === undefined ? "" : `#${anchor}`}`;
}
