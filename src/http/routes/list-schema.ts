import * as z from "zod/mini";
import { says } from "../../contract/problems.ts";
import { TASK_STATUSES } from "../../contract/words.ts";
import { field, fieldOr, integer, numeric, present } from "../body/fields.ts";

const LIMIT_MAX = 100;
const LIMIT = 20;
/** A key of the account's index: where the page before ended. */
const KEY = /^\d{15} [a-z2-7]{26}$/;

/** The query of `GET /v1/videos`. */
export const LIST_QUERY = z.object({
  status: field(present, z.enum(TASK_STATUSES, says("not_listed", { values: TASK_STATUSES }))),
  limit: fieldOr(numeric, integer(1, LIMIT_MAX), LIMIT),
  cursor: field(
    (value) => (typeof value === "string" && value !== "" ? keyOfCursor(value) : present(value)),
    z.string().check(z.regex(KEY, says("not_cursor"))),
  ),
});

function keyOfCursor(cursor: string): string {
  try {
    return atob(cursor);
  } catch {
    // Not even base64: no key will fit.
    return "";
  }
}
