import type { TaskTraits } from "../task/task.ts";

/** What tasks have in common that take equally long. All of it comes from callers. */
export interface TaskClass extends TaskTraits {
  model: string;
}

/** All tasks of an upstream key. */
export const EVERYTHING = "*";

const LABEL_MAX = 64;

/** The keys of a class from the broadest to its own. Each learns from each of its tasks. */
export function classKeys({ model, resolution, seconds, inputMode }: TaskClass): string[] {
  const levels = [[model], [model, seconds], [model, seconds, resolution, inputMode]];
  return [EVERYTHING, ...levels.map((level) => label(JSON.stringify(level)))];
}

/** A caller can write 200 characters and more into a name: beyond a length its hash stands for the rest. */
function label(text: string): string {
  return text.length <= LABEL_MAX ? text : `${text.slice(0, LABEL_MAX - 9)}#${hash(text)}`;
}

/** FNV-1a, 32 bits: who makes two names meet on purpose spoils the forecast of his own key only. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return value.toString(16).padStart(8, "0");
}
