import { parseArgs } from "node:util";
import { startGateway } from "../../dev/gateway.ts";
import { answerQuestions } from "../lib/child.ts";
import { seeded } from "../policy/random.ts";
import { CLIP, type TrueTask } from "../policy/worlds.ts";

/** The simulated gateway for tasks that end when the bench's distribution says, in a world that runs faster. */

export type ClockQuestion =
  | { ask: "base url" }
  /** From now on, draw by this seed. */
  | { ask: "wave"; seed: number }
  /** The tasks since then. */
  | { ask: "lives" };

/** One task, in seconds of its own world. */
export interface Life {
  truth: TrueTask;
  /** When it was created, from a point that all waves share. */
  createdSeconds: number;
  polls: number;
  /** From its end to the arrival of the poll that saw it; null: none did yet. */
  delaySeconds: number | null;
}

const { values } = parseArgs({ options: { speed: { type: "string" } } });
const speed = Number(values.speed ?? 1);
const startedAt = Date.now();
let random = seeded(0);
let drawn: TrueTask = { startSeconds: 0, endSeconds: 0 };
let lives = new Map<string, Life>();

const gateway = await startGateway({
  withoutProgress: true,
  taskPlan: () => {
    drawn = CLIP.draw(random);
    return { queueSeconds: 0, runSeconds: drawn.endSeconds / speed };
  },
  onCall: ({ method, path, at }) => {
    gateway.calls.length = 0;
    if (method === "POST") {
      const id = Array.from(gateway.tasks.keys()).at(-1) ?? "";
      const createdSeconds = ((at - startedAt) * speed) / 1000;
      lives.set(id, { truth: drawn, createdSeconds, polls: 0, delaySeconds: null });
      return;
    }
    const id = path.slice("/v1/videos/".length);
    const life = lives.get(id);
    const endsAt = gateway.tasks.get(id)?.endsAt;
    if (!life || endsAt === undefined || life.delaySeconds !== null) return;
    life.polls += 1;
    if (Date.now() >= endsAt) life.delaySeconds = ((at - endsAt) * speed) / 1000;
  },
});

answerQuestions((asked) => {
  const question = asked as ClockQuestion;
  switch (question.ask) {
    case "base url":
      return gateway.baseUrl;
    case "wave":
      random = seeded(question.seed);
      lives = new Map();
      return null;
    case "lives":
      return [...lives.values()];
    default:
      return question satisfies never;
  }
});
