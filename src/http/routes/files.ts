import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { fileName, openFileName } from "../../domain/files/address.ts";
import { judgeRange, type RangeVerdict } from "../../domain/files/byte-range.ts";
import { fileEtag, isNoneMatch, isRangeValid } from "../../domain/files/etag.ts";
import { fileStore } from "../../files/bound.ts";
import type { FileStore, StoredFile } from "../../files/store.ts";
import type { AppEnv } from "../app-env.ts";
import { ApiError } from "../errors.ts";
import { methodNotAllowed, requireQuery, withSettings } from "../guards.ts";
import { clientOf, countUnder } from "../rate-limit.ts";
import { Router } from "../router.ts";

/** Any page may show a kept file, and nothing in it may run: the holder of its address is all that Ringback knows. */
const OPEN_HEADERS = {
  "access-control-allow-origin": "*",
  "content-security-policy": "sandbox; default-src 'none'",
  "cross-origin-resource-policy": "cross-origin",
};

const openHeaders = createMiddleware<AppEnv>(async (context, next) => {
  await next();
  for (const [name, value] of Object.entries(OPEN_HEADERS)) context.res.headers.set(name, value);
});

/** Of another shape there is no file, whatever the method. */
const fileNamed = createMiddleware<AppEnv>(async (context, next) => {
  fileOfPath(context);
  await next();
});

/** Each file and each client address has a limit of its own, beside that of creates. */
const limited = createMiddleware<AppEnv>(async (context, next) => {
  const { fileId } = fileOfPath(context);
  // The address first: it bounds how many files one client can make up.
  await countUnder(context, [`files of ${clientOf(context) ?? "unknown"}`, `file ${fileId}`]);
  await next();
});

/** `/v1/files/FILE_ID.EXT`: copies of results, without a key. */
export const files = new Router()
  .use("/:name", openHeaders, fileNamed)
  .get("/:name", withSettings, limited, async (context) => {
    requireQuery(context, ["download"]);
    const { fileId, name } = fileOfPath(context);
    const store = fileStore(context.env);
    if (!store) throw new ApiError("not_found");
    // What is asked for as it is takes one call of the bucket: its answer says of the file what a call of its own would.
    const found = isPlain(context.req.raw) ? await store.read(fileId, null) : await store.head(fileId);
    const file: NamedFile | null = found && { body: null, ...found, fileId, name };
    // The ending is part of the address: under another one a browser would take the file for another type.
    if (!file || fileName(fileId, file.contentType) !== name) {
      await file?.body?.cancel();
      throw new ApiError("not_found");
    }
    return answer(context, store, file);
  })
  .all("/:name", methodNotAllowed("GET, HEAD"));

interface NamedFile extends StoredFile {
  fileId: string;
  name: string;
  /** Of the whole file; null: it is not open yet. */
  body: ReadableStream | null;
}

/** The whole file, whatever the client has of it. */
function isPlain({ method, headers }: Request): boolean {
  return method === "GET" && !headers.has("range") && !headers.has("if-none-match");
}

async function answer(context: Context<AppEnv>, store: FileStore, file: NamedFile): Promise<Response> {
  const asked = (name: string): string | null => context.req.header(name) ?? null;
  const etag = fileEtag(file.fileId);
  const headers = new Headers({ etag, "cache-control": "private, max-age=3600" });
  if (isNoneMatch(asked("if-none-match"), etag)) return new Response(null, { status: 304, headers });
  const isHead = context.req.raw.method === "HEAD";
  // RFC 9110, 14.2: a range counts for GET alone.
  const counts = !isHead && isRangeValid(asked("if-range"), etag);
  const range = judgeRange(counts ? asked("range") : null, file.bytes);
  if (range.kind === "unsatisfiable")
    throw new ApiError("range_not_satisfiable", { headers: { "content-range": `bytes */${file.bytes}` } });
  const isDownload = new URL(context.req.url).searchParams.has("download");
  headers.set("accept-ranges", "bytes");
  headers.set("content-type", file.contentType);
  headers.set(
    "content-disposition",
    // Nothing of the query is in it.
    isDownload ? `attachment; filename="${file.name}"` : "inline",
  );
  headers.set("content-length", String(range.kind === "part" ? range.length : file.bytes));
  if (range.kind === "part") headers.set("content-range", contentRange(range, file.bytes));
  const status = range.kind === "part" ? 206 : 200;
  return new Response(isHead ? null : await body(store, file, range), { status, headers });
}

function contentRange({ offset, length }: Extract<RangeVerdict, { kind: "part" }>, bytes: number): string {
  return `bytes ${offset}-${offset + length - 1}/${bytes}`;
}

/** @throws ApiError 404 if the file was deleted meanwhile */
async function body(
  store: FileStore,
  { fileId, bytes, body: open }: NamedFile,
  range: RangeVerdict,
): Promise<ReadableStream> {
  const found = open ?? (await store.read(fileId, range.kind === "part" ? range : null))?.body;
  if (!found) throw new ApiError("not_found");
  // A stream of known length, because the runtime would send another one in chunks.
  return found.pipeThrough(new FixedLengthStream(range.kind === "part" ? range.length : bytes));
}

/** @throws ApiError 404 if the path names no file */
function fileOfPath(context: Context<AppEnv>): { fileId: string; name: string } {
  const name = context.req.param("name") ?? "";
  const opened = openFileName(name);
  if (opened === null) throw new ApiError("not_found");
  return { fileId: opened.fileId, name };
}
