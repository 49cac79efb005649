import type { RecoveryJson } from "../../../contract/shapes/recovery.ts";
import type { PageContext } from "../../page-context.ts";
import { Page } from "../page.tsx";
import { Badge, Instant, Notice } from "../parts/parts.tsx";

/** While it runs. */
const LIVE_MS = 1000;

interface RecoveryProps {
  page: PageContext;
  recovery: RecoveryJson;
  /** The answer to a second click. */
  said: string | null;
}

/** How far one is, or what it came to. */
export function RecoveryPage({ page, recovery, said }: RecoveryProps) {
  const text = page.text.recoveries;
  const isRunning = recovery.status === "running";
  const { alreadyRunning, alreadyStarted } = text;
  const saying = new Map(Object.entries({ alreadyRunning, alreadyStarted })).get(said ?? "");
  const title = `${text.status[recovery.status]} · ${text.one}`;
  return (
    <Page page={page} title={title} place="tasks" liveMs={isRunning ? LIVE_MS : null}>
      <p class="crumb">
        <a href="/recoveries">{text.title}</a>
      </p>
      <div class="head">
        <div>
          <h1>{text.one}</h1>
          <p class="sub">
            <code>{recovery.id}</code>
          </p>
        </div>
        <p class="big" role="status">
          <span class={`badge is-${recovery.status}`}>{text.status[recovery.status]}</span>
        </p>
      </div>
      {saying !== undefined && <Notice kind="plain">{saying}</Notice>}
      <div class="column narrow">
        <Progress page={page} recovery={recovery} />
        {!isRunning && <Result page={page} recovery={recovery} />}
      </div>
    </Page>
  );
}

function Progress({ page, recovery }: { page: PageContext; recovery: RecoveryJson }) {
  const text = page.text.recoveries;
  const { id, status, matched, delivered, failed, remaining } = recovery;
  return (
    <section class="card panel stack" id="progress">
      <h2>{text.progress}</h2>
      <p class="meter">
        <progress max={Math.max(matched, 1)} value={delivered + failed} aria-label={text.progress}></progress>
        <span class="number">
          {delivered + failed} / {matched}
        </span>
      </p>
      <dl class="counts">
        <Count name={text.delivered} tone="delivered" count={delivered} />
        <Count name={text.failed} tone={failed > 0 ? "exhausted" : "none"} count={failed} />
        <Count name={text.remaining} tone="none" count={remaining} />
      </dl>
      <p class="hint">
        {text.started} <Instant iso={recovery.created_at} />
        {recovery.finished_at !== null && (
          <>
            {" · "}
            {text.ended} <Instant iso={recovery.finished_at} />
          </>
        )}
      </p>
      {status === "running" && !page.isOperator && (
        <form method="post" action={`/recoveries/${id}/cancel`}>
          <button class="danger" type="submit">
            {text.cancel}
          </button>
        </form>
      )}
    </section>
  );
}

function Count({ name, tone, count }: { name: string; tone: string; count: number }) {
  return (
    <div>
      <dt>
        <Badge tone={tone}>{name}</Badge>
      </dt>
      <dd>{count}</dd>
    </div>
  );
}

/** What became of it, and what to do about what did not arrive. */
function Result({ page, recovery }: { page: PageContext; recovery: RecoveryJson }) {
  const text = page.text.recoveries;
  const { matched, delivered, failed, remaining } = recovery;
  return (
    <section class="card panel stack" id="result">
      <h2>{text.status[recovery.status]}</h2>
      <p>{resultOf(page, recovery)}</p>
      <p class="actions">
        {failed + remaining > 0 && (
          <a class="button" href="/?callback_status=exhausted,stopped">
            {text.failedTasks}
          </a>
        )}
        {matched > 0 && delivered > 0 && (
          <a class="button" href="/?callback_status=delivered">
            {text.deliveredTasks}
          </a>
        )}
      </p>
    </section>
  );
}

function resultOf({ text }: PageContext, { status, matched, failed }: RecoveryJson): string {
  const { allDelivered, someFailed, haltedLead, cancelledLead, unchanged } = text.recoveries;
  switch (status) {
    case "halted":
      return haltedLead;
    case "cancelled":
      return cancelledLead;
    default:
      if (matched === 0) return unchanged;
      return failed > 0 ? someFailed : allDelivered;
  }
}
