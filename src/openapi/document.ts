import { ACCOUNT_PATHS, DEPLOYMENT_PATHS } from "./paths/account-paths.ts";
import { ANSWERS } from "./answers.ts";
import { CALLBACK_HEADERS, webhooks } from "./callbacks.ts";
import { INFO, TAGS } from "./introduction.ts";
import { answerSchemas, type JsonSchema } from "./json-schema.ts";
import type { Operation } from "./operation.ts";
import {
  OPERATOR_PARAMETERS,
  OPERATOR_PATHS,
  OPERATOR_SECURITY,
  openToOperators,
} from "./paths/operator-paths.ts";
import { REQUESTS } from "./requests.ts";
import { HEADERS, type Responses } from "./responses.ts";
import { ENDPOINT_PARAMETERS, ENDPOINT_PATHS } from "./paths/endpoint-paths.ts";
import { FILE_PATHS } from "./paths/file-paths.ts";
import { FIELD_HEADERS } from "./paths/create-path.ts";
import { RECOVERY_PARAMETERS, RECOVERY_PATHS } from "./paths/recovery-paths.ts";
import { SIGNING_PATHS } from "./paths/signing-paths.ts";
import { UPSTREAM_PARAMETERS, UPSTREAM_PATHS } from "./paths/upstream-paths.ts";
import { VIDEO_PARAMETERS, VIDEO_PATHS } from "./paths/video-paths.ts";

/** The OpenAPI 3.1 document: put together when Ringback is built, served as a file. */
export interface OpenApiDocument {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, JsonSchema>;
  components: { schemas: Record<string, JsonSchema>; [kind: string]: JsonSchema };
  [member: string]: unknown;
}

export function openApiDocument(): OpenApiDocument {
  const { paths, responses } = sharedResponses(
    openToOperators({
      ...VIDEO_PATHS,
      ...UPSTREAM_PATHS,
      ...RECOVERY_PATHS,
      ...ENDPOINT_PATHS,
      ...SIGNING_PATHS,
      ...FILE_PATHS,
      ...ACCOUNT_PATHS,
      ...OPERATOR_PATHS,
      ...DEPLOYMENT_PATHS,
    }),
  );
  return {
    openapi: "3.1.0",
    info: INFO,
    servers: [{ url: "/", description: "This deployment." }],
    security: [{ bearer: [] }],
    tags: TAGS,
    paths,
    webhooks: webhooks(),
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          description: "Your own upstream key, or a token of a deployment whose operator pays.",
        },
        ...OPERATOR_SECURITY,
      },
      schemas: { ...REQUESTS, ...answerSchemas(ANSWERS) },
      parameters: {
        ...VIDEO_PARAMETERS,
        ...FIELD_HEADERS,
        ...UPSTREAM_PARAMETERS,
        ...RECOVERY_PARAMETERS,
        ...OPERATOR_PARAMETERS,
        ...ENDPOINT_PARAMETERS,
        ...CALLBACK_HEADERS,
      },
      headers: HEADERS,
      responses,
    },
  };
}

type Paths = OpenApiDocument["paths"];

/** Errors that more than one operation has stand once, under `components`, by the names of their codes. */
function sharedResponses(paths: Paths): { paths: Paths; responses: Responses } {
  const counts = new Map<string, number>();
  for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
    for (const response of Object.values(operation.responses)) {
      const text = JSON.stringify(response);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  const responses: Responses = {};
  const shared = (operation: Operation): Operation => {
    const entries = Object.entries(operation.responses).map(([status, response]) => {
      const name = responseName(response);
      if (name === "" || (counts.get(JSON.stringify(response)) ?? 0) < 2) return [status, response];
      responses[name] = response;
      return [status, { $ref: `#/components/responses/${name}` }];
    });
    return { ...operation, responses: Object.fromEntries(entries) as Responses };
  };
  const withReferences = Object.entries(paths).map(([path, methods]) => [
    path,
    Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, shared(operation)])),
  ]);
  return { paths: Object.fromEntries(withReferences) as Paths, responses };
}

/** `UnauthorizedOrInternal`, from the codes of its examples; empty for one without such. */
function responseName(response: JsonSchema): string {
  const content = response["content"] as Record<string, { examples?: object }> | undefined;
  const codes = Object.keys(content?.["application/json"]?.examples ?? {});
  const words = codes.map((code) =>
    code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
  );
  return words.join("Or");
}
