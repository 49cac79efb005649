import { sendRaw, type RawAnswer, type Stack } from "../stack.ts";

/** Of a field that is given several times, its pairs. */
export type FormFields = Record<string, string> | [name: string, value: string][];

/** A browser without a screen and without scripts: keeps cookies, sends forms, follows nothing by itself. */
export interface Visitor {
  cookies: Map<string, string>;
  get(path: string, headers?: Record<string, string>): Promise<RawAnswer>;
  /** A form as a page of the console sends it. */
  post(path: string, fields?: FormFields, headers?: Record<string, string>): Promise<RawAnswer>;
  signIn(key: string): Promise<RawAnswer>;
}

export function newVisitor({ worker }: Pick<Stack, "worker">): Visitor {
  const cookies = new Map<string, string>();
  async function send(
    path: string,
    method: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<RawAnswer> {
    const cookie = Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ");
    const answer = await sendRaw(worker.url + path, {
      method,
      headers: { ...(cookie === "" ? {} : { cookie }), ...headers },
      chunks: body === undefined ? [] : [body],
    });
    for (const line of answer.headers["set-cookie"] ?? []) {
      const [pair = "", ...attributes] = line.split("; ");
      const [name = "", value = ""] = pair.split("=");
      if (attributes.includes("Max-Age=0")) cookies.delete(name);
      else cookies.set(name, value);
    }
    return answer;
  }
  const post: Visitor["post"] = async (path, fields = {}, headers = {}) => {
    const body = new URLSearchParams(fields).toString();
    const type = "application/x-www-form-urlencoded";
    return send(path, "POST", { origin: worker.url, "content-type": type, ...headers }, body);
  };
  return {
    cookies,
    get: async (path, headers = {}) => send(path, "GET", headers),
    post,
    signIn: async (key) => post("/sign-in", { key, to: "/" }),
  };
}

/** Where a page sends its reader on to. */
export function whereTo({ status, headers }: RawAnswer): string {
  return `${status} ${headers.location ?? ""}`.trim();
}
