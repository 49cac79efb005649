import { taskSentence, type ErrorCode } from "../../../contract/errors.ts";
import type { TaskError, TaskJson } from "../../../contract/shapes/task.ts";
import type { AccountMode } from "../../../contract/words.ts";
import type { Text } from "../../text/en.ts";

/** What a page says about an error: Ringback's own sentences in the reader's language, the provider's as they came. */

/** The part of a page's context that its words depend on. */
export interface Reader {
  text: Text;
  mode: AccountMode | null;
}

/** Ringback's own sentence about a failed task; null: `error.message` is in the provider's words. */
function ownSentence(error: TaskError, { taskErrors }: Text): string | null {
  const sentence = taskSentence(error.message);
  return sentence === null ? null : taskErrors[sentence];
}

/** The refusals that are about the key, its balance and its permissions. */
const CREDENTIAL_STATUS: Partial<Record<ErrorCode, number>> = {
  upstream_unauthorized: 401,
  upstream_payment_required: 402,
  upstream_forbidden: 403,
};

/** Null: the key is the caller's own, so the caller can mend what is wrong with it. */
export function operatorRefusal({ text, mode }: Reader, code: ErrorCode): string | null {
  const status = mode === "operator" ? CREDENTIAL_STATUS[code] : undefined;
  return status === undefined ? null : text.operatorErrors.refuses(status);
}

/** What happened to a failed task, and what to do about it. */
export function failureWords(
  reader: Reader,
  task: Pick<TaskJson, "test">,
  error: TaskError,
): { sentence: string; isOurs: boolean; advice: string } {
  const { text } = reader;
  const refusal = operatorRefusal(reader, error.code);
  if (refusal !== null) return { sentence: refusal, isOurs: true, advice: text.operatorErrors.tellTask };
  const own = ownSentence(error, text);
  const advice = task.test ? text.task.testTask : text.errors[error.code];
  return { sentence: own ?? error.message, isOurs: own !== null, advice };
}
