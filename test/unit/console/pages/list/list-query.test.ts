import { describe, expect, it } from "vitest";
import {
  canonicalQuery,
  listPath,
  metadataIn,
  recoveryOf,
  taskIdIn,
} from "../../../../../src/console/pages/list/list-query.ts";
import { isListParameter } from "../../../../../src/http/routes/list-schema.ts";

const canonical = (text: string): string => canonicalQuery(new URLSearchParams(text)).toString();

describe("the list's address", () => {
  it.each([
    ["", ""],
    ["said=removed", ""],
    ["status=failed&model=&test=+", "status=failed"],
    ["q=order%3D42", "metadata.order=42"],
    ["q=a%3Db%3Dc", "metadata.a=b%3Dc"],
    ["q=%3D42", "metadata=%3D42"],
    ["q=cgt-1", "upstream_task_id=cgt-1"],
    ["q=cgt-1&limit=50&cursor=x", "upstream_task_id=cgt-1&limit=50"],
    ["metadata=order%3D42&metadata=shop%3Dacme", "metadata.order=42&metadata.shop=acme"],
    ["metadata=order%3D42&metadata=order%3D43", "metadata.order=42"],
    ["metadata=42", "metadata=42"],
    ["callback=exhausted", "callback=exhausted"],
    ["metadata.order=42&cursor=x", "metadata.order=42&cursor=x"],
  ])("%s asks the API for %s", (given, expected) => {
    expect(canonical(given)).toBe(expected);
    expect(canonical(expected)).toBe(expected);
  });

  it("has only parameters of the API where it can be understood", () => {
    const all = canonicalQuery(new URLSearchParams("q=order%3D42&metadata=a%3Db&status=failed&limit=50"));
    expect([...all.keys()].every(isListParameter)).toBe(true);
  });

  it("starts from the first page when one of its filters changes", () => {
    const query = new URLSearchParams("status=failed&model=m&cursor=x");
    expect(listPath(query)).toBe("/?status=failed&model=m");
    expect(listPath(query, { status: null })).toBe("/?model=m");
    expect(listPath(query, { status: "queued" })).toBe("/?status=queued&model=m");
    expect(listPath(new URLSearchParams("cursor=x"))).toBe("/");
  });

  it("shows its metadata as the fields have it", () => {
    expect(metadataIn(new URLSearchParams("metadata.order=42&status=failed&metadata=x"))).toEqual([
      "order=42",
      "x",
    ]);
  });
});

describe("a task's id", () => {
  const id = `task_${"a".repeat(42)}`;
  it.each([
    [id, id],
    [`https://a.com/tasks/${id}?x`, id],
    ["task_short", null],
    ["", null],
  ])("in %s", (text, found) => {
    expect(taskIdIn(text)).toBe(found);
  });
});

describe("the recovery of a list", () => {
  it.each([
    ["", null],
    ["callback_status=delivered", null],
    ["callback_status=exhausted,waiting", null],
    ["callback_status=exhausted", { path: "/recoveries/new?statuses=exhausted", foreign: [] }],
    [
      "callback_status=exhausted,stopped&callback_host=a.com&model=m&created_after=2026-11-23&limit=50&cursor=x",
      {
        path: "/recoveries/new?statuses=exhausted%2Cstopped&callback_host=a.com&model=m&created_after=2026-11-23",
        foreign: [],
      },
    ],
    [
      "callback_status=pending&status=failed&metadata.a=b&test=true",
      { path: "/recoveries/new?statuses=pending", foreign: ["status", "metadata.a", "test"] },
    ],
  ])("that asks for %s", (query, expected) => {
    expect(recoveryOf(new URLSearchParams(query))).toEqual(expected);
  });
});
