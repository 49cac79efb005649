import { en, type Text } from "./text/en.ts";
import { zh } from "./text/zh.ts";

export type Language = "en" | "zh";

export const TEXTS: Record<Language, Text> = { en, zh };

/** What stands in `lang`: the Chinese is the simplified one. */
export const LANGUAGE_TAGS: Record<Language, string> = { en: "en", zh: "zh-Hans" };

export function isLanguage(value: unknown): value is Language {
  return value === "en" || value === "zh";
}

/** What the reader chose last, else what the browser asks for first, else English. */
export function chooseLanguage(chosen: string | undefined, acceptLanguage: string | undefined): Language {
  if (isLanguage(chosen)) return chosen;
  const wishes = (acceptLanguage ?? "").split(",").map((wish) => {
    const [tag = "", ...parameters] = wish.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
    return { language: tag.split("-")[0], quality: quality === undefined ? 1 : Number(quality) };
  });
  const [first] = wishes
    .filter(({ language, quality }) => isLanguage(language) && quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  return isLanguage(first?.language) ? first.language : "en";
}
