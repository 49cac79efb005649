import * as z from "zod/mini";
import { says } from "../../../contract/problems.ts";
import { RECOVERABLE_STATUSES } from "../../../contract/words.ts";
import { instantOf } from "../../../domain/text/time.ts";
import { bounded, coerceBoolean, commaSeparated, field, fieldOr, string, textOf } from "../../body/fields.ts";
import { CALLBACK_FIELDS, MODEL_MAX } from "../../create/video-schema.ts";
import { endpointId, hostOf } from "../list-schema.ts";
import { closed } from "./webhook-schema.ts";

const STATUS_MESSAGE = says("not_listed", { values: RECOVERABLE_STATUSES });
const STATUSES_MESSAGE = says("not_some_of", { values: RECOVERABLE_STATUSES });

/** `POST /v1/webhooks/recoveries`: what to deliver again, and where to. */
export const RECOVERY_SCHEMA = closed({
  statuses: fieldOr(
    (value) => bounded(commaSeparated(value)),
    z.pipe(
      z
        .array(z.enum(RECOVERABLE_STATUSES, STATUS_MESSAGE), STATUSES_MESSAGE)
        .check(z.minLength(1, STATUSES_MESSAGE)),
      z.transform((statuses) => [...new Set(statuses)]),
    ),
    ["exhausted"],
  ),
  created_after: instant(),
  created_before: instant(),
  callback_host: field((value) => ifText(value, hostOf), string(says("not_host"))),
  endpoint: field(textOf, endpointId()),
  model: field(textOf, string().check(z.maxLength(MODEL_MAX, says("text_too_long", { max: MODEL_MAX })))),
  callback_url: CALLBACK_FIELDS.callback_url,
  callback_headers: CALLBACK_FIELDS.callback_headers,
  dry_run: fieldOr(coerceBoolean, z.boolean(says("not_boolean")), false),
});

/** Epoch milliseconds. */
function instant() {
  return field(
    (value) => ifText(value, instantOf),
    z.number(says("not_instant")).check(z.meta({ type: "string", format: "date-time" })),
  );
}

/** What the text means; undefined where there is none, null for anything else. */
function ifText(value: unknown, read: (text: string) => unknown): unknown {
  const text = textOf(value);
  if (text === undefined) return undefined;
  return typeof text === "string" ? read(text) : null;
}
