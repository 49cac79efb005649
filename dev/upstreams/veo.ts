import { type Api, findMissing } from "./api.ts";

/**
 * Veo in the Gemini API: the task is an operation whose name is a path; a boolean instead of a word, which a new
 * operation lacks; a download with the key, over a redirect. (The API itself refuses a wrong key with 400; here it is
 * 401, as everywhere.)
 */

const CODES: Record<number, string> = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  402: "FAILED_PRECONDITION",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
};
const RESPONSE_TYPE = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse";

export const VEO: Api = {
  auth: { header: "x-goog-api-key" },
  creates: [/^\/v1beta\/models\/(?<model>[\w.-]+):predictLongRunning$/],
  poll: { method: "GET", path: /^\/v1beta\/(?<id>models\/[^/?]+\/operations\/[^/?]+)$/ },
  models: { path: "/v1beta/models", answer: { models: [{ name: "models/veo-3.1-generate-preview" }] } },
  keyedPaths: ({ fileToken }) => {
    const path = `/v1beta/files/${fileToken}:download?alt=media`;
    return [path, `/download${path}`];
  },
  findViolation: (request) => findMissing(request, { instances: "list" }),
  makeId: (uuid, model) => `models/${model}/operations/${uuid.replaceAll("-", "").slice(0, 12)}`,
  accepted: ({ id }) => ({ status: 200, body: { name: id } }),
  task: ({ task, status, keyedUrl, isModerated }) => {
    const name = task.id;
    if (status === "queued") return { status: 200, body: { name } };
    if (status === "running") return { status: 200, body: { name, done: false } };
    if (status === "failed" && !isModerated) {
      const error = { code: 13, message: task.errorMessage };
      return { status: 200, body: { name, done: true, error } };
    }
    // What its review holds back is left out of the samples, and no error.
    const generateVideoResponse = isModerated
      ? { raiMediaFilteredCount: 1, raiMediaFilteredReasons: [task.errorMessage] }
      : { generatedSamples: [{ video: { uri: keyedUrl } }] };
    return {
      status: 200,
      body: { name, done: true, response: { "@type": RESPONSE_TYPE, generateVideoResponse } },
    };
  },
  refuse: (status, message) => ({
    status,
    body: { error: { code: status, message, status: CODES[status] ?? "INTERNAL" } },
  }),
};
