import { AIO } from "./aio.ts";
import { ARK } from "./ark.ts";
import { DASHSCOPE } from "./dashscope.ts";
import { NEW_API } from "./new-api.ts";
import { OPENAI } from "./openai.ts";
import { RUNWAY } from "./runway.ts";
import { SILICONFLOW } from "./siliconflow.ts";
import type { Vendor } from "./vendor.ts";
import { VEO } from "./veo.ts";
import { XAI } from "./xai.ts";

/** By the name of the built-in profile. */
export const VENDORS: Record<string, Vendor> = {
  aio: AIO,
  "new-api": NEW_API,
  openai: OPENAI,
  ark: ARK,
  runway: RUNWAY,
  xai: XAI,
  dashscope: DASHSCOPE,
  siliconflow: SILICONFLOW,
  veo: VEO,
};
