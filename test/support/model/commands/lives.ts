import fc from "fast-check";
import { ENDPOINT_IDS, type EndpointId, type EndpointPlan } from "../endpoints.ts";
import type { LifePlan } from "../world.ts";

/** What a life of the model may be. */

/** None in two of three lives. */
const anyEndpoints: fc.Arbitrary<EndpointPlan[]> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<EndpointPlan[]>([]) },
  {
    weight: 1,
    arbitrary: fc
      .subarray([...ENDPOINT_IDS], { minLength: 1 })
      .chain((ids) => fc.tuple(...ids.map(anyEndpoint))),
  },
);

function anyEndpoint(id: EndpointId): fc.Arbitrary<EndpointPlan> {
  return fc.record({
    id: fc.constant(id),
    events: fc.constantFrom<EndpointPlan["events"][]>(
      ["video.succeeded", "video.failed"],
      ["video.succeeded", "video.failed", "video.running", "video.progress"],
      ["video.failed", "video.running"],
    ),
    format: fc.constantFrom("standard" as const, "flat" as const),
    answer: fc.constantFrom<EndpointPlan["answer"][]>("200", "200", "500", "410", "501"),
  });
}

const anyPlan: fc.Arbitrary<LifePlan> = fc.record({
  keyed: fc.boolean(),
  first: fc.option(
    fc.boolean().map((respondAsync) => ({ other: false, respondAsync })),
    { freq: 3 },
  ),
  repeats: fc.boolean(),
  events: fc.constantFrom<LifePlan["events"][]>(
    ["video.succeeded", "video.failed", "video.running", "video.progress"],
    ["video.succeeded", "video.failed"],
    null,
  ),
  endpoints: anyEndpoints,
  silent: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  timeoutMs: fc.constantFrom(60_000, 600_000, 3_600_000),
  poll: fc.constantFrom("running" as const, "succeeded" as const),
  seed: fc.nat(),
  keep: fc.boolean(),
  isSecret: fc.boolean(),
});

/** A silence from the start is for those that have something to learn. */
export const anyLife = anyPlan.filter(({ silent, endpoints }) => !silent || endpoints.length > 0);
