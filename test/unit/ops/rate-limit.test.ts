import { expect, it } from "vitest";
import { RateLimit } from "../../../ops/worker/rate-limit.ts";

it("lets so many calls of a key through in a minute, and then again as many", async () => {
  let now = 1000;
  const limit = new RateLimit(2, () => now);
  const calls = async (key: string): Promise<boolean[]> => {
    const answers = [];
    for (let call = 0; call < 3; call++) answers.push((await limit.limit({ key })).success);
    return answers;
  };
  expect(await calls("a")).toEqual([true, true, false]);
  expect(await calls("b")).toEqual([true, true, false]);
  now += 59_999;
  expect(await calls("a")).toEqual([false, false, false]);
  now += 1;
  expect(await calls("a")).toEqual([true, true, false]);
});
