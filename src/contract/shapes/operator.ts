import * as z from "zod";
import { stats } from "./account.ts";
import { text } from "./values.ts";

/** What an operator sees of the accounts of a deployment. */

export const accountOverview = z
  .object({
    name: text("As `RINGBACK_KEYS` names it; for `Ringback-Account`."),
    tasks: stats.shape.tasks.nullable(),
    deliveries: stats.shape.deliveries.nullable(),
    hosts: stats.shape.hosts.nullable(),
  })
  .meta({
    description:
      "An account in numbers, as its own `/v1/stats` has them; null where it did not answer in time.",
  });

export const accountList = z
  .object({
    object: z.literal("list"),
    data: z.array(accountOverview),
    next_cursor: text("For `cursor`; null on the last page.").nullable(),
  })
  .meta({ description: "One page, by name." });

export type AccountOverview = z.output<typeof accountOverview>;
export type AccountList = z.output<typeof accountList>;
