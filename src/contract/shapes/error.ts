import * as z from "zod";
import { API_ERRORS, type ApiErrorCode } from "../errors.ts";
import { ISSUE_CODES } from "../problems.ts";
import { text } from "./values.ts";

/** The one shape of every error. */

const issue = z.object({
  path: text("Dotted path into the request; empty for the request as a whole."),
  code: z.enum(ISSUE_CODES).meta({ description: "The rule that is broken." }),
  message: text("The same in words: the rest of a sentence that begins with `path`."),
});

export const error = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(API_ERRORS) as ApiErrorCode[]),
      message: text("In words, for a person."),
      param: text("The first field that is wrong.").optional(),
      issues: z.array(issue).optional().meta({ description: "All that is wrong, at once." }),
      retryable: z.boolean().optional().meta({ description: "The same request may succeed later." }),
      upstream: z
        .object({ status: z.int(), body: z.unknown() })
        .optional()
        .meta({ description: "What the upstream said, to 16 KB." }),
      task_id: text("The task that a refused redelivery is about.").optional(),
      recovery_id: text("The recovery that is running.").optional(),
      request_id: text("The same as `x-request-id`."),
    }),
  })
  .meta({ description: "Every error has this shape." });
