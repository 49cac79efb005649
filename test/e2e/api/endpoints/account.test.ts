import { describe, expect, it } from "vitest";
import { eventually, newHook, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";

/*
 * What an account knows of its registered endpoints, over HTTP.
 *
 * scenario                                 requirement
 * an endpoint that answers 410             disabled as `gone`; `enabled: true` ends it
 * the list, the statistics                 tasks by endpoint and by what became of the delivery there; each receiver counts
 * a recovery by endpoint                   sends what was not delivered there, and nothing else
 */

const stack = useStack({ settings: { CALLBACK_RETRY_SECONDS: "0.2", CALLBACK_HOLD_SECONDS: "0" } });

async function json<T>(path: string, method = "GET", body?: object): Promise<T> {
  const headers = { "content-type": "application/json" };
  const response = await stack.call(path, {
    method,
    ...(body && { headers, body: JSON.stringify(body) }),
  });
  expect(response.status, `${method} ${path}`).toBeLessThan(300);
  return (await response.json()) as T;
}

interface Endpoint {
  id: string;
  status: string;
  disabled_reason: string | null;
}

describe("an endpoint", () => {
  it("that is gone is disabled, and gets by a recovery what it has missed once it is enabled", async () => {
    const hook = newHook(stack);
    const path = "/v1/webhooks/endpoints";
    const { id } = await json<Endpoint>(path, "POST", { url: hook.url });
    stack.receiver.reply({ status: 410 });
    const test = { outcome: "succeeded", delay_seconds: 0 };
    const task = (await (await stack.create({ test, endpoints: true })).json()) as TaskBody;
    const gone = await eventually(
      async () => json<Endpoint>(`${path}/${id}`),
      ({ status }) => status === "disabled",
    );
    expect(gone.disabled_reason).toBe("gone");
    const listed = async (query: string) => {
      const { data } = await json<{ data: { task_id: string }[] }>(`/v1/videos?${query}`);
      return data.map((one) => one.task_id);
    };
    expect(await listed(`endpoint=${id}&callback_status=stopped`)).toEqual([task.task_id]);
    expect(await listed(`endpoint=${id}&callback_status=delivered,none`)).toEqual([]);
    expect(await listed("callback_status=none")).toEqual([task.task_id]);
    const enabled = await json<Endpoint>(`${path}/${id}`, "PATCH", { enabled: true });
    expect(enabled).toMatchObject({ status: "active", disabled_reason: null });
    const recoveries = "/v1/webhooks/recoveries";
    const filter = { statuses: ["stopped"], endpoint: id };
    const preview = await json(recoveries, "POST", { ...filter, dry_run: true });
    expect(preview).toEqual({
      matched: 1,
      hosts: [{ host: new URL(hook.url).host, count: 1 }],
      tasks: [task.task_id],
    });
    await json(recoveries, "POST", filter);
    const [over] = await eventually(
      async () => (await json<{ data: { status: string }[] }>(recoveries)).data,
      ([first]) => first?.status !== "running",
    );
    expect(over).toMatchObject({ status: "done", matched: 1, delivered: 1, remaining: 0 });
    expect(
      await eventually(
        async () => listed(`endpoint=${id}&callback_status=delivered`),
        ({ length }) => length > 0,
      ),
    ).toEqual([task.task_id]);
    expect(await json(`${path}/${id}`)).toMatchObject({ status: "active" });
  });
});
