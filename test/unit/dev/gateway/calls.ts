import { afterEach } from "vitest";
import { startGateway, type Gateway, type GatewayOptions } from "../../../../dev/gateway.ts";

export const KEY = "sk-first";
export const MODEL = "doubao-seedance-2-0-260128";
export const TEXT_REQUEST = { model: MODEL, input_mode: "text", prompt: "A lighthouse in the rain" };

/** Starts gateways, each of which is closed after its test. */
export function useGateways(): (options?: GatewayOptions) => Promise<Gateway> {
  const running: Gateway[] = [];
  afterEach(() => Promise.all(running.splice(0).map((gateway) => gateway.close())));
  return async (options = {}) => {
    const gateway = await startGateway(options);
    running.push(gateway);
    return gateway;
  };
}

export function submit(gateway: Gateway, request: unknown = TEXT_REQUEST, key = KEY): Promise<Response> {
  return fetch(`${gateway.baseUrl}/videos`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: typeof request === "string" ? request : JSON.stringify(request),
  });
}

export async function submitted(gateway: Gateway, request: unknown = TEXT_REQUEST): Promise<string> {
  const { task_id: id } = (await (await submit(gateway, request)).json()) as { task_id: string };
  return id;
}

export function get(gateway: Gateway, path: string, key = KEY): Promise<Response> {
  return fetch(gateway.baseUrl + path, { headers: { authorization: `Bearer ${key}` } });
}

export async function poll(gateway: Gateway, id: string): Promise<Record<string, unknown>> {
  return (await (await get(gateway, `/videos/${id}`)).json()) as Record<string, unknown>;
}

export async function statusAndCode(response: Response): Promise<[number, string]> {
  const { error } = (await response.json()) as { error: { code: string } };
  return [response.status, error.code];
}
