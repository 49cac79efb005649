import type { TaskJson } from "../../../contract/shapes/task.ts";
import { DeliveriesPanel, type Saying } from "./deliveries-panel.tsx";
import { anchorOf } from "./delivery-groups.ts";
import { Page } from "../page.tsx";
import { Code, CopyButton, Distance, Instant, Notice, StatusBadge } from "../parts/parts.tsx";
import { size } from "../parts/sizes.ts";
import { span } from "../parts/spans.ts";
import { titleOf } from "../parts/task-title.ts";
import { upstreamToShow } from "../parts/upstream-name.ts";
import { Outcome } from "./outcome.tsx";
import { isTerminal } from "../../../domain/task/task.ts";
import { liveEveryMs, type TaskView } from "./task-view.ts";
import { timelineOf } from "./timeline.ts";
import type { PageContext } from "../../page-context.ts";

/** What the page's address says beside the task: the answer to the button that was pressed last, and at which delivery. */
interface Asked {
  said: string | undefined;
  at: string | undefined;
}

interface TaskProps {
  page: PageContext;
  view: TaskView;
  asked: Asked;
}

export function TaskPage({ page, view, asked }: TaskProps) {
  const { text } = page;
  const { task } = view;
  const name = titleOf(task.metadata) ?? task.model;
  const title = `${text.status[task.status]} · ${name}`;
  const saying = sayingOf(page, asked);
  const isAtDelivery = view.deliveries.data.some((delivery) => anchorOf(delivery) === saying?.at);
  return (
    <Page page={page} title={title} place="tasks" liveMs={liveEveryMs(view, page.now)}>
      <p class="crumb">
        <a href="/">{text.task.back}</a>
      </p>
      <div class="head">
        <div>
          <h1>
            {name} {task.test && <span class="tag">{text.list.test}</span>}
          </h1>
          <p class="sub">
            <code id="task-id">{task.task_id}</code>{" "}
            <CopyButton page={page} from="task-id" label={text.task.id} />
          </p>
        </div>
        <p class="big" role="status">
          <StatusBadge page={page} status={task.status} />
        </p>
      </div>
      {saying !== null && !isAtDelivery && <Notice kind="bad">{saying.sentence}</Notice>}
      <div class="split">
        <div class="column">
          <Outcome page={page} view={view} />
          <DeliveriesPanel page={page} view={view} saying={saying} />
          <Json page={page} id="metadata" title={text.task.metadata} value={task.metadata} />
          {!task.test && <Upstream page={page} task={task} />}
          {!page.isOperator && <Curl page={page} task={task} />}
        </div>
        <div class="column">
          <Timeline page={page} view={view} />
          <Facts page={page} view={view} />
          <Remove page={page} task={task} />
        </div>
      </div>
    </Page>
  );
}

/** The answer to a button, by the word that stands in the address, which any link can change. */
function sayingOf({ text }: PageContext, { said, at }: Asked): Saying | null {
  const { tooOften, tooManyElsewhere } = text.deliveries;
  const { nothing_to_deliver: nothing, too_many_redeliveries: tooMany } = text.errors;
  const sentence = new Map(Object.entries({ nothing, tooOften, tooManyElsewhere, tooMany })).get(said ?? "");
  return sentence === undefined ? null : { at: at ?? null, sentence };
}

function Timeline({ page, view }: { page: PageContext; view: TaskView }) {
  const { text } = page;
  const startedAt = Date.parse(view.task.created_at);
  return (
    <section class="card panel">
      <h2>{text.task.timeline}</h2>
      <ol class="timeline">
        {timelineOf(view, text, page.now).map(({ iso, label, detail, tone }) => (
          <li class={`is-${tone}`}>
            <span class="label">{label}</span>
            <span class="offset">
              {tone === "next" ? (
                <Distance page={page} iso={iso} />
              ) : (
                `+${span(text.time, Date.parse(iso) - startedAt)}`
              )}
            </span>
            {detail !== null && <span class="detail">{detail}</span>}
            {tone !== "now" && (
              <span class="detail">
                <Instant iso={iso} />
              </span>
            )}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Facts({ page, view: { task, diagnostics } }: { page: PageContext; view: TaskView }) {
  const { text } = page;
  const upstream = upstreamToShow(page, task.upstream_name);
  return (
    <section class="card panel">
      <h2>{text.task.facts}</h2>
      {task.test && <p class="hint">{text.task.testTask}</p>}
      <dl class="facts">
        <dt>{text.create.model}</dt>
        <dd>{task.model}</dd>
        {upstream !== null && (
          <>
            <dt>{text.filters.fields.upstream_name}</dt>
            <dd>{upstream}</dd>
          </>
        )}
        <dt>{text.task.created}</dt>
        <dd>
          <Instant iso={task.created_at} />
        </dd>
        {task.finished_at === null && !isTerminal(task) ? (
          <>
            <dt>{diagnostics.copy === null ? text.task.deadlineAt : text.files.copyEnds}</dt>
            <dd>
              <Instant iso={diagnostics.copy === null ? task.deadline_at : diagnostics.copy.until} />
            </dd>
          </>
        ) : (
          <>
            <dt>{text.task.finished}</dt>
            <dd>{task.finished_at !== null && <Instant iso={task.finished_at} />}</dd>
          </>
        )}
        {!task.test && (
          <>
            <dt>{text.task.upstreamId}</dt>
            <dd>{task.upstream_task_id === null ? "–" : <code>{task.upstream_task_id}</code>}</dd>
          </>
        )}
        {task.file?.status === "kept" && (
          <>
            <dt>{text.files.kept}</dt>
            <dd>
              {task.file.content_type} · {size(task.file.bytes)}
            </dd>
          </>
        )}
        {task.source_url !== null && (
          <>
            <dt>{text.files.source}</dt>
            <dd>
              <code>{task.source_url}</code>
            </dd>
          </>
        )}
        {task.callback !== null && (
          <>
            <dt>{text.task.callbackUrl}</dt>
            <dd>
              <code>{task.callback.url}</code>
            </dd>
            <dt>{text.task.events}</dt>
            <dd>
              {task.callback.events
                .map((event) => text.create.eventNames[event] ?? event)
                .join(text.shell.comma)}
            </dd>
            <dt>{text.task.format}</dt>
            <dd>{text.create.formats[task.callback.format]}</dd>
          </>
        )}
      </dl>
    </section>
  );
}

function Json({ page, id, title, value }: { page: PageContext; id: string; title: string; value: unknown }) {
  if (value === null) return null;
  return (
    <section class="card panel">
      <div class="with-copy">
        <h2>{title}</h2>
        <CopyButton page={page} from={id} label={title} />
      </div>
      <Code id={id} label={title}>
        {JSON.stringify(value, null, 2)}
      </Code>
    </section>
  );
}

function Upstream({ page, task }: { page: PageContext; task: TaskJson }) {
  const text = page.text.task;
  return (
    <details class="card panel" id="upstream">
      <summary>{text.raw}</summary>
      {task.upstream === null ? (
        <p class="hint">{text.noRaw}</p>
      ) : (
        <Code id="upstream-json" label={text.raw}>
          {JSON.stringify(task.upstream, null, 2)}
        </Code>
      )}
    </details>
  );
}

function Curl({ page, task }: { page: PageContext; task: TaskJson }) {
  const text = page.text.task;
  const path = `${page.origin}/v1/videos/${task.task_id}`;
  const auth = '\\\n  -H "Authorization: Bearer $RINGBACK_KEY"';
  const commands = [
    `curl "${path}" ${auth}`,
    `curl "${path}/deliveries" ${auth}`,
    `curl -X POST "${path}/redeliver" ${auth}`,
    `curl -X DELETE "${path}" ${auth}`,
  ];
  return (
    <details class="card panel" id="curl">
      <summary>{text.curl}</summary>
      <div class="with-copy">
        <p class="hint">{text.curlHint}</p>
        <CopyButton page={page} from="curl-commands" label={text.curl} />
      </div>
      <Code id="curl-commands" label={text.curl}>
        {commands.join("\n\n")}
      </Code>
    </details>
  );
}

/** The first click opens the question, the second answers it; both work without a script. */
function Remove({ page, task }: { page: PageContext; task: TaskJson }) {
  const text = page.text.task;
  return (
    <details class="card panel" id="remove">
      <summary>{text.remove}</summary>
      <p class="hint">{text.removeLead}</p>
      <form method="post" action={`/tasks/${task.task_id}/delete`}>
        <button class="danger" type="submit">
          {text.removeConfirm}
        </button>
      </form>
    </details>
  );
}
