import type { Language } from "../language.ts";

export function problemText(_language: Language, message: string): string {
  return message;
}
