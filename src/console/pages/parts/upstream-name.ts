import { AIO } from "../../../contract/words.ts";
import type { PageContext } from "../../page-context.ts";

/** The name of the upstream that makes a task; null: there is `aio` alone, and the task is made by it. */
export function upstreamToShow({ upstreams }: Pick<PageContext, "upstreams">, name: string): string | null {
  return upstreams.length === 0 && name === AIO ? null : name;
}
