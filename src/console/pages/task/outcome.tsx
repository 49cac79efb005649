import type { TaskError, TaskJson } from "../../../contract/shapes/task.ts";
import type { PageContext } from "../../page-context.ts";
import type { TaskView } from "./task-view.ts";
import { failureWords } from "../parts/error-words.ts";
import { VideoCard } from "./video-card.tsx";

/** The video, how far it is, or what went wrong and what to do about it. */
export function Outcome({ page, view: { task, diagnostics } }: { page: PageContext; view: TaskView }) {
  const { status, video_url: url, test } = task;
  if (status === "succeeded" && url !== null && !test) return <VideoCard page={page} task={task} url={url} />;
  if (task.error !== null) return <Failure page={page} task={task} error={task.error} />;
  if (status === "succeeded") return <NoVideo page={page} task={task} />;
  return <Progress page={page} task={task} isCopying={diagnostics.copy !== null} />;
}

function NoVideo({ page, task }: { page: PageContext; task: TaskJson }) {
  const text = page.text.task;
  return (
    <section class="card panel stack" id="video">
      <h2>{text.video}</h2>
      <p>{task.test ? text.testVideo : page.mode === "own" ? text.containsKey : text.needsKey}</p>
      {task.video_url !== null && (
        <p class="cut">
          <code>{task.video_url}</code>
        </p>
      )}
    </section>
  );
}

function Progress({ page, task, isCopying }: { page: PageContext; task: TaskJson; isCopying: boolean }) {
  const text = page.text.task;
  return (
    <section class="card panel stack" id="progress">
      <h2>{text.progress}</h2>
      {task.progress === null ? (
        <p>{text.unknownProgress}</p>
      ) : (
        <p class="meter">
          <progress max={100} value={task.progress} aria-label={text.progress}></progress>
          <span class="number">{task.progress}%</span>
        </p>
      )}
      {isCopying && <p id="copying">{page.text.files.copyingLead}</p>}
      {task.callback !== null && <p class="hint">{text.waitingFor}</p>}
    </section>
  );
}

function Failure({ page, task, error }: { page: PageContext; task: TaskJson; error: TaskError }) {
  const { text } = page;
  const { sentence, isOurs, advice } = failureWords(page, task, error);
  return (
    <section class="card panel stack failure" id="failure">
      <h2>{text.task.failed}</h2>
      {isOurs ? <p>{sentence}</p> : <blockquote>{sentence}</blockquote>}
      {task.test ? (
        // That it is a test is no advice.
        <p>{advice}</p>
      ) : (
        <>
          <h3>{text.task.whatToDo}</h3>
          <p>{advice}</p>
          {error.retryable && <p>{text.task.retryable}</p>}
        </>
      )}
      <p class="hint">
        <code>{error.code}</code>
      </p>
    </section>
  );
}
