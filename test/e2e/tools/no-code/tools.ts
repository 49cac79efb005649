import { MODEL } from "../../../support/stack.ts";

export const KEY = "sk-of-a-no-code-tool";
export const PROMPT = 'Lighthouse & "quiet", 灯塔';

export interface Wire {
  /** The request's head without its `Host` and `Content-Length`. */
  head: string[];
  body: string;
}

export const POST = "POST /v1/videos HTTP/1.1";
export const AUTHORIZATION = `Authorization: Bearer ${KEY}`;
export const FORM = "application/x-www-form-urlencoded";

/** What a user of each tool typed into its fields, one value a field, all of them text. */
export function fieldsFor(callbackUrl: string): Record<string, string> {
  return {
    model: MODEL,
    prompt: PROMPT,
    duration_seconds: "5",
    with_audio: "true",
    resolution: "",
    reference_images: "https://a.example.com/1.png\nhttps://a.example.com/2.png",
    callback_url: callbackUrl,
    callback_format: "flat",
    callback_headers: '{"x-make-apikey":"a-secret"}',
    callback_events: "video.succeeded,video.failed",
    metadata: '{"row":"7"}',
    timeout_seconds: "600",
  };
}

/** Spaces as `%20`, as axios and curl write them; as `+`, as Python and the browsers do. */
export function form(fields: Record<string, string>, space: "%20" | "+"): string {
  return new URLSearchParams(fields).toString().replaceAll("+", space);
}

const AXIOS = ["Accept: application/json, text/plain, */*", "Accept-Encoding: gzip, compress, deflate, br"];
export const N8N = [
  POST,
  "Accept: application/json,text/html,application/xhtml+xml,application/xml,text/*;q=0.9, image/*;q=0.8, */*;q=0.7",
  AUTHORIZATION,
  "User-Agent: n8n",
  "Accept-Encoding: gzip, compress, deflate, br",
];
const ZAPIER = [POST, "User-Agent: Zapier", AUTHORIZATION, "Accept: */*", "Accept-Encoding: gzip, deflate"];
export const NODE_RED = [POST, "user-agent: got (https://github.com/sindresorhus/got)", AUTHORIZATION];
export const ZAPIER_PLATFORM = [
  POST,
  AUTHORIZATION,
  "user-agent: Zapier",
  "Accept: */*",
  "Accept-Encoding: gzip,deflate",
];
const BOUNDARY = "--------------------------cd78df37c9561b06891d5340";
const MAKE = [POST, "User-Agent: Make/production", AUTHORIZATION, ...AXIOS];

export const TOOLS: [string, (fields: Record<string, string>) => Wire][] = [
  [
    "curl -d with JSON and no type",
    (fields) => ({
      head: [POST, AUTHORIZATION, "User-Agent: curl/7.88.1", "Accept: */*", `Content-Type: ${FORM}`],
      body: JSON.stringify(fields),
    }),
  ],
  [
    "curl --data-urlencode",
    (fields) => ({
      head: [POST, AUTHORIZATION, "User-Agent: curl/7.88.1", "Accept: */*", `Content-Type: ${FORM}`],
      body: form(fields, "%20"),
    }),
  ],
  [
    "n8n, JSON of name and value pairs",
    (fields) => ({ head: [...N8N, "Content-Type: application/json"], body: JSON.stringify(fields) }),
  ],
  ["n8n, a form", (fields) => ({ head: [...N8N, `Content-Type: ${FORM}`], body: form(fields, "%20") })],
  [
    "Zapier, payload type json",
    (fields) => ({
      head: [...ZAPIER, "Content-Type: application/json; charset=utf-8"],
      // Python's serialiser, which escapes whatever is not ASCII.
      body: escaped(JSON.stringify(fields, null, 1).replaceAll(/\n */g, " ")),
    }),
  ],
  [
    "Zapier, payload type form",
    (fields) => ({ head: [...ZAPIER, `Content-Type: ${FORM}; charset=utf-8`], body: form(fields, "+") }),
  ],
  [
    "Make, a JSON string",
    (fields) => ({
      head: [...MAKE, "Content-Type: application/json"],
      body: JSON.stringify(fields, null, 4),
    }),
  ],
  [
    "an integration on Zapier's platform, a body",
    (fields) => ({
      head: [...ZAPIER_PLATFORM, "content-type: application/json; charset=utf-8"],
      body: JSON.stringify(fields),
    }),
  ],
  [
    "an integration on Zapier's platform, a form",
    (fields) => ({ head: [...ZAPIER_PLATFORM, `content-type: ${FORM}`], body: form(fields, "+") }),
  ],
  [
    "Node-RED, an object",
    (fields) => ({ head: [...NODE_RED, "Content-Type: application/json"], body: JSON.stringify(fields) }),
  ],
  [
    "Node-RED, a form",
    (fields) => ({ head: [...NODE_RED, `content-type: ${FORM}`], body: form(fields, "%20") }),
  ],
  [
    "Node-RED, a form in parts",
    (fields) => ({
      head: [...NODE_RED, `content-type: multipart/form-data; boundary=${BOUNDARY}`],
      body: parts(fields),
    }),
  ],
  ["Make, a form", (fields) => ({ head: [...MAKE, `Content-Type: ${FORM}`], body: form(fields, "%20") })],
  [
    "Power Automate, its JSON with a byte order mark",
    (fields) => ({
      head: [
        POST,
        AUTHORIZATION,
        "User-Agent: azure-logic-apps/1.0",
        "Content-Type: application/json; charset=utf-8",
      ],
      body: `\uFEFF${JSON.stringify(fields)}`,
    }),
  ],
  [
    "Python's requests, data=",
    (fields) => ({
      head: [
        POST,
        "User-Agent: python-requests/2.28.1",
        "Accept-Encoding: gzip, deflate",
        "Accept: */*",
        AUTHORIZATION,
        `Content-Type: ${FORM}`,
      ],
      body: form(fields, "+"),
    }),
  ],
  [
    "headers in lower case and JSON without a type",
    (fields) => ({ head: [POST, `authorization: bearer ${KEY}`], body: JSON.stringify(fields) }),
  ],
];

function parts(fields: Record<string, string>): string {
  const each = Object.entries(fields).map(
    ([name, value]) => `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return `${each.join("")}--${BOUNDARY}--\r\n`;
}

function escaped(json: string): string {
  return json.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
