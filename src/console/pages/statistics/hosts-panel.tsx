import { isWorded, type AttemptReason, type DeliveryStatus } from "../../../contract/words.ts";
import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import { receiverHost } from "../../../domain/delivery/endpoint-policy.ts";
import { endpointName } from "../endpoints/endpoint-name.ts";
import { EndpointBadge } from "../endpoints/endpoint-parts.tsx";
import type { HostStats } from "../../../domain/account/stats.ts";
import { isoTime } from "../../../domain/text/time.ts";
import type { PageContext } from "../../page-context.ts";
import type { Text } from "../../text/en.ts";
import { Distance } from "../parts/parts.tsx";
import { head, numberHead, ScrollBox, Table } from "../parts/table.tsx";

interface HostsProps {
  page: PageContext;
  hosts: readonly HostStats[];
  endpoints: readonly EndpointJson[];
}

/** How the receivers do, those with the newest attempts first; each leads to the callbacks that it did not take. */
export function HostsPanel({ page, hosts, endpoints }: HostsProps) {
  const text = page.text.stats;
  return (
    <section class="card panel" id="hosts">
      <h2>{text.hosts}</h2>
      <p class="hint">{hosts.length === 0 ? text.noHosts : text.hostsLead}</p>
      {hosts.length > 0 && (
        <ScrollBox label={text.hosts}>
          <Table
            class="chart hosts"
            heads={[
              head(text.host),
              numberHead(page.text.callback.delivered),
              numberHead(text.hostFailed),
              head(text.lastFailure),
            ]}
          >
            {hosts.map((host) => (
              <Host page={page} host={host} endpoints={endpointsAt(endpoints, host.host)} />
            ))}
          </Table>
        </ScrollBox>
      )}
    </section>
  );
}

function endpointsAt(endpoints: readonly EndpointJson[], host: string): EndpointJson[] {
  return endpoints.filter(({ url }) => receiverHost(url) === host);
}

interface HostProps {
  page: PageContext;
  host: HostStats;
  /** Those that are registered there. */
  endpoints: readonly EndpointJson[];
}

function Host({ page, host, endpoints }: HostProps) {
  const text = page.text.stats;
  const { failingSince, lastReason } = host;
  const since = isoTime(failingSince);
  const query = new URLSearchParams({ callback_host: host.host });
  const failed = new URLSearchParams({
    callback_host: host.host,
    callback_status: "exhausted" satisfies DeliveryStatus,
  });
  return (
    <tr>
      <th scope="row">
        <a href={`/?${query.toString()}`}>{host.host}</a>
        {since !== null && (
          <span class="badge thin is-exhausted">
            {text.failing} <Distance page={page} iso={since} />
          </span>
        )}
        {endpoints.map((endpoint) => (
          <EndpointLink page={page} endpoint={endpoint} />
        ))}
      </th>
      <td class="number">{host.delivered}</td>
      <td class="number">
        {host.failed === 0 ? (
          host.failed
        ) : (
          <a href={`/?${failed.toString()}`} aria-label={text.failedAt(host.host, host.failed)}>
            {host.failed}
          </a>
        )}
      </td>
      <td>{lastReason === null ? "–" : reasonWord(lastReason, page.text)}</td>
    </tr>
  );
}

function EndpointLink({ page, endpoint }: { page: PageContext; endpoint: EndpointJson }) {
  const { endpoints: text } = page.text;
  return (
    <span class="at-host">
      {text.one} <a href={`/endpoints/${endpoint.id}`}>{endpointName(endpoint)}</a>
      {endpoint.status !== "active" && <EndpointBadge page={page} status={endpoint.status} isThin />}
    </span>
  );
}

/** Short, because a table has many. */
function reasonWord(reason: AttemptReason, { deliveries }: Text): string {
  if (!isWorded(reason)) return `HTTP ${reason.slice("http_".length)}`;
  return new Map(Object.entries(deliveries.short)).get(reason) ?? deliveries.reason[reason];
}
