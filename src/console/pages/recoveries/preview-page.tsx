import type { Issue } from "../../../contract/problems.ts";
import type { RecoveryFilterName } from "../../../contract/words.ts";
import type { RecoveryPreviewJson } from "../../../contract/shapes/recovery.ts";
import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import type { PageContext } from "../../page-context.ts";
import { endpointName } from "../endpoints/endpoint-name.ts";
import { Page, PageHead } from "../page.tsx";
import { ReceiverFields } from "../parts/receiver-fields.tsx";
import { head, numberHead, Table } from "../parts/table.tsx";

/** What a recovery is asked for. */
export interface Asked {
  filters: readonly (readonly [name: RecoveryFilterName, value: string])[];
  /** Empty: the stored receivers. */
  url: string;
  headers: string;
}

interface PreviewProps {
  page: PageContext;
  asked: Asked;
  preview: RecoveryPreviewJson;
  endpoints: readonly EndpointJson[];
  /** What is wrong with the other URL. */
  issues: readonly Issue[];
}

/** What would be delivered again, before anything is sent. */
export function PreviewPage({ page, asked, preview, endpoints, issues }: PreviewProps) {
  const text = page.text.recoveries;
  const isNothing = preview.matched === 0;
  return (
    <Page page={page} title={text.preview} place="tasks">
      <p class="crumb">
        <a href={listOf(asked)}>{text.back}</a>
      </p>
      <PageHead title={text.preview} lead={isNothing ? text.nothingLead : text.previewLead} />
      <Filters page={page} asked={asked} endpoints={endpoints} />
      <div class="halves">
        <section class="card panel stack">
          <h2>{isNothing ? text.nothing : text.matched(preview.matched)}</h2>
          {isNothing ? (
            <p>
              <a href="/recoveries">{text.title}</a>
            </p>
          ) : (
            <Start page={page} asked={asked} preview={preview} issues={issues} />
          )}
        </section>
        {!isNothing && <What page={page} preview={preview} />}
      </div>
    </Page>
  );
}

/** The same filters in the list. */
function listOf({ filters }: Asked): string {
  const query = filters.map(([name, value]) => [name === "statuses" ? "callback_status" : name, value]);
  return `/?${new URLSearchParams(query as [string, string][]).toString()}`;
}

function Filters({ page, asked, endpoints }: Pick<PreviewProps, "page" | "asked" | "endpoints">) {
  const { filters: text, callback } = page.text;
  const words = new Map(Object.entries(callback));
  const shown = asked.filters.map(([name, value]) => {
    const endpoint = name === "endpoint" ? endpoints.find(({ id }) => id === value) : undefined;
    if (endpoint !== undefined) return [text.fields.endpoint, endpointName(endpoint)];
    if (name !== "statuses") return [text.fields[name], value];
    const statuses = value.split(",").map((status) => words.get(status) ?? status);
    return [text.fields.callback_status, statuses.join(page.text.shell.comma)];
  });
  if (shown.length === 0) return null;
  return (
    <ul class="chips is-plain" aria-label={text.active}>
      {shown.map(([name, value]) => (
        <li>
          <span>
            {name}: {value}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Start({ page, asked, preview, issues }: Omit<PreviewProps, "endpoints">) {
  const text = page.text.recoveries;
  return (
    <form method="post" action="/recoveries" class="stack">
      <p>{text.how}</p>
      {asked.filters.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <input type="hidden" name="previewed_at" value={page.now} />
      {page.account !== null && <input type="hidden" name="account" value={page.account} />}
      {!page.isOperator && (
        <details open={issues.length > 0 || asked.url !== ""}>
          <summary>{text.elsewhere}</summary>
          <div class="stack">
            <p class="hint">{text.elsewhereLead}</p>
            <ReceiverFields
              page={page}
              typed={{ ...asked, issues }}
              labels={{ url: text.url, headers: text.headers, headersHint: text.headersHint }}
            />
          </div>
        </details>
      )}
      <button class="primary" type="submit">
        {text.start(preview.matched)}
      </button>
    </form>
  );
}

function What({ page, preview: { hosts, tasks } }: { page: PageContext; preview: RecoveryPreviewJson }) {
  const text = page.text.recoveries;
  return (
    <section class="card panel stack">
      <h2>{text.hosts}</h2>
      <Table class="chart" heads={[head(text.host), numberHead(text.count)]}>
        {hosts.map(({ host, count }) => (
          <tr>
            <th scope="row">{host}</th>
            <td class="number">{count}</td>
          </tr>
        ))}
      </Table>
      <h3>{text.oldest}</h3>
      <ul class="ids">
        {tasks.map((id) => (
          <li>
            <a href={`/tasks/${id}`}>
              <code>{id}</code>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
