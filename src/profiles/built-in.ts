import { aio } from "./built-in/aio.ts";
import { ark } from "./built-in/ark.ts";
import { dashscope } from "./built-in/dashscope.ts";
import { newApi } from "./built-in/new-api.ts";
import { openai } from "./built-in/openai.ts";
import { runway } from "./built-in/runway.ts";
import { siliconflow } from "./built-in/siliconflow.ts";
import { veo } from "./built-in/veo.ts";
import { xai } from "./built-in/xai.ts";
import type { Profile } from "./schema.ts";

/** The profiles that a setting may name. */
export const BUILT_IN: ReadonlyMap<string, Profile> = new Map([
  ["aio", aio],
  ["new-api", newApi],
  ["openai", openai],
  ["ark", ark],
  ["runway", runway],
  ["xai", xai],
  ["dashscope", dashscope],
  ["siliconflow", siliconflow],
  ["veo", veo],
]);
