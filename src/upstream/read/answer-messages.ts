import {
  innerObject,
  isJsonObject,
  numberOf,
  own,
  type JsonObject,
  type JsonValue,
} from "../../domain/text/json.ts";
import { normalWord } from "../../domain/text/normal-word.ts";
import { redactText } from "../../domain/text/redact.ts";
import { plainText } from "../../domain/text/text.ts";
import { meansSuccess } from "./status-words.ts";

/** The words and codes of an answer beside its status. */

const MESSAGE_MAX_LENGTH = 2000;

/**
 * `error_message`, `error.message`, `fail_reason`, `error` or `message`: the first that explains, fit for one line and
 * without the secrets.
 */
export function errorMessageIn(object: JsonObject, secrets: readonly string[]): string | null {
  const error = own(object, "error");
  return explanation(
    [
      own(object, "error_message"),
      isJsonObject(error) ? own(error, "message") : undefined,
      own(object, "fail_reason"),
      error,
      own(object, "message"),
    ],
    secrets,
  );
}

/** The first text that explains a failure, fit for one line and without the secrets. */
export function explanation(
  candidates: readonly (JsonValue | undefined)[],
  secrets: readonly string[],
): string | null {
  for (const candidate of candidates) {
    if (typeof candidate !== "string" || meansSuccess(candidate)) continue;
    const plain = plainText(redactText(candidate, secrets), MESSAGE_MAX_LENGTH);
    if (plain !== "") return plain;
  }
  return null;
}

/** Why the upstream refused a request: inside `data` first, then around it. */
export function refusalMessage(answer: JsonObject, secrets: readonly string[]): string | null {
  const inner = innerObject(answer, "data");
  return (inner ? errorMessageIn(inner, secrets) : null) ?? errorMessageIn(answer, secrets);
}

const NO_SUCH_TASK_CODES = new Set(["tasknotexist", "tasknotfound"]);
const TASK = /task|任务/i;
const MISSING = /not exist|not found|no such|不存在/i;

/** Whether the answer's code or message says that there is no such task. Rule 6 of reading. */
export function saysNoSuchTask(answer: JsonObject): boolean {
  if (codesIn(answer).some((code) => NO_SUCH_TASK_CODES.has(code))) return true;
  const message = errorMessageIn(answer, []) ?? "";
  return TASK.test(message) && MISSING.test(message);
}

/** Whether an answer with a 2xx says itself that the query failed. */
export function saysItFailed(answer: JsonObject): boolean {
  const code = own(answer, "code");
  return own(answer, "success") === false || code === "404" || numberOf(code) === 404;
}

/** Whether a 429 means a balance that no waiting fills. Rule 7 of reading. */
export function saysQuotaIsGone(answer: JsonObject): boolean {
  return codesIn(answer, "type").some(
    (code) => code === "insufficientquota" || code === "quotaexceeded" || code.startsWith("billing"),
  );
}

/** `code`, `error.code` and the further member of `error`, as words. */
function codesIn(answer: JsonObject, alsoInError?: string): string[] {
  const error = own(answer, "error");
  const inner = isJsonObject(error) ? error : {};
  const codes = [own(answer, "code"), own(inner, "code"), alsoInError && own(inner, alsoInError)];
  return codes.filter((code) => typeof code === "string").map(normalWord);
}
