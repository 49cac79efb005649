import { NEW_API as PROFILE } from "../gateway/new-api.ts";
import { type Api, BEARER, findMissing } from "./api.ts";

/** new-api at its own path, without its vendor loop: a status shows at once. Its words are those of the gateway. */
export const NEW_API: Api = {
  auth: BEARER,
  creates: [/^\/v1\/video\/generations$/],
  poll: { method: "GET", path: /^\/v1\/video\/generations\/(?<id>[^/?]+)$/ },
  models: { path: "/v1/models", answer: { success: true, data: [{ id: "wan2.6-t2v", object: "model" }] } },
  // What it shows for a prompt that is marked [content].
  keyedPaths: ({ id }) => [`/v1/videos/${id}/content`],
  findViolation: (request) => findMissing(request, { model: "text", prompt: "text" }),
  makeId: (uuid) => PROFILE.makeIds(uuid).id,
  accepted: (task) => PROFILE.accepted(task),
  task: (view) => PROFILE.task(view),
  unknownTask: () => PROFILE.refuse("unknownTask", ""),
  // A token that is wrong never comes to the relay, which words all other errors.
  refuse: (status, message) =>
    status === 401
      ? PROFILE.refuse("unauthorized", message)
      : {
          status,
          body: { code: status === 400 ? "invalid_request" : `planned_${status}`, message, data: null },
        },
};
