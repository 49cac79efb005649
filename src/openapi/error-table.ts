import { API_ERRORS, apiError, type ApiErrorCode } from "../contract/errors.ts";

const ERROR_CODES = Object.keys(API_ERRORS) as ApiErrorCode[];

/** With the operator's key a refusal of it is 502, which `errors` adds where it can happen. */
export function statusOf(code: ApiErrorCode): string {
  return String(apiError(code).status);
}

/** The reference's table of errors, in Markdown, by status. */
export function errorTable(): string {
  const rows = ERROR_CODES.toSorted((a, b) => statusOf(a).localeCompare(statusOf(b))).map((code) => {
    const { message, retryable, retryAfterSeconds } = apiError(code);
    const again = retryable ? (retryAfterSeconds === undefined ? "yes" : `after ${retryAfterSeconds} s`) : "";
    return `| ${statusOf(code)} | \`${code}\` | ${message} | ${again} |`;
  });
  return ["| status | code | meaning | again |", "| --- | --- | --- | --- |", ...rows].join("\n");
}
