import { describe, expect, it } from "vitest";
import { cadenceClass, cadenceName } from "../../../../src/domain/task/cadence.ts";
import { aTask } from "../../../support/builders.ts";

/*
 * scenario                                      requirement
 * tasks of one key, of two keys                 Shape: one CadenceObject per upstream key
 * tasks of one caller at two upstreams          the forecast and the pacing of one say nothing of the other
 */

describe("a cadence", () => {
  it("is of one key: a caller's own, or the operator's for all accounts", () => {
    expect(cadenceName(aTask({ account: "key:a" }))).toBe("key:a");
    expect(cadenceName(aTask({ mode: "operator", account: "name:a" }))).toBe(
      cadenceName(aTask({ mode: "operator", account: "name:b" })),
    );
  });

  it("is of one upstream", () => {
    const names = [undefined, "ark", "runway"].flatMap((upstreamName) => {
      const upstream = upstreamName === undefined ? {} : { upstreamName };
      return [aTask(upstream), aTask({ mode: "operator", ...upstream })].map(cadenceName);
    });
    expect(new Set(names).size).toBe(6);
    expect(cadenceName(aTask({ upstreamName: "aio" }))).toBe(cadenceName(aTask()));
    expect(cadenceClass(aTask({ upstreamName: "ark" })).cadence).toBe(
      cadenceName(aTask({ upstreamName: "ark" })),
    );
  });
});
