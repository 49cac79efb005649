import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { answerQuestions } from "../lib/child.ts";
import { listen } from "../../dev/listen.ts";

/**
 * Where the results of kept tasks lie: `/length` says how long the file is, `/chunked` does not. It takes as long as the
 * upstream to answer, and then a second for 10 MB.
 */

const FILE_BYTES = 10_000_000;
const ANSWER_MS = 250;
const PIECES = 20;
const PIECE_MS = 50;

const piece = Buffer.alloc(FILE_BYTES / PIECES);

const { origin } = await listen(async ({ url }, response) => {
  await wait(ANSWER_MS);
  response.writeHead(200, {
    "content-type": "video/mp4",
    ...(url === "/length" && { "content-length": String(FILE_BYTES) }),
  });
  for (let count = 0; count < PIECES; count += 1) {
    await wait(PIECE_MS);
    if (!response.write(piece)) await once(response, "drain");
  }
  response.end();
});
answerQuestions(() => origin);
