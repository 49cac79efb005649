import type { AccountList, AccountOverview } from "../../contract/shapes/operator.ts";
import type { PageContext } from "../page-context.ts";
import { Page, PageHead } from "./page.tsx";
import { Distance } from "./parts/parts.tsx";
import { head, numberHead, ScrollBox, Table } from "./parts/table.tsx";

/** The accounts of a deployment, each with what needs attention. */
export function AccountsPage({ page, list }: { page: PageContext; list: AccountList }) {
  const { operator: text } = page.text;
  return (
    <Page page={page} title={text.title} place="accounts">
      <PageHead title={text.title} lead={text.lead} />
      <section class="card panel">
        <ScrollBox label={text.title}>
          <Table
            class="chart accounts"
            heads={[
              head(text.account),
              numberHead(text.unfinished),
              numberHead(text.failedTasks),
              numberHead(text.failedCallbacks),
              head(text.failing),
            ]}
          >
            {list.data.map((account) => (
              <Row page={page} account={account} />
            ))}
          </Table>
        </ScrollBox>
      </section>
      {list.next_cursor !== null && (
        <nav class="pager" aria-label={text.more}>
          <a rel="next" href={`/accounts?cursor=${encodeURIComponent(list.next_cursor)}`}>
            {text.more}
          </a>
        </nav>
      )}
    </Page>
  );
}

function Row({ page, account }: { page: PageContext; account: AccountOverview }) {
  const { operator: text } = page.text;
  const { name, tasks, deliveries, hosts } = account;
  return (
    <tr>
      <th scope="row">
        <form method="post" action="/accounts">
          <button type="submit" name="account" value={name} aria-label={text.open(name)}>
            {name}
          </button>
        </form>
      </th>
      {tasks === null || deliveries === null || hosts === null ? (
        <td colspan={4}>{text.silent}</td>
      ) : (
        <>
          <td class="number">{tasks.queued + tasks.running}</td>
          <td class="number">{tasks.failed}</td>
          <td class="number">{deliveries.exhausted}</td>
          <td>
            <Failing page={page} hosts={hosts} />
          </td>
        </>
      )}
    </tr>
  );
}

function Failing({ page, hosts }: { page: PageContext; hosts: NonNullable<AccountOverview["hosts"]> }) {
  const failing = hosts.flatMap(({ host, failing_since: since }) =>
    since === null ? [] : [{ host, since }],
  );
  if (failing.length === 0) return <>–</>;
  return (
    <ul class="plain">
      {failing.map(({ host, since }) => (
        <li>
          <code>{host}</code> <Distance page={page} iso={since} />
        </li>
      ))}
    </ul>
  );
}
