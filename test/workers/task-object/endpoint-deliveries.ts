import { network, request, until, upstream } from "../support/world.ts";

export interface Shown {
  message_id: string;
  event: string;
  endpoint: { id: string; host: string } | null;
  status: string;
  attempts: { trigger: string; outcome: string; reason: string | null }[];
}

export async function deliveries(id: string): Promise<Shown[]> {
  const response = await request("GET", `/v1/videos/${id}/deliveries`);
  const { data }: { data: Shown[] } = await response.json();
  return data;
}

/** The statuses, by receiver, once none is pending. */
export async function settled(id: string, receivers = 3): Promise<Record<string, string>> {
  const all = await until(
    async () => deliveries(id),
    (shown) => shown.length >= receivers && shown.every(({ status }) => status !== "pending"),
  );
  return Object.fromEntries(all.map(({ endpoint, status }) => [endpoint?.id ?? "own", status]));
}

/** A receiver that answers so; all others as always. */
export function says(to: string, status: number): void {
  const up = upstream();
  network.answer = (call) => (call.url === to ? new Response("", { status }) : up(call));
}

export const DELIVERED = { own: "delivered", ep_a: "delivered", ep_b: "delivered" };
