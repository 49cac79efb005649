import * as z from "zod";

/** Values that many shapes hold, each with its word. */

export const instant = (description: string) => z.string().meta({ format: "date-time", description });
export const url = (description: string) => z.string().meta({ format: "uri", description });
export const count = (description: string) => z.int().min(0).meta({ description });
export const text = (description: string) => z.string().meta({ description });

export const TASK_ID_PATTERN = "^task_[a-z2-7]{42}$";
export const RECOVERY_ID_PATTERN = "^rec_[a-z2-7]{26}$";
export const ENDPOINT_ID_PATTERN = "^ep_[a-z2-7]{26}$";
export const MESSAGE_ID_PATTERN = "^msg_[a-z2-7]+$";
