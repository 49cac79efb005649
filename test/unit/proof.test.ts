import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { MUTATIONS } from "../support/mutations/mutations.ts";

/** The documents that promise something name the tests that show it: neither may go without the other. */

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (path: string): string => readFileSync(root + path, "utf8");

/** "`test/….test.ts`: title", up to the next one or the end of the cell. */
function testsNamedIn(document: string): { file: string; title: string }[] {
  const named = document.matchAll(/`(test\/[^`]+\.test\.ts)`: ([^|]+?)(?= \||(?: · `test))/g);
  return Array.from(named, ([, file = "", title = ""]) => ({ file, title }));
}

describe.each(["docs/guarantees.md", "SECURITY.md"])("%s", (document) => {
  it("names tests that are there", () => {
    const named = testsNamedIn(read(document));
    expect(named.length).toBeGreaterThanOrEqual(20);
    const missing = named.filter(
      ({ file, title }) =>
        !read(file).includes(
          title.replace(/^survives a death at every point of .*/, "survives a death at every point of $name"),
        ),
    );
    expect(missing).toEqual([]);
  });
});

describe("the mutations", () => {
  it.each(MUTATIONS)("$name: has one place to be made, and stands in the document", (mutation) => {
    expect(read(mutation.file).split(mutation.search)).toHaveLength(2);
    const row = `| ${mutation.guarantee} | ${mutation.name} | \`${mutation.file}\` | \`${mutation.test.file}\`: ${mutation.test.name} |`;
    expect(read("docs/guarantees.md")).toContain(row);
  });
});
