import { describe, expect, it } from "vitest";
import { app } from "../../../src/app.ts";
import { openApiDocument } from "../../../src/openapi/document.ts";

/*
 * scenario                                    requirement
 * a route without a word in the document      OpenAPI: every route is in it
 * an operation without a route                OpenAPI: and the other way round
 */

/** Outside `/v1`, what is for programs; the rest are pages and what they are made of. */
const FOR_PROGRAMS = new Set(["/healthz", "/readyz", "/openapi.json", "/docs"]);

function operations(): string[] {
  return Object.entries(openApiDocument().paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    .toSorted();
}

/** Each once, whatever stands before its handler; `ALL` is what answers 405. */
function routes(): string[] {
  const known = app.routes
    .filter(({ method, path }) => method !== "ALL" && (path.startsWith("/v1/") || FOR_PROGRAMS.has(path)))
    .map(({ method, path }) => `${method} ${path.replace("*", ":path").replace(/:(\w+)/g, "{$1}")}`);
  return [...new Set(known)].toSorted();
}

describe("the OpenAPI document and the routes", () => {
  it("tell of the same operations", () => {
    expect(routes()).toEqual(operations());
  });

  it("refuse every other method of each path with 405", () => {
    const refusing = new Set(app.routes.filter(({ method }) => method === "ALL").map(({ path }) => path));
    const paths = Object.keys(openApiDocument().paths)
      // Another method there is 404, as any other path of an upstream is (contract, Other upstreams).
      .filter((path) => path !== "/v1/upstreams/{name}/{path}")
      .map((path) => path.replace(/\{(\w+)\}/g, ":$1"));
    expect(paths.filter((path) => !refusing.has(path))).toEqual([]);
  });
});
