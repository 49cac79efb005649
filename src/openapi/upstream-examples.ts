/** The three example requests of the upstream's document, in its own words and values. */

const MODEL = "doubao-seedance-2-0-260128";

export const TEXT_EXAMPLE = {
  aspect_ratio: "16:9",
  capability: "video_generation",
  control_mode: "none",
  duration_seconds: 5,
  input_mode: "text",
  model: MODEL,
  prompt: "一段未来科技展台的产品发布短片,镜头缓慢推进,金属材质,高级商业广告质感。",
  resolution: "720p",
  with_audio: true,
};

export const FRAMES_EXAMPLE = {
  aspect_ratio: "16:9",
  capability: "video_generation",
  control_mode: "end_frame",
  duration_seconds: 5,
  end_image: "https://example.com/last-frame.png",
  image: "https://example.com/first-frame.png",
  input_mode: "single_image",
  model: MODEL,
  prompt: "让画面从产品特写自然过渡到完整展示,镜头轻微推进,光线保持柔和。",
  resolution: "720p",
  with_audio: true,
};

export const REFERENCE_EXAMPLE = {
  aspect_ratio: "16:9",
  capability: "video_generation",
  control_mode: "reference",
  duration_seconds: 5,
  input_mode: "multi_image",
  model: MODEL,
  prompt: "参考素材中的人物站在海边,夕阳下回眸一笑,镜头从中景缓慢推进。",
  reference_images: ["asset://asset-20260519163832-example"],
  resolution: "720p",
  with_audio: true,
};

/** In the words of other upstreams. The first one costs nothing. */
export const UPSTREAM_CREATES = {
  test: {
    summary: "A test: free, nothing goes upstream",
    value: {
      model: "seedance-1-0-pro-250528",
      content: [{ type: "text", text: "A lighthouse at dusk." }],
      ringback: { callback_url: "https://hooks.example.com/video", test: "succeeded" },
    },
  },
  paid: {
    summary: "To Ark (paid)",
    value: {
      model: "seedance-1-0-pro-250528",
      content: [{ type: "text", text: "A lighthouse at dusk. --duration 5" }],
      ringback: { callback_url: "https://hooks.example.com/video", metadata: { order: 42 } },
    },
  },
};

export const EXAMPLE_UPSTREAMS = {
  object: "list",
  data: [
    {
      object: "upstream",
      name: "aio",
      profile: "aio",
      base_path: "/v1",
      create_paths: ["/videos"],
      lifetime_hours: null,
    },
    {
      object: "upstream",
      name: "ark",
      profile: "ark",
      base_path: "/v1/upstreams/ark",
      create_paths: ["/api/v3/contents/generations/tasks"],
      lifetime_hours: 24,
    },
  ],
};
