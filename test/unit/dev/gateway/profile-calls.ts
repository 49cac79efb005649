import { expect } from "vitest";
import type { Gateway, GatewayOptions } from "../../../../dev/gateway.ts";
import { KEY, MODEL, useGateways } from "./calls.ts";

/** Starts a gateway that plays a profile, and is closed after its test. */
export function useProfiles(): (
  profile: NonNullable<GatewayOptions["profile"]>,
  options?: GatewayOptions,
) => Promise<Gateway> {
  const start = useGateways();
  return async (profile, options = {}) =>
    start({ loopSeconds: 0.02, queueSeconds: 0, runSeconds: 0, ...options, profile });
}

export const PROMPT = "A lighthouse in the rain";
export const PATIENCE = { interval: 5, timeout: 10_000 };
export const FAILED = "The prompt was refused by content review.";

export const FAMILY = ["max-api", "new-api"] as const;
export const ALL = ["document", ...FAMILY, "reseller"] as const;

export interface Seen {
  status: number;
  body: unknown;
}

export async function ask(gateway: Gateway, path: string, init: RequestInit = {}, key = KEY): Promise<Seen> {
  const headers = { authorization: `Bearer ${key}` };
  const response = await fetch(gateway.baseUrl + path, { headers, ...init });
  return { status: response.status, body: await response.json() };
}

export function create(gateway: Gateway, prompt = PROMPT, path = "/videos", key = KEY): Promise<Seen> {
  return ask(gateway, path, { method: "POST", body: JSON.stringify({ model: MODEL, prompt }) }, key);
}

/** The one task of the gateway, as it keeps it. */
export function onlyTask({ tasks }: Gateway) {
  const [task, ...others] = tasks.values();
  if (task === undefined || others.length > 0) throw new Error(`${tasks.size} tasks`);
  return task;
}

/** A task just made of this prompt. */
export async function created(gateway: Gateway, prompt?: string) {
  await create(gateway, prompt);
  return onlyTask(gateway);
}

/** The answer to a poll, once the loop has found the status. */
export async function pollWhen(gateway: Gateway, found: string, path = "/videos"): Promise<Seen> {
  await expect.poll(() => onlyTask(gateway).found?.status, PATIENCE).toBe(found);
  return ask(gateway, `${path}/${onlyTask(gateway).id}`);
}

export const seconds = (at: number): number => Math.floor(at / 1000);
export const fileUrl = ({ baseUrl }: Gateway, id: string, token: string): string =>
  `${new URL(baseUrl).origin}/files/${id}.mp4?token=${token}`;
