import { reset } from "cloudflare:test";
import { beforeAll } from "vitest";
import { bucketFiles, resultsBucket } from "./world.ts";

/** The files of one process share its objects and its bucket: each begins with none. */
beforeAll(async () => {
  await reset();
  await resultsBucket().delete(await bucketFiles());
});
