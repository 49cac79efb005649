/** A length in bytes as a person reads it, in the units of a disk: `4.1 GB`. */

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

export function size(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // What would be shown as 1000 of a unit is 1 of the next.
  while (unit < UNITS.length - 1 && Number(shown(value, unit)) >= 1000) {
    value /= 1000;
    unit += 1;
  }
  return `${shown(value, unit)} ${UNITS[unit]}`;
}

/** Two digits say enough of a small number, and a byte has no tenths. */
function shown(value: number, unit: number): string {
  return value.toFixed(unit > 0 && value < 9.95 ? 1 : 0);
}
