import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../../../dev/bundle.ts";

export const FOLDER = `${root}docs/recipes`;

export function page(name: string): string {
  return readFileSync(join(FOLDER, name), "utf8");
}
