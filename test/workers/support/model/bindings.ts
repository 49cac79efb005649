import { env } from "cloudflare:workers";
import type { AccountObject } from "../../../../src/account-object/object.ts";
import { R2Store } from "../../../../src/files/r2-store.ts";
import type { FileStore } from "../../../../src/files/store.ts";
import type { Script } from "../../../support/model/world.ts";
import { resultsBucket } from "../world.ts";

/** The settings and bindings of a life in workerd. */

/** Close to those of production, so that a life is hundreds of alarms at most. */
export const VARS = {
  POLL_FIRST_SECONDS: undefined,
  POLL_MIN_SECONDS: "1",
  POLL_MAX_SECONDS: "120",
  CALLBACK_RETRY_SECONDS: "5,30,120,300,1800",
  CALLBACK_TIMEOUT_SECONDS: "15",
  CALLBACK_HOLD_SECONDS: "2",
  UPSTREAM_TIMEOUT_SECONDS: "20",
  RETENTION_HOURS: "2",
};

/** The accounts as the task's object reaches them: a silent one costs a test no patience. */
export function accountsOf(script: Script): Pick<typeof env.ACCOUNTS, "idFromName" | "get"> {
  const away = async (): Promise<never> => {
    throw new Error("the account did not answer in time");
  };
  const silent = {
    attemptBriefing: away,
    sync: away,
  } as unknown as DurableObjectStub<AccountObject>;
  return {
    idFromName: (name) => env.ACCOUNTS.idFromName(name),
    get: (id) => (script.silentAccount ? silent : env.ACCOUNTS.get(id)),
  };
}

/** The bucket as the task's object reaches it; `written` is told of a file on its way. */
export function bucketOf(script: Script, written: () => void): FileStore {
  const results = new R2Store(resultsBucket());
  const mayBreak = (): void => {
    if (script.brokenBucket) throw new Error("an internal error of the bucket");
  };
  return {
    head: async (fileId) => results.head(fileId),
    read: async (fileId, range) => results.read(fileId, range),
    write: async (fileId, contentType, body, length) => {
      mayBreak();
      written();
      return results.write(fileId, contentType, body, length);
    },
    delete: async (fileId) => {
      mayBreak();
      await results.delete(fileId);
    },
  };
}
