import { describe, expect, it } from "vitest";
import type { TaskList } from "../../../../../src/contract/shapes/task.ts";
import { Chips, FilterForm } from "../../../../../src/console/pages/list/filters.tsx";
import { Rows } from "../../../../../src/console/pages/list/rows.tsx";
import { Page } from "../../../../../src/console/pages/page.tsx";
import { TestStep } from "../../../../../src/console/pages/start/test-step.tsx";
import { TaskPage } from "../../../../../src/console/pages/task/task-page.tsx";
import type { PageContext } from "../../../../../src/console/page-context.ts";
import { aTaskJson } from "../../../../support/builders.ts";
import { aView, htmlOf, pageIn } from "../views.ts";

/*
 * scenario                                     requirement
 * `aio` alone                                  no word of upstreams
 * other upstreams                              named in the rows, on the task's page, and among the filters
 * a task of an upstream that is no longer set  named all the same
 * another upstream in the place of `aio`       the first run's test is not that of `aio`; links lead to its form at once
 */

const ALONE = pageIn("en");
const upstreamsOf = (names: readonly string[]): PageContext["upstreams"] =>
  names.map((name) => ({ name, lifetimeHours: null }));
const AMONG_OTHERS: PageContext = { ...ALONE, upstreams: upstreamsOf(["aio", "ark"]) };

/** What a row says before the task's id. */
function rowOf(page: PageContext, name: string): string {
  const task = { ...aTaskJson(), callback: null };
  const list: TaskList = { object: "list", data: [task], next_cursor: null };
  const [, before = ""] =
    /<span class="id">([^<]*)</.exec(
      htmlOf(Rows({ page, listed: { list, upstreamNames: [name] }, byEndpoint: false })),
    ) ?? [];
  return before.trim();
}

function factOf(page: PageContext, name: string): string | undefined {
  const view = aView({ task: { upstream_name: name } });
  const html = htmlOf(TaskPage({ page, view, asked: { said: undefined, at: undefined } }));
  return /<dt>Provider<\/dt><dd>([^<]*)</.exec(html)?.[1];
}

describe("the upstream of a task", () => {
  it.each([
    ["aio alone", ALONE, "aio", "", undefined],
    ["aio among others", AMONG_OTHERS, "aio", "aio ·", "aio"],
    ["another one", AMONG_OTHERS, "ark", "ark ·", "ark"],
    ["one that is no longer set", ALONE, "ark", "ark ·", "ark"],
  ])("%s: in its row and on its page", (_name, page, name, row, fact) => {
    expect([rowOf(page, name), factOf(page, name)]).toEqual([row, fact]);
  });
});

describe("the list's filter by upstream", () => {
  const form = (page: PageContext, search = ""): string =>
    htmlOf(FilterForm({ page, query: new URLSearchParams(search), problems: new Map(), endpoints: [] }));

  it("is there where there are several", () => {
    expect(form(ALONE)).not.toContain("upstream_name");
    const html = form(AMONG_OTHERS, "upstream_name=ark");
    const [, options = ""] = /<select[^>]*name="upstream_name"[^>]*>(.*?)<\/select>/.exec(html) ?? [];
    const values = Array.from(options.matchAll(/value="([^"]*)"( selected)?/g), ([, ...found]) =>
      found.join(""),
    );
    expect(values).toEqual(["", "aio", "ark selected"]);
  });

  it("is taken away by a click", () => {
    const query = new URLSearchParams("status=failed&upstream_name=ark");
    const html = htmlOf(Chips({ page: AMONG_OTHERS, query, endpoints: [] }));
    expect(html).toContain('<a href="/?status=failed" aria-label="Remove the filter Provider: ark">');
  });

  it("is named with what is wrong with it, also where it has no field", () => {
    const problems = new Map([["upstream_name", "is not the name of an upstream"]]);
    const query = new URLSearchParams("upstream_name=A");
    const html = htmlOf(FilterForm({ page: ALONE, query, problems, endpoints: [] }));
    expect(html).toContain("upstream_name is not the name of an upstream");
  });
});

describe("the free test of a first run", () => {
  const step = (names: readonly string[]): string => {
    const page = { ...ALONE, upstreams: upstreamsOf(names) };
    return htmlOf(TestStep({ page, formKey: "console-a" }));
  };

  it.each([
    ["aio alone", []],
    ["aio among others", ["aio", "ark"]],
  ])("is one click with %s", (_name, names) => {
    expect(step(names)).toContain('<form method="post" action="/new"');
  });

  it("is written by the reader where another upstream has the place of aio", () => {
    expect(step(["ark"])).toContain('href="/new/upstream"');
    expect(step(["ark"])).not.toContain("<form");
  });
});

it.each([
  ["aio alone", [], "/new"],
  ["aio among others", ["aio", "ark"], "/new"],
  ["another upstream in its place", ["ark"], "/new/upstream"],
])("the bar of each page leads to the form of a new task: %s", (_name, names, path) => {
  const page = { ...ALONE, viewer: "…0001", upstreams: upstreamsOf(names) };
  const html = htmlOf(Page({ page, title: "Tasks", place: "tasks" }));
  expect(/<a href="([^"]*)">New task</.exec(html)?.[1]).toBe(path);
});
