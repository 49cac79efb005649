import * as z from "zod";
import { ACCOUNT_MODES, DELIVERY_STATUSES, TASK_STATUSES, VERIFY_REASONS } from "../words.ts";
import { attemptReason } from "./delivery.ts";
import { count, instant, text } from "./values.ts";

/** What belongs to an account: its signing secrets, its tasks in numbers. */

export const signingSecrets = z
  .object({
    secret: z.string().meta({ pattern: "^whsec_", description: "Signs every callback of this account." }),
    previous: z
      .array(
        z.object({
          secret: z.string().meta({ pattern: "^whsec_" }),
          expires_at: instant(
            "Null under `RINGBACK_SECRET_PREVIOUS`, which the operator removes.",
          ).nullable(),
        }),
      )
      .meta({ description: "Those that sign beside it until they expire; at most three after rotations." }),
  })
  .meta({ description: "The account's signing secrets (Standard Webhooks)." });

function counts<Name extends string>(names: readonly Name[], description: string) {
  const members = names.map((name) => [name, count(description)]);
  return z.object(Object.fromEntries(members) as Record<Name, ReturnType<typeof count>>);
}

export const stats = z
  .object({
    object: z.literal("stats"),
    tasks: counts(TASK_STATUSES, "Tasks."),
    models: z.array(
      z.object({
        model: z.string(),
        count: count("Tasks that succeeded."),
        p50_seconds: z.number().meta({ description: "Half of them took no longer, from submit to end." }),
        p95_seconds: z.number(),
      }),
    ),
    deliveries: counts(DELIVERY_STATUSES, "Events that say how a task ended, one for each receiver."),
    hosts: z
      .array(
        z.object({
          host: text("Of `callback_url`s and registered endpoints, with its port unless that is 443."),
          delivered: count("Attempts."),
          failed: count("Attempts; one whose outcome is unknown counts for neither."),
          failing_since: instant(
            "When the first of its last attempts began, if five or more, over at least a minute, have failed; the next success ends it.",
          ).nullable(),
          last_reason: attemptReason.nullable().meta({ description: "Of the newest attempt that failed." }),
        }),
      )
      .max(100)
      .meta({ description: "Receivers, those with the newest attempts first." }),
    files: z
      .object({ kept: count("Files."), bytes: count("Their length in all.") })
      .meta({ description: "Copies of results that Ringback keeps now." }),
    polls_per_task: z.number().nullable().meta({ description: "Null before the first end." }),
  })
  .meta({ description: "This account's tasks in numbers, without `test` tasks." });

export const account = z
  .object({
    object: z.literal("account"),
    name: text("The operator's name for it, or `key …` and the end of its own key's digest."),
    mode: z
      .enum(ACCOUNT_MODES)
      .meta({ description: "Whose key goes upstream: the caller's own, or the operator's." }),
    base_url_host: text("Where the upstream is."),
  })
  .meta({ description: "The account that a key belongs to: a label for a connection." });

export const verifyResult = z
  .object({
    valid: z.boolean(),
    reason: z
      .enum(VERIFY_REASONS)
      .nullable()
      .meta({ description: "Null when valid; the timestamp may be 5 minutes off." }),
  })
  .meta({ description: "Whether Ringback signed this message for this account in the last minutes." });

export const health = z
  .object({ status: z.literal("ok"), version: text("Ringback's.") })
  .meta({ description: "Ringback is up." });

export const readiness = z
  .object({ status: z.literal("ready"), version: text("Ringback's.") })
  .meta({ description: "Every setting parses." });

export type SigningSecrets = z.output<typeof signingSecrets>;
export type Account = z.output<typeof account>;
export type Stats = z.output<typeof stats>;
export type VerifyResult = z.output<typeof verifyResult>;
