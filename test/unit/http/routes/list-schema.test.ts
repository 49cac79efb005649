import { describe, expect, it } from "vitest";
import { EVERY_TASK, type TaskFilter } from "../../../../src/domain/account/filter.ts";
import { readListQuery } from "../../../../src/http/routes/list-schema.ts";

/*
 * scenario                                  requirement
 * each filter, spelled in several ways      contract, GET /v1/videos
 * values that can be none, odd names        400, and named
 */

function read(query: string): Partial<TaskFilter> | Record<string, string> {
  const result = readListQuery(new URLSearchParams(query));
  if (!result.ok) return Object.fromEntries(result.issues.map(({ path, code }) => [path, code]));
  const asked = Object.entries(result.page.filter).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(EVERY_TASK[name as keyof TaskFilter]),
  );
  return Object.fromEntries(asked);
}

const at = (text: string): number => Date.parse(text);

const EP = `ep_${"a2".repeat(13)}`;

describe("the query of a list", () => {
  it.each<[query: string, filter: Partial<TaskFilter>]>([
    ["", {}],
    ["limit=&cursor=", {}],
    ["status=queued", { statuses: ["queued"] }],
    ["status=queued,failed", { statuses: ["queued", "failed"] }],
    ["status=queued, failed,", { statuses: ["queued", "failed"] }],
    ["callback_status=none,waiting", { callbackStatuses: ["none", "waiting"] }],
    ["callback_host=Hooks.ACME.com", { callbackHost: "hooks.acme.com" }],
    ["callback_host=hooks.acme.com.", { callbackHost: "hooks.acme.com" }],
    ["callback_host=hooks.acme.com:443", { callbackHost: "hooks.acme.com" }],
    ["callback_host=hooks.acme.com:8443", { callbackHost: "hooks.acme.com:8443" }],
    ["callback_host=b%C3%BCcher.de", { callbackHost: "xn--bcher-kva.de" }],
    [`endpoint=${EP}`, { endpoint: EP }],
    [`endpoint=${EP}&callback_status=waiting`, { endpoint: EP, callbackStatuses: ["waiting"] }],
    ["model=seedance%202", { model: "seedance 2" }],
    ["upstream_name=aio", { upstreamName: "aio" }],
    ["upstream_name=gone-by-now", { upstreamName: "gone-by-now" }],
    ["test=true", { test: true }],
    ["test=false", { test: false }],
    ["upstream_task_id=cgt-1", { upstreamTaskId: "cgt-1" }],
    ["created_after=2026-11-23", { createdAfter: at("2026-11-23T00:00:00Z") }],
    ["created_after=2026-11-23T12:30", { createdAfter: at("2026-11-23T12:30:00Z") }],
    ["created_after=2026-11-23 12:30:01", { createdAfter: at("2026-11-23T12:30:01Z") }],
    ["created_before=2026-11-23T12:30:01.25z", { createdBefore: at("2026-11-23T12:30:01.250Z") }],
    ["created_before=2026-11-23T12:30:01.069Z", { createdBefore: at("2026-11-23T12:30:01.069Z") }],
    ["created_before=2026-11-23T12:30:01.069001Z", { createdBefore: at("2026-11-23T12:30:01.070Z") }],
    ["created_before=2026-11-23T12:30:01%2B08:00", { createdBefore: at("2026-11-23T04:30:01Z") }],
    ["created_before=2026-11-23T12:30:01+08:00", { createdBefore: at("2026-11-23T04:30:01Z") }],
    ["created_before=2026-11-23T12:30:01-0330", { createdBefore: at("2026-11-23T16:00:01Z") }],
    ["created_before=2024-02-29", { createdBefore: at("2024-02-29T00:00:00Z") }],
    ["created_after=0001-01-01", { createdAfter: at("0001-01-01T00:00:00Z") }],
    ["metadata.a.b=1", { metadata: [{ name: "a.b", value: "1" }] }],
    ["metadata.__proto__=1", { metadata: [{ name: "__proto__", value: "1" }] }],
    ["metadata.x=", { metadata: [{ name: "x", value: "" }] }],
    ["metadata.x=%00", { metadata: [{ name: "x", value: "\u0000" }] }],
    [`metadata.x=${"v".repeat(10_240)}`, { metadata: [{ name: "x", value: "v".repeat(10_240) }] }],
    [
      "metadata.a=1&metadata.b=2&metadata.c=3",
      { metadata: ["a1", "b2", "c3"].map(([name = "", value = ""]) => ({ name, value })) },
    ],
  ])("%.60s is read", (query, filter) => {
    expect(read(query)).toEqual(filter);
  });

  it.each<[query: string, issues: Record<string, string>]>([
    ["status=", { status: "not_some_of" }],
    ["status=,", { status: "not_some_of" }],
    ["status=queued,a", { status: "not_some_of" }],
    ["status=Queued", { status: "not_some_of" }],
    ["status=constructor", { status: "not_some_of" }],
    ["callback_status=", { callback_status: "not_some_of" }],
    ["callback_status=failed", { callback_status: "not_some_of" }],
    ["callback_host=", { callback_host: "not_host" }],
    ["callback_host=https://hooks.acme.com", { callback_host: "not_host" }],
    ["callback_host=hooks.acme.com/path", { callback_host: "not_host" }],
    ["callback_host=user@hooks.acme.com", { callback_host: "not_host" }],
    ["callback_host=hooks.acme.com:99999", { callback_host: "not_host" }],
    ["callback_host=%00", { callback_host: "not_host" }],
    ["model=", { model: "empty" }],
    [`model=${"m".repeat(201)}`, { model: "text_too_long" }],
    ["upstream_name=", { upstream_name: "not_upstream_name" }],
    ["upstream_name=AIO", { upstream_name: "not_upstream_name" }],
    ["test=", { test: "not_boolean" }],
    ["test=1", { test: "not_boolean" }],
    ["upstream_task_id=", { upstream_task_id: "empty" }],
    ["created_after=", { created_after: "not_instant" }],
    ["created_after=yesterday", { created_after: "not_instant" }],
    ["created_after=1763899200000", { created_after: "not_instant" }],
    ["created_after=2026-02-30", { created_after: "not_instant" }],
    ["created_after=2026-13-01", { created_after: "not_instant" }],
    ["created_after=2026-11-23T24:00:00Z", { created_after: "not_instant" }],
    ["created_after=2026-11-23T12:00:60Z", { created_after: "not_instant" }],
    ["created_after=2026-11-23T12:00:00%2B24:00", { created_after: "not_instant" }],
    ["created_after=2026-11-23Z", { created_after: "not_instant" }],
    ["created_before=+275760-09-13", { created_before: "not_instant" }],
    ["limit=0", { limit: "integer_range" }],
    ["metadata=x", { metadata: "unknown_parameter" }],
    ["metadata.=x", { "metadata.": "unknown_parameter" }],
    ["Metadata.a=x", { "Metadata.a": "unknown_parameter" }],
    ["metadata[a]=x", { "metadata[a]": "unknown_parameter" }],
    ["endpoint=", { endpoint: "not_endpoint_id" }],
    ["endpoint=ep_1", { endpoint: "not_endpoint_id" }],
    [`endpoint=EP_${"a".repeat(26)}`, { endpoint: "not_endpoint_id" }],
    [`endpoint=ep_${"a".repeat(27)}`, { endpoint: "not_endpoint_id" }],
    [`endpoint=ep_${"a".repeat(26)}%0A`, { endpoint: "not_endpoint_id" }],
    [`endpoint=${EP}&endpoint=${EP}`, { endpoint: "given_twice" }],
    ["metadata.a=1&metadata.a=2", { "metadata.a": "given_twice" }],
    ["model=a&model=a", { model: "given_twice" }],
    ["metadata.a&metadata.b&metadata.c&metadata.d", { "metadata.d": "too_many_metadata_filters" }],
    ["test=x&status=x&a=x", { a: "unknown_parameter", status: "not_some_of", test: "not_boolean" }],
  ])("%.60s is refused", (query, issues) => {
    expect(read(query)).toEqual(issues);
  });
});
