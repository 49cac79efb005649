import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { root } from "../../../dev/bundle.ts";
import { BUILT_IN } from "../../../src/profiles/built-in.ts";
import { parseProfile, PROFILE_SCHEMA, type Profile } from "../../../src/profiles/schema.ts";
import { inventedApi } from "../../support/upstreams/invented-api.ts";

/*
 * scenario                                 requirement
 * the table of built-in profiles           has each of them, as `src/profiles/built-in` has it
 * the table of a profile's members         has each member of the schema, and no other
 * the invented API                         its profile parses, and says what the page says of it
 */

const page = readFileSync(`${root}docs/upstreams.md`, "utf8");

/** Rows of the table under the heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const section = page.slice(page.indexOf(`\n## ${heading}\n`) + 1).split(/^## /m)[1] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("| `"));
  return lines.map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

function code(text: string): string {
  return `\`${text}\``;
}

/** What the table has to say of a profile, up to its notes. */
function rowOf([name, profile]: [string, Profile]): string[] {
  const { base_url: baseUrl, auth, create, read, lifetime_hours: hours } = profile;
  const key = auth.scheme === undefined ? "KEY" : `${auth.scheme} KEY`;
  const result = read?.needs_key === true ? "needs the key" : "a URL";
  return [
    code(name),
    create.paths.map(code).join(", "),
    baseUrl === undefined ? "none: give yours" : code(baseUrl),
    code(`${auth.header}: ${key}`),
    hours === undefined ? result : `${result}, ${hours} h`,
  ];
}

interface Shape {
  properties?: Record<string, Shape>;
  items?: Shape;
}

/** The innermost members, each with the names of those around it. */
function membersOf({ properties = {} }: Shape): string[] {
  return Object.entries(properties).flatMap(([name, shape]) => {
    const inner = membersOf(shape.items ?? shape);
    return inner.length === 0 ? [name] : inner.map((member) => `${name}.${member}`);
  });
}

describe("docs/upstreams.md", () => {
  it("has the built-in profiles as they are", () => {
    const rows = rowsUnder("Built in");
    expect(rows.map((cells) => cells.slice(0, 5))).toEqual([...BUILT_IN].map(rowOf));
    // Notes and a source for each.
    for (const cells of rows) expect(cells.filter((cell) => cell !== "")).toHaveLength(7);
  });

  it("has each member of a profile, in the schema's order, and no other", () => {
    const schema = z.toJSONSchema(PROFILE_SCHEMA, { io: "input", unrepresentable: "any" });
    const members = membersOf(schema as Shape);
    expect(members).toEqual(expect.arrayContaining(["base_url", "read.failed_if.is", "not_found.words"]));
    expect(rowsUnder("The members of a profile").map(([name]) => name)).toEqual(members.map(code));
  });

  it("invents an API whose profile parses and calls it by the page's requests", () => {
    const { create, poll, setting } = inventedApi();
    const { pictura } = JSON.parse(setting) as { pictura: { profile: unknown } };
    const result = parseProfile(pictura.profile);
    if (!result.ok) throw new Error(JSON.stringify(result.problem));
    const { base_url: baseUrl = "", auth, create: creates, poll: polls } = result.profile;
    expect(creates.paths.map((path) => baseUrl + path)).toEqual([create.url]);
    expect([polls.method, baseUrl + polls.path]).toEqual([poll.method, poll.url]);
    for (const { headers } of [create, poll]) expect(headers).toEqual({ [auth.header]: "YOUR-KEY" });
  });

  it("is in the README's contents", () => {
    expect(readFileSync(`${root}README.md`, "utf8")).toContain("| [upstreams](docs/upstreams.md) |");
  });
});
