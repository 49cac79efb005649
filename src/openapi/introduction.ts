import { RINGBACK_VERSION } from "../version.ts";
import { errorTable } from "./error-table.ts";
import type { JsonSchema } from "./json-schema.ts";

const DESCRIPTION = `
Ringback turns a video-generation API that can only be polled into one that calls you back. Send the request that you
would send to the AIOAGI Seedance API, add a \`callback_url\`, and get one signed webhook when the video is ready or has
failed.

A client of the upstream changes its base URL (\`…/v1\`) and nothing else. It must accept \`202\` where the upstream
returns \`200\`, Ringback's task ids, and \`succeeded\` where the upstream says \`completed\`.

## Keys

Every call under \`/v1\` takes \`Authorization: Bearer …\`. Where callers bring their own key it is the upstream's key,
which is forwarded; where the operator pays it is a token of that deployment. Keys do not belong in web pages: there
are no CORS headers but on kept files, which need no key.

## Exactly one end

A 2xx answer to a create means that exactly one terminal event follows, \`video.succeeded\` or \`video.failed\`. Any
other answer means that nothing will. Submitting costs money, so it happens at most once while its outcome is unknown:
when the upstream may or may not have taken the request, the answer is \`202\` with a task that has already failed
with \`submit_unknown\`. Send an \`Idempotency-Key\` with each create, and a repeat finds the same task.

## Callbacks

Signed as [Standard Webhooks](https://www.standardwebhooks.com) 1.0.0, and described under *Webhooks*. Answer any 2xx
within 15 seconds. \`410\` and \`501\` stop a task's callbacks; redirects are not followed; anything else is tried again
after 5 s, 30 s, 2 min, 5 min, 30 min, 2 h, 5 h and 10 h. The same event may come more than once, always with the same
\`webhook-id\`.

## Errors

Every error is \`{"error": {"code", "message", …, "request_id"}}\`, and every answer carries \`x-request-id\`. Checks
come in this order: 404 (no such path), 405, 508, 503, 401, 403, 429, 415, 408 or 413, 400. *Again* says that the same request may
succeed later.

${errorTable()}
`.trim();

export const INFO: JsonSchema = {
  title: "Ringback",
  version: RINGBACK_VERSION,
  summary: "A poll-only video API that calls you back.",
  description: DESCRIPTION,
  contact: { name: "The operator of this deployment" },
  license: { name: "MIT", identifier: "MIT" },
};

export const TAGS = [
  { name: "Videos", description: "Ask for a video, and see how it is going." },
  { name: "Deliveries", description: "What is sent to your `callback_url`, and sending it again." },
  { name: "Endpoints", description: "URLs that receive the events of all your tasks." },
  { name: "Signing", description: "The secret that signs your callbacks, and ways to try a receiver." },
  { name: "Files", description: "Copies of results, where the deployment keeps them." },
  { name: "Account", description: "The upstream's models, and your tasks in numbers." },
  { name: "Operator", description: "What the operator of a deployment asks of it." },
  { name: "Deployment", description: "What every deployment shows without a key." },
];
