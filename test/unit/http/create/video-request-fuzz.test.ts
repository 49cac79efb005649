import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readVideoRequest } from "../../../../src/http/create/video-request.ts";
import { body, rules } from "./video-requests.ts";

describe("a create is taken", () => {
  it("or refused, but never thrown at, whatever its fields are", () => {
    const known = [
      "model",
      "prompt",
      "image",
      "reference_images",
      "duration_seconds",
      "with_audio",
      "callback_url",
      "callback_headers",
      "callback_events",
      "metadata",
      "test",
      "timeout_seconds",
      "input_mode",
      "content",
      "upstream_body",
      "endpoints",
      "Test",
      "metadata.x",
      "__proto__",
      "toString",
    ];
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constantFrom(...known), fc.string()), fc.jsonValue()),
        fc.boolean(),
        (fields, strict) => {
          const result = readVideoRequest(body(fields), { strict, rules, keeps: true });
          expect(result.ok ? result.request.model : result.issues.length).toBeTruthy();
        },
      ),
      { numRuns: 1200 },
    );
  });
});
