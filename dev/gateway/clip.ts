import { readFileSync } from "node:fs";
import type { Answer } from "../listen.ts";

/** Three seconds of H.264, 320 × 180, that a browser really plays; made with ffmpeg's `gradients` source. */
const CLIP_MP4 = readFileSync(new URL("../clip.mp4", import.meta.url));

/** The result of every task. */
export const CLIP: Answer = { status: 200, headers: { "content-type": "video/mp4" }, body: CLIP_MP4 };
