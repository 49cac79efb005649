import type { ShownIssue } from "../../contract/problems.ts";
import type { Text } from "../text/en.ts";

/** Which field of the form a path of the request belongs to, and what the form calls it. */

type Label = {
  [Key in keyof Text["create"]]: Text["create"][Key] extends string ? Key : never;
}[keyof Text["create"]];

/** By the longest beginning of the path that stands here. A field's `id` is its `name`, where it has one control. */
const FIELDS: Record<string, [id: string, label: Label]> = {
  model: ["model", "model"],
  prompt: ["prompt", "prompt"],
  input_mode: ["mode-text", "mode"],
  control_mode: ["mode-text", "mode"],
  image: ["image", "image"],
  end_image: ["end_image", "endImage"],
  reference_images: ["reference_images", "references"],
  aspect_ratio: ["aspect_ratio", "ratio"],
  duration_seconds: ["duration_seconds", "duration"],
  resolution: ["resolution", "resolution"],
  with_audio: ["with_audio", "audio"],
  callback_url: ["callback_url", "callbackUrl"],
  callback_events: ["callback_events", "events"],
  callback_format: ["callback_format", "format"],
  callback_headers: ["callback_headers", "headers"],
  endpoints: ["endpoints", "endpoints"],
  keep_result: ["keep_result", "keep"],
  metadata: ["metadata", "metadata"],
  timeout_seconds: ["timeout_seconds", "timeout"],
  "test.delay_seconds": ["test_delay", "delay"],
  test: ["test_outcome", "test"],
};

/** An issue as the form shows it: by its field's label, with the API's name behind. */
export interface FormIssue extends ShownIssue {
  /** The id of the control that it is about. */
  field: string;
  label: string;
}

export function formIssue(issue: ShownIssue, text: Text["create"]): FormIssue {
  const [head = ""] = issue.path.split(".");
  const [field, label] = FIELDS[issue.path] ?? FIELDS[head] ?? [head, null];
  return { ...issue, field, label: label === null ? issue.path || text.title : text[label] };
}
