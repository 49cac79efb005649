import { EXAMPLE_UPSTREAMS, UPSTREAM_CREATES } from "../upstream-examples.ts";
import { ref, type JsonSchema } from "../json-schema.ts";
import { bodyOf, parameter, type Paths } from "../operation.ts";
import { answer, errors, KNOWN_KEY } from "../responses.ts";
import { createVideo } from "./create-path.ts";

/** `/v1/upstreams`: creates in the words of other upstreams. */

export const UPSTREAM_PARAMETERS: Record<string, JsonSchema> = {
  "upstream-name": {
    name: "name",
    in: "path",
    required: true,
    description: "The upstream, as `GET /v1/upstreams` names it.",
    schema: { type: "string", pattern: "^[a-z][a-z0-9-]{0,30}$" },
  },
  "create-path": {
    name: "path",
    in: "path",
    required: true,
    description: "One of its `create_paths` with the slashes as they are, without the one at its begin.",
    schema: { type: "string" },
  },
};

export const UPSTREAM_PATHS: Paths = {
  "/v1/upstreams": {
    get: {
      operationId: "listUpstreams",
      summary: "List the upstreams",
      description: "What this deployment sends tasks to, and by which paths.",
      tags: ["Videos"],
      responses: {
        "200": answer("The upstreams.", "UpstreamList", { examples: { two: { value: EXAMPLE_UPSTREAMS } } }),
        ...errors(["invalid_request", ...KNOWN_KEY]),
      },
    },
  },
  "/v1/upstreams/{name}/{path}": {
    post: {
      ...createVideo,
      operationId: "createAtUpstream",
      summary: "Send an upstream's own request",
      description:
        "The upstream's own request at its own path; the answer is Ringback's, as for `POST /v1/videos`, and so is all " +
        "that follows. The body goes upstream as JSON, unchanged but for the member `ringback`; the values of a form stay " +
        "text. None of the headers goes there, and there is no query. Every other method and path below an upstream's " +
        "name is 404: `GET /v1/videos/{id}` reads a task.",
      parameters: [parameter("upstream-name"), parameter("create-path"), ...(createVideo.parameters ?? [])],
      requestBody: {
        description: "The upstream's request, with Ringback's own fields in the member `ringback`.",
        ...bodyOf(ref("CreateAtUpstream"), true, UPSTREAM_CREATES),
      },
    },
  },
};
