import { MEDIA_ENDINGS } from "../../contract/words.ts";

const ENDINGS: ReadonlySet<string> = new Set(Object.values(MEDIA_ENDINGS));

/** The id and the ending in the last part of a kept file's address, `fileName` in `task/keep.ts`; null: it is none. */
export function openFileName(name: string): { fileId: string; ending: string } | null {
  const [, fileId = "", ending = ""] = /^([a-z2-7]{26})\.([a-z0-9]+)$/.exec(name) ?? [];
  return ENDINGS.has(ending) ? { fileId, ending } : null;
}
