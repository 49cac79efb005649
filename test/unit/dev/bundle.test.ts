import { expect, it } from "vitest";
import { bundleWorker, MAIN_MODULE, type WorkerModule } from "../../../dev/bundle.ts";

/*
 * scenario                             requirement
 * what an isolate compiles at first    a bound in kB, as `wrangler deploy` counts it, in KiB
 * what the first page brings along     at most 200 kB
 * all other code                       there is none
 */
const API_MAX_KB = 340;
const CONSOLE_MAX_BYTES = 200 * 1024;

const modules = await bundleWorker({ minify: true });

/** What is loaded with these modules; with the other kind of `import` only when code asks for it. */
function closure(names: readonly string[]): string[] {
  const found = new Set<string>();
  for (const queue = [...names]; queue.length > 0;) {
    const name = queue.pop() ?? "";
    if (!found.has(name)) queue.push(...imported(name, /(?:\bfrom|\bimport)"\.\/([^"]+)"/g));
    found.add(name);
  }
  return [...found];
}

function imported(name: string, statement: RegExp): string[] {
  return Array.from(moduleOf(name).text.matchAll(statement), ([, path = ""]) => path);
}

function moduleOf(name: string): WorkerModule {
  const found = modules.find((one) => one.name === name);
  if (!found) throw new Error(`${name} is no module of the Worker`);
  return found;
}

function bytesOf(names: readonly string[]): number {
  return names.reduce((sum, name) => sum + new TextEncoder().encode(moduleOf(name).text).byteLength, 0);
}

const first = closure([MAIN_MODULE]);
const onDemand = first.flatMap((name) => imported(name, /\bimport\("\.\/([^"]+)"\)/g));
const later = closure(onDemand).filter((name) => !first.includes(name));

it(`an isolate that serves only the API compiles at most ${API_MAX_KB} kB`, () => {
  expect(bytesOf(first)).toBeLessThanOrEqual(API_MAX_KB * 1024);
});

it("the first page that is asked for brings at most 200 kB along", () => {
  expect(onDemand).toEqual([expect.stringMatching(/^console-/)]);
  expect(bytesOf(later)).toBeLessThanOrEqual(CONSOLE_MAX_BYTES);
  expect([...first, ...later].toSorted()).toEqual(modules.map(({ name }) => name).toSorted());
});
