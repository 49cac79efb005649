import { AIO } from "../../contract/words.ts";
import { upstreamNamed, type TaskSettings } from "../../env.ts";
import type { UpstreamSettings } from "../../env/upstreams.ts";
import { fillPath, matchPath, namesIn } from "../../profiles/pattern.ts";

/** A path that the upstream's profile lists. */
export interface CreatePath {
  upstream: UpstreamSettings;
  path: string;
  /** What the names of its pattern stand for. */
  params: Readonly<Record<string, string>>;
}

/** A slash at the end is none, as everywhere; a query is none of a create's, not even an empty one. */
const URL_OF_CREATE = /^https?:\/\/[^/]+\/v1\/upstreams\/([a-z][a-z0-9-]*)(\/[^?#]*?)\/?$/;

/**
 * The create that a request's URL names, compared as it came: parsing it would undo `..`, `\` and more. Null: it names
 * none.
 */
export function findCreatePath(url: string, settings: TaskSettings): CreatePath | null {
  const [, name = "", path = ""] = URL_OF_CREATE.exec(url) ?? [];
  const upstream = name === AIO ? null : upstreamNamed(settings, name);
  for (const pattern of upstream?.profile.create.paths ?? []) {
    const params = matchPath(pattern, path);
    if (upstream !== null && params !== null) return { upstream, path, params };
  }
  return null;
}

/** A pattern of an upstream's creates, with the names that are to be filled in. */
export interface CreatePattern {
  upstream: UpstreamSettings;
  pattern: string;
  names: readonly string[];
}

/** Those of all upstreams but `aio`, whose create has fields of its own. */
export function createPatterns({ upstreams }: TaskSettings): CreatePattern[] {
  return upstreams
    .filter(({ name }) => name !== AIO)
    .flatMap((upstream) =>
      upstream.profile.create.paths.map((pattern) => ({
        upstream,
        pattern,
        names: namesIn(pattern) ?? [],
      })),
    );
}

/** Whether it can stand for a name of a pattern. */
export function isPathValue(text: string): boolean {
  return matchPath("/{value}", `/${text}`) !== null;
}

/** The create that the pattern makes of the values; a name without one stays in its braces. */
export function fillCreatePath(
  { upstream, pattern }: CreatePattern,
  values: Readonly<Record<string, string>>,
): CreatePath {
  return { upstream, path: fillPath(pattern, values), params: values };
}
