import * as z from "zod";

/** From zod to the JSON Schema (2020-12) of an OpenAPI 3.1 document. */

export type JsonSchema = { [key: string]: unknown };

/** Zod's own bounds of an integer say nothing about the API. */
function dropSafeIntegerBounds(schema: JsonSchema): void {
  if (schema["minimum"] === Number.MIN_SAFE_INTEGER) delete schema["minimum"];
  if (schema["maximum"] === Number.MAX_SAFE_INTEGER) delete schema["maximum"];
}

/** `{anyOf: [{type: "string"}, {type: "null"}]}` is `{type: ["string", "null"]}`: what readers and renderers expect. */
function joinNull(schema: JsonSchema): void {
  const [first, second, ...more] = (schema["anyOf"] as JsonSchema[] | undefined) ?? [];
  const joins = second?.["type"] === "null" && typeof first?.["type"] === "string" && more.length === 0;
  if (!joins) return;
  const { anyOf: _, ...rest } = schema;
  const nullable = { ...first, ...rest, type: [first["type"], "null"] };
  for (const key of Object.keys(schema)) delete schema[key];
  Object.assign(schema, nullable);
  if (Array.isArray(schema["enum"])) schema["enum"] = [...(schema["enum"] as unknown[]), null];
}

const OPTIONS = {
  target: "draft-2020-12",
  unrepresentable: "any",
  override: ({ jsonSchema }: { jsonSchema: JsonSchema }) => {
    dropSafeIntegerBounds(jsonSchema);
    joinNull(jsonSchema);
  },
} as const;

/** What may be sent: the input of a schema that validates, before it coerces. */
export function requestSchema(type: z.core.$ZodType): JsonSchema {
  return withoutIdentity(z.toJSONSchema(type, { ...OPTIONS, io: "input" }));
}

/** Answers by name; one that holds another refers to it. */
export function answerSchemas(types: Record<string, z.ZodType>): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, type] of Object.entries(types)) registry.add(type, { id });
  const { schemas } = z.toJSONSchema(registry, {
    ...OPTIONS,
    io: "input",
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutIdentity(schema)]));
}

/** Inside a document the version of JSON Schema is the document's, and a schema's name its place. */
function withoutIdentity(schema: JsonSchema): JsonSchema {
  const inside = Object.entries(schema).filter(([key]) => key !== "$schema" && key !== "$id");
  return Object.fromEntries(inside);
}

export function ref(name: string): JsonSchema {
  return { $ref: `#/components/schemas/${name}` };
}
