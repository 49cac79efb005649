import * as z from "zod/mini";
import { says } from "../../../contract/problems.ts";
import { field, fieldOr, integer, numeric, string, textOf } from "../../body/fields.ts";
import { CALLBACK_FIELDS } from "../../create/video-schema.ts";

/** These calls forward nothing, so an unknown field is a slip. */
export function closed<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) => says(code === "unrecognized_keys" ? "unknown_field" : "not_object"),
  });
}

const OVERLAP_MAX_SECONDS = 604_800;
const OVERLAP_SECONDS = 86_400;

/** `POST /v1/webhooks/secret/rotate`: how long the old secrets sign on. */
export const ROTATE_SCHEMA = closed({
  overlap_seconds: fieldOr(numeric, integer(0, OVERLAP_MAX_SECONDS), OVERLAP_SECONDS),
});

/** `POST /v1/videos/{id}/redeliver`: which event, and where to if not to its receiver. */
export const REDELIVER_SCHEMA = closed({
  message_id: field(textOf, string()),
  endpoint: field(textOf, string()),
  callback_url: CALLBACK_FIELDS.callback_url,
  callback_headers: CALLBACK_FIELDS.callback_headers,
});

/** `callback_url` of a call that needs one. */
export const REQUIRED_URL = z.pipe(
  CALLBACK_FIELDS.callback_url.check(z.refine((url) => url !== undefined, says("required"))),
  z.transform((url) => url ?? ""),
);

/** `POST /v1/webhooks/ping`: the callback fields of a create, the URL required. */
export const PING_SCHEMA = closed({
  callback_url: REQUIRED_URL,
  callback_headers: CALLBACK_FIELDS.callback_headers,
  callback_format: CALLBACK_FIELDS.callback_format,
});
