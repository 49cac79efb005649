import { AIO } from "../../../contract/words.ts";
import type { PageContext } from "../../page-context.ts";

/** Whether tasks can be made at `aio`. */
export function hasAio({ upstreams }: Pick<PageContext, "upstreams">): boolean {
  return upstreams.length === 0 || upstreams.some(({ name }) => name === AIO);
}

/** The form of a new task: where another upstream has the place of `aio`, that of its requests. */
export function newTaskPath(page: Pick<PageContext, "upstreams">): string {
  return hasAio(page) ? "/new" : "/new/upstream";
}
