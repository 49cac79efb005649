import {
  account,
  health,
  readiness,
  signingSecrets,
  stats,
  verifyResult,
} from "../contract/shapes/account.ts";
import { attempt, delivery, deliveryList, pingResult, sentDelivery } from "../contract/shapes/delivery.ts";
import { endpointList, webhookEndpoint } from "../contract/shapes/endpoint.ts";
import { error } from "../contract/shapes/error.ts";
import { recovery, recoveryList, recoveryPreview } from "../contract/shapes/recovery.ts";
import { accountList, accountOverview } from "../contract/shapes/operator.ts";
import { upstream, upstreamList } from "../contract/shapes/upstream.ts";
import { flatMessage, flatPing, standardMessage, standardPing } from "../contract/shapes/message.ts";
import { listedTask, task, taskCallback, taskData, taskError, taskList } from "../contract/shapes/task.ts";

/**
 * The shapes of the contract by their names in the document. A test holds them to the answers of a running Ringback.
 */
export const ANSWERS = {
  Task: task,
  TaskError: taskError,
  TaskCallback: taskCallback,
  TaskData: taskData,
  ListedTask: listedTask,
  TaskList: taskList,
  Attempt: attempt,
  Delivery: delivery,
  DeliveryList: deliveryList,
  SentDelivery: sentDelivery,
  Recovery: recovery,
  RecoveryList: recoveryList,
  RecoveryPreview: recoveryPreview,
  Endpoint: webhookEndpoint,
  EndpointList: endpointList,
  SigningSecrets: signingSecrets,
  PingResult: pingResult,
  VerifyResult: verifyResult,
  Account: account,
  Stats: stats,
  Upstream: upstream,
  UpstreamList: upstreamList,
  AccountOverview: accountOverview,
  AccountList: accountList,
  Health: health,
  Readiness: readiness,
  Error: error,
  StandardMessage: standardMessage,
  FlatMessage: flatMessage,
  StandardPing: standardPing,
  FlatPing: flatPing,
};
