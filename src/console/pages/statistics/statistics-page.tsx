import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import { DELIVERY_STATUSES, TASK_STATUSES } from "../../../contract/words.ts";
import type { AccountStats } from "../../../domain/account/stats.ts";
import { Page, PageHead } from "../page.tsx";
import { HostsPanel } from "./hosts-panel.tsx";
import { CallbackBadge, StatusBadge } from "../parts/parts.tsx";
import { size } from "../parts/sizes.ts";
import { head, numberHead, ScrollBox, Table } from "../parts/table.tsx";
import { span } from "../parts/spans.ts";
import type { PageContext } from "../../page-context.ts";

/** The figures lag by seconds anyway, and a median moves slowly. */
const LIVE_MS = 10_000;

interface StatsProps {
  page: PageContext;
  stats: AccountStats;
}

interface PageProps extends StatsProps {
  endpoints: readonly EndpointJson[];
  showsFiles: boolean;
}

/** The figures of `/v1/stats` as pictures, which are tables to a screen reader. */
export function StatisticsPage({ page, stats, endpoints, showsFiles }: PageProps) {
  const text = page.text.stats;
  return (
    <Page page={page} title={text.title} place="stats" liveMs={LIVE_MS}>
      <PageHead title={text.title} lead={text.lead} />
      <dl class="tiles">
        {TASK_STATUSES.map((status) => (
          <div class="card tile">
            <dt>
              <StatusBadge page={page} status={status} />
            </dt>
            <dd>
              <a
                href={`/?status=${status}&test=false`}
                aria-label={page.text.shell.pair(page.text.status[status], String(stats.tasks[status]))}
              >
                {stats.tasks[status]}
              </a>
            </dd>
          </div>
        ))}
      </dl>
      <div class="column">
        <FinishTimes page={page} stats={stats} />
        <HostsPanel page={page} hosts={stats.hosts} endpoints={endpoints} />
        <div class="halves">
          <Deliveries page={page} stats={stats} />
          <div class="column">
            <Polls page={page} stats={stats} />
            {showsFiles && <Files page={page} stats={stats} />}
          </div>
        </div>
      </div>
    </Page>
  );
}

/** A bar from zero to the 95th percentile, its first part up to the median. */
function FinishTimes({ page, stats }: StatsProps) {
  const { stats: text, time } = page.text;
  const longest = Math.max(1, ...stats.models.map(({ p95Ms }) => p95Ms));
  return (
    <section class="card panel">
      <h2>{text.finish}</h2>
      <p class="hint">{stats.models.length === 0 ? text.none : text.finishLead}</p>
      {stats.models.length > 0 && (
        <ScrollBox label={text.finish}>
          <Table
            class="chart finish"
            isStacked
            heads={[
              head(text.model),
              head(""),
              numberHead(text.half),
              numberHead(text.most),
              numberHead(text.count),
            ]}
          >
            {stats.models.map(({ model, count, p50Ms, p95Ms }) => (
              <tr role="row">
                <th role="rowheader" scope="row">
                  {model}
                </th>
                <td role="cell" class="plot">
                  <Bar parts={[p50Ms / longest, (p95Ms - p50Ms) / longest]} tones={["strong", "faint"]} />
                </td>
                <td role="cell" class="number" data-label={text.half}>
                  {span(time, p50Ms)}
                </td>
                <td role="cell" class="number" data-label={text.most}>
                  {span(time, p95Ms)}
                </td>
                <td role="cell" class="number" data-label={text.count}>
                  {count}
                </td>
              </tr>
            ))}
          </Table>
        </ScrollBox>
      )}
    </section>
  );
}

function Deliveries({ page, stats }: StatsProps) {
  const text = page.text.stats;
  const most = Math.max(1, ...DELIVERY_STATUSES.map((state) => stats.deliveries[state]));
  return (
    <section class="card panel">
      <h2>{text.deliveries}</h2>
      <p class="hint">{text.deliveriesLead}</p>
      <Table class="chart" hidesHeads heads={[head(text.state), head(""), head(text.tasks)]}>
        {DELIVERY_STATUSES.map((state) => (
          <tr>
            <th scope="row">
              <CallbackBadge page={page} status={state} />
            </th>
            <td class="plot">
              <Bar parts={[stats.deliveries[state] / most]} tones={[state]} />
            </td>
            <td class="number">
              <a
                href={`/?callback_status=${state}&test=false`}
                aria-label={page.text.shell.pair(page.text.callback[state], String(stats.deliveries[state]))}
              >
                {stats.deliveries[state]}
              </a>
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Polls({ page, stats: { pollsPerTask } }: StatsProps) {
  const text = page.text.stats;
  return (
    <section class="card panel">
      <h2>{text.polls}</h2>
      <p class="hint">{pollsPerTask === null ? text.noPolls : text.pollsLead}</p>
      {pollsPerTask !== null && <p class="figure">{pollsPerTask.toFixed(1)}</p>}
    </section>
  );
}

function Files({ page, stats: { files } }: StatsProps) {
  const text = page.text.stats;
  return (
    <section class="card panel" id="files">
      <h2>{text.files}</h2>
      <p class="hint">{files.kept === 0 ? text.noFiles : text.filesLead(files.kept)}</p>
      {files.kept > 0 && <p class="figure">{size(files.bytes)}</p>}
    </section>
  );
}

/** Lengths are attributes of SVG, because a `style` attribute would need a weaker policy. */
function Bar({ parts, tones }: { parts: number[]; tones: string[] }) {
  const widths = parts.map((part) => Math.max(part, 0) * 100);
  return (
    <svg class="barline" aria-hidden="true" width="100%" height="14" focusable="false">
      {widths.map((width, index) => (
        <rect
          class={`tone-${tones[index]}`}
          x={`${widths.slice(0, index).reduce((sum, before) => sum + before, 0)}%`}
          width={`${width}%`}
          height="14"
        />
      ))}
    </svg>
  );
}
