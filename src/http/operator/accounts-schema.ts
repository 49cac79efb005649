import * as z from "zod/mini";
import { says } from "../../contract/problems.ts";
import { openCursor } from "../query.ts";
import { field, fieldOr, integer, numeric, present } from "../body/fields.ts";

const LIMIT_MAX = 50;
const LIMIT = 20;

/** The query of `GET /v1/operator/accounts`. */
export const ACCOUNTS_QUERY = z.object({
  limit: fieldOr(numeric, integer(1, LIMIT_MAX), LIMIT),
  cursor: field(
    (value) => (typeof value === "string" && value !== "" ? openCursor(value) : present(value)),
    z.string().check(z.regex(/^[A-Za-z0-9._-]{1,64}$/, says("not_cursor"))),
  ),
});
