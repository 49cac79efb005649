import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import type { EndpointStatus } from "../../../contract/words.ts";
import type { PageContext } from "../../page-context.ts";
import { Distance } from "../parts/parts.tsx";

const TONES = { active: "delivered", failing: "exhausted", disabled: "stopped" } as const satisfies Record<
  EndpointStatus,
  string
>;

interface BadgeProps {
  page: PageContext;
  status: EndpointStatus;
  isThin?: boolean;
}

export function EndpointBadge({ page, status, isThin = false }: BadgeProps) {
  return (
    <span class={`badge${isThin ? " thin" : ""} is-${TONES[status]}`}>
      {page.text.endpoints.status[status]}
    </span>
  );
}

/** Since when its attempts have failed, on a line that has said something else before. */
export function FirstFailed({ page, endpoint }: { page: PageContext; endpoint: EndpointJson }) {
  const { failing_since: since } = endpoint;
  if (since === null) return null;
  return (
    <>
      {" · "}
      {page.text.endpoints.failing} <Distance page={page} iso={since} />
    </>
  );
}
