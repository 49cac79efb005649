import { describe, expect, it } from "vitest";
import { fillId, fillPath, matchPath, mayMeet, namesIn, namesInPoll } from "../../../src/profiles/pattern.ts";

/*
 * scenario                                            requirement
 * paths as they come, in every odd spelling           `{name}` stands for 1–200 of `A–Z a–z 0–9 . _ -`, not `.` or `..`
 * texts that are no patterns                          refused
 * a matched path                                      is made again of the pattern and what was found
 * ids, percent-encoded or as paths                    each segment of a path is held to the same characters
 * a poll's pattern and a create's                     whether one path can be of both
 */

const VEO = "/v1beta/models/{model}:predictLongRunning";

describe("a path", () => {
  it.each<[string, string, Record<string, string>]>([
    ["/videos", "/videos", {}],
    [VEO, "/v1beta/models/veo-3.1:predictLongRunning", { model: "veo-3.1" }],
    [VEO, `/v1beta/models/${"m".repeat(200)}:predictLongRunning`, { model: "m".repeat(200) }],
    ["/{a}/x/{b}", "/_/x/...", { a: "_", b: "..." }],
    ["/v{n}.json", "/v1.json", { n: "1" }],
    ["/v{n}.json", "/v.json.json", { n: ".json" }],
    ["/{constructor}", "/toString", { constructor: "toString" }],
  ])("of %s: %s", (pattern, path, params) => {
    expect(matchPath(pattern, path)).toEqual(params);
    expect(fillPath(pattern, params)).toBe(path);
  });

  it.each([
    ["/videos", "/videos/"],
    ["/videos", "//videos"],
    ["/videos", "videos"],
    ["/videos", ""],
    ["/videos", "/Videos"],
    ["/videos", "/videos?x=1"],
    ["/videos", "/videos#x"],
    ["/videos", "/v%69deos"],
    ["/videos", "/x/../videos"],
    ["/videos", "\\videos"],
    ["/a.c", "/abc"],
    [VEO, "/v1beta/models/:predictLongRunning"],
    [VEO, "/v1beta/models/.:predictLongRunning"],
    [VEO, "/v1beta/models/..:predictLongRunning"],
    [VEO, "/v1beta/models/a%2fb:predictLongRunning"],
    [VEO, "/v1beta/models/a/b:predictLongRunning"],
    [VEO, "/v1beta/models/a\\b:predictLongRunning"],
    [VEO, "/v1beta/models/a:b:predictLongRunning"],
    [VEO, "/v1beta/models/a b:predictLongRunning"],
    [VEO, "/v1beta/models/ä:predictLongRunning"],
    [VEO, "/v1beta/models/a\n:predictLongRunning"],
    [VEO, "/v1beta/models/a:predictlongrunning"],
    [VEO, "/v1beta/models/veo:predictLongRunning/"],
    [VEO, `/v1beta/models/${"m".repeat(201)}:predictLongRunning`],
    ["/a{x}a", "/a"],
    ["/a{x}a", "/aa"],
    ["/{x}", "/.."],
    ["/{x}", "/"],
    ["/.{x}", "/.."],
  ])("not of %s: %j", (pattern, path) => {
    expect(matchPath(pattern, path)).toBeNull();
  });
});

describe("a pattern", () => {
  it.each<[string, string[]]>([
    ["/videos", []],
    [VEO, ["model"]],
    ["/{a}/{b_1}", ["a", "b_1"]],
  ])("%s has the names %j", (pattern, names) => {
    expect(namesIn(pattern)).toEqual(names);
  });

  it.each([
    "",
    "/",
    "videos",
    "/videos/",
    "//videos",
    "/a//b",
    "/./a",
    "/../a",
    "/a?b=c",
    "/a#b",
    "/a%20b",
    "/a\\b",
    "/a b",
    "/ä",
    "/{}",
    "/{a}{b}",
    "/{a",
    "/a}",
    "/{a-b}",
    "/{_a}",
    "/{a}/{a}",
    `/{${"a".repeat(41)}}`,
    "https://host.example/a",
  ])("is not %j", (text) => {
    expect(namesIn(text)).toBeNull();
  });
});

describe("a task's id in a path", () => {
  it.each([
    ["task_1", false, "/v1/task_1/x"],
    ["a/b", false, "/v1/a%2Fb/x"],
    ["%2e%2e", false, "/v1/%252e%252e/x"],
    ["ü?#$&", false, "/v1/%C3%BC%3F%23%24%26/x"],
    ["models/veo-3/operations/a_b.c", true, "/v1/models/veo-3/operations/a_b.c/x"],
    ["one", true, "/v1/one/x"],
    ["models/../../keys", true, null],
    ["models/./a", true, null],
    ["/models/a", true, null],
    ["models//a", true, null],
    ["models/a/", true, null],
    ["models/a%2f", true, null],
    ["models/a?key=b", true, null],
    ["https://host.example/a", true, null],
    ["a\\b", true, null],
    ["", true, null],
    ["a/".repeat(3) + "b".repeat(201), true, null],
  ])("%j, as a path: %s, is %j", (id, isPath, path) => {
    expect(fillId("/v1/{id}/x", id, { id_is_path: isPath })).toBe(path);
  });
});

describe("a task's id in a query", () => {
  it.each([
    ["a/b&c=d#e", false, "/v1/status?lang=en&id=a%2Fb%26c%3Dd%23e"],
    ["a/b", true, "/v1/status?lang=en&id=a/b"],
    ["a&b", true, null],
  ])("%j, as a path: %s, is %j", (id, isPath, path) => {
    expect(namesInPoll("/v1/status?lang=en&id={id}")).toEqual([]);
    expect(fillId("/v1/status?lang=en&id={id}", id, { id_is_path: isPath })).toBe(path);
  });
});

describe("a poll and a create", () => {
  it.each([
    ["/videos?id={id}", "/videos", false, true],
    ["/videos?id={id}", "/videos", true, true],
    ["/videos/status?id={id}", "/videos", false, false],
    ["/videos", "/videos", false, true],
    ["/videos", "/Videos", false, true],
    ["/videos/{id}", "/videos", false, false],
    ["/videos/{id}", "/videos/edits", false, true],
    ["/videos/{id}", "/{kind}/edits", false, true],
    ["/v1/{id}/status", "/v1/{model}/submit", false, false],
    ["/v1/{id}", "/v1/{model}:run", false, true],
    ["/v1/{id}/x", "/v1/x", false, false],
    ["/v1/{id}", "/v1/models/veo:run", false, false],
    ["/v1/{id}", "/v1/models/{model}:run", true, true],
    ["/v1/ops/{id}", "/v1/models/{model}:run", true, false],
    ["/v1/status", "/v1/{any}", false, true],
    ["/v1/status", "/v1/{any}/x", false, false],
  ])("%s and %s, the id a path: %s, may be one path: %s", (poll, create, idIsPath, may) => {
    expect(mayMeet(poll, create, idIsPath)).toBe(may);
  });
});
