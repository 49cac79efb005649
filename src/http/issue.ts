/** One thing that is wrong with a request. */
export interface Issue {
  /** Dotted path into the request, `reference_images.0`; empty for the request as a whole. */
  path: string;
  message: string;
}
