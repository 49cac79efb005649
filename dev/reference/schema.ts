import type { Schema } from "./document.ts";
import { escapeHtml, renderInline } from "./markdown.ts";

/** A JSON Schema as a list of its members: name, type, limits, and what it is for. */
export function renderSchema(schema: Schema): string {
  const required = new Set(schema.required);
  const members = [
    ...Object.entries(schema.properties ?? {}),
    ...Object.entries(schema.patternProperties ?? {}),
  ].map(([name, member]) => renderMember(name, member, required.has(name)));
  const alternatives = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  return members.length > 0
    ? `<dl class="members">${members.join("")}</dl>`
    : `<p>${alternatives.length > 0 ? alternatives.map(typeOf).join(" or ") : typeOf(schema)}</p>`;
}

function renderMember(name: string, schema: Schema, isRequired: boolean): string {
  const limits = limitsOf(schema);
  const inner = innerOf(schema);
  return (
    `<dt><code>${escapeHtml(name)}</code> <span class="hint">${typeOf(schema)}${isRequired ? ", always" : ""}</span></dt><dd>` +
    (schema.description === undefined ? "" : `<p>${renderInline(schema.description)}</p>`) +
    (limits.length > 0 ? `<p class="hint">${limits.join(" · ")}</p>` : "") +
    (inner === null ? "" : renderSchema(inner)) +
    "</dd>"
  );
}

/** The object within: itself, an item of a list, or the one that may be null. */
function innerOf(schema: Schema): Schema | null {
  const candidates = [schema, schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return candidates.find((one) => one?.properties !== undefined) ?? null;
}

/** In words; a schema with a name leads to it. */
export function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return `<a href="#schema-${name}">${name}</a>`;
  }
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives !== undefined) return [...new Set(alternatives.map(typeOf))].join(" or ");
  if (schema.const !== undefined) return value(schema.const);
  const types = [schema.type ?? "any"].flat();
  return types
    .map((type) => (type === "array" && schema.items ? `list of ${typeOf(schema.items)}` : type))
    .join(" or ");
}

const LIMITS: [keyword: string, words: (limit: unknown) => string][] = [
  ["minimum", (limit) => `from ${String(limit)}`],
  ["maximum", (limit) => `to ${String(limit)}`],
  ["minLength", (limit) => `at least ${String(limit)} characters`],
  ["maxLength", (limit) => `at most ${String(limit)} characters`],
  ["minItems", (limit) => `at least ${String(limit)}`],
  ["maxItems", (limit) => `at most ${String(limit)}`],
  ["maxProperties", (limit) => `at most ${String(limit)} members`],
  ["default", (limit) => `${value(limit)} if left out`],
];

function limitsOf(schema: Schema): string[] {
  const choices = schema.enum ?? schema.items?.enum;
  return [
    ...(choices === undefined ? [] : [choices.map(value).join(", ")]),
    ...LIMITS.flatMap(([keyword, words]) => (schema[keyword] === undefined ? [] : [words(schema[keyword])])),
  ];
}

function value(given: unknown): string {
  return `<code>${escapeHtml(JSON.stringify(given))}</code>`;
}
