import { describe, expect, it } from "vitest";
import { MODEL, newHook, submitsTo, type TaskBody } from "../../../support/stack.ts";
import { byDay } from "../../../support/checks/by-day.ts";
import { VALID, expectCode, useOwnKeys } from "./contract.ts";

/*
 * scenario                                               requirement (contract)
 * a body or a field of every wrong kind                  Errors: 400, all of it named, and nothing is submitted
 * what is odd and allowed                                POST /v1/videos: accepted, forwarded and called back
 */

describe("with callers' own keys", () => {
  const { stack, create } = useOwnKeys();

  describe("a body that is no request", () => {
    const bytes = (...parts: (string | number[])[]): Buffer =>
      Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    const bodies: [name: string, body: string | Buffer][] = [
      ["nothing", ""],
      ["white space", " \n"],
      ["an open object", "{"],
      ["an open string", `{"model":"${MODEL}`],
      ["an open string that ends in a backslash", `{"model":"a\\`],
      ["a closing bracket too many", `${VALID}}`],
      ["two values", VALID + VALID],
      ["a trailing comma", `{"model":"${MODEL}","prompt":"x",}`],
      ["single quotes", "{'model':'a'}"],
      ["a comment", `/* a */${VALID}`],
      ["NaN", `{"model":"${MODEL}","prompt":"x","seed":NaN}`],
      ["a leading zero", `{"model":"${MODEL}","prompt":"x","seed":01}`],
      ["a raw line feed in a string", `{"model":"${MODEL}","prompt":"a\nb"}`],
      ["a raw NUL in a string", `{"model":"${MODEL}","prompt":"a\0b"}`],
      ["a NUL", "\0"],
      ["an invalid escape", `{"model":"${MODEL}","prompt":"\\x41"}`],
      ["half of a \\u escape", `{"model":"${MODEL}","prompt":"\\u12"}`],
      ["null", "null"],
      ["a number", "1"],
      ["a string", JSON.stringify(VALID)],
      ["a list", "[]"],
      ["a list of requests", `[${VALID}]`],
      ["true", "true"],
      ["a form", "model=a&prompt=b"],
      ["UTF-16", Buffer.from(VALID, "utf16le")],
      ["invalid UTF-8 in a value", bytes(`{"model":"${MODEL}","prompt":"a`, [0xff], '"}')],
      ["invalid UTF-8 in a name", bytes(`{"model":"${MODEL}","prompt":"x","a`, [0xc3], '":1}')],
      ["an overlong NUL", bytes(`{"model":"${MODEL}","prompt":"a`, [0xc0, 0x80], '"}')],
      ["a surrogate in UTF-8", bytes(`{"model":"${MODEL}","prompt":"a`, [0xed, 0xa0, 0x80], '"}')],
      [
        "invalid UTF-8 in a long string",
        bytes(`{"model":"${MODEL}","image":"${"A".repeat(50_000)}`, [0xff], '"}'),
      ],
      ["a character cut off at the end", bytes(VALID, [0xe2, 0x82])],
      ["10,000 open lists", "[".repeat(10_000)],
      [
        "10,000 lists in a field",
        `{"model":"${MODEL}","prompt":"x","a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`,
      ],
      [
        "10,000 objects in a field",
        `{"model":"${MODEL}","prompt":"x","a":${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}}`,
      ],
      [
        "20,000 empty objects in a field",
        `{"model":"${MODEL}","prompt":"x","a":[${"{},".repeat(20_000)}{}]}`,
      ],
      ["2 MiB of empty objects", `[${"{},".repeat(700_000)}{}]`],
      ["16 MiB of empty objects", `{"model":"${MODEL}","prompt":"x","a":[${"{},".repeat(5_592_000)}{}]}`],
      ["65 levels", `{"model":"${MODEL}","prompt":"x","a":${"[".repeat(64)}${"]".repeat(64)}}`],
    ];
    it.each(byDay(bodies))("is 400, and nothing is submitted: %s", async (_name, body) => {
      expectCode(await create(body), "invalid_request");
      expect(submitsTo(stack.gateway)).toEqual([]);
    });
  });

  describe("a field of the wrong kind", () => {
    const values: [field: string, ...json: string[]][] = [
      ["model", "1", "[]", "{}", "true", "null", '""', JSON.stringify("m".repeat(201))],
      ["prompt", "1", '["a"]', "{}", "false", "null", '""', JSON.stringify("😀".repeat(2501))],
      ["capability", '"image_generation"', "1", "[]", "{}"],
      ["aspect_ratio", '"2:1"', "1.78", "[]", "true"],
      ["duration_seconds", '"five"', "3", "16", "0", "-2", "5.5", "1e400", "-0", "[]", "{}", "true"],
      ["resolution", '"4k"', "720", "{}"],
      ["input_mode", '"audio"', "1", "[]"],
      ["control_mode", '"free"', "0", "{}"],
      ["with_audio", '"yes"', "1", "0", "[]", "{}"],
      [
        "image",
        "1",
        "{}",
        '["https://example.com/a.png"]',
        '"ftp://example.com/a.png"',
        '"asset://a"',
        '"no base64!"',
        '"data:text/html;base64,AAAA"',
      ],
      ["reference_images", "{}", "1", "[1]", "[null]", "[[]]", "true", '["ftp://a"]'],
      [
        "callback_url",
        "1",
        "{}",
        "[]",
        '"no url"',
        '"ftp://example.com/"',
        '"http://user:pass@127.0.0.1/"',
        '"//127.0.0.1/"',
      ],
      ["callback_events", "1", "{}", "[]", '["video.nope"]', "[1]", '["video.succeeded","x"]'],
      [
        "callback_headers",
        '"a"',
        "[]",
        "1",
        '{"a":1}',
        '{"a b":"c"}',
        '{"host":"a"}',
        '{"a":"b\\nc"}',
        '{"a":"é"}',
        '{"a":"1","A":"2"}',
      ],
      ["callback_format", '"xml"', "1", "{}"],
      ["metadata", '"a"', "1", "[]", "true", `{"a":"${"x".repeat(4096)}"}`],
      ["timeout_seconds", "59", "259201", "60.5", '"soon"', "1e400", "[]", "true"],
      ["retry_ambiguous_submit", '"maybe"', "1", "{}"],
      [
        "test",
        "true",
        "{}",
        '"x"',
        '{"outcome":"x"}',
        '{"outcome":"failed","delay_seconds":601}',
        '{"outcome":"failed","delay_seconds":-1}',
        "[]",
        "1",
      ],
    ];
    it.each(byDay(values))("is 400 and named: %s", async (field, ...json) => {
      for (const value of json) {
        const members = { model: JSON.stringify(MODEL), prompt: '"x"', [field]: value };
        const body = `{${Object.entries(members)
          .map(([name, text]) => `"${name}":${text}`)
          .join(",")}}`;
        const error = expectCode(await create(body), "invalid_request");
        expect(error.param, body.slice(0, 200)).toMatch(new RegExp(`^${field}(\\.|$)`));
        expect(error.issues?.[0]?.path).toBe(error.param);
      }
      expect(submitsTo(stack.gateway)).toEqual([]);
    });

    const needs: [name: string, fields: object, param: string][] = [
      ["no prompt in a text task", { input_mode: "text" }, "prompt"],
      ["no prompt and no image", {}, "prompt"],
      ["single_image without image", { input_mode: "single_image", prompt: "x" }, "image"],
      [
        "end_frame without end_image",
        { control_mode: "end_frame", prompt: "x", image: "https://example.com/a.png" },
        "end_image",
      ],
      ["end_image without image", { end_image: "https://example.com/a.png", prompt: "x" }, "image"],
      ["reference without reference_images", { control_mode: "reference", prompt: "x" }, "reference_images"],
      ["no model", { model: undefined, prompt: "x" }, "model"],
    ];
    it.each(byDay(needs))("or that is missing is 400 and named: %s", async (_name, fields, param) => {
      const error = expectCode(await create(JSON.stringify({ model: MODEL, ...fields })), "invalid_request");
      expect(error.param).toBe(param);
    });

    it("is named together with all the others, the first as param", async () => {
      const body = {
        duration_seconds: 99,
        resolution: "8k",
        callback_url: "nope",
        callback_uri: "x",
        metadata: [],
      };
      const error = expectCode(
        await create(JSON.stringify(body), { "idempotency-key": "a b" }),
        "invalid_request",
      );
      const paths = (error.issues ?? []).map(({ path }) => path);
      for (const path of [
        "model",
        "prompt",
        "duration_seconds",
        "resolution",
        "callback_url",
        "callback_uri",
        "metadata",
      ])
        expect(paths).toContain(path);
      expect(error.param).toBe(paths[0]);
    });
  });

  describe("a body that is odd and allowed", () => {
    const odd: [name: string, members: string, forwarded?: string][] = [
      ["64 levels", `"a":${"[".repeat(63)}${"]".repeat(63)}`],
      ["brackets in a string", `"a":"${"[{".repeat(5000)}"`],
      ["a NUL escaped", '"prompt":"a\\u0000b"'],
      ["a lone surrogate in the prompt", '"prompt":"a\\ud800b"'],
      ["a lone surrogate in an unknown field", '"a":"\\udfff"'],
      ["a lone surrogate in metadata", '"metadata":{"\\ud800":"\\udc00"}'],
      ["a NUL in metadata", '"metadata":{"\\u0000":"\\u0000"}'],
      [
        "__proto__ as a field",
        '"__proto__":{"callback_url":"http://127.0.0.1:9/","polluted":true}',
        '"__proto__":{"callback_url"',
      ],
      ["__proto__ in metadata", '"metadata":{"__proto__":{"polluted":true}}'],
      [
        "constructor and others",
        '"constructor":{"prototype":{"a":1}},"toString":1,"hasOwnProperty":null',
        '"hasOwnProperty":null',
      ],
      ["a number of 10,000 digits", `"a":${"9".repeat(10_000)}`, "9".repeat(10_000)],
      ["a number out of range", '"a":[1e400,-1e400,1e-400,-0]', '"a":[1e400,-1e400,1e-400,-0]'],
      ["an empty name", '"":1', '"":1'],
      ["a name of 100 KB", `"${"n".repeat(100_000)}":1`],
      ["19,990 fields", Array.from({ length: 19_990 }, (_, index) => `"k${index}":0`).join(",")],
      ["2,500 characters beyond the first plane", `"prompt":"${"😀".repeat(2500)}"`],
      ["metadata of 4,096 bytes", `"metadata":{"a":"${"x".repeat(4088)}"}`],
      ["HTML", '"prompt":"<script>alert(1)</script>"'],
      ["right-to-left marks", '"prompt":"\\u202eabc\\u2028\\u2029"'],
    ];
    it.each(byDay(odd))(
      "is accepted, forwarded and called back: %s",
      async (_name, members, forwarded = "") => {
        const hook = newHook(stack);
        const prompt = members.startsWith('"prompt"') ? "" : '"prompt":"x",';
        const answer = await create(`{"model":"${MODEL}",${prompt}${members},"callback_url":"${hook.url}"}`);
        expect(answer.status).toBe(202);
        const created = JSON.parse(answer.body) as TaskBody;
        expect(created.callback?.url).toBe(hook.url);
        const [submit] = submitsTo(stack.gateway);
        expect(submit?.body.toString()).toContain(forwarded);
        const sent = JSON.parse(submit?.body.toString() ?? "") as object;
        expect(sent).not.toHaveProperty("polluted");
        expect(Object.keys(sent).filter((name) => name.startsWith("callback_"))).toEqual([]);
        await hook.waitFor(1);
        const event = JSON.parse(hook.received()[0]?.body ?? "") as { data: TaskBody };
        expect(event.data).toMatchObject({
          task_id: created.task_id,
          status: "succeeded",
          metadata: created.metadata,
        });
      },
    );

    it("has one meaning where a field is given twice", async () => {
      const members = `"model":"other","prompt":"a","prompt":"b","callback_url":"http://127.0.0.1:9/","model":"${MODEL}"`;
      const hook = newHook(stack);
      const { status } = await create(`{${members},"callback_url":"${hook.url}"}`);
      expect([202, 400]).toContain(status);
      for (const { body } of submitsTo(stack.gateway)) {
        expect(body.toString().match(/"model"/g)).toHaveLength(1);
        expect(body.toString().match(/"prompt"/g)).toHaveLength(1);
        expect(body.toString()).not.toContain("callback_url");
      }
    });
  });
});
