import type { TaskTraits } from "../task/task.ts";

/** The fields that tasks of equal length share. All of them come from callers. */
export interface TaskClass extends TaskTraits {
  model: string;
}

const LABEL_MAX = 31;

/** The name of a class. Names of the same model begin with `modelKey`. */
export function classKey({ model, seconds, resolution, inputMode }: TaskClass): string {
  return modelKey(model) + label([seconds, resolution, inputMode]);
}

export function modelKey(model: string): string {
  return `${label(model)} `;
}

/** A caller can write 200 characters and more into a name: beyond a length its hash stands for the rest. */
function label(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= LABEL_MAX ? text : `${text.slice(0, LABEL_MAX - 9)}#${hash(text)}`;
}

/** FNV-1a, 32 bits: a caller who makes two names meet on purpose spoils the forecast of that key only. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return value.toString(16).padStart(8, "0");
}
