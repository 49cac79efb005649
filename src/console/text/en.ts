import { ENGLISH_PROBLEMS } from "../../contract/problems.ts";
import { callbacks, tests, video } from "./en/callbacks.ts";
import { endpoints } from "./en/endpoints.ts";
import { errors, operatorErrors, problem, taskErrors } from "./en/errors.ts";
import { files } from "./en/files.ts";
import { callback, shell, signIn, status, time } from "./en/frame.ts";
import { filters } from "./en/list.ts";
import { create } from "./en/new-task.ts";
import { operator } from "./en/operator.ts";
import { raw } from "./en/raw-request.ts";
import { recoveries } from "./en/recoveries.ts";
import { sent } from "./en/sent.ts";
import { deliveries, list, stats, task } from "./en/tasks.ts";
import { start } from "./en/start.ts";
import { webhooks } from "./en/webhooks.ts";

/** Every word of the console in English. The other languages have the same keys, which their type holds. */
export const en = {
  shell,
  signIn,
  status,
  callback,
  list,
  filters,
  time,
  task,
  deliveries,
  callbacks,
  recoveries,
  operator,
  sent,
  video,
  files,
  tests,
  errors,
  taskErrors,
  operatorErrors,
  problems: ENGLISH_PROBLEMS,
  create,
  raw,
  start,
  webhooks,
  endpoints,
  stats,
  problem,
};

export type Text = typeof en;
