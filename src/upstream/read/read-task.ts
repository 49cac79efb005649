import type { JsonObject } from "../../domain/text/json.ts";
import { keySecrets } from "../../domain/text/redact.ts";
import { requestDigest } from "../../keys/request-digest.ts";
import { aio } from "../../profiles/built-in/aio.ts";
import type { AskedTask, UpstreamAccess } from "../provider.ts";
import { parseByProfile } from "./parse-by-profile.ts";
import { parseTask, type ParsedTask, type TaskContext } from "./parse-task.ts";

/**
 * Reads the task's facts: those of `aio` tolerantly, others by their profile. A URL of the request is no result, so the search
 * goes on without it. Digesting is asynchronous and a success comes once, so only a found URL is compared, not each URL of
 * each answer.
 */
export async function readTask(
  answer: JsonObject,
  { baseUrl, apiKey, profile }: UpstreamAccess,
  { taskIds, requestDigests }: AskedTask,
): Promise<ParsedTask> {
  const excludedUrls = new Set<string>();
  const context: TaskContext = { taskIds, baseUrl, secrets: keySecrets(apiKey), excludedUrls };
  for (;;) {
    const task = profile === aio ? parseTask(answer, context) : parseByProfile(answer, context, profile);
    const url = task.result?.url ?? null;
    if (requestDigests.length === 0 || url === null) return task;
    if (!requestDigests.includes(await requestDigest(url))) return task;
    // Each turn excludes one URL from the search, and the search visits a bounded number.
    excludedUrls.add(url);
  }
}
