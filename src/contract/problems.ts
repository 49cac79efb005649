/**
 * Everything that can be wrong with a value of a request or with a setting: a code, its parameters, and the English
 * sentence that is made from them. The sentence goes on from the name of the value: "`prompt` is required".
 */

const IMAGE = "must be an http(s) URL, a data:image/…;base64, URL or base64";

const REQUEST_PROBLEMS = {
  invalid: () => "is not valid",

  // A field, a query parameter or a header.
  required: () => "is required",
  required_text: ({ min, max }: Range) => `is required: a string of ${min} to ${max} characters`,
  required_for_text: () => "is required for a text task",
  required_with: ({ field }: { field: string }) => `is required when ${field} is given`,
  required_when: ({ field, value }: { field: string; value: string }) =>
    `is required when ${field} is ${value}`,
  required_without_callback: () => "is required: this task has no callback_url",
  not_text: () => "must be a string",
  not_boolean: () => "must be true or false",
  not_object: () => "must be a JSON object",
  not_integer: () => "must be an integer",
  integer_range: ({ min, max }: Range) => `must be an integer from ${min} to ${max}`,
  integer_range_or: ({ min, max, or }: Range & { or: number }) =>
    `must be an integer from ${min} to ${max}, or ${or}`,
  number_range: ({ min, max }: Range) => `must be a number from ${min} to ${max}`,
  not_listed: ({ values }: Values) => `must be one of ${values.join(", ")}`,
  not_some_of: ({ values }: Values) => `must be a non-empty list of ${values.join(", ")}`,
  list_too_long: ({ max }: Max) => `must be a list of at most ${max}`,
  text_too_long: ({ max }: Max) => `must be at most ${max} characters`,
  json_too_long: ({ max }: Max) => `must be at most ${max} bytes of JSON`,
  visible_characters: ({ min, max }: Range) => `must be ${min} to ${max} visible characters`,
  given_twice: () => "is given twice",
  empty: () => "is empty",
  unknown_field: () => "is not a field of this call",
  unknown_parameter: () => "is not a query parameter of this call",
  unknown_header: () => "is not a header of this call",
  not_cursor: () => "is not a cursor of this list",
  not_host: () => "is not a host",
  not_endpoint_id: () => "is not the id of a registered endpoint",
  not_upstream_name: () => "is not the name of an upstream",
  not_instant: () => "must be a time in ISO 8601, such as 2026-11-23T15:10:02Z",
  too_many_metadata_filters: ({ max }: Max) =>
    `is one too many: a list takes at most ${max} filters by metadata`,

  // A create.
  not_image: () => IMAGE,
  not_reference: () => `${IMAGE}, or an asset:// URL`,
  nothing_kept: () => "must not be true: this deployment keeps no files",
  not_test_member: () => "takes outcome and delay_seconds",
  unknown_callback_field: () => "is not a field of Ringback",
  misspelled: ({ field }: { field: string }) => `must be spelled ${field}`,
  outside_its_field: ({ field, name }: { field: string; name?: string }) =>
    name === undefined ? `must be given in ${field} itself` : `must be given in ${field}, as ${name}`,

  // A callback's URL and headers.
  not_url: () => "must be an absolute URL",
  not_https: () => "must be an https URL",
  url_credentials: () => "must not carry a user name or password",
  url_port: () => "must use port 443 or a port from 1024",
  url_without_host: () => "must name a host",
  url_own_host: () => "must not point at this Ringback deployment itself",
  url_ip_address: () => "must name its host by DNS, not by IP address",
  url_single_label: () => "must name a public host: a DNS name with a dot",
  url_bad_host: () => "must name a valid DNS host",
  url_special_host: () => "must name a public host, not a special-use or local one",
  url_registered: () => "is the URL of another endpoint of this account",
  required_at_new_host: () =>
    "is required when url names another host: the stored ones were for the old receiver",
  too_many_headers: ({ max }: Max) => `may hold at most ${max} headers`,
  headers_too_large: ({ max }: Max) => `may hold at most ${max} bytes in all`,
  not_header_name: () => "is not a header name",
  reserved_header: () => "cannot be set by a caller",
  not_visible_ascii: () => "must be visible ASCII characters",

  // A body, and the names of a form.
  broken_off: () => "broke off",
  not_utf8: () => "is not valid UTF-8",
  not_json: () => "is not valid JSON",
  not_json_object: () => "is not a JSON object",
  too_many_values: ({ max }: Max) => `holds more than ${max} values`,
  too_deep: ({ max }: Max) => `is nested more than ${max} levels deep`,
  too_many_fields: ({ max }: Max) => `has more than ${max} fields`,
  no_boundary: () => "has no boundary in its content type",
  boundary_missing: () => "is not multipart/form-data: a line of its boundary is missing",
  part_without_name: () => "is not multipart/form-data: a part has no name",
  part_encoded: () => "is not multipart/form-data: a part has a transfer encoding",
  member_not_read: () => "is not read: give the members of a field as JSON",
  name_not_read: ({ fields }: { fields: string }) => `is not read: members, one level deep, have ${fields}`,
  given_two_ways: ({ field }: { field: string }) => `gives ${field} a second time, in another way`,
  file_not_taken: () => "is a file, which only an image field takes",
  file_not_image: () => "must be a file of an image",
  plus_lost: () => "has lost the + of its base64: write each + as %2B",
};

const SETTING_PROBLEMS = {
  setting_missing: ({ min }: { min: number }) => `must be set (${min} characters or more)`,
  setting_missing_beside: ({ setting }: { setting: string }) => `must be set when ${setting} is`,
  setting_needs: ({ setting }: { setting: string }) => `must not be set without ${setting}`,
  token_in_both: ({ setting }: { setting: string }) => `must not hold a token of ${setting}`,
  bucket_missing: () => "needs a bucket, bound as RESULTS",
  token_of_two_names: () => "must not give one token to two names",
  setting_unparsed: () => "does not parse",
  not_seconds: () => "must be seconds, such as 15 or 0.5",
  seconds_range: ({ min, max }: Range) => `must be from ${min} to ${max} seconds`,
  text_too_short: ({ min }: { min: number }) => `must have ${min} characters or more`,
  text_too_uniform: ({ min }: { min: number }) => `must have ${min} different characters or more`,
  not_http_url: () => "must be an http(s) URL",
  url_with_extras: () => "must have no query, fragment, user name or password",
  not_origin: () => "must be an origin, such as https://ringback.example.com",
  upstream_own_host: () => "must not be this deployment's own host",
  not_upstreams: () => 'must be a JSON object such as {"ark": {"profile": "ark"}}',
  upstream_names: () =>
    "must name each upstream by a small letter and up to 30 small letters, digits and hyphens, and none aio",
  upstream_twice: ({ name }: Name) => `must not name ${name} a second time`,
  not_a_list: () => "is no setting: the lists of upstreams are UPSTREAMS, and UPSTREAMS_2 to UPSTREAMS_9",
  not_upstream: ({ name }: Name) =>
    `must give ${name} an object such as {"profile": "ark"}, which may have a base_url and nothing else`,
  unknown_profile: ({ name, values }: Name & Values) =>
    `must give ${name} a profile of its own, or one of ${values.join(", ")}`,
  bad_profile: ({ name, path, message }: Name & { path: string; message: string }) =>
    `has a wrong profile for ${name}: ${path === "" ? "it" : path} ${message}`,
  upstream_without_url: ({ name }: Name) => `must give ${name} a base_url: its profile has none`,
  bad_base_url: ({ name, says: what }: Name & { says: string }) => `has a base_url for ${name} that ${what}`,
  one_upstream: () =>
    "must name one upstream at most where callers bring their own keys; several need AIO_API_KEY, RINGBACK_KEYS and an UPSTREAM_KEY_… for each",
  upstream_key_missing: ({ name }: Name) => `must be set for the upstream ${name}`,
  key_without_upstream: () => "is the key of no upstream that UPSTREAMS names",
  not_retry_schedule: ({ steps, max }: Max & { steps: number }) =>
    `must be up to ${steps} comma separated numbers of seconds, each at most ${max}`,
  not_key_list: () => "must be name:sha256hex entries, comma separated",
  not_host_list: () => "must be host names, comma separated",
  not_header: () => "must be the name of a header",
  not_webhook_secret: ({ min, max }: Range) => `must be whsec_ and the base64 of ${min} to ${max} bytes`,
  bytes_range: ({ min, max }: Range) => `must be a number of bytes from ${min} to ${max}`,
  hours_range: ({ max }: Max) => `must be hours, more than 0 and at most ${max}`,
};

interface Name {
  name: string;
}

interface Max {
  max: number;
}

interface Range extends Max {
  min: number;
}

interface Values {
  values: readonly string[];
}

export const ENGLISH_PROBLEMS = { ...REQUEST_PROBLEMS, ...SETTING_PROBLEMS };

/** One language: a sentence for every code. */
export type ProblemSentences = typeof ENGLISH_PROBLEMS;

type ProblemCode = keyof ProblemSentences;

export interface Problem {
  code: ProblemCode;
  params: Readonly<Record<string, unknown>>;
}

/** The one way to make a problem: its code asks for its parameters. */
export function problem<Code extends ProblemCode>(
  code: Code,
  ...[params]: Parameters<ProblemSentences[Code]>
): Problem {
  return { code, params: (params ?? {}) as Problem["params"] };
}

/** The one way to say it. */
export function problemText(
  { code, params }: Problem,
  sentences: ProblemSentences = ENGLISH_PROBLEMS,
): string {
  return (sentences[code] as (given: Problem["params"]) => string)(params);
}

/**
 * The message of a check in a schema. Zod carries a string from the check to its issue: the problem travels as JSON.
 */
export function asMessage(found: Problem): string {
  return JSON.stringify(found);
}

export function says<Code extends ProblemCode>(...given: Parameters<typeof problem<Code>>): string {
  return asMessage(problem(...given));
}

/** The problem that a schema's check said. */
export function problemSaid(message: string): Problem {
  try {
    return JSON.parse(message) as Problem;
  } catch {
    // A check without words of ours says zod's own. A test finds it; a caller must not get a 500 for it.
    return problem("invalid");
  }
}

/** One thing that is wrong with a request. */
export interface Issue extends Problem {
  /** Dotted path into the request, `reference_images.0`; empty for the request as a whole. */
  path: string;
}

export function issue<Code extends ProblemCode>(
  path: string,
  ...given: Parameters<typeof problem<Code>>
): Issue {
  return issueAt(path, problem(...given));
}

export function issueAt(path: string, { code, params }: Problem): Issue {
  return { path, code, params };
}

/** An issue as an answer shows it. */
export interface ShownIssue {
  path: string;
  code: ProblemCode;
  message: string;
}

export function showIssue({ path, ...rest }: Issue, sentences?: ProblemSentences): ShownIssue {
  return { path, code: rest.code, message: problemText(rest, sentences) };
}

/** What an answer of the API can name as the code of an issue. */
export const ISSUE_CODES = Object.keys(REQUEST_PROBLEMS) as (keyof typeof REQUEST_PROBLEMS)[];
