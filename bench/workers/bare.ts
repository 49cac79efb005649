import { DurableObject } from "cloudflare:workers";
import { answerLateness, noteAlarm } from "./lateness.ts";

/**
 * The floor of one object per task. A create: a row and an alarm, the submit, a row. A poll: the alarm, one fetch, the
 * next alarm. An end: a row before the callback, which is not signed, and a row after it. Validates nothing, repeats
 * nothing, bears no bad answer.
 */

interface BareEnv {
  AIO_BASE_URL: string;
  POLL_MS: string;
  /** Absent: no callback. */
  CALLBACK_URL?: string;
  TASKS: DurableObjectNamespace<BareTask>;
}

interface BareRow {
  authorization: string;
  doc: string;
}

const LEASE_MS = 26_000;

export class BareTask extends DurableObject<BareEnv> {
  #task: { url: string; headers: Record<string, string> } | null = null;

  async create(authorization: string, body: string): Promise<string> {
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      sql.exec("CREATE TABLE IF NOT EXISTS task (id INTEGER PRIMARY KEY, authorization TEXT, doc TEXT)");
      sql.exec("INSERT INTO task (id, authorization, doc) VALUES (1, ?, ?)", authorization, body);
      void this.ctx.storage.setAlarm(Date.now() + LEASE_MS);
    });
    const response = await fetch(`${this.env.AIO_BASE_URL}/videos`, {
      method: "POST",
      headers: { authorization, "content-type": "application/json" },
      body,
    });
    const answer = await response.text();
    this.ctx.storage.transactionSync(() => {
      sql.exec("UPDATE task SET doc = ?", answer);
      void this.ctx.storage.setAlarm(Date.now() + Number(this.env.POLL_MS));
    });
    return answer;
  }

  override async alarm(alarm?: AlarmInvocationInfo): Promise<void> {
    if (alarm) noteAlarm(alarm);
    this.#task ??= this.#read();
    const { url, headers } = this.#task;
    const response = await fetch(url, { headers });
    const answer = await response.json<{ task_id: string; status: string }>();
    if (answer.status === "succeeded" || answer.status === "failed") await this.#end(answer.task_id);
    else void this.ctx.storage.setAlarm(Date.now() + Number(this.env.POLL_MS));
  }

  async #end(id: string): Promise<void> {
    const { CALLBACK_URL: url } = this.env;
    if (url !== undefined) {
      const body = JSON.stringify({ type: "video.succeeded", data: { task_id: id, upstream_task_id: id } });
      this.ctx.storage.transactionSync(() => {
        this.ctx.storage.sql.exec("UPDATE task SET doc = ?", body);
        void this.ctx.storage.setAlarm(Date.now() + LEASE_MS);
      });
      const headers = { "content-type": "application/json" };
      const response = await fetch(url, { method: "POST", headers, body });
      await response.text();
      this.ctx.storage.sql.exec("UPDATE task SET doc = ?", "delivered");
    }
    await this.ctx.storage.deleteAll();
  }

  #read(): { url: string; headers: Record<string, string> } {
    const { authorization, doc } = this.ctx.storage.sql
      .exec<BareRow & Record<string, string>>("SELECT authorization, doc FROM task")
      .one();
    const { task_id: id } = JSON.parse(doc) as { task_id: string };
    return { url: `${this.env.AIO_BASE_URL}/videos/${id}`, headers: { authorization } };
  }
}

export default {
  async fetch(request: Request, env: BareEnv): Promise<Response> {
    const late = answerLateness(request);
    if (late) return late;
    const stub = env.TASKS.get(env.TASKS.newUniqueId());
    const answer = await stub.create(request.headers.get("authorization") ?? "", await request.text());
    return new Response(answer, { status: 202, headers: { "content-type": "application/json" } });
  },
};
