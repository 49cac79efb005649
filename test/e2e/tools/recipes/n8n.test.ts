import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { root } from "../../../../dev/bundle.ts";
import { newHook, submitsTo, type TaskBody } from "../../../support/stack.ts";
import { useStack } from "../../../support/use-stack.ts";
import {
  KEY,
  HEADERS,
  URL_OF_PAGE,
  evaluate,
  execution,
  holds,
  names,
  nodeOf,
  parameters,
  read,
  workflows,
  type Execution,
  type Parameters,
} from "./n8n-workflows.ts";

/*
 * The workflows that users import into n8n, without n8n, which `npm run test:n8n` runs: it is too large for every test run.
 *
 * scenario                                         requirement
 * each file's shape                                what n8n's importer wants; no credential and no real address
 * "Ask Ringback", as n8n sends it                  one task, whose repeat pays nothing; the resume address byte for byte
 * "Until it calls", as n8n answers                 404, 409 or 500 until the node is reached, then 200; the next nodes find their fields
 * several videos                                   one execution each, with inputs, for which the first does not wait
 * without a callback                               one create that waits, reads that wait, until it has ended
 * a trigger, registered once                       the header that its first node wants; each event goes its way, a ping none
 * "Is it from Ringback?", as n8n sends it          the raw body and the three headers; a forged callback is refused
 */

const stack = useStack();
afterEach(() => {
  stack.gateway.calls.length = 0;
});

/** What an HTTP Request node of version 4.2 sends. */
async function send(
  { url, headerParameters, jsonBody }: Parameters,
  variables: Execution | Pick<Execution, "$json">,
  body?: string,
): Promise<Response> {
  const own = (headerParameters?.parameters ?? [])
    .map(({ name, value }) => [name.toLowerCase(), evaluate(value, { ...variables })])
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => [name, String(value)]);
  const text = body ?? (jsonBody && String(evaluate(jsonBody, { ...variables })));
  return fetch(String(evaluate(url, { ...variables })).replace(URL_OF_PAGE, stack.worker.url), {
    method: text === undefined ? "GET" : "POST",
    headers: {
      ...HEADERS,
      ...(text !== undefined && { "content-type": "application/json" }),
      ...Object.fromEntries(own),
    },
    ...(text !== undefined && { body: text }),
  });
}

describe.each(names)("n8n/%s.json", (name) => {
  const workflow = read(name);

  it("has ids and names of their own, and connections between nodes that are there", () => {
    const ids = workflow.nodes.map(({ id }) => id);
    const titles = workflow.nodes.map((node) => node.name);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(titles).size).toBe(titles.length);
    const targets = Object.values(workflow.connections).flatMap(({ main }) => main.flat());
    const ends = Object.keys(workflow.connections).concat(targets.map(({ node }) => node));
    expect(new Set(ends)).toEqual(new Set(titles));
  });

  it("has an id that no other has, and is on the page", () => {
    const others = names.filter((other) => other !== name).map((other) => workflows.get(other)?.id);
    expect(others).not.toContain(workflow.id);
    expect(readFileSync(`${root}docs/recipes/n8n.md`, "utf8")).toContain(`(n8n/${name}.json)`);
  });

  // A task that has failed has an `error`. With the body alone in its hands, Retry On Fail takes that for a failure.
  it("repeats no call whose answer has an error in it", () => {
    const repeated = workflow.nodes.filter(({ retryOnFail }) => retryOnFail);
    for (const node of repeated)
      expect(node.parameters["options"]).toMatchObject({ response: { response: { fullResponse: true } } });
    expect(repeated.map((node) => node.name)).toEqual(
      workflow.nodes.map((node) => node.name).filter((one) => /^Ask (Ringback|again)$/.test(one)),
    );
  });
});

describe.each(["workflow", "one-of-several"])("a video by n8n/%s.json", (name) => {
  it("waits for a POST, not with the default that answers 404, and longer than Ringback ever tries", () => {
    expect(parameters(name, "Until it calls")).toMatchObject({
      resume: "webhook",
      httpMethod: "POST",
      limitWaitTime: true,
      resumeUnit: "hours",
    });
    const { resumeAmount: hours } = parameters(name, "Until it calls");
    // The default deadline of a task, and 22 hours of attempts after it.
    expect(hours).toBeGreaterThanOrEqual(24 + 22);
  });

  it("asks once, is called back at the address at which its execution waits, and goes on with the video", async () => {
    const hook = newHook(stack);
    const resumeUrl = `${hook.url}?signature=25fbefae24e5ac15646f0b270c271bd2f02bfb2a408bef66`;
    const code409 = { code: 409, message: 'The execution "7" is running already.' };
    stack.receiver.reply({ status: 409, body: code409 });
    const variables = execution(resumeUrl);
    const created = await send(parameters(name, "Ask Ringback"), variables);
    expect(created.status).toBe(202);
    const { task_id: id } = (await created.json()) as TaskBody;
    const again = await send(parameters(name, "Ask Ringback"), variables);
    expect(again.headers.get("idempotent-replayed")).toBe("true");
    expect(submitsTo(stack.gateway).map(({ body }) => JSON.parse(body.toString()) as unknown)).toEqual([
      { model: "doubao-seedance-2-0-260128", prompt: variables.$json["prompt"], duration_seconds: 5 },
    ]);

    const [early, taken] = await hook.waitFor(2);
    expect([early?.path, taken?.path]).toEqual(
      [resumeUrl, resumeUrl].map((url) => url.slice(url.indexOf("/hook"))),
    );
    expect([early?.status, taken?.status]).toEqual([409, 200]);
    expect(taken?.headers["webhook-id"]).toBe(early?.headers["webhook-id"]);
    expect(id).toMatch(/^task_/);

    const $json = { body: JSON.parse(taken?.body ?? "") as Record<string, unknown> };
    expect(holds(parameters(name, "Is it ready?"), { $json })).toBe(true);
    expect(evaluate(parameters(name, "Download it").url, { $json })).toMatch(/^http.*\.mp4/);
    expect($json.body["metadata_order"]).toBe("42");
  });

  it.each([
    [
      { body: { event: "video.failed", error_code: "timed_out", error_message: "Late." } },
      "timed_out: Late.",
    ],
    [{}, "Nothing came within two days."],
  ])("says why there is no video: %j", ($json, message) => {
    expect(holds(parameters(name, "Is it ready?"), { $json })).toBe(false);
    expect(evaluate(parameters(name, "Say why not").errorMessage, { $json })).toBe(message);
  });
});

it.each(["workflow", "one-of-several", "without-callback"])(
  "the key of n8n/%s.json names one execution of one instance",
  (name) => {
    const header = parameters(name, "Ask Ringback").headerParameters.parameters.find(
      (one) => one.name === "Idempotency-Key",
    );
    const keyAt = (url: string): unknown => evaluate(header?.value ?? "", { ...execution(url) });
    const mine = keyAt("https://n8n.example.com/webhook-waiting/7?signature=25fbefae24e5ac15");
    expect(mine).toMatch(/^[0-9a-f]{64}$/);
    expect(keyAt("https://n8n.example.com/webhook-waiting/7?signature=25fbefae24e5ac15")).toBe(mine);
    expect(keyAt("https://n8n.example.com/webhook-waiting/8?signature=25fbefae24e5ac15")).not.toBe(mine);
    expect(keyAt("https://other.example.com/webhook-waiting/7?signature=25fbefae24e5ac15")).not.toBe(mine);
    expect(keyAt("https://n8n.example.com/webhook-waiting/7?signature=646f0b270c271bd2")).not.toBe(mine);
  },
);

describe("several videos", () => {
  it("are started one by one, each with the inputs that its workflow takes, and not waited for", () => {
    const { workflowId, workflowInputs, options } = nodeOf("several", "Start its workflow").parameters as {
      workflowId: { value: string };
      workflowInputs: { value: Record<string, string>; schema: { id: string; type: string }[] };
      options: { waitForSubWorkflow: boolean };
    };
    expect(workflowId.value).toBe(workflows.get("one-of-several")?.id);
    expect(options.waitForSubWorkflow).toBe(false);
    const trigger = nodeOf("one-of-several", "When it is called");
    expect(trigger.type).toBe("n8n-nodes-base.executeWorkflowTrigger");
    const inputs = trigger.parameters["workflowInputs"] as { values: { name: string; type?: string }[] };
    const wanted = inputs.values.map(({ name, type = "string" }) => ({ id: name, type }));
    expect(workflowInputs.schema.map(({ id, type }) => ({ id, type }))).toEqual(wanted);

    const { jsonOutput } = nodeOf("several", "The videos").parameters as { jsonOutput: string };
    const { videos } = JSON.parse(jsonOutput) as { videos: Record<string, unknown>[] };
    const given = videos.map(($json) =>
      Object.fromEntries(
        Object.entries(workflowInputs.value).map(([name, code]) => [name, evaluate(code, { $json })]),
      ),
    );
    expect(given).toEqual(videos);
    expect(new Set(videos.map(({ prompt }) => prompt)).size).toBe(videos.length);
  });
});

describe("without a callback", () => {
  const way = ({ status }: { status: string }): number => {
    const { rules } = parameters("without-callback", "How is it?");
    return rules.values.findIndex((rule) => holds(rule, { $json: { body: { status } } }));
  };

  it("goes on at its end, and asks again as long as there is none", () => {
    const outputs = workflows.get("without-callback")?.connections["How is it?"]?.main ?? [];
    const next = ["succeeded", "failed"].map((status) => outputs[way({ status })]?.[0]?.node);
    expect(next).toEqual(["Download it", "Say why not"]);
    expect(["queued", "running"].map((status) => way({ status }))).toEqual([-1, -1]);
    expect(outputs[2]?.[0]?.node).toBe("Ask again");
    expect(parameters("without-callback", "How is it?").options["fallbackOutput"]).toBe("extra");
  });

  it("gets its video by waiting, with one submit", async () => {
    const variables = execution("https://n8n.example.com/webhook-waiting/9?signature=25fbefae24e5ac15");
    const answer = await send(parameters("without-callback", "Ask Ringback"), variables);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("preference-applied")).toBe("wait=60");
    const body = (await answer.json()) as TaskBody;
    expect(evaluate(parameters("without-callback", "Download it").url, { $json: { body } })).toMatch(
      /^http.*\.mp4/,
    );
    const again = await send(parameters("without-callback", "Ask again"), { $json: { body } });
    expect(again.status).toBe(200);
    expect(await again.json()).toMatchObject({ task_id: body.task_id, status: "succeeded" });
    expect(submitsTo(stack.gateway)).toHaveLength(1);
    const failed = { error: { code: "timed_out", message: "Late." } };
    const { errorMessage } = parameters("without-callback", "Say why not");
    expect(evaluate(errorMessage, { $json: { body: failed } })).toBe("timed_out: Late.");
  });
});

describe("what n8n/trigger.json gets", () => {
  /** The node after the switch; undefined: the execution is over. */
  function nextAfter($json: { body: Record<string, unknown> }): string | undefined {
    const { rules } = parameters("trigger", "Which event?");
    const way = rules.values.findIndex((rule) => holds(rule, { $json }));
    return workflows.get("trigger")?.connections["Which event?"]?.main[way]?.[0]?.node;
  }

  it("comes with the header of its first node, and goes on with the video or says why there is none", async () => {
    const hook = newHook(stack);
    const json = { authorization: "Bearer sk-with-a-trigger", "content-type": "application/json" };
    const body = { url: hook.url, format: "flat", headers: { "x-app-key": "a-secret-of-yours" } };
    const path = "/v1/webhooks/endpoints";
    const init = { method: "POST", headers: json, body: JSON.stringify(body) };
    expect((await stack.call(path, init)).status).toBe(201);
    for (const prompt of ["A lighthouse at dusk.", "[fail] A lighthouse at dusk."]) {
      const created = await stack.create({ prompt }, json);
      expect(await created.json()).toMatchObject({ callback: null });
    }
    const received = await hook.waitFor(2);
    const items = received.map(({ headers, body: text }) => ({
      headers,
      body: JSON.parse(text) as Record<string, unknown>,
    }));
    for (const { headers } of items) expect(headers["x-app-key"]).toBe("a-secret-of-yours");
    const keys = items.map(($json) =>
      evaluate(String(nodeOf("trigger", "Only once").parameters["dedupeValue"]), { $json }),
    );
    expect(keys).toEqual(items.map(({ body: event }) => event["message_id"]));
    expect(new Set(keys).size).toBe(2);

    const [ready, failed] = ["video.succeeded", "video.failed"].map((type) => {
      const $json = items.find(({ body: event }) => event["event"] === type);
      if (!$json) throw new Error(`no ${type}`);
      return $json;
    });
    expect([ready, failed].map(($json) => $json && nextAfter($json))).toEqual(["Download it", "Say why not"]);
    expect(evaluate(parameters("trigger", "Download it").url, { $json: ready })).toMatch(/^http.*\.mp4/);
    expect(evaluate(parameters("trigger", "Say why not").errorMessage, { $json: failed })).toBe(
      "generation_failed: The prompt was refused by content review.",
    );
    expect(nextAfter({ body: { event: "ping" } })).toBeUndefined();
    expect(nodeOf("trigger", "A video has ended").parameters).toMatchObject({
      httpMethod: "POST",
      authentication: "headerAuth",
    });
  });
});

describe("a callback that n8n/verify.json gets", () => {
  it("is proved by its raw body and three headers, and not if one of them is another", async () => {
    const hook = newHook(stack);
    await stack.create(
      { callback_url: hook.url, callback_format: "flat", metadata: { of: 'A "lighthouse"/灯塔' } },
      { authorization: `Bearer ${KEY}` },
    );
    const [callback] = await hook.waitFor(1);
    const verify = async (headers: Record<string, unknown>, body: string): Promise<unknown> => {
      const answer = await send(parameters("verify", "Is it from Ringback?"), { $json: { headers } }, body);
      const $json = (await answer.json()) as { reason: unknown };
      return [holds(parameters("verify", "Valid?"), { $json }), $json.reason];
    };
    const { headers = {}, body = "" } = callback ?? {};
    expect(await verify(headers, body)).toEqual([true, null]);
    expect(await verify(headers, JSON.stringify(JSON.parse(body), null, 1))).toEqual([false, "no_match"]);
    expect(await verify({ ...headers, "webhook-id": "msg_other" }, body)).toEqual([false, "no_match"]);
    expect(await verify({}, body)).toEqual([false, "missing_header"]);
    expect(nodeOf("verify", "Is it from Ringback?").parameters).toMatchObject({
      contentType: "binaryData",
      inputDataFieldName: "data",
    });
    expect(nodeOf("verify", "Ringback calls").parameters).toMatchObject({
      httpMethod: "POST",
      responseMode: "responseNode",
      options: { rawBody: true },
    });
  });
});
