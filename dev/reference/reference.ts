import type { ApiDocument, Operation, Schema } from "./document.ts";
import { escapeHtml, renderInline, renderMarkdown } from "./markdown.ts";
import { renderMessage, renderOperation } from "./operation.ts";
import { renderSchema } from "./schema.ts";

/** The OpenAPI document as a page's content, which the console puts into its frame. Made when Ringback is built. */
export function renderReference(document: ApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const groups = document.tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => operation.tags?.includes(name));
    return (
      `<section class="group" aria-labelledby="tag-${name}"><h3 id="tag-${name}">${escapeHtml(name)}</h3>` +
      `<p class="hint">${renderInline(description)}</p>${own.map((one) => renderOperation(document, one)).join("")}</section>`
    );
  });
  const messages = Object.entries(document.webhooks).flatMap(([name, methods]) =>
    Object.values(methods).map((operation: Operation) => renderMessage(document, name, operation)),
  );
  const schemas = Object.entries(document.components["schemas"] ?? {}).map(
    ([name, schema]) =>
      `<details class="card operation"><summary><code class="path">${name}</code></summary>` +
      `<div class="stack" id="schema-${name}">${about(schema as Schema)}${renderSchema(schema as Schema)}</div></details>`,
  );
  return [
    '<p class="jump"><a href="/openapi.json">openapi.json</a> <a href="#calls">Calls</a> <a href="#callbacks-sent">Webhooks</a> <a href="#schemas">Schemas</a></p>',
    `<div class="prose">${renderMarkdown(document.info.description)}</div>`,
    '<h2 id="calls">Calls</h2>',
    '<form class="card panel" data-key hidden><div class="field"><label for="api-key">API key</label>' +
      '<input id="api-key" type="password" autocomplete="off" spellcheck="false" aria-describedby="api-key-hint">' +
      '<p class="hint" id="api-key-hint">For “Try it”. It stays in this page and is gone with it.</p></div></form>',
    '<p class="hint" data-without-script>Trying calls needs JavaScript; everything else works without it.</p>',
    ...groups,
    '<h2 id="callbacks-sent">Webhooks</h2><p class="hint">What Ringback sends to your receiver.</p>',
    ...messages,
    '<h2 id="schemas">Schemas</h2>',
    ...schemas,
  ].join("\n");
}

function about({ description }: Schema): string {
  return description === undefined ? "" : `<p>${renderInline(description)}</p>`;
}
