import type { JsonSchema } from "./json-schema.ts";
import type { Responses } from "./responses.ts";

/** One method of one path. */
export interface Operation {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters?: JsonSchema[];
  requestBody?: JsonSchema;
  responses: Responses;
  /** Empty: no key is needed. Absent: the document's, a caller's Bearer key. */
  security?: JsonSchema[];
}

export type Paths = Record<string, Record<string, Operation>>;

export function parameter(name: string): JsonSchema {
  return { $ref: `#/components/parameters/${name}` };
}

export function query(name: string, description: string, schema: JsonSchema): JsonSchema {
  return { name, in: "query", description, schema };
}

const FORMS = ["application/x-www-form-urlencoded", "multipart/form-data"];

/** As JSON, or as a form of either kind. */
export function bodyOf(schema: JsonSchema, required: boolean, examples: JsonSchema): JsonSchema {
  const forms = Object.fromEntries(FORMS.map((type) => [type, { schema }]));
  return { required, content: { "application/json": { schema, examples }, ...forms } };
}
