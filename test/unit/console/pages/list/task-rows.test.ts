import { describe, expect, it } from "vitest";
import type { ListedTask, TaskList } from "../../../../../src/contract/shapes/task.ts";
import type { Language } from "../../../../../src/console/language.ts";
import { QuickFilters } from "../../../../../src/console/pages/list/filters.tsx";
import { Rows } from "../../../../../src/console/pages/list/rows.tsx";
import { aTaskJson } from "../../../../support/builders.ts";
import { htmlOf, pageIn } from "../views.ts";

/*
 * scenario                                     requirement
 * the list, filtered by an endpoint or not     the page says which callback a row shows, and which one the filter asks for
 */

const TASK: ListedTask = { ...aTaskJson(), callback: { status: "delivered", host: "hooks.example.com" } };

function listPage(language: Language, search: string): string {
  const page = pageIn(language);
  const query = new URLSearchParams(search);
  const list: TaskList = { object: "list", data: [TASK], next_cursor: null };
  return (
    htmlOf(QuickFilters({ page, query })) +
    htmlOf(Rows({ page, listed: { list, upstreamNames: ["aio"] }, byEndpoint: query.has("endpoint") }))
  );
}

/** The heading of the column, what stands beside a row's cell on a phone, and the name of the quick filter. */
function labelsIn(html: string): (string | undefined)[] {
  const heads = Array.from(html.matchAll(/<th [^>]*>([^<]*)<\/th>/g), ([, head]) => head);
  return [
    heads[2],
    /<td [^>]*data-label="([^"]*)"[^>]*><span class="badge/.exec(html)?.[1],
    /<span class="filter-name"[^>]*>([^<]*)</.exec(html)?.[1],
  ];
}

describe("the list of tasks", () => {
  it.each([
    { language: "en", search: "", labels: ["Callback", "Callback", "Callback"] },
    {
      language: "en",
      search: "endpoint=ep_a&callback_status=exhausted",
      labels: ["Own callback", "Own callback", "At the endpoint"],
    },
    { language: "zh", search: "callback_status=exhausted", labels: ["回调", "回调", "回调"] },
    { language: "zh", search: "endpoint=ep_a", labels: ["自身回调", "自身回调", "发往该端点"] },
  ] as const)("in $language by «$search» names its callbacks $labels", ({ language, search, labels }) => {
    expect(labelsIn(listPage(language, search))).toEqual(labels);
  });
});
