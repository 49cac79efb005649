import { PHONE, WIDE, type Look } from "./browser.ts";

type NamedLook = readonly [name: string, look: Look];

const EVERY_LOOK: readonly NamedLook[] = [
  ["wide-light", { viewport: WIDE, colorScheme: "light" }],
  ["phone-dark-chinese", { viewport: PHONE, colorScheme: "dark", locale: "zh-CN" }],
  ["wide-dark", { viewport: WIDE, colorScheme: "dark" }],
  ["phone-light", { viewport: PHONE, colorScheme: "light" }],
  ["phone-dark", { viewport: PHONE, colorScheme: "dark" }],
  ["wide-light-chinese", { viewport: WIDE, colorScheme: "light", locale: "zh-CN" }],
  ["wide-dark-chinese", { viewport: WIDE, colorScheme: "dark", locale: "zh-CN" }],
  ["phone-light-chinese", { viewport: PHONE, colorScheme: "light", locale: "zh-CN" }],
];

/** How the main pages are looked at: two looks that have everything once; with LOOKS=all, as `npm run test:nightly`, every combination. */
export const LOOKS = process.env["LOOKS"] === "all" ? EVERY_LOOK : EVERY_LOOK.slice(0, 2);

/** How the other pages are looked at: on a phone, in the dark, in Chinese; with LOOKS=all, every combination. */
export const FURTHER_LOOKS = process.env["LOOKS"] === "all" ? EVERY_LOOK : EVERY_LOOK.slice(1, 2);

const EVERY_VISIT = [
  ["phone-dark", { viewport: PHONE, colorScheme: "dark" }],
  ["wide-light", { viewport: WIDE, colorScheme: "light" }],
] as const;

/** How the console is visited from the sign-in to the sign-out: on a phone; with LOOKS=all, at a desk, too. */
export const VISITS = process.env["LOOKS"] === "all" ? EVERY_VISIT : EVERY_VISIT.slice(0, 1);
