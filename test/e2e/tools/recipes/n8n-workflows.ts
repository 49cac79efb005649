import { readdirSync, readFileSync } from "node:fs";
import { compileFunction } from "node:vm";
import { createHash } from "node:crypto";
import { expect } from "vitest";
import * as z from "zod";
import { root } from "../../../../dev/bundle.ts";

const FOLDER = `${root}docs/recipes/n8n`;
export const KEY = "sk-of-an-n8n-user";
/** As n8n 2.41.1 was seen to send them. */
export const HEADERS = {
  accept:
    "application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7",
  "user-agent": "n8n",
  authorization: `Bearer ${KEY}`,
};
export const URL_OF_PAGE = "https://ringback.example.com";

const Node = z.strictObject({
  id: z.uuid(),
  name: z.string().min(1),
  type: z.string().startsWith("n8n-nodes-base."),
  typeVersion: z.number().positive(),
  position: z.tuple([z.number(), z.number()]),
  parameters: z.record(z.string(), z.unknown()),
  webhookId: z.uuid().optional(),
  retryOnFail: z.boolean().optional(),
  maxTries: z.int().min(2).max(5).optional(),
  waitBetweenTries: z.int().max(5000).optional(),
});
const Target = z.strictObject({ node: z.string(), type: z.literal("main"), index: z.literal(0) });
const Workflow = z.strictObject({
  // Its command `import:workflow` fails without one; its database holds 36 characters.
  id: z.string().regex(/^[A-Za-z]{1,36}$/),
  name: z.string().min(1),
  nodes: z.array(Node).min(1),
  connections: z.record(z.string(), z.strictObject({ main: z.array(z.array(Target)) })),
  settings: z.strictObject({ executionOrder: z.literal("v1") }),
  pinData: z.strictObject({}),
});
type Workflow = z.infer<typeof Workflow>;

export const names = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ""));
export const workflows = new Map(names.map((name) => [name, read(name)]));

export function read(name: string): Workflow {
  return Workflow.parse(JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8")));
}

interface Condition {
  leftValue: string;
  rightValue: string;
  operator: { type: string; operation: string };
}
interface Conditions {
  conditions: { conditions: Condition[] };
}

/** Of the nodes that are asked for below, together. */
export interface Parameters extends Conditions {
  url: string;
  headerParameters: { parameters: { name: string; value: string }[] };
  jsonBody: string;
  resumeAmount: number;
  errorMessage: string;
  rules: { values: Conditions[] };
  options: Record<string, unknown>;
}

export function nodeOf(workflow: string, name: string): z.infer<typeof Node> {
  const node = workflows.get(workflow)?.nodes.find((one) => one.name === name);
  if (!node) throw new Error(`no node ${name} in ${workflow}`);
  return node;
}

export function parameters(workflow: string, name: string): Parameters {
  return nodeOf(workflow, name).parameters as unknown as Parameters;
}

/** n8n's: text after `=`, in which `{{ … }}` is JavaScript; alone it gives its value. */
export function evaluate(expression: string, variables: Record<string, unknown>): unknown {
  if (!expression.startsWith("=")) return expression;
  const value = (code: string): unknown =>
    (compileFunction(`return (${code});`, Object.keys(variables)) as (...all: unknown[]) => unknown)(
      ...Object.values(variables),
    );
  const only = /^=\{\{([\s\S]*)\}\}$/.exec(expression)?.[1];
  if (only !== undefined && !only.includes("}}")) return value(only);
  return expression.slice(1).replaceAll(/\{\{(.*?)\}\}/gs, (_match, code: string) => String(value(code)));
}

/** n8n gives texts in expressions a few methods more. */
function withHash(text: string): unknown {
  const hash = (algorithm: string): string => createHash(algorithm).update(text).digest("hex");
  return Object.assign(Object(text) as object, { hash });
}

export function holds({ conditions }: Conditions, variables: Record<string, unknown>): boolean {
  const [only, ...others] = conditions.conditions;
  expect(others).toEqual([]);
  const left = evaluate(only?.leftValue ?? "", variables);
  if (only?.operator.operation === "true") return left === true;
  expect(only?.operator).toEqual({ type: "string", operation: "equals" });
  return left === only?.rightValue;
}

export interface Execution {
  $json: Record<string, unknown>;
  $execution: { resumeUrl: unknown };
}

export function execution(resumeUrl: string): Execution {
  const $json = { prompt: 'A "lighthouse"\nat dusk, 灯塔.', seconds: 5, order: "42" };
  return { $json, $execution: { resumeUrl: withHash(resumeUrl) } };
}
