import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../../dev/bundle.ts";
import { EVENTS, type LogFields } from "../../../src/log.ts";

/** docs/logs.md has each event that the code logs, with its level and its fields, and no other. */

const EVENT = /"([a-z]+\.[a-z_]+)"/g;
/** Functions that make fields. */
const FIELDS_OF: Record<string, string[]> = {
  taskFields: ["task_id", "account"],
  errorFields: ["error", "error_message"],
};

/** The arguments of each call of `log` in the text, as they stand there. */
function logCalls(text: string): string[] {
  return Array.from(text.matchAll(/(?<![\w#]|Math\.|console\.)log\(/g), (call) => {
    const start = call.index + call[0].length;
    let depth = 1;
    let end = start;
    for (; depth > 0; end += 1) depth += { "(": 1, ")": -1 }[text[end] ?? ")"] ?? 0;
    return text.slice(start, end - 1);
  });
}

/**
 * The events that a call can log: its first argument's words, those of the table that it takes them from, or those that
 * the file gives to the function around it.
 */
function eventsOf(call: string, text: string): string[] {
  const [first = ""] = call.split(",", 1);
  const own = Array.from(first.matchAll(EVENT), ([, event = ""]) => event);
  if (own.length > 0) return own;
  const [, table] = /^([A-Z_]+)\[/.exec(first) ?? [];
  if (table !== undefined) {
    const [, words = ""] = new RegExp(`^const ${table} = {([^}]*)}`, "m").exec(text) ?? [];
    return Array.from(words.matchAll(EVENT), ([, event = ""]) => event);
  }
  return Array.from(text.matchAll(/\("([a-z]+\.failed)", async/g), ([, event = ""]) => event);
}

function fieldsOf(call: string): string[] {
  // Without the parameters of functions inside.
  const rest = call.slice(call.indexOf(",") + 1).replaceAll(/\(\{[^}]*\}\)/g, "");
  const made = Object.keys(FIELDS_OF).filter((name) => rest.includes(`${name}(`));
  const named = Array.from(rest.matchAll(/[{,]\s*([a-z_]+)\s*(?=[:,}])/g), ([, name = ""]) => name);
  return [...made.flatMap((name) => FIELDS_OF[name] ?? []), ...named];
}

function loggedEvents(): Map<string, Set<string>> {
  const events = new Map<string, Set<string>>();
  for (const entry of readdirSync(`${root}src`, { recursive: true, withFileTypes: true })) {
    if (!/\.tsx?$/.test(entry.name)) continue;
    const text = readFileSync(join(entry.parentPath, entry.name), "utf8");
    for (const call of logCalls(text)) {
      if (call.startsWith("event: LogEvent")) continue;
      const found = eventsOf(call, text);
      if (found.length === 0) throw new Error(`${entry.name}: no event in log(${call})`);
      for (const event of found) {
        events.set(event, new Set([...(events.get(event) ?? []), ...fieldsOf(call)]));
      }
    }
  }
  return events;
}

interface DocumentedEvent {
  event: string;
  level: string;
  fields: Set<string>;
}

function documentedEvents(): DocumentedEvent[] {
  const rows = readFileSync(`${root}docs/logs.md`, "utf8").matchAll(
    /^\| `([\w.]+)` \| ([^|]+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$/gm,
  );
  return Array.from(rows, ([, event = "", level = "", fields = ""]) => ({
    event,
    level,
    fields: new Set(Array.from(fields.matchAll(/`([a-z_]+)`/g), ([, name = ""]) => name)),
  }));
}

/** The level as the document has it: with a condition where the fields decide. */
function levelOf(rule: boolean | ((fields: LogFields) => boolean)): RegExp {
  if (typeof rule === "function") return /^error (?:if|with) /;
  return rule ? /^error$/ : /^log$/;
}

const plain = (events: Map<string, Set<string>>): Record<string, string[]> =>
  Object.fromEntries(
    [...events].map(([event, fields]): [string, string[]] => [event, [...fields].toSorted()]),
  );

describe("docs/logs.md", () => {
  it("has every event of the code with its fields, and no other", () => {
    const logged = loggedEvents();
    expect(logged.size).toBeGreaterThan(15);
    const documented = documentedEvents().map(({ event, fields }): [string, Set<string>] => [event, fields]);
    expect(plain(new Map(documented))).toEqual(plain(logged));
  });

  it("has the level of every event", () => {
    const documented = documentedEvents();
    expect(documented.map(({ event }) => event).toSorted()).toEqual(Object.keys(EVENTS).toSorted());
    for (const { event, level } of documented) {
      expect(level, event).toMatch(levelOf(EVENTS[event as keyof typeof EVENTS]));
    }
  });
});
