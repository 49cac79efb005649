import type { RecoveryJson, RecoveryPreviewJson } from "../../contract/shapes/recovery.ts";
import { CALLBACK_URL, TASK_ID } from "../examples.ts";
import { ref, type JsonSchema } from "../json-schema.ts";
import { bodyOf, parameter, type Paths } from "../operation.ts";
import { answer, errors, KNOWN_KEY, NO_LOOP, WITH_BODY } from "../responses.ts";

/** `/v1/webhooks/recoveries`: what was not delivered, delivered again. */

const RUNNING: RecoveryJson = {
  object: "recovery",
  id: "rec_mzxw6ytboi5dcmrtgq2tmnzyme",
  status: "running",
  matched: 5000,
  delivered: 0,
  failed: 0,
  remaining: 5000,
  created_at: "2026-11-23T15:10:02.120Z",
  finished_at: null,
};
const DONE: RecoveryJson = {
  ...RUNNING,
  status: "done",
  delivered: 4998,
  failed: 2,
  remaining: 0,
  finished_at: "2026-11-23T15:11:04.380Z",
};
const PREVIEW: RecoveryPreviewJson = {
  matched: 1,
  hosts: [{ host: "hooks.example.com", count: 1 }],
  tasks: [TASK_ID],
};

export const RECOVERY_PARAMETERS: Record<string, JsonSchema> = {
  recoveryId: {
    name: "id",
    in: "path",
    required: true,
    description: "The recovery's `id`.",
    schema: { type: "string" },
    example: RUNNING.id,
  },
};

export const RECOVERY_PATHS: Paths = {
  "/v1/webhooks/recoveries": {
    post: {
      operationId: "startRecovery",
      summary: "Deliver again what was not delivered",
      description:
        "After a receiver's outage: sends the terminal event of each task that fits once more, to each of its receivers " +
        "that it was not delivered to: the task's own callback and registered endpoints that were not deleted. Oldest task " +
        "first, one at a time at a host until its first success, then five, thirty in all. Five failures in a row at a host " +
        "leave its rest undelivered. With `dry_run` it only counts, which may take seconds. One at a time for an account.",
      tags: ["Deliveries"],
      requestBody: bodyOf(ref("StartRecovery"), false, {
        preview: { summary: "Count only", value: { dry_run: true } },
        outage: {
          summary: "One receiver's outage",
          value: { callback_host: "hooks.example.com", created_after: "2026-11-23T12:00:00Z" },
        },
        moved: {
          summary: "The receiver has moved",
          value: { statuses: ["exhausted", "stopped"], callback_url: CALLBACK_URL },
        },
      }),
      responses: {
        "200": answer("With `dry_run`: what it would deliver again.", "RecoveryPreview", {
          examples: { preview: { value: PREVIEW } },
        }),
        "202": answer("It has begun.", "Recovery", { examples: { running: { value: RUNNING } } }),
        ...errors([
          "not_found",
          "recovery_running",
          "unsupported_media_type",
          ...WITH_BODY,
          ...NO_LOOP,
          ...KNOWN_KEY,
        ]),
      },
    },
    get: {
      operationId: "listRecoveries",
      summary: "List the recoveries",
      description: "The last 20 of this account, newest first.",
      tags: ["Deliveries"],
      responses: {
        "200": answer("The recoveries.", "RecoveryList", {
          examples: { one: { value: { object: "list", data: [DONE] } } },
        }),
        ...errors(["invalid_request", "not_found", ...KNOWN_KEY]),
      },
    },
  },
  "/v1/webhooks/recoveries/{id}": {
    get: {
      operationId: "getRecovery",
      summary: "Read a recovery",
      description: "How far it has come.",
      tags: ["Deliveries"],
      parameters: [parameter("recoveryId")],
      responses: {
        "200": answer("The recovery.", "Recovery", {
          examples: { running: { value: RUNNING }, done: { value: DONE } },
        }),
        ...errors(["invalid_request", "not_found", ...KNOWN_KEY]),
      },
    },
    delete: {
      operationId: "cancelRecovery",
      summary: "Cancel a recovery",
      description:
        "Nothing more is sent; what is on its way still arrives and counts. A recovery that has ended stays as it is.",
      tags: ["Deliveries"],
      parameters: [parameter("recoveryId")],
      responses: {
        "200": answer("The recovery.", "Recovery", {
          examples: {
            cancelled: {
              value: { ...RUNNING, status: "cancelled", finished_at: "2026-11-23T15:10:03.240Z" },
            },
          },
        }),
        ...errors(["invalid_request", "not_found", ...NO_LOOP, ...KNOWN_KEY]),
      },
    },
  },
};
