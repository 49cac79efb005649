import * as z from "zod";
import { text } from "./values.ts";

/** The upstreams of a deployment. */

export const upstream = z
  .object({
    object: z.literal("upstream"),
    name: text("As tasks carry it in `upstream_name`."),
    profile: text("The built-in profile; null: the deployment has one of its own.").nullable(),
    base_path: text("Where the upstream's own paths begin here."),
    create_paths: z
      .array(z.string())
      .meta({ description: "The paths of its creates below that; a name in braces is yours to fill in." }),
    lifetime_hours: z
      .number()
      .nullable()
      .meta({ description: "How long after its end a result can be fetched; null: not known." }),
  })
  .meta({ description: "An upstream that makes tasks." });

export const upstreamList = z
  .object({ object: z.literal("list"), data: z.array(upstream) })
  .meta({ description: "Those of the deployment." });

export type Upstream = z.output<typeof upstream>;
export type UpstreamList = z.output<typeof upstreamList>;
