import * as z from "zod";
import { RECOVERY_STATUSES } from "../words.ts";
import { count, instant, RECOVERY_ID_PATTERN, TASK_ID_PATTERN, text } from "./values.ts";

/** What was not delivered, delivered again. All counts are deliveries. */

export const recovery = z
  .object({
    object: z.literal("recovery"),
    id: z.string().meta({ pattern: RECOVERY_ID_PATTERN }),
    status: z.enum(RECOVERY_STATUSES).meta({
      description:
        "`halted`: five failures in a row at a host, or a day without progress; the rest stays undelivered.",
    }),
    matched: count(
      "What it is for. Tasks that are deleted before their turn, or whose delivery no longer has one of the statuses, " +
        "are not counted any more; those that get one before their turn are.",
    ),
    delivered: count("By it, or meanwhile in another way."),
    failed: count("Tried once in vain, or with an unknown outcome; their schedules are as they were."),
    remaining: count("`matched` without the two: still to do, or left undelivered at the end."),
    created_at: instant("When it began: later tasks are not meant."),
    finished_at: instant("Null while it runs.").nullable(),
  })
  .meta({ description: "One run through what was not delivered." });

export const recoveryList = z
  .object({ object: z.literal("list"), data: z.array(recovery) })
  .meta({ description: "The last 20, newest first." });

export const recoveryPreview = z
  .object({
    matched: count("What a recovery would be for."),
    hosts: z
      .array(z.object({ host: text("Of the stored receiver."), count: count("Of them.") }))
      .max(100)
      .meta({ description: "The hundred that have most, most first." }),
    tasks: z
      .array(z.string().meta({ pattern: TASK_ID_PATTERN }))
      .meta({ description: "The ten oldest at most." }),
  })
  .meta({ description: "What a recovery would deliver again; nothing is sent." });

export type RecoveryJson = z.output<typeof recovery>;
export type RecoveryList = z.output<typeof recoveryList>;
export type RecoveryPreviewJson = z.output<typeof recoveryPreview>;
