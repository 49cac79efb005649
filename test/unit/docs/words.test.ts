import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";

/**
 * The part of the house's words that a test can decide: no sentence of the code, the tests or the documents has "who",
 * "whoever", "nobody" or "somebody" as its subject, because such a sentence does not name its actor.
 */

/** Not within a name, a path or a key, and not as the word itself, in quotes. */
const NAMELESS = /(?<![-:\w/])(?<!"(?=\w+"))(?:[Ww]hoever|[Nn]obody|[Ss]omebody)(?![-\w])/;
/** At the start of a sentence. "Who is calling" is a heading of the contract. */
const WHO = /(?:^|[.:;!?] |\/\*\*? |\/\/ |\* |# |")Who (?!is calling)(?=\w+ )/;

const FILES = ["bench", "dev", "docs", "ops", "public", "src", "test"]
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, withFileTypes: true }))
  .concat(readdirSync(root, { withFileTypes: true }))
  .filter((entry) => entry.isFile() && /\.(?:md|[cm]?[jt]sx?|css|py|php|go|sh|toml)$/.test(entry.name))
  .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
  .filter((file) => file !== "test/unit/docs/words.test.ts");

function nameless(text: string): string[] {
  return text.split("\n").filter((line) => NAMELESS.test(line) || WHO.test(line));
}

describe("a sentence", () => {
  it("is found by its subject", () => {
    const found = [
      "// Nobody waits.",
      "it is whoever asks",
      "/** Who hangs up says so. */",
      "- It ends. Who asks",
    ];
    expect(nameless(found.join("\n"))).toEqual(found.slice(0, 3));
    expect(nameless('sk-somebody-else, "key:somebody", contract, Who is calling, "nobody"')).toEqual([]);
  });

  it("names its actor in every file", () => {
    expect(FILES.length).toBeGreaterThan(400);
    const found = FILES.flatMap((file) =>
      nameless(readFileSync(`${root}${file}`, "utf8")).map((line) => `${file}: ${line.trim()}`),
    );
    expect(found).toEqual([]);
  });
});
