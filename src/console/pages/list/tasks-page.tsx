import type { Context } from "hono";
import type { ListedTask, TaskList } from "../../../contract/shapes/task.ts";
import { TASK_STATUSES, type TaskStatus } from "../../../contract/words.ts";
import { openTaskId } from "../../../keys/ids.ts";
import type { AppEnv } from "../../../http/app-env.ts";
import { listedTasks } from "../../../http/routes/list.ts";
import { Page } from "../page.tsx";
import { CallbackBadge, Distance, Notice, StatusBadge } from "../parts.tsx";
import { span } from "../spans.ts";
import { pageContext, type PageContext } from "../../page-context.ts";

/** The list lags by seconds anyway: asking more often would show nothing sooner. */
const LIVE_MS = 3000;
const TASK_ID = /task_[a-z2-7]{42}/;

/** `GET /`: this account's tasks, or the way to the one that was searched for. */
export async function showTasks(context: Context<AppEnv>): Promise<Response> {
  const sought = (context.req.query("id") ?? "").trim();
  const id = TASK_ID.exec(sought)?.[0];
  const { roots } = context.get("settings");
  const known = id !== undefined && (await openTaskId(roots, id, context.get("caller").account)) !== null;
  if (known) return context.redirect(`/tasks/${id}`, 303);
  const list = await listedTasks(context);
  const filter = TASK_STATUSES.find((status) => status === context.req.query("status")) ?? null;
  const onwards = context.req.query("cursor") !== undefined;
  const deleted = context.req.query("said") === "removed";
  return context.html(
    <TasksPage
      page={pageContext(context)}
      list={list}
      filter={filter}
      sought={sought}
      onwards={onwards}
      deleted={deleted}
    />,
  );
}

interface TasksProps {
  page: PageContext;
  list: TaskList;
  filter: TaskStatus | null;
  /** What was searched for and is not there; empty: nothing. */
  sought: string;
  /** Not the first page. */
  onwards: boolean;
  deleted: boolean;
}

function TasksPage({ page, list, filter, sought, onwards, deleted }: TasksProps) {
  const text = page.text.list;
  return (
    <Page page={page} title={text.title} place="tasks" liveMs={LIVE_MS}>
      <div class="head">
        <h1>{text.title}</h1>
        <a class="button primary" href="/new">
          {page.text.shell.newTask}
        </a>
      </div>
      {deleted && <Notice kind="good">{page.text.task.removed}</Notice>}
      <div class="tools">
        <nav class="filter" aria-label={text.filter}>
          {[null, ...TASK_STATUSES].map((status) => (
            <a href={pathOf({ status })} {...(status === filter ? { "aria-current": "true" } : {})}>
              {status === null ? text.all : page.text.status[status]}
            </a>
          ))}
        </nav>
        <form class="search" method="get" action="/" role="search">
          <input
            type="search"
            name="id"
            value={sought}
            placeholder={text.placeholder}
            aria-label={text.search}
            autocapitalize="off"
            autocomplete="off"
            spellcheck={false}
          />
          <button type="submit">{text.find}</button>
        </form>
      </div>
      {sought !== "" && <Notice kind="bad">{text.unknown(sought.slice(0, 80))}</Notice>}
      {list.data.length === 0 ? (
        <Empty page={page} filtered={filter !== null} />
      ) : (
        <Rows page={page} list={list} />
      )}
      <Pager page={page} filter={filter} next={list.next_cursor} onwards={onwards} />
    </Page>
  );
}

function Empty({ page, filtered }: { page: PageContext; filtered: boolean }) {
  const text = page.text.list;
  return (
    <div class="empty card">
      <p class="empty-title">{filtered ? text.emptyFilter : text.empty}</p>
      {!filtered && <p>{text.emptyLead}</p>}
    </div>
  );
}

function Rows({ page, list }: { page: PageContext; list: TaskList }) {
  const text = page.text.list;
  return (
    <table class="tasks card" role="table">
      <caption class="visually-hidden">{text.title}</caption>
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">
            {text.status}
          </th>
          <th role="columnheader" scope="col">
            {text.task}
          </th>
          <th role="columnheader" scope="col">
            {text.callback}
          </th>
          <th role="columnheader" scope="col" class="number">
            {text.took}
          </th>
          <th role="columnheader" scope="col" class="number">
            {text.age}
          </th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {list.data.map((task) => (
          <Row page={page} task={task} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ page, task }: { page: PageContext; task: ListedTask }) {
  const { text } = page;
  const took = task.finished_at === null ? null : Date.parse(task.finished_at) - Date.parse(task.created_at);
  return (
    <tr role="row" id={task.task_id}>
      <td role="cell">
        <StatusBadge page={page} status={task.status} />
      </td>
      <td role="cell" class="what">
        <a class="row-link" href={`/tasks/${task.task_id}`}>
          <span class="model">
            {task.model} {task.test && <span class="tag">{text.list.test}</span>}
          </span>
          <code class="id">{task.task_id}</code>
        </a>
      </td>
      <td role="cell" data-label={text.list.callback}>
        <CallbackBadge page={page} status={task.callback?.status ?? "none"} />
      </td>
      <td role="cell" class="number" data-label={text.list.took}>
        {took === null ? "–" : span(text.time, took)}
      </td>
      <td role="cell" class="number" data-label={text.list.age}>
        <Distance page={page} iso={task.created_at} />
      </td>
    </tr>
  );
}

interface PagerProps {
  page: PageContext;
  filter: TaskStatus | null;
  next: string | null;
  onwards: boolean;
}

function Pager({ page, filter, next, onwards }: PagerProps) {
  const text = page.text.list;
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
          {onwards && <a href={pathOf({ status: filter })}>{text.newest}</a>}
          {next !== null && (
            <a rel="next" href={pathOf({ status: filter, cursor: next })}>
              {text.older}
            </a>
          )}
        </nav>
      )}
    </div>
  );
}

function pathOf({ status, cursor }: { status: TaskStatus | null; cursor?: string }): string {
  const query = new URLSearchParams();
  if (status !== null) query.set("status", status);
  if (cursor !== undefined) query.set("cursor", cursor);
  const text = query.toString();
  return text === "" ? "/" : `/?${text}`;
}
