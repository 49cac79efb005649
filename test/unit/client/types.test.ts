import { describe, expect, expectTypeOf, it } from "vitest";
import type * as client from "../../../src/client/index.ts";
import type { DeliveryStatus, EventType, TaskStatus } from "../../../src/contract/words.ts";
import type { TaskError } from "../../../src/contract/shapes/task.ts";
import { RINGBACK_FIELDS, UPSTREAM_FIELDS, type VideoFields } from "../../../src/http/create/video-schema.ts";

/** Fields by name, without "any other". */
type Named<Fields> = keyof { [Name in keyof Fields as string extends Name ? never : Name]: Fields[Name] };

describe("the client's types", () => {
  it("have the words of the Worker", () => {
    expectTypeOf<client.TaskStatus>().toEqualTypeOf<TaskStatus>();
    expectTypeOf<client.EventType>().toEqualTypeOf<EventType>();
    expectTypeOf<client.DeliveryStatus>().toEqualTypeOf<DeliveryStatus>();
    expectTypeOf<client.TaskError>().toEqualTypeOf<TaskError>();
  });

  it("have the fields of a create, all of them and no others", () => {
    expectTypeOf<Named<client.CreateRequest>>().toEqualTypeOf<Named<VideoFields>>();
    const all = {
      model: "m",
      capability: "video_generation",
      prompt: "p",
      input_mode: "text",
      control_mode: "none",
      aspect_ratio: "16:9",
      duration_seconds: 5,
      resolution: "720p",
      with_audio: true,
      image: "",
      end_image: "",
      reference_images: [],
      callback_url: "",
      callback_events: ["video.running"],
      callback_headers: {},
      callback_format: "flat",
      metadata: {},
      timeout_seconds: 60,
      retry_ambiguous_submit: false,
      endpoints: true,
      keep_result: false,
      upstream_body: {},
      test: { outcome: "timeout" },
    } satisfies client.CreateRequest;
    expect(new Set(Object.keys(all))).toEqual(new Set([...UPSTREAM_FIELDS, ...RINGBACK_FIELDS]));
  });
});
