import { KEY, type Raw } from "../ask-by-profile.ts";

export interface Vendor {
  createPath: string;
  /** A good create's answer with this id. */
  created: (id: unknown) => object;
  id: string;
  create: string;
  poll: string;
  pollBody?: string;
  /** Those that are sent with a poll, beside `accept` and the hop. */
  headers: Record<string, string>;
  answers: [scenario: string, raw: Raw, expected: object][];
}

export const bearer = { authorization: `Bearer ${KEY}` };
