import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import spectralCore from "@stoplight/spectral-core";
import spectralRulesets from "@stoplight/spectral-rulesets";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseJsonBody } from "../../../src/http/body/json-body.ts";
import { readVideoRequest } from "../../../src/http/create/video-request.ts";
import { openApiDocument } from "../../../src/openapi/document.ts";
import { Reference, type JsonSchema } from "../../support/checks/reference.ts";

/*
 * scenario                                          requirement
 * Redocly's and Spectral's recommended rules        no errors, and no warnings either
 * examples                                          each is as its schema says, and a create's are accepted
 * a field of a create, valid or not                 the schema that validates and the one that is told of agree
 */

const document = openApiDocument();
const reference = new Reference(document);

describe("the OpenAPI document", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ringback-openapi-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it("passes Redocly's recommended rules", async () => {
    const file = join(folder, "openapi.json");
    writeFileSync(file, JSON.stringify(document));
    const redocly = fileURLToPath(new URL("../../../node_modules/.bin/redocly", import.meta.url));
    const { stdout } = await promisify(execFile)(
      redocly,
      ["lint", file, "--extends=recommended", "--format=json"],
      // It asks no other host when it is told so.
      {
        cwd: folder,
        env: { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" },
      },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      totals: { errors: 0, warnings: 0, ignored: 0 },
      problems: [],
    });
  });

  it("passes Spectral's recommended rules", async () => {
    const { Spectral, Ruleset } = spectralCore;
    const spectral = new Spectral();
    spectral.setRuleset(new Ruleset({ extends: [[spectralRulesets.oas, "recommended"]] }));
    expect(await spectral.run(structuredClone(document))).toEqual([]);
    // The rules are at work: what they are there to find, they find.
    const broken = { ...document, paths: { "/v1/x": { get: { responses: {} } } } };
    const codes = (await spectral.run(broken)).map(({ code }) => code);
    expect(codes).toContain("operation-operationId");
  });

  it.each(Array.from(mediaTypes(document)))(
    "has examples that are as it says: %s",
    (_where, { schema, examples }) => {
      for (const [name, { value }] of Object.entries(examples)) {
        expect({ name, problems: reference.problemsOf(schema, value) }).toEqual({ name, problems: [] });
      }
    },
  );
});

describe("a create", () => {
  const create = document.paths["/v1/videos"]?.["post"]?.requestBody as {
    content: Record<string, { schema: JsonSchema; examples: Record<string, { value: object }> }>;
  };
  const { schema, examples } = create.content["application/json"] ?? { schema: {}, examples: {} };

  it.each(Object.entries(examples))(
    "is accepted in production as it stands in the example %s",
    (_name, { value }) => {
      expect(issuesOf(value)).toEqual([]);
    },
  );

  it("is free in its first example, and says so", () => {
    const [first] = Object.values(examples as Record<string, { summary: string; value: object }>);
    expect(first?.summary).toMatch(/free/);
    expect(first?.value).toHaveProperty("test");
    const paid = Object.values(examples as Record<string, { summary: string; value: object }>).slice(1);
    expect(paid.filter(({ summary, value }) => "test" in value || !summary.includes("(paid)"))).toEqual([]);
  });

  it("is taken, and free, with the example of every field at once: what a reference page fills a form with", () => {
    const fields = Object.entries(propertiesOf("CreateVideo") as Record<string, { examples?: unknown[] }>);
    const filled = Object.fromEntries(fields.map(([name, property]) => [name, property.examples?.[0]]));
    const parsed = parseJsonBody(new TextEncoder().encode(JSON.stringify(filled)));
    const result = parsed.ok ? readVideoRequest(parsed.value, { strict: true, rules, keeps: true }) : null;
    expect(result).toMatchObject({ ok: true, request: { test: { outcome: "succeeded", delayMs: 5000 } } });
    expect(reference.problemsOf(schema, filled, "as it stands")).toEqual([]);
  });

  it("is told of by the schema of the examples", () => {
    expect(schema).toEqual({ $ref: "#/components/schemas/CreateVideo" });
    expect(new Set([...Object.keys(propertiesOf("CreateVideo")), "seed"])).toEqual(
      new Set([...Object.keys(VALUES), "end_image"]),
    );
  });

  it.each(Object.entries(VALUES))(
    "is refused and told of as wrong, or neither, whatever is in %s",
    (field, values) => {
      for (const value of values) {
        const body = { model: "m", prompt: "A lighthouse at dusk.", [field]: value };
        const told = reference.problemsOf(schema, body, "as it stands");
        expect({ body, ok: issuesOf(body).length === 0 }).toEqual({ body, ok: told.length === 0 });
      }
    },
  );

  it.each([
    { prompt: "No model." },
    { model: "m", prompt: "No first frame.", end_image: "https://acme.com/b.png" },
  ])("is refused and told of as wrong without what it needs: %j", (body) => {
    expect(issuesOf(body)).not.toEqual([]);
    expect(reference.problemsOf(schema, body, "as it stands")).not.toEqual([]);
  });
});

function propertiesOf(name: string): object {
  return document.components.schemas[name]?.["properties"] as object;
}

const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const ANYTHING = [0, 1.5, -1, 5, true, false, "x", [], ["x"], {}, { x: 1 }, [[]]];

/** Values of every type that are not coerced: text that stands for a number, say, is a courtesy beside the schema. */
const VALUES: Record<string, unknown[]> = {
  model: [...ANYTHING, "m".repeat(200), "m".repeat(201)],
  prompt: [...ANYTHING, "😀".repeat(2500), "😀".repeat(2501)],
  capability: [...ANYTHING, "video_generation", "audio"],
  // Those that need no other field beside them.
  input_mode: [...ANYTHING, "text", "multi_image", "video"],
  control_mode: [...ANYTHING, "none", "start_frame"],
  aspect_ratio: [...ANYTHING, "16:9", "adaptive", "5:4"],
  duration_seconds: [0, 1.5, true, [], {}, -2, -1, 3, 4, 15, 16],
  resolution: [...ANYTHING, "480p", "1080p", "4k"],
  with_audio: [0, 1, [], {}, true, false],
  image: [0, true, [], {}, "https://acme.com/a.png", PNG],
  reference_images: [0, true, {}, ["asset://a"], [PNG, PNG], [5], [["asset://a"]]],
  callback_url: [0, true, [], {}, "https://hooks.acme.com/", `https://hooks.acme.com/${"a".repeat(2048)}`],
  callback_headers: [
    0,
    true,
    [],
    {},
    { "x-a": "1" },
    { "x-a": 1 },
    { "x-a": "" },
    { "x-a": "v".repeat(4096) },
    { "x-a": "v".repeat(4097) },
    Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, "v"])),
  ],
  callback_format: [...ANYTHING, "standard", "flat"],
  callback_events: [0, true, {}, [], ["video.succeeded"], ["video.done"], [5]],
  metadata: [0, true, [], {}, { order: 42, nested: { a: [1, null] } }],
  timeout_seconds: [0, true, [], {}, 59, 60, 60.5, 259_200, 259_201],
  retry_ambiguous_submit: [0, 1, [], {}, true, false],
  endpoints: [0, 1, [], {}, true, false],
  keep_result: [0, 1, [], {}, true, false],
  upstream_body: [
    0,
    true,
    [],
    {},
    { metadata: { a: 1 } },
    { test: 1, endpoints: null },
    { prompt: "x" },
    { x: 1 },
  ],
  test: [
    ...ANYTHING.filter((value) => value !== "x"),
    "succeeded",
    "timeout",
    "explodes",
    { outcome: "failed" },
    { outcome: "failed", delay_seconds: 600 },
    { outcome: "failed", delay_seconds: 601 },
    { outcome: "failed", delay: 1 },
    { delay_seconds: 1 },
  ],
  seed: ANYTHING,
};

const rules = { allowPrivate: false, ownHosts: ["ringback.acme.com"] };

function issuesOf(body: object): unknown[] {
  const parsed = parseJsonBody(new TextEncoder().encode(JSON.stringify(body)));
  if (!parsed.ok) return [parsed.problem];
  const result = readVideoRequest(parsed.value, { strict: true, rules, keeps: true });
  return result.ok ? [] : result.issues;
}

interface MediaType {
  schema: JsonSchema;
  examples: Record<string, { value: unknown }>;
}

/** Every place of the document that has a schema and examples beside it. */
function* mediaTypes(object: unknown, where = ""): Generator<[where: string, mediaType: MediaType]> {
  if (typeof object !== "object" || object === null) return;
  const { schema, examples } = object as Partial<MediaType>;
  if (schema && examples && !Array.isArray(examples)) yield [where, { schema, examples }];
  for (const [key, value] of Object.entries(object)) yield* mediaTypes(value, `${where}/${key}`);
}
