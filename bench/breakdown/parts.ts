import type { WorkerModule } from "../../dev/bundle.ts";

/** To which part of the work a stack belongs. */

/** Functions of workerd and V8 that begin a part. */
const NATIVE: readonly [part: string, functions: RegExp][] = [
  [
    "garbage collection",
    /^v8::internal::(?:Heap::CollectGarbage|MinorGCJob|ScavengerCollector|IncrementalMarking)|JobTaskWrapper::Run|DefaultJobWorker::Run|^cppgc::internal::(?:Sweeper|Marker)|V8Platform.*Job/,
  ],
  ["alarms", /DurableObjectStorage::(?:set|get|delete)Alarm|ActorSqlite::.*[Aa]larm|AlarmScheduler/],
  ["SQL statements", /workerd::api::SqlStorage|SyncKvStorage/],
  ["commits", /ActorSqlite::|transactionSync|ImplicitTxn|ExplicitTxn|DurableObjectStorage::/],
  ["closing an object's file", /workerd::SqliteDatabase::~SqliteDatabase|sqlite3Close|sqlite3_close/],
  ["opening an object's file", /workerd::SqliteDatabase::(?:init|SqliteDatabase)|SqliteKv::SqliteKv/],
  ["making an object", /worker_new_actor|Worker::Actor::Actor|ensureConstructed/],
  ["cryptography", /workerd::api::(?:SubtleCrypto|Crypto)\b/],
  ["log lines", /ConsoleDelegate|handleLog|Worker::Impl::.*[cC]onsole|v8::internal::Builtin_Console/],
  [
    "values for a call of an object",
    /jsg::(?:Serializer|Deserializer)|v8::internal::Value(?:Des|S)erializer/,
  ],
  ["JSON", /Json(?:Stringif|Parse)|Builtin_Json/],
  ["HTTP server", /kj_hyper::server|serve_connection|listen_http/],
  ["fetch", /workerd::api::(?:fetchImpl|Fetcher)|services::NetworkRequest|hyper::client|hyper_util::client/],
  ["network", /^(?:tcp_|inet_|sock_|__x64_sys_(?:send|recv|writev|readv|epoll))/],
];

export interface Part {
  /** What kind of work it is: a part of the runtime, or a room. */
  name: string;
  /** The file and function of ours that did it or had it done; null: the runtime by itself. */
  source: { file: string; name: string; line: number } | null;
}

/** `JS:*name index.js:12:3`, with V8's marks of the tier. */
const SCRIPT = /JS:[*+~^']*([\w$#. ]*?)'? ?([\w-]+\.js):(\d+):/;

/** Finds the parts of a Worker's stacks by the modules that it runs. */
export function partsOf(modules: readonly WorkerModule[]): (stack: readonly string[]) => Part {
  const filesOfModules = new Map(modules.map(({ name, text }) => [name, filesOf(text)]));
  const fileOf = (module: string, line: number): string => filesOfModules.get(module)?.(line) ?? "?";
  return (stack) => {
    const ours = stack.flatMap((frame) => {
      const [, name = "", module = "", line = ""] = SCRIPT.exec(frame) ?? [];
      return line === "" ? [] : [{ name, line: Number(line), file: fileOf(module, Number(line)) }];
    });
    const [source = null] = ours;
    for (const frame of stack) {
      if (SCRIPT.test(frame)) break;
      const native = NATIVE.find(([, functions]) => functions.test(frame));
      if (native) return { name: native[0], source };
    }
    return { name: source === null ? outside(stack) : `JavaScript of ${roomOf(source.file)}`, source };
  };
}

function outside(stack: readonly string[]): string {
  if (stack.some((frame) => frame.startsWith("workerd::IoContext::") || frame.includes("WorkerEntrypoint")))
    return "turns of the event loop";
  return "the rest of workerd";
}

/** esbuild writes the path of each file before its code. */
function filesOf(text: string): (line: number) => string {
  const marks = text.split("\n").flatMap((line, index) => {
    const path = /^\/\/ ([\w@./-]+\.[cm]?[jt]sx?)$/.exec(line)?.[1];
    return path === undefined ? [] : [{ line: index + 1, path }];
  });
  return (line) => marks.findLast((mark) => mark.line < line)?.path ?? "?";
}

export function roomOf(file: string): string {
  const [top, room = "", inner = "", more] = file.replace("node_modules/", "").split("/");
  if (top !== "src") return top === "bench" ? "the bench" : (top ?? "");
  return more === undefined ? room : `${room}/${inner}`;
}
