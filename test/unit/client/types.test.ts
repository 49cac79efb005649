import { readFileSync } from "node:fs";
import { describe, expect, expectTypeOf, it } from "vitest";
import { CLIENT_TYPES, clientTypes } from "../../../dev/client-types.ts";
import type * as client from "../../../src/client/index.ts";
import type { EndpointJson } from "../../../src/contract/shapes/endpoint.ts";
import type { DeliveryJson, PingResult } from "../../../src/contract/shapes/delivery.ts";
import type { SigningSecrets } from "../../../src/contract/shapes/account.ts";
import type { Upstream } from "../../../src/contract/shapes/upstream.ts";
import type { ListedTask, TaskData, TaskError, TaskJson } from "../../../src/contract/shapes/task.ts";
import type { DeliveryStatus, EventType, TaskStatus } from "../../../src/contract/words.ts";
import { RINGBACK_FIELDS, UPSTREAM_FIELDS, type VideoFields } from "../../../src/http/create/video-schema.ts";

/*
 * scenario                              requirement
 * the file of the client's shapes       what `npm run types` makes of the contract
 * the types that a caller imports       those of the contract, with what is sure of each status
 * a create                              the fields that the Worker judges, and no others
 */

/** Fields by name, without "any other". */
type Named<Fields> = keyof { [Name in keyof Fields as string extends Name ? never : Name]: Fields[Name] };

/** With every list as one that is only read: so the client has them. */
type Read<Value> = Value extends readonly (infer Item)[]
  ? readonly Read<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: Read<Value[Name]> }
    : Value;

describe("the client's types", () => {
  it("are fresh: `npm run types` makes them from the contract", () => {
    expect(readFileSync(CLIENT_TYPES, "utf8")).toBe(clientTypes());
  });

  it("have the words of the contract", () => {
    expectTypeOf<client.TaskStatus>().toEqualTypeOf<TaskStatus>();
    expectTypeOf<client.EventType>().toEqualTypeOf<EventType>();
    expectTypeOf<client.DeliveryStatus>().toEqualTypeOf<DeliveryStatus>();
    expectTypeOf<client.TaskError>().toEqualTypeOf<TaskError>();
  });

  it("are what the Worker answers with, and every task of theirs is one of the Worker's", () => {
    expectTypeOf<client.Task>().toExtend<Read<TaskJson>>();
    expectTypeOf<client.CallbackTask>().toExtend<TaskData>();
    expectTypeOf<keyof client.Task>().toEqualTypeOf<keyof TaskJson>();
    expectTypeOf<keyof client.CallbackTask>().toEqualTypeOf<keyof TaskData>();
    expectTypeOf<client.ListedTask>().toEqualTypeOf<ListedTask>();
    expectTypeOf<Read<SigningSecrets>>().toExtend<client.SigningSecrets>();
    expectTypeOf<Read<DeliveryJson>>().toExtend<client.Delivery>();
    expectTypeOf<Read<EndpointJson>>().toExtend<client.Endpoint>();
    expectTypeOf<keyof client.Endpoint>().toEqualTypeOf<keyof EndpointJson>();
    expectTypeOf<PingResult>().toExtend<client.PingResult>();
    expectTypeOf<Read<Upstream>>().toExtend<client.Upstream>();
    expectTypeOf<keyof client.Upstream>().toEqualTypeOf<keyof Upstream>();
  });

  it("know what is sure of a task of each status", () => {
    expectTypeOf<client.Task<"failed">["error"]>().toEqualTypeOf<TaskError>();
    expectTypeOf<client.Task<"queued">["finished_at"]>().toEqualTypeOf<null>();
    expectTypeOf<client.EndedTask["finished_at"]>().toEqualTypeOf<string>();
  });

  it("tell a kept file from a failed copy", () => {
    type File = NonNullable<client.Task<"succeeded">["file"]>;
    expectTypeOf<Extract<File, { status: "kept" }>["bytes"]>().toEqualTypeOf<number>();
    expectTypeOf<Extract<File, { status: "failed" }>["reason"]>().toEqualTypeOf<string>();
    expectTypeOf<client.CallbackTask["file"]>().toEqualTypeOf<client.Task["file"]>();
  });

  it("have Ringback's fields as options of a create at an upstream", () => {
    expectTypeOf<client.UpstreamCreateOptions["callbackEvents"]>().toEqualTypeOf<
      client.CreateRequest["callback_events"]
    >();
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
