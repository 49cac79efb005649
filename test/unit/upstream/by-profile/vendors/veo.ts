import { failed, KEY, NOT_FOUND, PENDING, queued, succeeded } from "../ask-by-profile.ts";
import type { Vendor } from "./vendor.ts";

export const VEO: Vendor = {
  createPath: "/v1beta/models/veo-3.1-generate:predictLongRunning",
  created: (id) => ({ name: id }),
  id: "models/veo-3.1-generate/operations/op_1",
  create: "https://generativelanguage.googleapis.com/v1beta/models/veo-3.1-generate:predictLongRunning",
  poll: "https://generativelanguage.googleapis.com/v1beta/models/veo-3.1-generate/operations/op_1",
  headers: { "x-goog-api-key": KEY },
  answers: [
    ["is pending", { body: { name: "models/veo-3.1-generate/operations/op_1", metadata: {} } }, PENDING],
    ["is pending, with its word", { body: { done: false } }, queued()],
    ["is pending, with nothing", { body: { done: null } }, PENDING],
    [
      "succeeds",
      {
        body: {
          done: true,
          response: samples("https://generativelanguage.googleapis.com/f:download?alt=media"),
        },
      },
      succeeded("https://generativelanguage.googleapis.com/f:download?alt=media", true),
    ],
    [
      "succeeds without a file",
      { body: { done: true, response: { generateVideoResponse: { raiMediaFilteredReasons: [] } } } },
      { kind: "read", reading: { status: "succeeded", result: null } },
    ],
    [
      "fails, though it is done",
      { body: { done: true, error: { code: 13, message: "Broke." } } },
      failed("Broke."),
    ],
    ["fails without being done", { body: { error: { code: 3, message: "Unsafe." } } }, failed("Unsafe.")],
    [
      "is moderated",
      {
        body: {
          done: true,
          response: {
            generateVideoResponse: { raiMediaFilteredCount: 1, raiMediaFilteredReasons: ["Unsafe."] },
          },
        },
      },
      failed("Unsafe."),
    ],
    [
      "succeeds with one of two, the other one moderated",
      {
        body: {
          done: true,
          response: {
            generateVideoResponse: {
              raiMediaFilteredCount: 1,
              raiMediaFilteredReasons: ["Unsafe."],
              generatedSamples: [
                { video: { uri: "https://generativelanguage.googleapis.com/f:download?alt=media" } },
              ],
            },
          },
        },
      },
      succeeded("https://generativelanguage.googleapis.com/f:download?alt=media", true),
    ],
    ["has an empty error", { body: { done: false, error: {} } }, queued()],
    [
      "names another task",
      { body: { name: "models/veo/operations/other", done: true } },
      { kind: "nothing" },
    ],
    ["is unknown", { status: 404, body: { error: { code: 404, message: "Not found" } } }, NOT_FOUND],
  ],
};

function samples(uri: string): object {
  return { generateVideoResponse: { generatedSamples: [{ video: { uri } }] } };
}
