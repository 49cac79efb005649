import { expect, it, vi } from "vitest";
import { sendCallback } from "../../../src/webhook/send.ts";

it.each([["bad name", "v"] as const, ["x-a", "a\r\nx-evil: 1"] as const])(
  "a stored header that no runtime takes is a result, and nothing is sent: %j",
  async (name, value) => {
    const fetched = vi.spyOn(globalThis, "fetch");
    const result = await sendCallback({
      url: "http://127.0.0.1:9/hook",
      headers: [[name, value]],
      messageId: "msg_a",
      body: "{}",
      attempt: 1,
      secrets: [],
      timeoutMs: 1000,
      version: "0",
    });
    expect(result).toMatchObject({ outcome: "permanent", reason: "headers_rejected", statusCode: null });
    expect(fetched).not.toHaveBeenCalled();
    fetched.mockRestore();
  },
);
