import type { RecoveryJson } from "../../../contract/shapes/recovery.ts";
import type { PageContext } from "../../page-context.ts";
import { Page, PageHead } from "../page.tsx";
import { Distance } from "../parts/parts.tsx";
import { head, numberHead, ScrollBox, Table } from "../parts/table.tsx";

/** While one runs. */
const LIVE_MS = 3000;

interface RecoveriesProps {
  page: PageContext;
  /** Newest first. */
  recoveries: readonly RecoveryJson[];
}

/** The last recoveries of the account. */
export function RecoveriesPage({ page, recoveries }: RecoveriesProps) {
  const text = page.text.recoveries;
  const isRunning = recoveries.some(({ status }) => status === "running");
  return (
    <Page page={page} title={text.title} place="tasks" liveMs={isRunning ? LIVE_MS : null}>
      <p class="crumb">
        <a href="/">{text.back}</a>
      </p>
      <PageHead title={text.title} lead={text.lead} />
      {recoveries.length === 0 ? (
        <div class="empty card">
          <p class="empty-title">{text.none}</p>
          <p>{text.noneLead}</p>
          <p>
            <a href="/?callback_status=exhausted">{text.failedTasks}</a>
          </p>
        </div>
      ) : (
        <Rows page={page} recoveries={recoveries} />
      )}
    </Page>
  );
}

function Rows({ page, recoveries }: RecoveriesProps) {
  const text = page.text.recoveries;
  return (
    <ScrollBox label={text.title} isCard>
      <Table
        class="recoveries"
        heads={[
          head(text.one),
          numberHead(text.total),
          numberHead(text.delivered),
          numberHead(text.failed),
          numberHead(text.remaining),
        ]}
      >
        {recoveries.map((recovery) => (
          <tr>
            <td>
              <a href={`/recoveries/${recovery.id}`}>
                <Distance page={page} iso={recovery.created_at} />
              </a>{" "}
              <span class={`badge is-${recovery.status}`}>{text.status[recovery.status]}</span>
            </td>
            <td class="number">{recovery.matched}</td>
            <td class="number">{recovery.delivered}</td>
            <td class="number">{recovery.failed}</td>
            <td class="number">{recovery.remaining}</td>
          </tr>
        ))}
      </Table>
    </ScrollBox>
  );
}
