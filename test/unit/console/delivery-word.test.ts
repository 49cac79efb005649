import { describe, expect, it } from "vitest";
import { deliveryWord } from "../../../src/console/pages/task/delivery-word.ts";
import { en } from "../../../src/console/text/en.ts";
import type { AttemptJson, DeliveryJson } from "../../../src/contract/shapes/delivery.ts";

/*
 * scenario                                  requirement
 * a delivery in each state                  one word for each; what its attempts tell is said
 */

const attempt = (fields: Partial<AttemptJson>): AttemptJson => ({
  number: 1,
  trigger: "scheduled",
  started_at: "2026-11-30T08:00:00.000Z",
  duration_ms: 12,
  status_code: 503,
  outcome: "retryable",
  reason: "http_503",
  response_excerpt: null,
  ...fields,
});
const delivery = (fields: Partial<DeliveryJson>): DeliveryJson => ({
  message_id: "msg_a",
  event: "video.succeeded",
  status: "pending",
  next_attempt_at: null,
  attempts: [],
  ...fields,
});
const failed = attempt({});
const inFlight = attempt({ status_code: null, outcome: "unknown", reason: "in_flight", duration_ms: null });
const gone = attempt({ status_code: 410, outcome: "permanent", reason: "gone" });
const refusedForGood = attempt({ status_code: 501, outcome: "permanent", reason: "http_501" });

describe("a delivery's word", () => {
  it.each([
    ["before its first attempt", { attempts: [] }, "Not due yet"],
    ["on the wire", { attempts: [inFlight] }, "Sending"],
    ["between two attempts", { attempts: [failed] }, "Retrying"],
    ["at a retry on the wire", { attempts: [failed, inFlight] }, "Sending"],
    ["after its last attempt", { status: "exhausted", attempts: [failed] }, "Failed"],
    ["after a 2xx", { status: "delivered", attempts: [failed] }, "Delivered"],
    ["after a 410", { status: "stopped", attempts: [failed, gone] }, "Stopped by receiver"],
    ["after a 501", { status: "stopped", attempts: [refusedForGood] }, "Stopped by receiver"],
    ["stopped without an attempt, for a refused key", { status: "stopped" }, "Stopped"],
    [
      "outrun by a newer event",
      { event: "video.progress", status: "stopped" },
      "Superseded by a newer event",
    ],
    [
      "outrun after a failure",
      { event: "video.running", status: "stopped", attempts: [failed] },
      "Superseded by a newer event",
    ],
  ] as const)("%s is %s", (_name, fields, word) => {
    const one = delivery(fields as Partial<DeliveryJson>);
    expect(deliveryWord(one, [one], en)).toBe(word);
  });

  it("says of a later event too that the receiver has stopped its task's callbacks", () => {
    const first = delivery({ event: "video.running", status: "stopped", attempts: [gone] });
    const later = delivery({ event: "video.progress", status: "stopped" });
    expect(deliveryWord(later, [later, first], en)).toBe("Stopped by receiver");
  });
});
