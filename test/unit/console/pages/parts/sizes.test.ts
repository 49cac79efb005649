import { expect, it } from "vitest";
import { size } from "../../../../../src/console/pages/parts/sizes.ts";

it.each([
  [0, "0 B"],
  [1, "1 B"],
  [999, "999 B"],
  [1000, "1.0 kB"],
  [9949, "9.9 kB"],
  [9950, "10 kB"],
  [999_499, "999 kB"],
  [999_500, "1.0 MB"],
  [10_485_760, "10 MB"],
  [536_870_912, "537 MB"],
  [4_120_500_224, "4.1 GB"],
  [2_000_000_000_000_000, "2000 TB"],
])("%i bytes are %s", (bytes, words) => {
  expect(size(bytes)).toBe(words);
});
