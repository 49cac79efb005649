import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import type { TaskList } from "../../../contract/shapes/task.ts";
import type { PageContext } from "../../page-context.ts";
import { FirstSteps } from "../start/first-steps.tsx";
import { Page } from "../page.tsx";
import { newTaskPath } from "../parts/new-task-path.ts";
import { Notice } from "../parts/parts.tsx";
import { Chips, FilterForm, QuickFilters, SearchBox, type Problems } from "./filters.tsx";
import { filtersIn, listPath, recoveryOf } from "./list-query.ts";
import { Rows, type ListedTasks } from "./rows.tsx";

/** The list lags by seconds anyway: asking more often would show nothing sooner. */
const LIVE_MS = 3000;
/** A filter may read thousands of tasks for each page, and an older page hardly changes. */
const LIVE_SLOWLY_MS = 15_000;

export interface TasksProps {
  page: PageContext;
  /** The address's question, in the words of the API. */
  query: URLSearchParams;
  /** Null: the question cannot be answered, for these problems. */
  listed: ListedTasks | null;
  problems: Problems;
  /** That one can filter by. */
  endpoints: readonly EndpointJson[];
  /** The answer to a button or to a search. */
  saying: { kind: "good" | "bad"; sentence: string } | null;
}

export function TasksPage({ page, query, listed, problems, endpoints, saying }: TasksProps) {
  const { list = null, upstreamNames = [] } = listed ?? {};
  const text = page.text.list;
  const isFirst = filtersIn(query).length === 0 && !query.has("cursor");
  return (
    <Page
      page={page}
      title={text.title}
      place="tasks"
      liveMs={list === null ? null : isFirst ? LIVE_MS : LIVE_SLOWLY_MS}
    >
      <div class="head">
        <h1>{text.title}</h1>
        {!page.isOperator && (
          <a class="button primary" href={newTaskPath(page)}>
            {page.text.shell.newTask}
          </a>
        )}
      </div>
      {saying !== null && <Notice kind={saying.kind}>{saying.sentence}</Notice>}
      <div class="tools">
        <QuickFilters page={page} query={query} />
        <SearchBox page={page} query={query} />
      </div>
      <FilterForm page={page} query={query} problems={problems} endpoints={endpoints} />
      <Chips page={page} query={query} endpoints={endpoints} />
      {list !== null && (
        <>
          <Recover page={page} query={query} list={list} />
          {list.data.length === 0 ? (
            <Empty page={page} query={query} next={list.next_cursor} />
          ) : (
            <Rows page={page} listed={{ list, upstreamNames }} byEndpoint={query.has("endpoint")} />
          )}
          <Pager page={page} query={query} list={list} />
        </>
      )}
    </Page>
  );
}

/** The way from callbacks that failed to one that delivers them all again. */
function Recover({ page, query, list }: { page: PageContext; query: URLSearchParams; list: TaskList }) {
  const text = page.text.filters;
  const recovery = recoveryOf(query);
  if (recovery === null || (list.data.length === 0 && list.next_cursor === null)) return null;
  return (
    <div class="recover">
      {recovery.foreign.length === 0 ? (
        <a class="button" href={recovery.path}>
          {text.again}
        </a>
      ) : (
        <p class="hint">{text.againForeign(recovery.foreign.join(", "))}</p>
      )}
      <a class="soft" href="/recoveries">
        {text.recoveries}
      </a>
    </div>
  );
}

interface PartProps {
  page: PageContext;
  query: URLSearchParams;
  next: string | null;
}

function Empty({ page, query, next }: PartProps) {
  const { filters } = page.text;
  if (next !== null) {
    return (
      <div class="empty card">
        <p class="empty-title">{filters.noneYet}</p>
        <p>{filters.noneYetLead}</p>
      </div>
    );
  }
  const filtered = filtersIn(query).length > 0 || query.has("cursor");
  if (!filtered && !page.isOperator) return <FirstSteps page={page} />;
  return (
    <div class="empty card">
      <p class="empty-title">{filters.none}</p>
      {filtered && <p>{filters.noneLead}</p>}
    </div>
  );
}

/** The API's own page size, where the address has none. */
const PAGE_SIZE = 20;

function Pager({ page, query, list }: { page: PageContext; query: URLSearchParams; list: TaskList }) {
  const { list: text, filters } = page.text;
  const { next_cursor: next, data } = list;
  const onwards = query.has("cursor");
  const older = new URLSearchParams(query);
  if (next !== null) older.set("cursor", next);
  // The account has read its share of tasks before the page was full.
  const isShort = data.length < Number(query.get("limit") ?? PAGE_SIZE);
  return (
    <div class="foot">
      <p class="hint">
        {/* Without a script nothing updates: then this is the way. */}
        <span class="live-dot" aria-hidden="true"></span>{" "}
        <span data-live-word hidden>
          {text.live}
        </span>
        <a class="refresh" data-no-script href={page.path}>
          {text.refresh}
        </a>
      </p>
      {(onwards || next !== null) && (
        <nav class="pager" aria-label={text.pages}>
          {onwards && <a href={listPath(query)}>{text.newest}</a>}
          {next !== null && (
            <a rel="next" href={`/?${older.toString()}`}>
              {isShort ? filters.searchOlder : text.older}
            </a>
          )}
        </nav>
      )}
    </div>
  );
}
