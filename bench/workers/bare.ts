import { DurableObject } from "cloudflare:workers";

/** The floor of one object per create: a row and an alarm, the submit, a row. Validates nothing, polls nothing. */

interface BareEnv {
  AIO_BASE_URL: string;
  TASKS: DurableObjectNamespace<BareTask>;
}

const LEASE_MS = 26_000;
const FIRST_POLL_MS = 600_000;

export class BareTask extends DurableObject<BareEnv> {
  async create(authorization: string, body: string): Promise<string> {
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      sql.exec("CREATE TABLE IF NOT EXISTS task (id INTEGER PRIMARY KEY, doc TEXT NOT NULL)");
      sql.exec("INSERT INTO task (id, doc) VALUES (1, ?)", body);
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
      void this.ctx.storage.setAlarm(Date.now() + FIRST_POLL_MS);
    });
    return answer;
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}

export default {
  async fetch(request: Request, env: BareEnv): Promise<Response> {
    const stub = env.TASKS.get(env.TASKS.newUniqueId());
    const answer = await stub.create(request.headers.get("authorization") ?? "", await request.text());
    return new Response(answer, { status: 202, headers: { "content-type": "application/json" } });
  },
};
