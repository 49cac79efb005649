import type { Upstream, UpstreamName } from "../../../../dev/upstreams.ts";

export const CREATES = {
  ark: [
    "/api/v3/contents/generations/tasks",
    { model: "seedance-1", content: [{ type: "text", text: "A lighthouse." }], seed: 12 },
    "seedance-1",
  ],
  runway: ["/v1/text_to_video", { model: "veo3", promptText: "A lighthouse.", ratio: "1280:720" }, "veo3"],
  xai: ["/v1/videos/generations", { model: "grok-imagine", prompt: "A lighthouse." }, "grok-imagine"],
  veo: ["/v1beta/models/veo-3.1:predictLongRunning", { instances: [{ prompt: "A lighthouse." }] }, "veo-3.1"],
} satisfies Partial<Record<UpstreamName, [path: string, body: object, model: string]>>;

export const ARK_PATH = CREATES.ark[0];
export const ARK_BODY = CREATES.ark[1];

export const settingOf = (upstreams: Record<string, Upstream>): string =>
  JSON.stringify(
    Object.fromEntries(
      Object.entries(upstreams).map(([name, { origin }]) => [name, { profile: name, base_url: origin }]),
    ),
  );

export const submitsTo = ({ calls }: Upstream) =>
  calls.filter(({ method, path }) => method === "POST" && path !== "/v1/video/status");
