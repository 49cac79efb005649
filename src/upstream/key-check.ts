import type { KeyVerdict } from "../domain/task/key-proof.ts";
import { JointQuestion } from "../net/joint-question.ts";
import { TtlCache } from "../net/ttl-cache.ts";
import { fetchModels, type ModelsAnswer } from "./models.ts";
import type { UpstreamAccess } from "./provider.ts";

/** An upstream key, and a name for it that does not reveal it. */
export interface AskedKey extends UpstreamAccess {
  /** The account of an own key. */
  name: string;
}

type NamedKey = Pick<AskedKey, "baseUrl" | "name">;

/** Ringback trusts an accepted key for an hour, and asks about a refused one again soon: it may just have been made. */
const ACCEPTED_MS = 3_600_000;
const REFUSED_MS = 10_000;
/** Two stores, so that made-up keys cannot push out good ones. */
const ACCEPTED_MAX = 10_000;
const REFUSED_MAX = 1000;
const accepted = new TtlCache<true>(ACCEPTED_MS, ACCEPTED_MAX);
const refused = new TtlCache<true>(REFUSED_MS, REFUSED_MAX);

/** The largest list of models that is kept; Ringback asks for a longer one each time. */
const MODELS_MS = 60_000;
const MODELS_MAX = 32;
const MODELS_MAX_LENGTH = 262_144;
const models = new TtlCache<ModelsAnswer>(MODELS_MS, MODELS_MAX);

/** Longer than a call may take. */
const PATIENCE_MARGIN_MS = 250;
const questions = new JointQuestion<ModelsAnswer | null>();

/** What this isolate knows of a key; null: the upstream must be asked. */
export function knownVerdict(key: NamedKey): "accepted" | "refused" | null {
  const name = nameOf(key);
  if (accepted.get(name)) return "accepted";
  return refused.get(name) ? "refused" : null;
}

/** The upstream has accepted a create with this key, which proves it as well as its models do. */
export function rememberAccepted(key: NamedKey): void {
  const name = nameOf(key);
  refused.delete(name);
  accepted.set(name, true, Date.now());
}

/** The list of models that this key got within the last minute. */
export function knownModels(key: AskedKey): ModelsAnswer | null {
  return models.get(nameOf(key)) ?? null;
}

/**
 * Asks for the upstream's list of models; equal questions at one time are one call. `check`: that of its profile. Null: no
 * answer.
 */
export async function askModels(key: AskedKey, check: string): Promise<ModelsAnswer | null> {
  const name = nameOf(key);
  return questions.ask(name, key.timeoutMs + PATIENCE_MARGIN_MS, async () => {
    const askedAt = Date.now();
    const answer = await fetchModels(key, check);
    remember(name, answer, askedAt);
    return answer;
  });
}

/**
 * The known verdict on the key, or the upstream's present one. `no_check`: its profile names no list of models, so only an
 * accepted create tells.
 */
export async function judgeKey(key: AskedKey): Promise<KeyVerdict | "no_check"> {
  const known = knownVerdict(key);
  if (known !== null) return known;
  const { check } = key.profile;
  return check === undefined ? "no_check" : verdictOf(await askModels(key, check));
}

function remember(name: string, answer: ModelsAnswer | null, askedAt: number): void {
  const verdict = verdictOf(answer);
  if (verdict === "silent") return;
  // The newer verdict wins.
  (verdict === "accepted" ? refused : accepted).delete(name);
  (verdict === "accepted" ? accepted : refused).set(name, true, askedAt);
  models.delete(name);
  if (answer?.isList && answer.body.length <= MODELS_MAX_LENGTH) models.set(name, answer, askedAt);
}

function verdictOf(answer: ModelsAnswer | null): KeyVerdict {
  if (answer?.isList) return "accepted";
  return answer?.status === 401 || answer?.status === 403 ? "refused" : "silent";
}

function nameOf({ baseUrl, name }: NamedKey): string {
  return `${baseUrl}\n${name}`;
}
