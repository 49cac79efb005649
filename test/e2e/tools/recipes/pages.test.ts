import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../../../dev/bundle.ts";
import { FOLDER, page } from "./pages.ts";

/*
 * scenario                                         requirement
 * every page                                       its links lead somewhere, and it says what was run
 */

describe("every page", () => {
  const pages = readdirSync(FOLDER).filter((name) => name.endsWith(".md"));

  it("is in the index, and no other", () => {
    const linked = [...page("README.md").matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, name]) => name);
    expect(new Set(linked)).toEqual(new Set(pages.filter((name) => name !== "README.md")));
  });

  it.each(pages)("%s has links that lead somewhere", (name) => {
    const links = [...page(name).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)].map(
      ([, link = ""]) => link,
    );
    expect(links.filter((link) => !existsSync(join(dirname(join(FOLDER, name)), link)))).toEqual([]);
    const files = [...page(name).matchAll(/`(test\/[\w/-]+\.test\.ts)`/g)].map(([, file = ""]) => file);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it.each(pages.filter((name) => name !== "README.md"))("%s says what was run", (name) => {
    expect(page(name)).toMatch(/^## What was run\n\n\S/m);
  });
});
