import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { problemText } from "../../../../src/contract/problems.ts";
import { parseBody } from "../../../../src/http/body/form-body.ts";
import { encodeJsonBody, RawText, type JsonBody } from "../../../../src/http/body/json-body.ts";
import { parseMultipartBody } from "../../../../src/http/body/multipart-body.ts";

const BOUNDARY = "----a-boundary";
const PNG = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 1, 2, 3);
const PNG_URL = `data:image/png;base64,${Buffer.from(PNG).toString("base64")}`;

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

function valueOf(body: JsonBody): unknown {
  return body.ok
    ? JSON.parse(new TextDecoder().decode(encodeJsonBody(body.value)))
    : problemText(body.problem);
}

/** What a program's own `FormData` is on the wire. */
async function sent(form: FormData): Promise<JsonBody> {
  const response = new Response(form);
  const boundary = /boundary=(.*)$/.exec(response.headers.get("content-type") ?? "")?.[1] ?? null;
  return parseBody(new Uint8Array(await response.arrayBuffer()), { kind: "multipart", boundary });
}

function part(head: string, content: string): string {
  return `--${BOUNDARY}\r\n${head}\r\n\r\n${content}\r\n`;
}

function field(name: string, content: string): string {
  return part(`Content-Disposition: form-data; name="${name}"`, content);
}

const END = `--${BOUNDARY}--\r\n`;

function parsed(text: string): unknown {
  return valueOf(parseMultipartBody(Buffer.from(text), BOUNDARY));
}

function refused(body: JsonBody): [path: string, message: string][] {
  return (body.issues ?? []).map((issue) => [issue.path, problemText(issue)]);
}

describe("a multipart form", () => {
  it("is read as the program's fields, repeated and bracketed ones as in any form", async () => {
    const form = new FormData();
    form.append("model", "m");
    form.append("prompt", "A lighthouse, 灯,\nat dusk. 🌊");
    form.append("duration_seconds", "5");
    form.append("metadata[order]", "42");
    form.append("callback_events", "video.failed");
    form.append("callback_events", "video.running");
    form.append('a "quoted" name', "\r\n--x\r\n");
    form.append("seed", "12345678901234567890");
    const body = await sent(form);
    expect(refused(body)).toEqual([]);
    expect(valueOf(body)).toEqual({
      model: "m",
      prompt: "A lighthouse, 灯,\r\nat dusk. 🌊",
      duration_seconds: "5",
      metadata: { order: "42" },
      callback_events: ["video.failed", "video.running"],
      'a "quoted" name': "\r\n--x\r\n",
      seed: "12345678901234567890",
    });
  });

  it.each(["image", "end_image"])("has a file of %s as its data: URL", async (name) => {
    const form = new FormData();
    form.append(name, new Blob([PNG], { type: "image/png" }), "a.png");
    expect(valueOf(await sent(form))).toEqual({ [name]: PNG_URL });
  });

  it("has the files of a list in their order, beside its texts", async () => {
    for (const name of ["reference_images", "reference_images[]", "reference_images[0]"]) {
      const form = new FormData();
      form.append(name, new Blob([PNG], { type: "image/png" }), "a.png");
      form.append(name, "asset://b");
      form.append(name, new Blob([PNG], { type: "image/webp" }), "c");
      expect(valueOf(await sent(form))).toEqual({
        reference_images: [PNG_URL, "asset://b", PNG_URL.replace("png", "webp")],
      });
    }
  });

  it("knows an image that its sender has no type for by its first bytes", async () => {
    const form = new FormData();
    form.append("image", new Blob([PNG]), "a");
    expect(valueOf(await sent(form))).toEqual({ image: PNG_URL });
  });

  it("keeps a large file as bytes", async () => {
    const bytes = new Uint8Array(3_000_000).map((_, index) => index * 31);
    const form = new FormData();
    form.append("image", new Blob([bytes], { type: "image/jpeg" }), "a.jpg");
    const body = await sent(form);
    const image = body.ok ? body.value["image"] : null;
    expect(image).toBeInstanceOf(RawText);
    expect((image as RawText).toText()).toBe(
      `data:image/jpeg;base64,${Buffer.from(bytes).toString("base64")}`,
    );
  });

  it.each([
    ["metadata", "application/json", "is a file, which only an image field takes"],
    ["seed", "image/png", "is a file, which only an image field takes"],
    ["Image", "image/png", "is a file, which only an image field takes"],
    ["test", "text/plain", "is a file, which only an image field takes"],
    ["image", "text/plain", "must be a file of an image"],
    ["reference_images", "video/mp4", "must be a file of an image"],
  ])("refuses any other file: %s as %s", async (name, type, message) => {
    const form = new FormData();
    form.append(name, new Blob(["{}"], { type }), "a");
    expect(refused(await sent(form))).toEqual([[name, message]]);
  });

  it.each([
    ["nothing", END, {}],
    [
      "what is before the first part and after the last",
      `preamble\r\n${field("a", "1")}${END}epilogue`,
      { a: "1" },
    ],
    ["an end without a line break", `${field("a", "1")}--${BOUNDARY}--`, { a: "1" }],
    ["blanks behind a boundary", field("a", "1").replace("\r\n", " \t\r\n") + END, { a: "1" }],
    ["an empty value", field("a", "") + END, { a: "" }],
    [
      "lines that are nearly a boundary",
      field("a", `--${BOUNDARY}x\r\n--${BOUNDARY}`.slice(0, -1)) + END,
      {
        a: `--${BOUNDARY}x\r\n--${BOUNDARY}`.slice(0, -1),
      },
    ],
    ["a name without quotes", part("content-disposition:form-data;name=a", "1") + END, { a: "1" }],
    ["a name with a backslash", field(String.raw`a\"b`, "1") + END, { 'a"b': "1" }],
    [
      "a type of a text",
      part('Content-Disposition: form-data; name="metadata"\r\nContent-Type: application/json', "{}") + END,
      {
        metadata: "{}",
      },
    ],
    [
      "a file field left empty",
      part(
        'Content-Disposition: form-data; name="image"; filename=""\r\nContent-Type: application/octet-stream',
        "",
      ) + END,
      {
        image: "",
      },
    ],
    [
      "a JSON body under its type",
      ' {"model":"m"}',
      "is not multipart/form-data: a line of its boundary is missing",
    ],
  ])("may have %s", (_name, text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it("that is the JSON of a tool that knows no better is read as JSON", () => {
    const body = parseBody(Buffer.from('{"model":"m"}'), { kind: "multipart", boundary: null });
    expect(valueOf(body)).toEqual({ model: "m" });
  });

  it.each([
    ["no line of its boundary", "model=m"],
    ["another boundary", field("a", "1").replaceAll(BOUNDARY, "other") + END.replaceAll(BOUNDARY, "other")],
    ["no end", field("a", "1")],
    ["a part without a head", `--${BOUNDARY}\r\n\r\nx\r\n${END}`],
    [
      "a part without an end of its head",
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n${END}`,
    ],
    ["a part without a name", part("Content-Disposition: form-data", "x") + END],
    ["a part of another disposition", part('Content-Disposition: attachment; name="a"', "x") + END],
    [
      "a transfer encoding",
      part('Content-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64', "eA==") + END,
    ],
    ["a head of kilobytes", part(`Content-Disposition: form-data; name="${"a".repeat(9000)}"`, "x") + END],
    ["line feeds alone", (field("a", "1") + END).replaceAll("\r", "")],
  ])("is refused with %s", (_name, text) => {
    expect(parsed(text)).toMatch(/^is not multipart\/form-data: /);
  });

  it("is refused without a boundary, and where it is not UTF-8", () => {
    expect(valueOf(parseMultipartBody(latin1(END), null))).toBe("has no boundary in its content type");
    for (const text of [field("a", "\xff"), field("\xff", "x")])
      expect(valueOf(parseMultipartBody(latin1(text + END), BOUNDARY))).toBe("is not valid UTF-8");
  });

  it("of more than 20,000 parts is refused", () => {
    expect(parsed(field("a", "").repeat(20_001) + END)).toBe("has more than 20000 fields");
  });

  it("is read back as any program has written it", async () => {
    const text = fc.string({ unit: "grapheme", maxLength: 20 });
    const name = text.filter((word) => word.isWellFormed() && !/[[.\\\r\n%]|__/.test(word));
    const value = text.filter((word) => word.isWellFormed() && !/[\r\n]/.test(word));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key }),
        async (fields) => {
          const form = new FormData();
          for (const [key, word] of fields) form.append(key, word);
          expect(valueOf(await sent(form))).toEqual(Object.fromEntries(fields));
        },
      ),
      { numRuns: 300 },
    );
  });

  it("is never thrown at, whatever its bytes are", () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          `--${BOUNDARY}`,
          "--",
          "\r\n",
          "\r\n\r\n",
          'Content-Disposition: form-data; name="image"',
          '; filename="x"',
        )
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        expect(typeof parseMultipartBody(Buffer.concat(pieces), BOUNDARY).ok).toBe("boolean");
      }),
      { numRuns: 5000 },
    );
  });
});
