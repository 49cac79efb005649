import {
  resolve,
  type Answer,
  type ApiDocument,
  type Media,
  type Operation,
  type Parameter,
} from "./document.ts";
import { codeBlock, escapeHtml, renderInline } from "./markdown.ts";
import { typeOf } from "./schema.ts";

/** One call of the API: what it takes and answers, the same with curl, and a form to try it. */
export function renderOperation(
  document: ApiDocument,
  { method, path, operation }: { method: string; path: string; operation: Operation },
): string {
  const parameters = (operation.parameters ?? []).map((one) => resolve(document, one));
  return (
    `<details class="card operation"><summary><span class="method is-${method}">${method.toUpperCase()}</span> ` +
    `<code class="path">${escapeHtml(path)}</code> <span>${escapeHtml(operation.summary)}</span></summary>` +
    `<div class="stack" id="${operation.operationId}">` +
    paragraph(operation.description) +
    renderParameters(parameters) +
    renderBody(operation) +
    renderAnswers(document, operation) +
    curlOf(method, path, operation) +
    renderTrial(method, path, operation, parameters) +
    "</div></details>"
  );
}

/** What Ringback sends to a receiver. */
export function renderMessage(document: ApiDocument, name: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map((one) => resolve(document, one));
  return (
    `<details class="card operation"><summary><span class="method is-post">POST</span> ` +
    `<code class="path">${escapeHtml(name)}</code> <span>${escapeHtml(operation.summary)}</span></summary>` +
    `<div class="stack" id="${operation.operationId}">` +
    paragraph(operation.description) +
    renderParameters(parameters) +
    renderBody(operation) +
    renderAnswers(document, operation) +
    "</div></details>"
  );
}

function paragraph(text: string | undefined): string {
  return text === undefined ? "" : `<p>${renderInline(text)}</p>`;
}

function renderParameters(parameters: Parameter[]): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(
    ({ name, in: place, required, description, schema }) =>
      `<dt><code>${escapeHtml(name)}</code> <span class="hint">${place}, ${typeOf(schema ?? {})}${required ? ", required" : ""}</span></dt>` +
      `<dd>${paragraph(description)}${choicesOf(schema)}</dd>`,
  );
  return `<p class="group-label">Parameters</p><dl class="members">${rows.join("")}</dl>`;
}

function choicesOf(schema: Parameter["schema"]): string {
  if (schema?.enum === undefined) return "";
  return `<p class="hint">${schema.enum.map((one) => `<code>${escapeHtml(String(one))}</code>`).join(", ")}</p>`;
}

function renderBody({ requestBody }: Operation): string {
  if (requestBody === undefined) return "";
  const [[, media] = ["", {}]] = Object.entries(requestBody.content);
  const types = Object.keys(requestBody.content).map((type) => `<code>${escapeHtml(type)}</code>`);
  const schema = media.schema;
  return (
    `<p class="group-label">Body</p>${paragraph(requestBody.description)}<p class="hint">${types.join(", ")}` +
    `${schema === undefined ? "" : ` · ${typeOf(schema)}`}</p>` +
    renderExamples(media)
  );
}

function renderExamples({ examples = {}, example }: Media): string {
  const all = example === undefined ? Object.entries(examples) : [["example", { value: example }] as const];
  return all
    .map(([name, { summary, value }]: readonly [string, { summary?: string; value: unknown }]) => {
      const label = summary ?? name;
      return `<details class="example"><summary>${renderInline(label)}</summary>${codeBlock(textOf(value), label)}</details>`;
    })
    .join("");
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

const isGood = (status: string): boolean => status.startsWith("2");

/** Good answers with their examples; refusals on a line each. */
function renderAnswers(document: ApiDocument, { responses = {} }: Operation): string {
  const answers = Object.entries(responses).map(([status, one]) => [status, resolve(document, one)] as const);
  if (answers.length === 0) return "";
  const good = answers.filter(([status]) => isGood(status)).map(([status, one]) => renderAnswer(status, one));
  const bad = answers
    .filter(([status]) => !isGood(status))
    .map(([status, { description }]) => `<dt><code>${status}</code></dt><dd>${paragraph(description)}</dd>`);
  const refusals =
    bad.length === 0
      ? ""
      : `<details class="example"><summary>Errors</summary><dl class="answers">${bad.join("")}</dl></details>`;
  return `<p class="group-label">Answers</p><dl class="answers">${good.join("")}</dl>${refusals}`;
}

function renderAnswer(status: string, { description, content = {} }: Answer): string {
  const [media] = Object.values(content);
  const type = media?.schema === undefined ? "" : ` <span class="hint">${typeOf(media.schema)}</span>`;
  return `<dt><code>${status}</code></dt><dd>${paragraph(description)}${type}${media === undefined ? "" : renderExamples(media)}</dd>`;
}

function firstExample({ requestBody }: Operation): unknown {
  const media = Object.values(requestBody?.content ?? {});
  return media.flatMap(({ examples = {} }) => Object.values(examples)).at(0)?.value;
}

function curlOf(method: string, path: string, operation: Operation): string {
  const isOpen = operation.security?.length === 0;
  const example = firstExample(operation);
  const lines = [
    `curl ${method === "get" ? "" : `-X ${method.toUpperCase()} `}"$RINGBACK${path.replace(/^\/v1/, "")}"`,
    ...(isOpen ? [] : ['-H "Authorization: Bearer $RINGBACK_KEY"']),
    ...(example === undefined
      ? []
      : ['-H "Content-Type: application/json"', `-d '${textOf(example).replaceAll("'", "'\\''")}'`]),
  ];
  const base = path.startsWith("/v1")
    ? lines
    : lines.map((line) => line.replace("$RINGBACK", "${RINGBACK%/v1}"));
  return `<details class="example"><summary>curl</summary>${codeBlock(base.join(" \\\n  "), "curl")}</details>`;
}

/** Sent by the page's script, with the key that is typed in above; nothing is sent without a click. */
function renderTrial(method: string, path: string, operation: Operation, parameters: Parameter[]): string {
  const id = operation.operationId;
  // The body beneath has Ringback's own fields already.
  const shown = parameters.filter(({ name }) => !name.startsWith("Ringback-"));
  const fields = shown.map(({ name, in: place, required }) => {
    const field = `try-${id}-${name}`;
    return (
      `<div class="field"><label for="${field}"><code>${escapeHtml(name)}</code></label>` +
      `<input id="${field}" class="code" data-in="${place}" data-name="${escapeHtml(name)}" autocomplete="off" spellcheck="false"${required ? " required" : ""}></div>`
    );
  });
  return (
    `<details class="trial"><summary>Try it</summary><form class="stack" data-try data-method="${method.toUpperCase()}" data-path="${escapeHtml(path)}">` +
    fields.join("") +
    bodyFields(operation) +
    `<p class="row"><button class="primary" type="submit">Send</button></p><div class="answer" role="status"></div></form></details>`
  );
}

function bodyFields(operation: Operation): string {
  const { operationId: id, requestBody } = operation;
  if (requestBody === undefined) return "";
  const types = Object.keys(requestBody.content);
  const examples = Object.values(requestBody.content).flatMap((media) => Object.values(media.examples ?? {}));
  const options = types.map((type) => `<option>${escapeHtml(type)}</option>`).join("");
  const choice =
    examples.length < 2
      ? ""
      : `<div class="field"><label for="try-${id}-example">Example</label><select id="try-${id}-example" data-example>${examples
          .map(
            ({ summary, value }) =>
              `<option value="${escapeHtml(textOf(value))}">${escapeHtml(summary ?? "")}</option>`,
          )
          .join("")}</select></div>`;
  return (
    `<div class="pair">${choice}<div class="field"><label for="try-${id}-type">Content type</label>` +
    `<select id="try-${id}-type" data-type>${options}</select></div></div>` +
    `<div class="field"><label for="try-${id}-body">Body</label><textarea id="try-${id}-body" class="code" rows="8" data-body spellcheck="false">` +
    `${escapeHtml(examples[0] === undefined ? "" : textOf(examples[0].value))}</textarea></div>`
  );
}
