import type { ListedTask, TaskList } from "../../../contract/shapes/task.ts";
import type { PageContext } from "../../page-context.ts";
import { AIO } from "../../../contract/words.ts";
import { CallbackBadge, Distance, StatusBadge } from "../parts/parts.tsx";
import { head, numberHead, Table } from "../parts/table.tsx";
import { span } from "../parts/spans.ts";
import { titleOf } from "../parts/task-title.ts";
import { upstreamToShow } from "../parts/upstream-name.ts";

export interface ListedTasks {
  list: TaskList;
  /** The upstream of each task, in their order. */
  upstreamNames: readonly string[];
}

interface RowsProps {
  page: PageContext;
  listed: ListedTasks;
  /** It is filtered by one: its rows show their tasks' own callbacks all the same. */
  byEndpoint: boolean;
}

/** One page of tasks, by what its caller calls them. */
export function Rows({ page, listed: { list, upstreamNames }, byEndpoint }: RowsProps) {
  const text = page.text.list;
  const callback = byEndpoint ? text.ownCallback : text.callback;
  return (
    <Table
      class="tasks card"
      caption={text.title}
      isStacked
      heads={[
        head(text.status),
        head(text.task),
        head(callback),
        numberHead(text.took),
        numberHead(text.age),
      ]}
    >
      {list.data.map((task, index) => (
        <Row
          page={page}
          task={task}
          upstream={upstreamToShow(page, upstreamNames[index] ?? AIO)}
          callbackLabel={callback}
        />
      ))}
    </Table>
  );
}

interface RowProps {
  page: PageContext;
  task: ListedTask;
  /** Null: nothing is said of it. */
  upstream: string | null;
  callbackLabel: string;
}

function Row({ page, task, upstream, callbackLabel }: RowProps) {
  const { text } = page;
  const { callback, error, model, finished_at: finishedAt } = task;
  const took = finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(task.created_at);
  const title = titleOf(task.metadata);
  return (
    <tr role="row" id={task.task_id}>
      <td role="cell">
        <StatusBadge page={page} status={task.status} />
        {error !== null && <code class="error-code">{error.code}</code>}
      </td>
      <td role="cell" class="what">
        <a class="row-link" href={`/tasks/${task.task_id}`}>
          <span class="name">
            {title ?? model} {task.test && <span class="tag">{text.list.test}</span>}
          </span>
          <span class="id">
            {upstream !== null && `${upstream} · `}
            {title !== null && `${model} · `}
            <code>{task.task_id}</code>
          </span>
        </a>
      </td>
      <td role="cell" data-label={callbackLabel}>
        <CallbackBadge page={page} status={callback?.status ?? "none"} />
        {callback !== null && <span class="host">{callback.host}</span>}
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
