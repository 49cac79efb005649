import type { Text } from "./en.ts";
import { callbacks, tests, video } from "./zh/callbacks.ts";
import { endpoints } from "./zh/endpoints.ts";
import { errors, operatorErrors, problem, taskErrors } from "./zh/errors.ts";
import { files } from "./zh/files.ts";
import { callback, shell, signIn, status, time } from "./zh/frame.ts";
import { filters } from "./zh/list.ts";
import { create } from "./zh/new-task.ts";
import { operator } from "./zh/operator.ts";
import { problems } from "./zh/problems.ts";
import { raw } from "./zh/raw-request.ts";
import { recoveries } from "./zh/recoveries.ts";
import { sent } from "./zh/sent.ts";
import { deliveries, list, stats, task } from "./zh/tasks.ts";
import { start } from "./zh/start.ts";
import { webhooks } from "./zh/webhooks.ts";

/** All words of the console in simplified Chinese. */
export const zh: Text = {
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
  problems,
  create,
  raw,
  start,
  webhooks,
  endpoints,
  stats,
  problem,
};
