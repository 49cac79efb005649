import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";
import { documents } from "./documents.ts";

/** Every link within the repository leads to a file, and every `#anchor` to a heading of it. */

/** A heading's anchor as GitHub makes it: small letters, no punctuation, a dash for each blank. */
function anchorsOf(path: string): string[] {
  const headings = readFileSync(path, "utf8").matchAll(/^#+ (.+)$/gm);
  return Array.from(headings, ([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

function brokenLinks(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  const links = Array.from(text.matchAll(/\]\((?![a-z]+:)([^)\s]+)\)/g), ([, link = ""]) => link);
  return links.filter((link) => {
    const [file = "", anchor] = link.split("#");
    const path = file === "" ? join(root, document) : join(root, dirname(document), file);
    return !existsSync(path) || (anchor !== undefined && !anchorsOf(path).includes(anchor));
  });
}

/** Paths in backticks, which a reader opens by hand. Those of `src` stand without it. */
function missingFiles(document: string): string[] {
  const text = readFileSync(join(root, document), "utf8");
  const named = text.matchAll(/`((?:[\w.-]+\/)+[\w.-]+\.(?:tsx?|mjs|js|css|md|sh|py|php))`/g);
  return Array.from(named, ([, path = ""]) => path).filter(
    (path) => !["", "src", dirname(document)].some((folder) => existsSync(join(root, folder, path))),
  );
}

describe.each(documents())("%s", (document) => {
  it("links to files and headings that are there", () => {
    expect(brokenLinks(document)).toEqual([]);
  });

  it("names files that are there", () => {
    expect(missingFiles(document)).toEqual([]);
  });
});
