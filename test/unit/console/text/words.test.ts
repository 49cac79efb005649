import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { chooseLanguage } from "../../../../src/console/language.ts";
import { isOwnRequest, localPath } from "../../../../src/console/origin.ts";
import { en } from "../../../../src/console/text/en.ts";
import { zh } from "../../../../src/console/text/zh.ts";
import { root } from "../../../../dev/bundle.ts";
import { CALLBACK_STATUSES } from "../../../../src/contract/words.ts";
import { problemText } from "../../../../src/contract/problems.ts";
import { headerProblems } from "../../../../src/domain/delivery/callback-headers.ts";
import { judgeEndpoint } from "../../../../src/domain/delivery/endpoint-policy.ts";
import { readSettings } from "../../../../src/env.ts";
import { readVideoRequest } from "../../../../src/http/create/video-request.ts";

const CHINESE = /[\u4e00-\u9fff]/;
const consoleRoom = fileURLToPath(new URL("../../../../src/console/", import.meta.url));

/** Something for each parameter that a problem has. */
const PARAMETERS = {
  ...{ min: 1, max: 2, or: -1, steps: 3 },
  ...{ field: "prompt", value: "text", fields: "metadata, test", setting: "AIO_API_KEY", values: ["a", "b"] },
  ...{ name: "ark", path: "poll.path", message: "is empty", says: "must be an https URL" },
};

/** Every text by its path; functions with numbers and words put in. */
function textsOf(value: unknown, path: string): [path: string, text: string][] {
  if (typeof value === "string") return [[path, value]];
  if (typeof value === "function") {
    const say = value as (...words: unknown[]) => string;
    if (path.startsWith(".problems")) return [[path, say(PARAMETERS)]];
    return [[path, path.includes("ago") || path.includes(".in") ? say("3 s") : say(3, 4)]];
  }
  return Object.entries(value as object).flatMap(([key, item]) => textsOf(item, `${path}.${key}`));
}

/** Written as it is typed, whatever the language around it. */
const SYNTAX =
  /http\(s\)|data:image\/…;base64,…|data:|asset:\/\/…?|Name: value|name:sha256hex|\d{4}-[-\dT:.]+Z|Authorization: Bearer/g;

/** The first mark of a Chinese sentence that has the width of a Latin letter. */
function halfWidthIn(text: string): string | undefined {
  return /[,;:!?()]/.exec(text.replaceAll(SYNTAX, ""))?.[0];
}

describe("the dictionaries", () => {
  const [english, chinese] = [textsOf(en, ""), textsOf(zh, "")];

  it("have the same keys, in the free lists too", () => {
    expect(chinese.map(([path]) => path).toSorted()).toEqual(english.map(([path]) => path).toSorted());
  });

  it("are each in their own language", () => {
    const names = /^(Ringback|task_…|Webhook|Standard Webhooks|API Key|、|3：4)$/;
    expect(english.filter(([, text]) => CHINESE.test(text))).toEqual([]);
    expect(chinese.filter(([, text]) => !CHINESE.test(text) && !names.test(text))).toEqual([]);
    expect([...english, ...chinese].filter(([, text]) => text.includes("undefined"))).toEqual([]);
  });

  it("punctuate Chinese as Chinese, and leave what is to be typed as it is typed", () => {
    expect(halfWidthIn("模型 ID(404,x)")).toBe("(");
    expect(halfWidthIn("每行一个，格式为 Name: value。")).toBeUndefined();
    const wrong = chinese.filter(([, text]) => halfWidthIn(text) !== undefined || / %(?!2B)/.test(text));
    expect(wrong).toEqual([]);
    const typed = chinese.filter(([, text]) => /data:image[^ ]*[；，：]/.test(text));
    expect(typed).toEqual([]);
    expect(english.filter(([, text]) => /[，。；：！？（）、]/.test(text))).toEqual([]);
  });

  it("hold no sentence that no page says", () => {
    const files = readdirSync(consoleRoom, { recursive: true, encoding: "utf8" });
    const pages = files.filter((name) => /\.tsx?$/.test(name) && !name.startsWith("text/"));
    const source = pages.map((name) => readFileSync(join(consoleRoom, name), "utf8")).join("\n");
    // By a word of the contract.
    const whole = new Set(["status", "callback", "errors", "taskErrors", "problems"]);
    const looked = new Set([
      "reason",
      "short",
      "overlaps",
      "eventNames",
      "invalid",
      "outcome",
      "trigger",
      "formats",
      "stop",
      "advice",
      "fields",
      "testValues",
    ]);
    const keys = english
      .map(([path]) => path.split("."))
      .filter((parts) => !whole.has(parts[1] ?? "") && !parts.some((part) => looked.has(part)))
      .map((parts) => parts.at(-1) ?? "");
    // `ownHint` and `operatorHint` are put together.
    const unused = keys.filter((key) => !new RegExp(`\\b${key}\\b`).test(source) && !key.endsWith("Hint"));
    expect(unused).toEqual([]);
  });
});

describe("the words of a delivery's state", () => {
  it("are those of docs/api.md, in both languages", () => {
    const api = readFileSync(`${root}docs/api.md`, "utf8");
    for (const status of CALLBACK_STATUSES) {
      const row = `| \`${status}\` | ${en.callback[status]} | ${zh.callback[status]} | `;
      expect([status, api.includes(row)]).toEqual([status, true]);
    }
  });
});

describe("what the schemas say", () => {
  const many = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, "v".repeat(900)]));
  const requests: Record<string, unknown>[] = [
    {},
    {
      model: "m".repeat(201),
      prompt: 5,
      capability: "x",
      aspect_ratio: "2:1",
      duration_seconds: 3,
      resolution: 1,
    },
    { model: "m", prompt: "p".repeat(2501), with_audio: "perhaps", image: "?", reference_images: ["?"] },
    { model: "m", input_mode: "single_image", control_mode: "reference", reference_images: 5 },
    { model: "m", end_image: "https://acme.com/x.png", control_mode: "end_frame", input_mode: "text" },
    {
      model: "m",
      prompt: "p",
      metadata: [],
      timeout_seconds: 5,
      retry_ambiguous_submit: "x",
      callback_x: "y",
    },
    { model: "m", prompt: "p", metadata: { a: "m".repeat(5000) }, test: "maybe", callback_events: [] },
    {
      model: "m",
      prompt: "p",
      test: { outcome: "failed", delay_seconds: 601, more: 1 },
      callback_format: "x",
    },
    { model: "m", prompt: "p", test: 5, callback_events: ["x"], callback_headers: many },
    {
      model: "m",
      prompt: "p",
      callback_headers: { host: "a", "a b": "c", x: "é", y: "v".repeat(5000), Y: "z" },
    },
    { model: "m", Prompt: "p", "image[0]": "x", keep_result: true, upstream_body: { seed: 1 }, test: "" },
    {
      model: "m",
      prompt: "p",
      callback_headers: { x: 5 },
      reference_images: Array.from({ length: 10_001 }, () => "a"),
    },
  ];
  const rules = { allowPrivate: false, ownHosts: ["ringback.acme.com"] };
  const urls = [
    "x",
    "ftp://a.com",
    "https://u:p@a.com",
    "https://a.com:80",
    "https://1.2.3.4",
    "https://single",
    "https://a.local",
    "https://ringback.acme.com",
    `https://a.com/${"a".repeat(3000)}`,
    "https://-a.com",
  ];
  const SECRET = "a secret of thirty-two characters";
  const settings = [
    {},
    {
      RINGBACK_SECRET: "short",
      AIO_BASE_URL: "x",
      AIO_API_KEY: "é",
      RINGBACK_KEYS: "x",
      RINGBACK_HOSTS: "a b",
    },
    {
      VALIDATION: "x",
      MAX_BODY_BYTES: "1",
      POLL_MIN_SECONDS: "x",
      POLL_MAX_SECONDS: "0",
      RETENTION_HOURS: "0",
    },
    { CALLBACK_RETRY_SECONDS: "x", ALLOW_PRIVATE_CALLBACKS: "x", AIO_BASE_URL: "https://u@a.com" },
    { RINGBACK_SECRET: "s".repeat(32), CLIENT_ADDRESS_HEADER: "x y", ALERT_SECRET: "x" },
    { RINGBACK_SECRET: SECRET, AIO_BASE_URL: "http://a.com/v1" },
    { RINGBACK_SECRET: SECRET, AIO_BASE_URL: "https://a.com/v1", RINGBACK_HOSTS: "a.com" },
    { RINGBACK_SECRET: SECRET, AIO_API_KEY: "k" },
    { RINGBACK_SECRET: SECRET, KEEP_RESULTS: "on" },
    { RINGBACK_SECRET: SECRET, KEEP_RESULTS: "x", RINGBACK_PUBLIC_URL: "https://a.com/v1" },
    { RINGBACK_SECRET: SECRET, RINGBACK_KEYS: `a:${"0".repeat(64)}` },
    ...[
      "x",
      '{"A":1}',
      '{"a":1}',
      '{"a":{"profile":"x"}}',
      '{"a":{"profile":{}}}',
      '{"gw":{"profile":"new-api"}}',
    ].map((UPSTREAMS) => ({ RINGBACK_SECRET: SECRET, UPSTREAMS })),
    {
      RINGBACK_SECRET: SECRET,
      UPSTREAMS: '{"a":{"profile":"ark"},"b":{"profile":"xai","base_url":"http://b.com"}}',
    },
  ];
  const problems = [
    ...requests.flatMap((request) => {
      const result = readVideoRequest(request as never, { strict: true, rules, keeps: false });
      return result.ok ? [] : result.issues;
    }),
    ...urls.flatMap((url) => {
      const verdict = judgeEndpoint(url, rules);
      return verdict.ok ? [] : [verdict.problem];
    }),
    ...headerProblems(Object.entries(many)).map(({ problem }) => problem),
    ...settings.flatMap((env) => {
      const result = readSettings(env);
      return result.ok ? [] : result.problems;
    }),
  ];

  const codes = new Set(problems.map(({ code }) => code));

  it("is a lot", () => {
    expect(codes.size).toBeGreaterThan(45);
  });

  it("is never in zod's own words", () => {
    expect(codes).not.toContain("invalid");
  });

  it.each(Array.from(new Set(problems.map((found) => problemText(found))), (sentence) => [sentence]))(
    "is a whole sentence, and one in Chinese: %s",
    (sentence) => {
      const found = problems.find((one) => problemText(one) === sentence);
      expect(sentence).not.toMatch(/undefined|\[object/);
      const translated = found && problemText(found, zh.problems);
      expect(translated).toMatch(CHINESE);
      expect(translated).not.toMatch(/undefined|\[object/);
    },
  );
});

describe("the language", () => {
  it.each([
    ["zh", "en", "zh"],
    ["en", "zh-CN", "en"],
    ["klingon", "zh-CN", "zh"],
    [undefined, undefined, "en"],
    [undefined, "zh-TW;q=0.5, en;q=0.4", "zh"],
    [undefined, "en;q=x, zh;q=0.1", "zh"],
    [undefined, ",;=,", "en"],
  ] as const)("with the choice %s and the wish %s is %s", (chosen, wish, expected) => {
    expect(chooseLanguage(chosen, wish)).toBe(expected);
  });
});

describe("where a form comes from", () => {
  it.each([
    [{ "sec-fetch-site": "same-origin" }, true],
    [{ "sec-fetch-site": "same-origin", origin: "https://evil.example" }, true],
    [{ "sec-fetch-site": "same-site", origin: "https://ringback.acme.com" }, false],
    [{ origin: "https://ringback.acme.com" }, true],
    // A proxy that ends TLS.
    [{ origin: "http://ringback.acme.com" }, true],
    [{ origin: "https://ringback.acme.com:8443" }, false],
    [{ origin: "https://ringback.acme.com.evil.example" }, false],
    [{ origin: "null" }, false],
    [{ origin: "" }, false],
    [{ referer: "https://ringback.acme.com/" }, false],
    [{}, false],
  ])("%o is ours: %s", (headers, expected) => {
    expect(isOwnRequest(new Headers(headers as Record<string, string>), "ringback.acme.com")).toBe(expected);
  });

  it.each(["/", "/tasks/task_a?said=x", "/webhooks"])("goes on to %s", (path) => {
    expect(localPath(path)).toBe(path);
  });

  it.each([undefined, "", "tasks", "//a", "/\\a", "/a\\b", "http://a", "/a b", "/ä", `/${"a".repeat(600)}`])(
    "goes on to the first page, not to %j",
    (path) => {
      expect(localPath(path)).toBe("/");
    },
  );
});
