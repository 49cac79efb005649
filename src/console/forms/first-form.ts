/** What the form of a new task starts with: the first example of the upstream's document. */
export const FIRST_FORM = {
  mode: "text",
  model: "doubao-seedance-2-0-260128",
  aspect_ratio: "16:9",
  duration_seconds: "5",
  resolution: "720p",
  with_audio: "true",
  endpoints: "true",
  test_delay: "5",
} as const;

/** The idempotency key of one form: however often it is sent, it starts one task. */
export function newFormKey(): string {
  return `console-${crypto.randomUUID()}`;
}
