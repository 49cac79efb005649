import type { TestProject } from "vitest/node";
import { startSourceServer } from "./source-server.ts";

/** Starts two servers of result files, an upstream's own and a foreign one, beside workerd, whose tests reach them over loopback. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [upstream, foreign] = [await startSourceServer(), await startSourceServer()];
  // What is provided has its type where it is used, `test/workers/files/copy-tries.ts`.
  const provide = project.provide.bind(project) as (name: string, value: unknown) => void;
  provide("sources", { upstream: upstream.origin, foreign: foreign.origin });
  return async () => {
    await Promise.all([upstream.close(), foreign.close()]);
  };
}
