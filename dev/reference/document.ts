/** The part of an OpenAPI document that the reference page shows. */

export interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  patternProperties?: Record<string, Schema>;
  oneOf?: Schema[];
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  [keyword: string]: unknown;
}

export interface Parameter {
  $ref?: string;
  name: string;
  in: "path" | "query" | "header";
  description?: string;
  required?: boolean;
  schema?: Schema;
}

export interface Media {
  schema?: Schema;
  examples?: Record<string, { summary?: string; value: unknown }>;
  example?: unknown;
}

export interface Answer {
  $ref?: string;
  description: string;
  content?: Record<string, Media>;
}

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags?: string[];
  security?: unknown[];
  parameters?: Parameter[];
  requestBody?: { description?: string; required?: boolean; content: Record<string, Media> };
  responses?: Record<string, Answer>;
}

export interface ApiDocument {
  info: { title: string; description: string; version: string };
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
}

/** What a `$ref` of this document names; anything else is itself. */
export function resolve<Thing extends { $ref?: string }>(document: ApiDocument, thing: Thing): Thing {
  if (thing.$ref === undefined) return thing;
  const [, group = "", name = ""] = thing.$ref.slice("#/".length).split("/");
  return document.components[group]?.[name] as Thing;
}
