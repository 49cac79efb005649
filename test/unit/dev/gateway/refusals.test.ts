import { describe, expect, it } from "vitest";
import { get, MODEL, statusAndCode, submit, submitted, TEXT_REQUEST, useGateways } from "./calls.ts";

const start = useGateways();

describe("what is refused", () => {
  it.each([undefined, "", "Bearer", "Bearer pk-1", "Basic sk-1", "sk-1"])(
    "answers 401 to the authorization %j on every route",
    async (authorization) => {
      const gateway = await start();
      const headers = authorization === undefined ? {} : { authorization };
      const attempts = [
        fetch(`${gateway.baseUrl}/videos`, { method: "POST", headers, body: "{}" }),
        fetch(`${gateway.baseUrl}/videos/cgt-1`, { headers }),
        fetch(`${gateway.baseUrl}/models`, { headers }),
      ];
      for (const response of await Promise.all(attempts))
        expect(await statusAndCode(response)).toEqual([401, "invalid_api_key"]);
    },
  );

  it("answers 403 to a create by a poor key, and lets it list models", async () => {
    const gateway = await start({ poorKeys: ["sk-poor"] });
    const refused = await submit(gateway, TEXT_REQUEST, "sk-poor");
    expect(await statusAndCode(refused)).toEqual([403, "insufficient_balance"]);
    expect((await get(gateway, "/models", "sk-poor")).status).toBe(200);
  });

  it("answers 404 for an unknown model", async () => {
    const gateway = await start();
    const refused = await submit(gateway, { ...TEXT_REQUEST, model: "sora" });
    expect(await statusAndCode(refused)).toEqual([404, "model_not_found"]);
  });

  it("hides a task from every other key", async () => {
    const gateway = await start();
    const id = await submitted(gateway);
    const refused = await get(gateway, `/videos/${id}`, "sk-second");
    expect(await statusAndCode(refused)).toEqual([404, "task_not_found"]);
  });

  it.each([
    ["a body that is not JSON", "{", "JSON object"],
    ["an array", [], "JSON object"],
    ["no model", { prompt: "x" }, "model is required"],
    ["no prompt", { model: MODEL }, "prompt is required"],
    ["a prompt of 2501 characters", { prompt: "🌧".repeat(2501) }, "2500"],
    ["another capability", { capability: "image" }, "capability"],
    ["another input mode", { input_mode: "audio" }, "input_mode"],
    ["another control mode", { control_mode: "pose" }, "control_mode"],
    ["another aspect ratio", { aspect_ratio: "2:1" }, "aspect_ratio"],
    ["another resolution", { resolution: "4k" }, "resolution"],
    ["a duration of 3 seconds", { duration_seconds: 3 }, "duration_seconds"],
    ["a duration of 16 seconds", { duration_seconds: 16 }, "duration_seconds"],
    ["a duration as a string", { duration_seconds: "5" }, "duration_seconds"],
    ["audio as a string", { with_audio: "true" }, "with_audio"],
    ["null in place of an absent field", { resolution: null }, "resolution"],
    ["a single image task without image", { input_mode: "single_image" }, "image is required"],
    ["an end frame without end image", { control_mode: "end_frame" }, "end_image is required"],
    ["an end image alone", { end_image: "https://example.com/b.png" }, "image is required"],
    ["an image that is neither URL nor base64", { image: "not an image" }, "image must be"],
    ["a reference task without references", { control_mode: "reference" }, "reference_images is required"],
    ["references that are no array", { reference_images: "asset://a" }, "reference_images must be"],
    ["a reference that is a number", { reference_images: [1] }, "reference_images must hold"],
  ])("answers 400 to %s", async (_, request, message) => {
    const gateway = await start();
    const isWhole =
      typeof request === "string" ||
      Array.isArray(request) ||
      "model" in request ||
      message.includes("model");
    const response = await submit(gateway, isWhole ? request : { ...TEXT_REQUEST, ...request });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain(message);
    expect(gateway.tasks.size).toBe(0);
  });

  it.each([
    ["a prompt of 2500 characters beyond the basic plane", { prompt: "🌧".repeat(2500) }],
    ["an automatic duration", { duration_seconds: -1 }],
    ["an unknown field", { seed: 7 }],
    [
      "first and last frame",
      {
        input_mode: "single_image",
        control_mode: "end_frame",
        image: "https://example.com/a.png",
        end_image: "data:image/png;base64,iVBORw0KGgo=",
      },
    ],
    [
      "references",
      {
        input_mode: "multi_image",
        control_mode: "reference",
        reference_images: ["asset://asset-1", "iVBORw0K"],
      },
    ],
    ["twenty megabytes of base64", { input_mode: "single_image", image: "A".repeat(20 * 1024 * 1024) }],
  ])("accepts %s", async (_, fields) => {
    const gateway = await start();
    expect((await submit(gateway, { ...TEXT_REQUEST, ...fields })).status).toBe(200);
  });

  it("answers 413 above 64 MiB and goes on serving", async () => {
    const gateway = await start();
    const refused = await submit(gateway, `"${"x".repeat(64 * 1024 * 1024)}"`);
    expect(await statusAndCode(refused)).toEqual([413, "request_too_large"]);
    expect((await submit(gateway)).status).toBe(200);
  });

  it.each([
    ["GET", "/videos"],
    ["DELETE", "/videos/cgt-1"],
    ["GET", "/videos/cgt-1/events"],
    ["POST", "/models"],
  ])("answers 404 as JSON to %s %s", async (method, path) => {
    const gateway = await start();
    const response = await fetch(gateway.baseUrl + path, { method });
    expect(await statusAndCode(response)).toEqual([404, "not_found"]);
  });

  it("limits the rate of each key by itself, submits apart from polls", async () => {
    const gateway = await start({ limits: { submitsPerSecond: 2, pollsPerSecond: 1 } });
    const id = await submitted(gateway);
    expect((await submit(gateway)).status).toBe(200);
    const refused = await submit(gateway);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await statusAndCode(refused)).toEqual([429, "rate_limit_exceeded"]);
    expect((await submit(gateway, TEXT_REQUEST, "sk-second")).status).toBe(200);
    const polls = [await get(gateway, `/videos/${id}`), await get(gateway, `/videos/${id}`)];
    expect(polls.map(({ status }) => status)).toEqual([200, 429]);
    await expect.poll(async () => (await submit(gateway)).status, { timeout: 3000 }).toBe(200);
  });
});
