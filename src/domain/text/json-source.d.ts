// ECMAScript "JSON.parse source text access" (stage 4): in workerd and Node 22+, not yet in TypeScript's lib files.
interface RawJson {
  readonly rawJSON: string;
}
interface JSON {
  parse(
    text: string,
    reviver: (this: unknown, key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): RawJson;
  isRawJSON(value: unknown): value is RawJson;
}
