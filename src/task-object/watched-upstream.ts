import {
  maskedMessage,
  signOfPoll,
  signOfSubmit,
  type UpstreamSign,
  type UpstreamTrouble,
} from "../domain/alerts/upstream.ts";
import { UpstreamWatch, type WatchedCaller } from "../domain/alerts/upstream-watch.ts";
import type { Task } from "../domain/task/task.ts";
import type { Upstream } from "../upstream/provider.ts";

/** Of all tasks of this isolate. */
const watch = new UpstreamWatch();

interface Watching {
  task: Pick<Task, "account" | "mode" | "upstreamName">;
  /** Null where callers bring their own: what is refused to them is no affair of the operator's. */
  operatorKey: string | null;
  /** Must not keep the call waiting. */
  tell: (trouble: UpstreamTrouble) => void;
}

/** The upstream, each of whose answers shows whether it works. */
export function watchedUpstream(upstream: Upstream, { task, operatorKey, tell }: Watching): Upstream {
  const { account, mode, upstreamName } = task;
  const hear = (call: WatchedCaller["call"], sign: UpstreamSign): void => {
    const trouble = watch.hear({ account, upstream: upstreamName, call }, signFor(sign), Date.now());
    if (trouble) tell(trouble);
  };
  const signFor = (sign: UpstreamSign): UpstreamSign => {
    if (sign.kind !== "refuses") return sign;
    if (mode === "own" || operatorKey === null) return { kind: "works" };
    return { ...sign, message: maskedMessage(sign.message, operatorKey) };
  };
  return {
    async submit(body) {
      const answer = await upstream.submit(body);
      hear("submit", signOfSubmit(answer));
      return answer;
    },
    async poll(id) {
      const answer = await upstream.poll(id);
      hear("poll", signOfPoll(answer));
      return answer;
    },
  };
}
