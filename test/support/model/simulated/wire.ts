import { deliveriesTo } from "../../../../src/domain/delivery/by-receiver.ts";
import type { AttemptResult } from "../../../../src/domain/delivery/delivery.ts";
import type { CopyOutcome } from "../../../../src/domain/task/keep.ts";
import type { KeyVerdict } from "../../../../src/domain/task/key-proof.ts";
import type { PollAnswer, SubmitAnswer } from "../../../../src/domain/task/upstream-answer.ts";
import type { CopyOrder } from "../../../../src/files/order.ts";
import type { Callback } from "../../../../src/webhook/send.ts";
import { addressee, headerAt } from "../endpoints.ts";
import { freshStore } from "../read-rows.ts";
import { nextWord, type WireCall, type World } from "../world.ts";
import type { SimulatedAccount } from "./account.ts";
import { attemptResult, pollAnswer, submitAnswer, withResult } from "./answers.ts";
import { API_KEY, LATENCY_MS, SECRET_RESULT, SETTINGS, sleep } from "./deployment.ts";
import type { MemoryStorage } from "./memory-storage.ts";
import type { SimulatedProcess } from "./process.ts";

/** What the wire sees of the world around it. */
interface Around extends Pick<World, "life" | "script" | "deaths" | "problems" | "shown" | "verdicts"> {
  storage: MemoryStorage;
  account: SimulatedAccount;
}

/** Upstream, receivers, sources and bucket: answers by the script, and looks at what is sent. */
export class SimulatedWire {
  readonly calls: WireCall[] = [];
  readonly bucket = new Set<string>();
  /** The upstream has said that it knows the key. */
  isProved = false;
  readonly #around: Around;
  #held: (() => void)[] = [];

  constructor(around: Around) {
    this.#around = around;
  }

  get hangs(): boolean {
    return this.#held.length > 0;
  }

  /** Answers what hangs. */
  release(): void {
    for (const answer of this.#held.splice(0)) answer();
  }

  /** The process that waits is gone. */
  forget(): void {
    this.#held = [];
  }

  async judgeKey(): Promise<KeyVerdict> {
    const { script, verdicts } = this.#around;
    const verdict = script.key.shift() ?? "accepted";
    await sleep(verdict === "silent" ? SETTINGS.upstreamTimeoutMs : LATENCY_MS);
    verdicts.push(verdict);
    this.isProved ||= verdict === "accepted";
    return verdict;
  }

  async submit(process: SimulatedProcess): Promise<SubmitAnswer> {
    const { storage, problems } = this.#around;
    const { submit } = freshStore(storage).load()?.task ?? {};
    if (submit?.phase !== "begun") problems.push("2: a submit left that was not written down as begun");
    return this.#told(submitAnswer(await this.#exchange(process, { kind: "submit" })));
  }

  async poll(process: SimulatedProcess): Promise<PollAnswer> {
    return this.#told(pollAnswer(await this.#exchange(process, { kind: "poll" })));
  }

  async send(process: SimulatedProcess, callback: Callback): Promise<AttemptResult> {
    const { storage, problems, account, deaths } = this.#around;
    const { url, headers, messageId, attempt, body, secrets } = callback;
    const { deliveries = [] } = freshStore(storage).load() ?? {};
    const { endpoint } = addressee(url);
    if (JSON.stringify(headers) !== JSON.stringify([headerAt(url)])) {
      problems.push("9: the headers of one receiver went to another");
    }
    const isWritten = deliveriesTo(deliveries, endpoint).some(
      (known) => known.messageId === messageId && known.attempts === attempt && known.onTheWire !== null,
    );
    if (!isWritten) problems.push("5: an attempt left before its row");
    const onTheWire = this.calls.filter(
      ({ kind, answeredAt, process: of }) =>
        kind === "callback" && answeredAt === null && of === deaths.length,
    );
    if (onTheWire.some((call) => call.messageId === messageId && call.endpoint === endpoint)) {
      problems.push("INV10: two attempts of one delivery at once");
    }
    if (!this.isProved && !this.calls.some(isAccepted)) {
      problems.push("an attempt left before its key was proved");
    }
    if (onTheWire.length >= 6) problems.push("more than six attempts at once");
    const expected = account.signatures;
    if (!account.everSilent && deaths.length === 0 && secrets.length !== expected) {
      problems.push(`signed ${secrets.length} times instead of ${expected}`);
    }
    return attemptResult(await this.#exchange(process, { kind: "callback", messageId, attempt, body, url }));
  }

  /** A process that is dead by then has stored the file all the same: a superseded one goes on for a while. */
  async copy(process: SimulatedProcess, { fileId, url, upstream, until }: CopyOrder): Promise<CopyOutcome> {
    const { life, script, problems } = this.#around;
    const isSecret = url === SECRET_RESULT.url;
    if (isSecret !== (life.isSecret === true)) problems.push(`a copy of ${url}`);
    if (isSecret !== (upstream.apiKey === API_KEY)) problems.push("a copy without its key, or with one");
    const word = await this.#exchange(process, { kind: "copy" }, until - Date.now());
    if (word === "slow") await sleep(until - Date.now() - 1);
    if (word === "404" || word === "timeout") {
      return { kind: "failed", reason: word === "404" ? "http_404" : "timeout" };
    }
    if (script.brokenBucket) return { kind: "failed", reason: "storage" };
    this.bucket.add(fileId);
    return { kind: "kept", bytes: 5, contentType: "video/mp4" };
  }

  async deleteFile(fileId: string): Promise<void> {
    await sleep(LATENCY_MS);
    if (this.#around.script.brokenBucket) throw new Error("an internal error of the bucket");
    this.bucket.delete(fileId);
  }

  #told<Answer extends SubmitAnswer | PollAnswer>(answer: Answer): Answer {
    return this.#around.life.isSecret ? withResult(answer, SECRET_RESULT) : answer;
  }

  async #exchange(
    process: SimulatedProcess,
    what: Pick<WireCall, "kind"> & Partial<WireCall>,
    timeoutMs = what.kind === "callback" ? SETTINGS.callback.timeoutMs : SETTINGS.upstreamTimeoutMs,
  ): Promise<string> {
    const { life, script, deaths, shown } = this.#around;
    const to = addressee(what.url ?? "about:blank");
    const word = nextWord(script, life, what.kind, to);
    const call: WireCall = {
      messageId: "",
      attempt: 0,
      body: "",
      url: "",
      ...to,
      ...what,
      word,
      at: Date.now(),
      answeredAt: null,
      process: deaths.length,
    };
    this.calls.push(call);
    if (what.kind === "callback") shown.push(call.body);
    if (script.hold.delete(what.kind)) await this.#hang(call, timeoutMs);
    else await sleep(word === "timeout" ? timeoutMs : LATENCY_MS);
    if (!process.dead) call.answeredAt = Date.now();
    return call.word;
  }

  /** Until it is answered, or its time is up. */
  async #hang(call: WireCall, timeoutMs: number): Promise<void> {
    await new Promise<void>((answer) => {
      this.#held.push(answer);
      setTimeout(() => {
        if (!this.#held.includes(answer)) {
          // What a superseded process had begun to store may arrive all the same.
          if (call.kind === "copy") answer();
          return;
        }
        this.#held = this.#held.filter((other) => other !== answer);
        call.word = "timeout";
        answer();
      }, timeoutMs);
    });
  }
}

/** A submit by which the upstream has accepted the key. */
function isAccepted({ kind, word, answeredAt }: WireCall): boolean {
  return kind === "submit" && answeredAt !== null && ["accepted", "ended", "failed"].includes(word);
}
