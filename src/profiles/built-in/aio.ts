import type { Profile } from "../schema.ts";

/** The AIOAGI video API. Its answers are read tolerantly, by the rules of docs/decisions/upstream-answers.md. */
export const aio: Profile = {
  base_url: "https://api.aiearth.dev/v1",
  auth: { header: "authorization", scheme: "Bearer" },
  create: { paths: ["/videos"] },
  poll: { method: "GET", path: "/videos/{id}" },
  check: "/models",
};
