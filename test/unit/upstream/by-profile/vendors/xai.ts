import { failed, NOT_FOUND, PENDING, queued, succeeded, U } from "../ask-by-profile.ts";
import { bearer, type Vendor } from "./vendor.ts";

export const XAI: Vendor = {
  createPath: "/v1/videos/edits",
  created: (id) => ({ request_id: id }),
  id: "req-1",
  create: "https://api.x.ai/v1/videos/edits",
  poll: "https://api.x.ai/v1/videos/req-1",
  headers: bearer,
  answers: [
    ["is pending, without a body", { status: 202, body: "" }, PENDING],
    ["is pending, with an empty line", { status: 202, body: "\r\n" }, PENDING],
    ["is pending, with an object", { status: 202, body: {} }, PENDING],
    ["is pending, with its word", { status: 202, body: { status: "pending", progress: 7 } }, queued(7)],
    [
      "is pending, with progress alone",
      { status: 202, body: { progress: 7 } },
      { isPending: true, reading: { status: null, progress: 7 } },
    ],
    ["has failed already", { status: 202, body: { status: "failed" } }, failed(null)],
    ["is a page", { status: 202, body: "<html>challenge</html>" }, { kind: "nothing" }],
    ["succeeds", { body: { status: "done", video: { url: U, respect_moderation: true } } }, succeeded()],
    ["succeeds without a status", { body: { video: { url: U } } }, succeeded()],
    ["succeeds with a status of null", { body: { status: null, video: { url: U } } }, succeeded()],
    [
      "is moderated without a status",
      { body: { video: { url: U, respect_moderation: false } } },
      failed(null),
    ],
    ["is pending, with an address", { status: 202, body: { video: { url: U } } }, PENDING],
    [
      "is moderated",
      { body: { status: "done", video: { url: U, respect_moderation: false } } },
      failed(null),
    ],
    ["fails", { body: { status: "failed", error: { message: "Broke." } } }, failed("Broke.")],
    [
      "fails with a text",
      { body: { status: "failed", code: "internal", error: "Broke too." } },
      failed("Broke too."),
    ],
    ["expires", { body: { status: "expired" } }, failed(null)],
    ["says nothing in a 200", { body: {} }, { kind: "other", status: 200 }],
    [
      "is not judged by an id",
      { body: { id: "x", request_id: "other", status: "done", video: { url: U } } },
      succeeded(),
    ],
    ["is unknown", { status: 404, body: { code: "not-found", error: "No such request" } }, NOT_FOUND],
  ],
};
