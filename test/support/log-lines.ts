import { vi } from "vitest";

/** Hands each line that is logged from here on to `note`, whatever its level, until the mocks are restored. */
export function watchLog(note: (line: string) => void, { isShown = false } = {}): void {
  for (const level of ["log", "error"] as const) {
    const print = console[level].bind(console);
    vi.spyOn(console, level).mockImplementation((line: unknown) => {
      note(String(line));
      if (isShown) print(line);
    });
  }
}
