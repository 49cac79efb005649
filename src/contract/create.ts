/** The documented values of a create's fields. Source: the upstream's document. Free of zod. */

export const CAPABILITIES = ["video_generation"] as const;
export const INPUT_MODES = ["text", "single_image", "multi_image"] as const;
export const CONTROL_MODES = ["none", "end_frame", "reference"] as const;
export const ASPECT_RATIOS = ["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"] as const;
export const RESOLUTIONS = ["480p", "720p", "1080p"] as const;
/** -1: the upstream decides. */
export const DURATIONS_SECONDS = [-1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15] as const;
