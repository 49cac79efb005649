import { R2Store } from "./r2-store.ts";
import type { FileStore } from "./store.ts";

/** The binding `RESULTS`, which a deployment may leave out: a bucket of the platform, or a folder of one's own machine. */
interface MaybeBound {
  RESULTS?: R2Bucket | FileStore | null;
}

/** The deployment's store; null: it has none. */
export function fileStore(env: object): FileStore | null {
  const { RESULTS: bound } = env as MaybeBound;
  if (!bound) return null;
  return "createMultipartUpload" in bound ? new R2Store(bound) : bound;
}
