/**
 * The requests of the upstream's document, byte for byte as its `curl -d` sends them (the third stands there as JSON
 * only). Text, not objects: a reader who copies them from there sends these very bytes.
 */

export const TEXT_TO_VIDEO = `{
    "aspect_ratio": "16:9",
    "capability": "video_generation",
    "control_mode": "none",
    "duration_seconds": 5,
    "input_mode": "text",
    "model": "doubao-seedance-2-0-260128",
    "prompt": "一段未来科技展台的产品发布短片,镜头缓慢推进,金属材质,高级商业广告质感。",
    "resolution": "720p",
    "with_audio": true
  }`;

export const IMAGE_TO_VIDEO = `{
    "aspect_ratio": "16:9",
    "capability": "video_generation",
    "control_mode": "end_frame",
    "duration_seconds": 5,
    "end_image": "https://example.com/last-frame.png",
    "image": "https://example.com/first-frame.png",
    "input_mode": "single_image",
    "model": "doubao-seedance-2-0-260128",
    "prompt": "让画面从产品特写自然过渡到完整展示,镜头轻微推进,光线保持柔和。",
    "resolution": "720p",
    "with_audio": true
  }`;

export const REFERENCE_TO_VIDEO = `{
  "aspect_ratio": "16:9",
  "capability": "video_generation",
  "control_mode": "reference",
  "duration_seconds": 5,
  "input_mode": "multi_image",
  "model": "doubao-seedance-2-0-260128",
  "prompt": "参考素材中的人物站在海边,夕阳下回眸一笑,镜头从中景缓慢推进。",
  "reference_images": [
    "asset://asset-20260519163832-example"
  ],
  "resolution": "720p",
  "with_audio": true
}`;
