import { expect, it } from "vitest";
import { takenAlong } from "../../../../src/domain/endpoint/taken-along.ts";
import { aTask, T0 } from "../../../support/builders.ts";

/*
 * scenario                                requirement
 * registered before the create, or with it, or after    the events of tasks that are created later
 * the URL of the task's own callback      left out: it is told once
 */

const registered = (id: string, createdAt: number, url = `https://${id}.acme.com/`) => ({
  id,
  url,
  host: `${id}.acme.com`,
  events: ["video.succeeded"] as const,
  format: "flat" as const,
  createdAt,
});

it("a task takes along what was registered before it, but for its own callback's URL", () => {
  const briefed = [
    registered("ep_before", T0 - 1),
    registered("ep_with", T0),
    registered("ep_after", T0 + 1),
    registered("ep_own", T0 - 1, "https://hooks.acme.com/ringback"),
  ];
  const taken = takenAlong(aTask({ createdAt: T0 }), briefed);
  expect(taken).toEqual([
    { id: "ep_before", host: "ep_before.acme.com", events: ["video.succeeded"], format: "flat" },
    { id: "ep_with", host: "ep_with.acme.com", events: ["video.succeeded"], format: "flat" },
  ]);
  const withoutCallback = takenAlong(aTask({ createdAt: T0, callback: null }), briefed);
  expect(withoutCallback.map(({ id }) => id)).toEqual(["ep_before", "ep_with", "ep_own"]);
});
