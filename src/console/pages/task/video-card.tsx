import type { TaskFile, TaskJson } from "../../../contract/shapes/task.ts";
import type { PageContext } from "../../page-context.ts";
import { CopyButton, Instant } from "../parts/parts.tsx";
import { size } from "../parts/sizes.ts";
import { AIO } from "../../../contract/words.ts";
import { span } from "../parts/spans.ts";
import { fileLife } from "./file-life.ts";
import { fileReason } from "./file-reason.ts";

type KeptFile = Extract<TaskFile, { status: "kept" }>;

interface CardProps {
  page: PageContext;
  task: TaskJson;
  url: string;
}

/**
 * The player and the ways to the file. When the file does not load, the page's script shows the last paragraph in place
 * of the player; without a script the time alone says that the file is probably gone.
 */
export function VideoCard({ page, task, url }: CardProps) {
  const text = page.text.video;
  if (task.file?.status === "kept") return <KeptCard page={page} url={url} file={task.file} />;
  const life = fileLife(task, page.upstreams, page.now);
  if (life?.isOver) return <Gone page={page} url={url} lifeMs={life.lifeMs} />;
  return (
    <section class="card video" id="video" data-video>
      <h2 class="visually-hidden">{page.text.task.video}</h2>
      <Player page={page} url={url} />
      <p class="notice is-plain" role="status" data-broken hidden>
        {text.broken}
      </p>
      <div class="below-video">
        {task.file !== null && <NotKept page={page} reason={task.file.reason} />}
        <Ways page={page} url={url} download={url} />
        {life !== null && (
          <p class="hint" data-available>
            {text.until} <Instant iso={life.until} />.{" "}
            {task.file === null && task.upstream_name === AIO && page.text.task.videoNote}
          </p>
        )}
      </div>
    </section>
  );
}

/** The copy lives as long as the task that the page shows. */
function KeptCard({ page, url, file }: { page: PageContext; url: string; file: KeptFile }) {
  const text = page.text.files;
  return (
    <section class="card video" id="video" data-video>
      <h2 class="visually-hidden">{page.text.task.video}</h2>
      {file.content_type.startsWith("image/") ? (
        <img src={url} alt={page.text.task.video} />
      ) : (
        <Player page={page} url={url} />
      )}
      <p class="notice is-plain" role="status" data-broken hidden>
        {text.keptBroken}
      </p>
      <div class="below-video">
        <Ways page={page} url={url} download={`${url}?download`} />
        <p class="hint" data-available>
          {Date.parse(file.expires_at) > page.now && (
            <>
              {text.keptUntil} <Instant iso={file.expires_at} />.{" "}
            </>
          )}
          <span class="number">{size(file.bytes)}</span>
        </p>
      </div>
    </section>
  );
}

function Player({ page, url }: { page: PageContext; url: string }) {
  return <video src={url} controls playsinline preload="metadata" aria-label={page.text.task.video}></video>;
}

function Ways({ page, url, download }: { page: PageContext; url: string; download: string }) {
  const text = page.text.video;
  return (
    <p class="actions">
      <a class="button" href={download} download rel="noreferrer" target="_blank">
        {text.download}
      </a>
      <CopyButton page={page} from="video-url" label={text.link}>
        {text.link}
      </CopyButton>
      <span id="video-url" hidden>
        {url}
      </span>
    </p>
  );
}

function NotKept({ page, reason }: { page: PageContext; reason: string }) {
  const text = page.text.files;
  return (
    <p class="not-kept" id="not-kept">
      <strong>{text.notKept}</strong> {fileReason(text, reason)} {text.notKeptLead}
    </p>
  );
}

function Gone({ page, url, lifeMs }: { page: PageContext; url: string; lifeMs: number }) {
  const text = page.text.video;
  return (
    <section class="card panel stack" id="video">
      <h2>{text.gone}</h2>
      <p>{text.goneLead(span(page.text.time, lifeMs))}</p>
      <p>
        <a href={url} rel="noreferrer" target="_blank">
          {text.tryAnyway}
        </a>
      </p>
    </section>
  );
}
