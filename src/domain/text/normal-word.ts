/** A word as words are compared: without case, blanks, `-` and `_`. */
export function normalWord(text: string): string {
  return text.toLowerCase().replaceAll(/[\s_-]/g, "");
}
