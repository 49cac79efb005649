import * as z from "zod/mini";
import {
  ASPECT_RATIOS,
  CAPABILITIES,
  CONTROL_MODES,
  DURATIONS_SECONDS,
  INPUT_MODES,
  RESOLUTIONS,
} from "../../contract/create.ts";
import { says } from "../../contract/problems.ts";
import { CALLBACK_FORMATS, EVENT_TYPES, TEST_OUTCOMES } from "../../contract/words.ts";
import { isImage, stripBase64Whitespace, type ImageText } from "../body/image.ts";
import {
  bounded,
  coerceBoolean,
  field,
  fieldOr,
  integer,
  LIST_MAX,
  coerceList,
  numeric,
  objectish,
  prepared,
  present,
  string,
  stringUpTo,
  textOf,
  commaSeparated,
} from "../body/fields.ts";
import { isRequestObject, RawText, type RequestObject } from "../body/json-body.ts";

/**
 * The fields of a create, each with its type and its documented values. Source: the upstream's document, and
 * docs/api.md for Ringback's own fields. `meta` repeats in JSON Schema the checks that are code: the API reference is
 * made from these schemas.
 */

const PROMPT_MAX = 2500;
export const MODEL_MAX = 200;

/** Documented values: the only ones under `strict`; under `lenient` any, because the upstream's lists change. */
function listed(values: readonly [string, ...string[]], strict: boolean) {
  const documented = string().check(
    z.refine((value) => values.includes(value), says("not_listed", { values })),
    z.meta({ enum: [...values] }),
  );
  return field(textOf, strict ? documented : string());
}

const DURATIONS: ReadonlySet<number> = new Set(DURATIONS_SECONDS);

function duration(strict: boolean) {
  const message = says("integer_range_or", { min: 4, max: 15, or: -1 });
  const whole = z.int(strict ? message : says("not_integer"));
  const documented = whole.check(
    z.refine((value) => DURATIONS.has(value), message),
    z.meta({ enum: [...DURATIONS_SECONDS] }),
  );
  return field(numeric, strict ? documented : whole);
}

function image() {
  return field(
    (value) => stripBase64Whitespace(present(value)),
    z
      .custom<ImageText>((value) => isImage(value, { asset: false }), says("not_image"))
      .check(z.meta({ type: "string" })),
  );
}

const reference = prepared(
  stripBase64Whitespace,
  z
    .custom<ImageText>((value) => isImage(value, { asset: true }), says("not_reference"))
    .check(z.meta({ type: "string" })),
);

const TEST_DELAY_SECONDS = 5;
const DELAY_MAX_SECONDS = 600;
const DELAY_MESSAGE = says("number_range", { min: 0, max: DELAY_MAX_SECONDS });

/**
 * `{"outcome", "delay_seconds"}`, or the bare outcome. An empty string is what a tool makes of an object that it cannot
 * write: it is not left out, it is refused, else the test would be paid.
 */
const test = field(
  (value) => {
    const meant = value === "" ? [] : objectish(value);
    return typeof meant === "string" ? { outcome: meant } : meant;
  },
  z.strictObject(
    {
      outcome: z.enum(TEST_OUTCOMES, says("not_listed", { values: TEST_OUTCOMES })),
      delay_seconds: fieldOr(
        numeric,
        z.number(DELAY_MESSAGE).check(z.gte(0, DELAY_MESSAGE), z.lte(DELAY_MAX_SECONDS, DELAY_MESSAGE)),
        TEST_DELAY_SECONDS,
      ),
    },
    {
      error: ({ code }) => says(code === "unrecognized_keys" ? "not_test_member" : "not_object"),
    },
  ),
);

const EVENT_MESSAGE = says("not_listed", { values: EVENT_TYPES });
const EVENTS_MESSAGE = says("not_some_of", { values: EVENT_TYPES });

const plainObject = z
  .custom<RequestObject>(isRequestObject, says("not_object"))
  .check(z.meta({ type: "object", additionalProperties: true }));

const METADATA_MAX_BYTES = 4096;

/** The upstream's fields, exactly those of its document. */
function upstreamFields(strict: boolean) {
  return {
    model: prepared(
      textOf,
      string(says("required_text", { min: 1, max: MODEL_MAX })).check(
        z.maxLength(MODEL_MAX, says("text_too_long", { max: MODEL_MAX })),
        z.meta({ minLength: 1 }),
      ),
    ),
    capability: listed(CAPABILITIES, strict),
    prompt: field(textOf, stringUpTo(PROMPT_MAX)),
    input_mode: listed(INPUT_MODES, strict),
    control_mode: listed(CONTROL_MODES, strict),
    aspect_ratio: listed(ASPECT_RATIOS, strict),
    duration_seconds: duration(strict),
    resolution: listed(RESOLUTIONS, strict),
    with_audio: field(coerceBoolean, z.boolean(says("not_boolean"))),
    image: image(),
    end_image: image(),
    reference_images: field(
      (value) => bounded(coerceList(value)),
      z.array(reference, says("list_too_long", { max: LIST_MAX })).check(z.meta({ maxItems: LIST_MAX })),
    ),
  };
}

/** Where and how to call back. URL and headers are judged by their policies. */
export const CALLBACK_FIELDS = {
  callback_url: field(textOf, string()),
  callback_headers: field(objectish, plainObject),
  callback_format: field(textOf, z.enum(CALLBACK_FORMATS, says("not_listed", { values: CALLBACK_FORMATS }))),
  callback_events: field(
    (value) => bounded(commaSeparated(value)),
    z.pipe(
      z.array(z.enum(EVENT_TYPES, EVENT_MESSAGE), EVENTS_MESSAGE).check(z.minLength(1, EVENTS_MESSAGE)),
      z.transform((events) => [...new Set(events)]),
    ),
  ),
};

/** Ringback's own fields, never forwarded. */
const OWN_FIELDS = {
  ...CALLBACK_FIELDS,
  metadata: field(
    objectish,
    z
      .pipe(
        plainObject,
        z.transform((value) =>
          JSON.stringify(value, (_key, item: unknown) => (item instanceof RawText ? item.toText() : item)),
        ),
      )
      .check(
        z.refine(
          (text) => new TextEncoder().encode(text).byteLength <= METADATA_MAX_BYTES,
          says("json_too_long", { max: METADATA_MAX_BYTES }),
        ),
      ),
  ),
  timeout_seconds: field(numeric, integer(60, 259_200)),
  retry_ambiguous_submit: field(coerceBoolean, z.boolean(says("not_boolean"))),
  endpoints: field(coerceBoolean, z.boolean(says("not_boolean"))),
  keep_result: field(coerceBoolean, z.boolean(says("not_boolean"))),
  test,
};

const OWN_NAMES = [...Object.keys(OWN_FIELDS), "upstream_body"];

/**
 * `upstream_body` takes only names that Ringback keeps for itself. Any other name belongs in the request, where
 * Ringback checks it.
 */
const UPSTREAM_BODY_NAMES = OWN_NAMES.filter((name) => !name.startsWith("callback"));

const upstreamBody = field(
  objectish,
  plainObject.check(
    z.superRefine((members, context) => {
      const message = says("not_listed", { values: UPSTREAM_BODY_NAMES });
      for (const name of Object.keys(members)) {
        if (!UPSTREAM_BODY_NAMES.includes(name))
          context.addIssue({ code: "custom", path: [name.slice(0, 100)], message });
      }
    }),
    z.meta({ type: "object", propertyNames: { enum: UPSTREAM_BODY_NAMES }, additionalProperties: true }),
  ),
);

/** Ringback's own fields alone. */
export const OWN_SCHEMA = z.object({ ...OWN_FIELDS, upstream_body: upstreamBody });

export type OwnFields = z.output<typeof OWN_SCHEMA>;

function schemaFor(strict: boolean) {
  return z.object({ ...upstreamFields(strict), ...OWN_SCHEMA.shape });
}

export const VIDEO_SCHEMAS = { strict: schemaFor(true), lenient: schemaFor(false) };

export type VideoFields = z.output<typeof VIDEO_SCHEMAS.strict>;

export const UPSTREAM_FIELDS: ReadonlySet<string> = new Set(Object.keys(upstreamFields(true)));
export const RINGBACK_FIELDS: ReadonlySet<string> = new Set(OWN_NAMES);
