import { expect } from "vitest";
import { whereTo, type Visitor, type FormFields } from "../../../support/browsers/visitor.ts";

/** A form as the page sends it: each box that is checked is a field of the same name. */
export function aForm(
  fields: Record<string, string>,
  events = ["video.succeeded", "video.failed"],
): FormFields {
  const given = { format: "standard", description: "", headers: "", ...fields };
  return [...Object.entries(given), ...events.map((event): [string, string] => ["events", event])];
}

export async function registered(visitor: Visitor, form: FormFields): Promise<string> {
  const [, to = ""] = whereTo(await visitor.post("/endpoints", form)).split(" ");
  expect(to).toMatch(/^\/endpoints\/ep_[a-z2-7]{26}\?said=registered$/);
  return to.split("?", 1)[0] ?? "";
}
