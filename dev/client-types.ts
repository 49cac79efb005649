import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openApiDocument } from "../src/openapi/document.ts";
import type { JsonSchema } from "../src/openapi/json-schema.ts";

/**
 * `npm run types`: the contract's shapes as TypeScript for the client, which is published without dependencies and so
 * cannot infer them from zod. A test compares the file with the contract.
 */

export const CLIENT_TYPES = fileURLToPath(new URL("../src/client/contract.ts", import.meta.url));

/** What the client takes and gives back, and what these refer to. */
const SHAPES = [
  "CreateVideo",
  "RingbackFields",
  "TaskError",
  "TaskCallback",
  "TaskData",
  "Task",
  "ListedTask",
  "Attempt",
  "Delivery",
  "SentDelivery",
  "StartRecovery",
  "Recovery",
  "RecoveryPreview",
  "Endpoint",
  "RegisterEndpoint",
  "ChangeEndpoint",
  "TestEndpoint",
  "PingResult",
  "SigningSecrets",
  "Account",
  "Upstream",
  "VerifyResult",
  "FlatMessage",
] as const;

/** Shapes that have all members of another one, and more. */
const BASES: Readonly<Record<string, (typeof SHAPES)[number]>> = {
  CreateVideo: "RingbackFields",
  Task: "TaskData",
  SentDelivery: "Delivery",
};

export function clientTypes(): string {
  const { schemas } = openApiDocument().components;
  const shapes = SHAPES.map((name) => {
    const schema = schemas[name] ?? {};
    const base = BASES[name];
    if (!base) return `${comment(schema)}export interface ${name} ${objectType(schema)}\n`;
    const more = without(schema, schemas[base] ?? {});
    return `${comment(schema)}export interface ${name} extends ${base} ${objectType(more)}\n`;
  });
  return indented(
    `/** Made from \`src/contract\` by \`npm run types\`: do not edit. */\n\n${shapes.join("\n")}`,
  );
}

function indented(text: string): string {
  let level = 0;
  const lines = text.split("\n").map((line) => {
    if (line.startsWith("}")) level -= 1;
    const whole = line === "" ? "" : "  ".repeat(level) + line;
    if (line.endsWith("{")) level += 1;
    return whole;
  });
  return lines.join("\n");
}

/** The schema without the members of `base`. */
function without(schema: JsonSchema, base: JsonSchema): JsonSchema {
  const members = Object.entries(schema["properties"] as object);
  const inherited = base["properties"] as object;
  return { ...schema, properties: Object.fromEntries(members.filter(([name]) => !(name in inherited))) };
}

function comment({ description }: JsonSchema): string {
  return typeof description === "string" ? `/** ${description} */\n` : "";
}

function typeOf(schema: JsonSchema): string {
  if (typeof schema["$ref"] === "string") return schema["$ref"].split("/").at(-1) ?? "";
  if ("const" in schema) return JSON.stringify(schema["const"]);
  const variants = (schema["anyOf"] ?? schema["oneOf"]) as JsonSchema[] | undefined;
  if (variants) return variants.map(typeOf).join(" | ");
  const values = schema["enum"] as unknown[] | undefined;
  // A caller's number is rarely a literal.
  if (values?.every((value) => typeof value !== "number"))
    return values.map((one) => JSON.stringify(one)).join(" | ");
  const types = [schema["type"] ?? "unknown"].flat() as string[];
  return types.map((type) => plainType(type, schema)).join(" | ");
}

function plainType(type: string, schema: JsonSchema): string {
  switch (type) {
    case "integer":
      return "number";
    case "array":
      return `ReadonlyArray<${typeOf(schema["items"] as JsonSchema)}>`;
    case "object":
      return objectType(schema);
    default:
      return type;
  }
}

function objectType(schema: JsonSchema): string {
  const required = new Set(schema["required"] as string[] | undefined);
  const members = Object.entries((schema["properties"] ?? {}) as Record<string, JsonSchema>).map(
    ([name, member]) => `${comment(member)}${name}${required.has(name) ? "" : "?"}: ${typeOf(member)};\n`,
  );
  return `{\n${[...members, ...openMembers(schema)].join("")}}`;
}

/** Members that have no name of their own. */
function openMembers({ additionalProperties, patternProperties, properties }: JsonSchema): string[] {
  const patterns = Object.entries((patternProperties ?? {}) as Record<string, JsonSchema>).map(
    ([pattern, member]) => `[member: \`${pattern.replace("^", "")}\${string}\`]: ${typeOf(member)};\n`,
  );
  if (typeof additionalProperties === "object" && additionalProperties !== null)
    return [...patterns, `[member: string]: ${typeOf(additionalProperties as JsonSchema)};\n`];
  const open = additionalProperties === true || properties === undefined;
  return open ? [...patterns, "[member: string]: unknown;\n"] : patterns;
}

if (import.meta.main) writeFileSync(CLIENT_TYPES, clientTypes());
