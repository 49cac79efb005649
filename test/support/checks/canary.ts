import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

/** Searches for canaries, strings planted in secret places, where they must not be. */

/** The store's files as they are now, without one that vanishes meanwhile (a journal). */
export function storeFiles(folder: string): { name: string; bytes: Buffer }[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return entries.flatMap(({ parentPath, name }) => {
    try {
      return [{ name, bytes: readFileSync(join(parentPath, name)) }];
    } catch {
      return [];
    }
  });
}

function storeBytes(folder: string): Buffer {
  return Buffer.concat(storeFiles(folder).map(({ bytes }) => bytes));
}

/** Fails if the files of the store hold the secret in any readable spelling. */
export function expectSealed(folder: string, ...secrets: (string | Buffer)[]): void {
  const bytes = storeBytes(folder);
  expect(bytes.includes("SQLite format 3")).toBe(true);
  for (const secret of secrets) {
    const raw = Buffer.from(secret as string);
    const spellings = [
      raw,
      ...base64Spellings(raw),
      raw.toString("hex"),
      Buffer.from(raw.toString(), "utf16le"),
    ];
    for (const spelling of spellings)
      expect(bytes.includes(spelling), String(secret).slice(0, 40)).toBe(false);
  }
}

/** As it stands in base64, whatever comes before it: three bytes become four letters. */
function base64Spellings(raw: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const letters = Buffer.concat([Buffer.alloc(shift), raw]).toString("base64");
    return letters.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + raw.length) * 8) / 6));
  });
}

/** Fails if the answer, or any text that its JSON decodes to, holds a secret. */
export function expectClean(body: string, ...secrets: string[]): void {
  const texts = [body];
  try {
    texts.push(textsOf(JSON.parse(body)).join("\n"));
  } catch {
    // Not JSON: then it is only what it is.
  }
  for (const secret of secrets) for (const text of texts) expect(text).not.toContain(secret);
}

function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, item]) => [name].concat(textsOf(item)));
}
