import * as z from "zod";
import { CALLBACK_FORMATS, DISABLED_REASONS, ENDPOINT_STATUSES, EVENT_TYPES } from "../words.ts";
import { ENDPOINT_ID_PATTERN, instant, text, url } from "./values.ts";

/** A receiver that an account has registered once, for the events of every task that it creates later. */

export const webhookEndpoint = z
  .object({
    object: z.literal("webhook_endpoint"),
    id: z.string().meta({ pattern: ENDPOINT_ID_PATTERN }),
    url: url("Where it is sent."),
    events: z.array(z.enum(EVENT_TYPES)).meta({ description: "Which events are sent." }),
    format: z.enum(CALLBACK_FORMATS),
    header_names: z.array(z.string()).meta({
      description: "Of the headers that are sent with each callback; their values are never shown.",
    }),
    description: text("The account's own words for it.").nullable(),
    status: z.enum(ENDPOINT_STATUSES),
    disabled_reason: z.enum(DISABLED_REASONS).nullable().meta({
      description: "`gone`: it has answered 410; `failing`: for five days; `manual`: by `enabled`.",
    }),
    failing_since: instant(
      "When the first of its last attempts began, if five or more, over at least a minute, have failed; the next success ends it.",
    ).nullable(),
    created_at: instant("Tasks that are created from then on are sent to it."),
  })
  .meta({ description: "A registered receiver." });

export const endpointList = z
  .object({ object: z.literal("list"), data: z.array(webhookEndpoint) })
  .meta({ description: "All of the account, oldest first." });

export type EndpointJson = z.output<typeof webhookEndpoint>;
export type EndpointList = z.output<typeof endpointList>;
