import { versionsInForce } from "../../../../src/domain/account/signing-versions.ts";
import { deliveriesTo } from "../../../../src/domain/delivery/by-receiver.ts";
import { addressee, HEADER_VALUES, headerAt } from "../../../support/model/endpoints.ts";
import { nextWord, type WireCall, type World } from "../../../support/model/world.ts";
import { crash } from "../crash.ts";
import type { Wire } from "../world.ts";
import type { RealAccount } from "./account.ts";
import { kindOf, responseOf } from "./answers.ts";

/** Real milliseconds that one command may take. */
export const WAITS_MAX = 20_000;

type Watched = Pick<World, "life" | "script" | "problems" | "shown">;

/** What the network around the real objects answers, by the script, and what it looks at in what is sent. */
export class RealWire {
  readonly calls: WireCall[] = [];
  readonly #world: Watched;
  readonly #account: RealAccount;
  #held = 0;
  #released = 0;

  constructor(world: Watched, account: RealAccount) {
    this.#world = world;
    this.#account = account;
  }

  get hangs(): boolean {
    return this.#held > this.#released;
  }

  /** Answers what hangs. */
  release(): void {
    this.#released = this.#held;
  }

  async answer({ method, url, body, headers }: Wire): Promise<Response> {
    if (url.endsWith("/models")) return Response.json({ data: [] });
    const { script, life } = this.#world;
    const kind = kindOf(method, url);
    const to = addressee(url);
    const word = nextWord(script, life, kind, to);
    const call: WireCall = {
      kind,
      word,
      at: Date.now(),
      answeredAt: null,
      process: crash.deaths.length,
      messageId: headers.get("webhook-id") ?? "",
      attempt: Number(headers.get("ringback-attempt") ?? 0),
      body,
      url,
      ...to,
    };
    if (kind === "submit") this.#judgeSubmit();
    if (kind === "callback") this.#judgeCallback(call, headers);
    this.calls.push(call);
    if (script.hold.delete(kind)) {
      this.#held += 1;
      const ticket = this.#held;
      // Asked again and again: a promise resolved from outside would go on in the wrong object's turn.
      for (let wait = 0; wait < WAITS_MAX && this.#released < ticket; wait++) await scheduler.wait(1);
    }
    if (call.process === crash.deaths.length) call.answeredAt = Date.now();
    return responseOf(kind, word);
  }

  #judgeSubmit(): void {
    if (crash.store?.load()?.task.submit.phase === "begun") return;
    this.#world.problems.push("2: a submit left that was not written down as begun");
  }

  #judgeCallback(call: WireCall, headers: Headers): void {
    const { problems, shown } = this.#world;
    const { messageId, attempt, process, body, endpoint } = call;
    shown.push(body);
    const [name, value] = headerAt(call.url);
    const own = [...headers].filter(([, sent]) => HEADER_VALUES.includes(sent));
    if (own.length !== 1 || headers.get(name) !== value) {
      problems.push("9: the headers of one receiver went to another");
    }
    const isWritten = deliveriesTo(crash.store?.load()?.deliveries ?? [], endpoint).some(
      (known) => known.messageId === messageId && known.attempts === attempt && known.onTheWire !== null,
    );
    if (!isWritten) problems.push("5: an attempt left before its row");
    const twin = this.calls.some(
      (other) =>
        other.messageId === messageId &&
        other.endpoint === endpoint &&
        other.answeredAt === null &&
        other.process === process,
    );
    if (twin) problems.push("INV10: two attempts of one delivery at once");
    const signed = headers.get("webhook-signature")?.split(" ").length;
    const expected = versionsInForce(this.#account.versions, Date.now()).length;
    if (!this.#account.everSilent && crash.deaths.length === 0 && signed !== expected) {
      problems.push(`signed ${signed} times instead of ${expected}`);
    }
  }
}
