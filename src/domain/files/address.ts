import { MEDIA_ENDINGS, type MediaType } from "../../contract/words.ts";

const ENDINGS: ReadonlySet<string> = new Set(Object.values(MEDIA_ENDINGS));

/** The last part of a kept file's address. */
export function fileName(fileId: string, contentType: MediaType): string {
  return `${fileId}.${MEDIA_ENDINGS[contentType]}`;
}

/** The id and the ending in what `fileName` has made; null: it is none. */
export function openFileName(name: string): { fileId: string; ending: string } | null {
  const [, fileId = "", ending = ""] = /^([a-z2-7]{26})\.([a-z0-9]+)$/.exec(name) ?? [];
  return ENDINGS.has(ending) ? { fileId, ending } : null;
}
