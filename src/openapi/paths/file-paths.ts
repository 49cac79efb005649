import type { ApiErrorCode } from "../../contract/errors.ts";
import { MEDIA_ENDINGS } from "../../contract/words.ts";
import { FILE_ID } from "../examples.ts";
import type { JsonSchema } from "../json-schema.ts";
import { query, type Paths } from "../operation.ts";
import { errorsOf, headers, METHOD_NOT_ALLOWED } from "../responses.ts";

const ENDINGS = Object.values(MEDIA_ENDINGS);

/** The bytes, of any type that Ringback keeps. */
const MEDIA: JsonSchema = Object.fromEntries(
  Object.keys(MEDIA_ENDINGS).map((type) => [type, { schema: {} }]),
);

const FILE_HEADERS = ["ETag", "Cache-Control", "Access-Control-Allow-Origin"] as const;
const BYTES_HEADERS = [...FILE_HEADERS, "Accept-Ranges", "Content-Disposition"] as const;

const CODES: readonly ApiErrorCode[] = [
  "invalid_request",
  "not_found",
  "rate_limited",
  "internal",
  "overloaded",
  "misconfigured",
];

function requestHeader(name: string, description: string, example: string): JsonSchema {
  return { name, in: "header", description, schema: { type: "string" }, example };
}

/** Copies of results, for the holder of their address. */
export const FILE_PATHS: Paths = {
  "/v1/files/{name}": {
    get: {
      operationId: "getFile",
      summary: "A kept file",
      description:
        "The copy of a task's result, at the address that is the task's `video_url`. Needs no key: the address is as good as " +
        "one. `HEAD` answers the same without the bytes. At most 600 requests a minute for a file, and for a client address.",
      tags: ["Files"],
      security: [],
      parameters: [
        {
          name: "name",
          in: "path",
          required: true,
          description: "The id of the file, and the ending of its type.",
          schema: { type: "string", pattern: `^[a-z2-7]{26}\\.(${ENDINGS.join("|")})$` },
          example: `${FILE_ID}.mp4`,
        },
        query(
          "download",
          "Asks a browser to save the file rather than to show it. Its value counts for nothing.",
          {
            type: "string",
          },
        ),
        requestHeader(
          "Range",
          "One range of bytes; several, or a malformed one, count for nothing.",
          "bytes=0-1023",
        ),
        requestHeader("If-Range", "The `etag` for which the range counts.", `"${FILE_ID}"`),
        requestHeader("If-None-Match", "The `etag` of a file that the client has.", `"${FILE_ID}"`),
      ],
      responses: {
        "200": { description: "The file.", headers: headers(...BYTES_HEADERS), content: MEDIA },
        "206": {
          description: "The part that was asked for.",
          headers: headers(...BYTES_HEADERS, "Content-Range"),
          content: MEDIA,
        },
        "304": { description: "The client has it.", headers: headers(...FILE_HEADERS) },
        "405": METHOD_NOT_ALLOWED,
        ...errorsOf(CODES),
        ...withContentRange(errorsOf(["range_not_satisfiable"])),
      },
    },
  },
};

function withContentRange(responses: Record<string, JsonSchema>): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [
      status,
      { ...response, headers: headers("Content-Range") },
    ]),
  );
}
