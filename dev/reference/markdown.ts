import { Marked, type Tokens } from "marked";

/** Our own Markdown (the OpenAPI descriptions, the recipes) as HTML for the console's style sheet and its policy. */

export interface MarkdownOptions {
  /** Where a link leads on the deployment; null: its text stands alone. */
  linkTo?: (href: string) => string | null;
}

export function renderMarkdown(text: string, { linkTo = (href) => href }: MarkdownOptions = {}): string {
  const marked = new Marked({ gfm: true });
  marked.use({
    renderer: {
      heading({ tokens, depth, text: title }) {
        return `<h${depth} id="${anchorOf(title)}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
      },
      code({ text: code, lang }) {
        return codeBlock(code, lang === undefined || lang === "" ? "code" : lang);
      },
      table(token) {
        return tableBlock(token, (tokens) => this.parser.parseInline(tokens));
      },
      link({ href, tokens }) {
        const inner = this.parser.parseInline(tokens);
        const target = linkTo(href);
        return target === null ? inner : `<a href="${escapeHtml(target)}">${inner}</a>`;
      },
    },
  });
  return marked.parse(text, { async: false });
}

/** One line of Markdown, without a paragraph around it. */
export function renderInline(text: string): string {
  return new Marked({ gfm: true }).parseInline(text, { async: false });
}

/** Can be scrolled by keyboard. */
export function codeBlock(code: string, label: string, id?: string): string {
  const name = id === undefined ? "" : ` id="${id}"`;
  return `<pre tabindex="0" role="group" aria-label="${escapeHtml(label)}"><code${name}>${escapeHtml(code)}</code></pre>\n`;
}

function tableBlock(
  { header, rows }: Tokens.Table,
  inline: (tokens: Tokens.TableCell["tokens"]) => string,
): string {
  const label = header.map(({ text }) => text).join(", ");
  const head = header.map(({ tokens }) =>
    tokens.length === 0 ? "<td></td>" : `<th scope="col">${inline(tokens)}</th>`,
  );
  const body = rows.map(
    (row) => `<tr>${row.map(({ tokens }) => `<td>${inline(tokens)}</td>`).join("")}</tr>`,
  );
  return (
    `<div class="scroll" tabindex="0" role="group" aria-label="${escapeHtml(label)}"><table class="plain"><thead><tr>${head.join("")}</tr></thead>` +
    `<tbody>${body.join("")}</tbody></table></div>\n`
  );
}

/** As GitHub makes it. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
