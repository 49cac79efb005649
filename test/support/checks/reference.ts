import type { IncomingHttpHeaders } from "node:http";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { OpenApiDocument } from "../../../src/openapi/document.ts";

/** Holds what is on the wire against the OpenAPI document, more strictly than the document itself: no member is new. */

export type JsonSchema = { [key: string]: unknown };

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

interface MediaType {
  schema: JsonSchema;
  examples?: Record<string, { value: unknown }>;
}

interface ResponseObject {
  headers?: Record<string, JsonSchema>;
  content?: Record<string, MediaType>;
}

export class Reference {
  readonly document: OpenApiDocument;
  readonly #ajv = new Ajv2020({
    strict: true,
    allowUnionTypes: true,
    strictRequired: false,
    allErrors: true,
  });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #closedSchemas: unknown;

  constructor(document: OpenApiDocument) {
    this.document = document;
    addFormats.default(this.#ajv);
    this.#closedSchemas = closed(document.components.schemas);
  }

  /** What is wrong with a value; empty if it is as the schema says. `closed`: no members beyond those it names. */
  problemsOf(schema: JsonSchema, value: unknown, how: "closed" | "as it stands" = "closed"): string[] {
    const key = `${how} ${JSON.stringify(schema)}`;
    const validate = this.#validators.get(key) ?? this.#compile(schema, how);
    this.#validators.set(key, validate);
    if (validate(value)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  /** What is wrong with an answer to `method path`; empty if the document says just that. */
  problemsOfAnswer(method: string, path: string, answer: Answer): string[] {
    const response = this.#response(method, path, answer.status);
    if (typeof response === "string") return [response];
    return [...this.#bodyProblems(response, answer), ...this.#headerProblems(response, answer)];
  }

  #bodyProblems({ content }: ResponseObject, { status, headers, body }: Answer): string[] {
    if (content === undefined) return body === "" ? [] : [`${status} is told of without a body`];
    const media = headers["content-type"]?.split(";")[0] ?? "";
    const told = content[media] ?? content["*/*"];
    if (told === undefined) return [`${status} is not told of as ${media}`];
    const value: unknown = media === "application/json" ? JSON.parse(body) : body;
    return [...this.problemsOf(told.schema, value), ...codeProblems(told, value)];
  }

  /** The operation's template, `/v1/videos/{id}`. */
  template(path: string): string | null {
    const { pathname } = new URL(path, "http://ringback.invalid");
    const fits = (template: string): boolean =>
      new RegExp(`^${template.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname);
    return Object.keys(this.document.paths).find(fits) ?? null;
  }

  /** The key of the response that tells of this status: the status itself, or its range. */
  statusKey(method: string, template: string, status: number): string | null {
    const responses = this.document.paths[template]?.[method.toLowerCase()]?.responses ?? {};
    return [String(status), `${Math.floor(status / 100)}XX`].find((key) => key in responses) ?? null;
  }

  /** What a `$ref` points to, or the object itself. */
  resolve(object: JsonSchema): JsonSchema {
    const $ref = object["$ref"] as string | undefined;
    if ($ref === undefined) return object;
    const path = $ref.slice(2).split("/");
    return path.reduce<unknown>((at, name) => (at as JsonSchema)[name], this.document) as JsonSchema;
  }

  #response(method: string, path: string, status: number): ResponseObject | string {
    const template = this.template(path);
    if (template === null) return `${path} is not told of`;
    const operation = this.document.paths[template]?.[method.toLowerCase()];
    if (operation === undefined) return `${method} ${template} is not told of`;
    const key = this.statusKey(method, template, status);
    return key === null ? `${status} is not told of` : this.resolve(operation.responses[key] ?? {});
  }

  #headerProblems(response: ResponseObject, answer: Answer): string[] {
    return Object.entries(response.headers ?? {}).flatMap(([name, header]) => {
      const { required, schema } = this.resolve(header) as { required?: boolean; schema: JsonSchema };
      const text = answer.headers[name.toLowerCase()];
      if (text === undefined) return required ? [`${name} is missing`] : [];
      const value = schema["type"] === "integer" ? Number(text) : text;
      return this.problemsOf(schema, value).map((problem) => `${name}: ${problem}`);
    });
  }

  #compile(schema: JsonSchema, how: "closed" | "as it stands"): ValidateFunction {
    const $defs = how === "closed" ? this.#closedSchemas : this.document.components.schemas;
    const whole = { ...(how === "closed" ? (closed(schema) as JsonSchema) : schema), $defs };
    const text = JSON.stringify(whole).replaceAll("#/components/schemas/", "#/$defs/");
    return this.#ajv.compile(JSON.parse(text) as JsonSchema);
  }
}

/** An error's code is told of by the name of an example. Where the upstream's answer may stand, any code may. */
function codeProblems({ schema, examples = {} }: MediaType, value: unknown): string[] {
  if (schema["$ref"] !== "#/components/schemas/Error") return [];
  const { code } = (value as { error: { code: string } }).error;
  return code in examples ? [] : [`${code} is not told of`];
}

/** The schema with every object closed that does not say otherwise. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== "object" || schema === null) return schema;
  const inside = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  // A field may be called `properties`; a schema has them as an object of schemas.
  const isObject = "properties" in schema && (schema as JsonSchema)["type"] === "object";
  return isObject && !("additionalProperties" in schema)
    ? { ...inside, additionalProperties: false }
    : inside;
}
