import { beforeEach, expect } from "vitest";
import type { EndpointJson } from "../../../../src/contract/shapes/endpoint.ts";
import type { Stack } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

export const PATH = "/v1/webhooks/endpoints";
export const JSON_TYPE = { "content-type": "application/json" };

export const URL_A = "https://hooks.acme.com/a";
export const URL_B = "https://hooks.acme.com/b?token=1";

export interface Answer<Body = EndpointJson> {
  status: number;
  body: Body;
}

export interface Refusal {
  error: { code: string; param?: string; issues?: { path: string; code: string }[]; request_id: string };
}

/** `400 url not_https, format not_listed` */
export async function refusal(asked: Promise<Answer<unknown>>): Promise<string> {
  const { status, body } = await asked;
  const { error } = body as Refusal;
  const issues = (error.issues ?? []).map(({ path, code }) => `${path} ${code}`);
  return [status, error.code, ...issues.toSorted((a, b) => a.localeCompare(b))].join(" ");
}

interface Calls {
  stack: Stack;
  /** An account of its own for each test. */
  caller: { key: string };
  ask<Body = EndpointJson>(
    method: string,
    path?: string,
    fields?: unknown,
    as?: string,
  ): Promise<Answer<Body>>;
  registered(fields: object): Promise<EndpointJson>;
  listed(): Promise<EndpointJson[]>;
}

/** One stack for all tests of a file. */
export function useCalls(): Calls {
  const stack = useStack();
  const caller = { key: "" };
  let callers = 0;
  beforeEach(() => {
    callers += 1;
    caller.key = `sk-endpoints-${callers}`;
  });

  async function ask<Body = EndpointJson>(
    method: string,
    path = "",
    fields?: unknown,
    as = caller.key,
  ): Promise<Answer<Body>> {
    const response = await stack.call(PATH + path, {
      method,
      headers: { authorization: `Bearer ${as}`, ...(fields === undefined ? {} : JSON_TYPE) },
      ...(fields === undefined ? {} : { body: JSON.stringify(fields) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? null : JSON.parse(text)) as Body };
  }

  async function registered(fields: object): Promise<EndpointJson> {
    const { status, body } = await ask("POST", "", fields);
    expect({ status, body }).toMatchObject({ status: 201 });
    return body;
  }

  async function listed(): Promise<EndpointJson[]> {
    const { status, body } = await ask<{ object: string; data: EndpointJson[] }>("GET");
    expect({ status, object: body.object }).toEqual({ status: 200, object: "list" });
    return body.data;
  }

  return { stack, caller, ask, registered, listed };
}
