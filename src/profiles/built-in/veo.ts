import type { Profile } from "../schema.ts";

/**
 * Google's Veo by the Gemini API. A task is an operation whose name is a path; `done` is absent until it is true, and the
 * file needs the key. Source: npm @ai-sdk/google 3.0.141, src/google-generative-ai-video-model.ts, and @google/genai
 * 3.3.0, November 2026.
 */
export const veo: Profile = {
  base_url: "https://generativelanguage.googleapis.com",
  auth: { header: "x-goog-api-key" },
  create: { paths: ["/v1beta/models/{model}:predictLongRunning"], id: ["/name"] },
  poll: { method: "GET", path: "/v1beta/{id}", id_is_path: true },
  read: {
    status: ["/done"],
    words: { queued: ["false"], succeeded: ["true"] },
    // What moderation filters is done, without an error; of several videos (`sampleCount`) the others are there.
    failed_if: [
      { at: "/error" },
      {
        at: "/response/generateVideoResponse/raiMediaFilteredReasons",
        unless: "/response/generateVideoResponse/generatedSamples",
      },
    ],
    urls: ["/response/generateVideoResponse/generatedSamples/*/video/uri"],
    error: ["/error/message", "/response/generateVideoResponse/raiMediaFilteredReasons/0"],
    id: ["/name"],
    needs_key: true,
  },
  pending_statuses: [200],
  check: "/v1beta/models",
  lifetime_hours: 48,
};
