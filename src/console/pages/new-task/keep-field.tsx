import type { Settings } from "../../../env.ts";
import { described } from "../parts/parts.tsx";
import type { FormProps } from "./new-task-controls.tsx";

export type KeepMode = Settings["keep"]["mode"];

/** What the deployment does not do by itself: keep the file, or leave it where it is. */
export function Keep({ page, form, problems, keepMode }: FormProps & { keepMode: KeepMode }) {
  const text = page.text.create;
  if (keepMode === "off") return null;
  const value = keepMode === "ask" ? "true" : "false";
  const hint = keepMode === "ask" ? text.keepHint : text.keepNotHint;
  const problem = problems.get("keep_result");
  return (
    <div class="not-test">
      <label class="check">
        <input
          type="checkbox"
          {...described({ id: "keep_result", hint, problem })}
          value={value}
          checked={form["keep_result"] === value}
        />
        {keepMode === "ask" ? text.keep : text.keepNot}
      </label>
      <p class="hint" id="keep_result-hint">
        {hint}
      </p>
      <p class="problem" id="keep_result-problem" data-problem="keep_result" hidden={problem === undefined}>
        {problem}
      </p>
    </div>
  );
}
