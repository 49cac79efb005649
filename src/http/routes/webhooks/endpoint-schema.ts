import * as z from "zod/mini";
import { says } from "../../../contract/problems.ts";
import { TEST_MESSAGES } from "../../../contract/words.ts";
import { coerceBoolean, field, fieldOr, prepared, stringUpTo, textOf } from "../../body/fields.ts";
import { CALLBACK_FIELDS } from "../../create/video-schema.ts";
import { closed, REQUIRED_URL } from "./webhook-schema.ts";

const DESCRIPTION_MAX = 200;

/** What the callback fields of a create are called here. */
const FIELDS = {
  url: CALLBACK_FIELDS.callback_url,
  events: CALLBACK_FIELDS.callback_events,
  headers: CALLBACK_FIELDS.callback_headers,
  format: CALLBACK_FIELDS.callback_format,
  description: field(textOf, stringUpTo(DESCRIPTION_MAX)),
};

/** `POST /v1/webhooks/endpoints`. */
export const REGISTER_SCHEMA = closed({ ...FIELDS, url: REQUIRED_URL });

/** `PATCH /v1/webhooks/endpoints/{id}`. An empty description takes it away; it has no other way to say so. */
export const PATCH_SCHEMA = closed({
  ...FIELDS,
  description: prepared(
    (value) => (value === "" ? null : textOf(value)),
    z.optional(z.nullable(stringUpTo(DESCRIPTION_MAX))),
  ),
  enabled: field(coerceBoolean, z.boolean(says("not_boolean"))),
});

/** `POST /v1/webhooks/endpoints/{id}/test`. */
export const TEST_SCHEMA = closed({
  type: fieldOr(textOf, z.enum(TEST_MESSAGES, says("not_listed", { values: TEST_MESSAGES })), "ping"),
});
