import type { Issue } from "../../contract/problems.ts";
import type { EndpointRules } from "../../domain/delivery/endpoint-policy.ts";
import type { TaskTraits } from "../../domain/task/task.ts";
import type { JsonBody, RequestObject, RequestValue } from "../body/json-body.ts";
import type { OwnRequest } from "./own-fields.ts";

/** A create at any upstream: what it asks for, and what it is once it is judged. */

export interface AskedCreate {
  upstreamName: string;
  /** The path of its submit below the upstream's address; null: the only one that the upstream's profile lists. */
  createPath: string | null;
  body: JsonBody;
  /** The field `test`, as it came. */
  test: RequestValue | undefined;
  /** Judges the fields of the body. */
  read: (fields: RequestObject, rules: CreateRules) => CreateVerdict;
}

/** By what a create is judged. */
export interface CreateRules {
  /** `VALIDATION=strict`. */
  strict: boolean;
  /** For its callback URL. */
  rules: EndpointRules;
  /** Whether the deployment keeps files at all. */
  keeps: boolean;
}

export type CreateVerdict = { ok: true; request: JudgedCreate } | { ok: false; issues: Issue[] };

/** A create without a problem. */
export interface JudgedCreate extends OwnRequest {
  /** What goes upstream: known fields typed, unknown ones as they came. */
  upstream: RequestObject;
  /** All fields after coercion: what "the same request" means for an idempotency key. */
  meaning: RequestObject;
  model: string;
  traits: TaskTraits;
}

/** Under `VALIDATION=lenient` a caller may write any length; it is kept with the task, to know its like. */
export const TRAIT_MAX = 40;
