import { OF_ALARMS } from "./alarms.ts";
import { OF_LIMITS_AND_SECRETS } from "./limits-and-secrets.ts";
import type { Mutation } from "./mutation.ts";
import { OF_SUBMITS_AND_CALLBACKS } from "./submits-and-callbacks.ts";

/**
 * Each mechanism that holds a guarantee, the smallest change that breaks it, and the test that must then fail.
 * `npm run test:mutations` makes each change in a copy and runs its test.
 */
export const MUTATIONS: readonly Mutation[] = [
  ...OF_SUBMITS_AND_CALLBACKS,
  ...OF_ALARMS,
  ...OF_LIMITS_AND_SECRETS,
];
