import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { root } from "../../../dev/bundle.ts";

/** Every Markdown page of the repository, by its path. */
export function documents(): string[] {
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  const inFolders = ["docs", "bench"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".md"))
      .map(({ parentPath, name }) => relative(root, join(parentPath, name))),
  );
  return [...top, ...inFolders].toSorted();
}
