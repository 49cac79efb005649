import type { FILE_REASONS } from "../../../contract/words.ts";

/** The copy that Ringback keeps of a video. */
export const files = {
  ready: "Finished by the provider",
  copying: "Copying the file",
  copyingLead:
    "The video is ready. Ringback is copying the file and ends the task as soon as it has it. If the copy fails, the task still succeeds.",
  copyTries: (count: number) =>
    count === 1 ? "One try failed; the next follows" : `${count} tries failed; the next follows`,
  copyEnds: "Copied or given up",
  keptUntil: "Available at least until",
  keptBroken: "The file does not load from this Ringback. Reload the page, or try again later.",
  kept: "Kept file",
  source: "Provider's URL",
  notKept: "Ringback keeps no copy of this video.",
  notKeptLead:
    "Only the provider has the file. Its link stops working, usually within one day, so download the video now.",
  reason: {
    needs_key: "Only the provider's key opens the file.",
    not_media: "The provider's URL led to something that is no video or image.",
    too_large: "The file is larger than this deployment keeps.",
    url_rejected: "This deployment does not fetch from the provider's URL.",
    redirect: "The provider's URL redirected too often, or to nowhere.",
    timeout: "The copy did not finish in time.",
    connection: "The connection to the provider failed or broke.",
    storage: "The storage of this deployment did not take the file.",
  } satisfies Record<(typeof FILE_REASONS)[number], string>,
  reasonHttp: (status: string) => `The provider answered ${status} for the file.`,
};
