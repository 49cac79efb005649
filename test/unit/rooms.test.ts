import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

/*
 * The rooms of `src` and what each may import. A file right below `src` is a room of its own.
 *
 * scenario                                   requirement
 * every import of every file                 stands in the table
 * the table                                  has no circle, and allows nothing that is not used
 * one object's room from another's           only by the file that speaks to the object, `client.ts`
 * shapes of the contract                     only as types, but by the document that is made from them
 * packages                                   only where the room is named beside them
 */

const src = fileURLToPath(new URL("../../src/", import.meta.url));

const ROOMS: Record<string, string[]> = {
  // The public API: its words, errors and shapes.
  contract: [],
  // Pure decisions.
  domain: ["contract"],
  // How upstreams are called and read, as data.
  profiles: ["domain"],
  // What other people's programs install.
  client: [],
  log: ["domain"],
  version: [],
  env: ["contract", "domain", "profiles"],
  keys: ["domain"],
  net: ["domain"],
  webhook: ["contract", "domain", "keys", "net"],
  upstream: ["contract", "domain", "keys", "net", "profiles"],
  // Copies of results, from their source to the bucket.
  files: ["contract", "domain", "net", "upstream"],
  "cadence-object": ["domain", "log", "net"],
  // It seals the receiver of a recovery and makes ids. It sends alerts as callbacks are sent, with the version in a header.
  "account-object": ["cadence-object", "domain", "env", "keys", "log", "net", "version", "webhook"],
  "task-object": [
    "account-object",
    "cadence-object",
    "contract",
    "domain",
    "env",
    "files",
    "keys",
    "log",
    "upstream",
    "version",
    "webhook",
    "net",
  ],
  http: [
    "account-object",
    "contract",
    "domain",
    "env",
    "files",
    "keys",
    "log",
    "task-object",
    "upstream",
    "version",
    "webhook",
    "net",
    "profiles",
  ],
  openapi: ["contract", "http", "version"],
  console: ["account-object", "contract", "domain", "env", "http", "keys", "log", "task-object"],
  app: ["console", "http", "version"],
  index: ["account-object", "app", "cadence-object", "task-object"],
};

/** Rooms of objects: others speak to the object by `client`. `index` hands the classes to the platform. */
const OBJECTS = ["account-object", "cadence-object", "task-object"];
const DOORS = new Set(["client", "object"]);

const PACKAGES: Record<string, string[]> = {
  "cloudflare:workers": ["account-object", "cadence-object", "task-object"],
  hono: ["app", "console", "http"],
  zod: ["contract", "env", "http", "openapi", "profiles"],
};

interface Import {
  file: string;
  room: string;
  /** The room that it leads to; null: a package. */
  target: string | null;
  /** Path below `src` without its ending, or the package. */
  path: string;
  /** Only its types: nothing of it is there at run time. */
  isType: boolean;
}

const imports = filesBelow(src).flatMap(importsOf);

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !entry.name.endsWith(".d.ts"))
    .map(({ parentPath, name }) => join(parentPath, name));
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(
    /^(?:import|export)\b[^;]*?\bfrom "([^"]+)";|^import "([^"]+)";|\bimport\("([^"]+)"\)/gm,
  );
  return Array.from(found, ([statement, from, bare, dynamic]) => {
    const to = from ?? bare ?? dynamic ?? "";
    const own = {
      file: relative(src, file),
      room: roomOf(relative(src, file)),
      isType: statement.startsWith("import type"),
    };
    if (!to.startsWith(".")) return { ...own, target: null, path: to };
    const path = relative(src, resolve(file, "..", to));
    return { ...own, target: roomOf(path), path: path.replace(/\.tsx?$/, "") };
  });
}

function roomOf(path: string): string {
  return path.split("/", 1)[0]?.replace(/\.tsx?$/, "") ?? "";
}

/** What a package is called, without the path inside it. */
function packageOf(path: string): string {
  return path.split("/", 1)[0] ?? path;
}

function used(room: string): string[] {
  const targets = imports.filter((one) => one.room === room && one.target !== null && one.target !== room);
  return [...new Set(targets.map(({ target }) => target ?? ""))].toSorted();
}

describe("a room", () => {
  it("stands in the table, with all that it holds", () => {
    expect([...new Set(imports.map(({ room }) => room))].filter((room) => !(room in ROOMS))).toEqual([]);
    expect(imports.length).toBeGreaterThan(500);
  });

  it.each(Object.entries(ROOMS))("%s imports what the table says, neither more nor less", (room, allowed) => {
    expect(used(room)).toEqual(allowed.toSorted());
  });

  it("is in no circle", () => {
    const done = new Set<string>();
    for (let round = 0; round < Object.keys(ROOMS).length; round += 1)
      for (const [room, allowed] of Object.entries(ROOMS))
        if (allowed.every((target) => done.has(target))) done.add(room);
    expect(Object.keys(ROOMS).filter((room) => !done.has(room))).toEqual([]);
  });

  it("of an object is entered by its client", () => {
    const entered = imports.filter(
      ({ room, target, path }) =>
        target !== null &&
        target !== room &&
        OBJECTS.includes(target) &&
        !DOORS.has(path.split("/").at(-1) ?? ""),
    );
    expect(entered.map(({ file, path }) => `${file} → ${path}`)).toEqual([]);
    const classes = imports.filter(
      ({ room, target, path }) => target !== room && OBJECTS.some((name) => path === `${name}/object`),
    );
    expect([...new Set(classes.map(({ room }) => room))]).toEqual(["index"]);
  });

  it("of the Worker takes no more than types from the shapes of the contract, which would make it larger", () => {
    const entered = imports.filter(
      ({ room, path, isType }) =>
        path.startsWith("contract/shapes/") && !isType && !["contract", "openapi"].includes(room),
    );
    expect(entered.map(({ file, path }) => `${file} → ${path}`)).toEqual([]);
  });

  it("imports only the packages that are its own", () => {
    const foreign = imports.filter(
      ({ room, target, path }) => target === null && !PACKAGES[packageOf(path)]?.includes(room),
    );
    expect(foreign.map(({ file, path }) => `${file} → ${path}`)).toEqual([]);
  });
});
