import type { EndpointJson } from "../../../contract/shapes/endpoint.ts";
import { receiverHost } from "../../../domain/delivery/endpoint-policy.ts";

/** What a reader knows an endpoint by: its description, else its host. */
export function endpointName({ description, url }: Pick<EndpointJson, "description" | "url">): string {
  return description ?? receiverHost(url);
}
