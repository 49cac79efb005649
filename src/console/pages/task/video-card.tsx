import type { TaskJson } from "../../../contract/shapes/task.ts";
import type { PageContext } from "../../page-context.ts";
import { CopyButton, Instant } from "../parts/parts.tsx";
import { fileLife } from "./file-life.ts";

/**
 * The player and the ways to the file. When the file does not load, the page's script shows the last paragraph in place
 * of the player; without a script the time alone says that the file is probably gone.
 */
export function VideoCard({ page, task, url }: { page: PageContext; task: TaskJson; url: string }) {
  const text = page.text.video;
  const { until, isOver } = fileLife(task, page.now);
  if (isOver) return <Gone page={page} url={url} />;
  return (
    <section class="card video" id="video" data-video>
      <h2 class="visually-hidden">{page.text.task.video}</h2>
      <video src={url} controls playsinline preload="metadata" aria-label={page.text.task.video}></video>
      <p class="notice is-plain" role="status" data-broken hidden>
        {text.broken}
      </p>
      <div class="below-video">
        <p class="actions">
          <a class="button" href={url} download rel="noreferrer" target="_blank">
            {text.download}
          </a>
          <CopyButton page={page} from="video-url" label={text.link}>
            {text.link}
          </CopyButton>
          <span id="video-url" hidden>
            {url}
          </span>
        </p>
        <p class="hint" data-available>
          {text.until} <Instant iso={until} />. {page.text.task.videoNote}
        </p>
      </div>
    </section>
  );
}

function Gone({ page, url }: { page: PageContext; url: string }) {
  const text = page.text.video;
  return (
    <section class="card panel stack" id="video">
      <h2>{text.gone}</h2>
      <p>{text.goneLead}</p>
      <p>
        <a href={url} rel="noreferrer" target="_blank">
          {text.tryAnyway}
        </a>
      </p>
    </section>
  );
}
