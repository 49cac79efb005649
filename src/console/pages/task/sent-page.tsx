import type { SentDelivery } from "../../../contract/shapes/delivery.ts";
import { parseJson } from "../../../domain/text/json.ts";
import type { PageContext } from "../../page-context.ts";
import { Page } from "../page.tsx";
import { Code, CopyButton } from "../parts/parts.tsx";
import { ReceiverFields, type TypedReceiver } from "../parts/receiver-fields.tsx";
import { anchorOf } from "./delivery-groups.ts";
import { replayCommand } from "./replay-command.ts";

interface SentProps {
  page: PageContext;
  taskId: string;
  delivery: SentDelivery;
  /** The form that sends it elsewhere. */
  elsewhere: TypedReceiver;
}

/** The request of one event: to be read, copied, replayed, and sent to another URL. */
export function SentPage({ page, taskId, delivery, elsewhere }: SentProps) {
  const text = page.text.sent;
  const { message_id: messageId, event, endpoint, request } = delivery;
  return (
    <Page page={page} title={`${text.title} · ${event}`} place="tasks">
      <p class="crumb">
        <a href={`/tasks/${taskId}#${anchorOf(delivery)}`}>{text.back}</a>
      </p>
      <div class="head">
        <div>
          <h1>{text.title}</h1>
          <p class="sub">
            <code>{event}</code> <code>{messageId}</code>
            {endpoint !== null && (
              <span>
                {page.text.endpoints.one}{" "}
                {request === null ? endpoint.host : <a href={`/endpoints/${endpoint.id}`}>{endpoint.host}</a>}
              </span>
            )}
          </p>
        </div>
      </div>
      <div class="split">
        <div class="column">
          {request === null ? (
            <p class="card panel">{text.deleted}</p>
          ) : (
            <>
              <Headers page={page} request={request} />
              <Body page={page} body={request.body} />
              {!page.isOperator && <Replay page={page} request={request} />}
            </>
          )}
        </div>
        {!page.isOperator && <ElsewhereForm page={page} elsewhere={elsewhere} />}
      </div>
    </Page>
  );
}

type Request = NonNullable<SentDelivery["request"]>;

function Headers({ page, request }: { page: PageContext; request: Request }) {
  const text = page.text.sent;
  const lines = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <section class="card panel">
      <h2>{text.url}</h2>
      <p class="cut">
        <code id="sent-url">POST {request.url}</code>
      </p>
      <div class="with-copy">
        <h3>{text.headers}</h3>
        <CopyButton page={page} from="sent-headers" label={text.headers} />
      </div>
      <Code id="sent-headers" label={text.headers}>
        {lines.join("\n")}
      </Code>
      <p class="hint">{text.headersHint}</p>
    </section>
  );
}

function Body({ page, body }: { page: PageContext; body: string }) {
  const text = page.text.sent;
  return (
    <section class="card panel">
      <div class="with-copy">
        <h2>{text.body}</h2>
        <CopyButton page={page} from="sent-body" label={text.body} />
      </div>
      <Code label={text.body}>{JSON.stringify(parseJson(body), null, 2)}</Code>
      <p class="hint">{text.bodyHint}</p>
      <details id="exact">
        <summary>{text.exact}</summary>
        <Code id="sent-body" label={text.exact}>
          {body}
        </Code>
      </details>
    </section>
  );
}

function Replay({ page, request }: { page: PageContext; request: Request }) {
  const text = page.text.sent;
  return (
    <section class="card panel">
      <div class="with-copy">
        <h2>{text.replay}</h2>
        <CopyButton page={page} from="replay" label={text.replay} />
      </div>
      <p class="hint">{text.replayHint}</p>
      <Code id="replay" label={text.replay}>
        {replayCommand(request)}
      </Code>
    </section>
  );
}

function ElsewhereForm({ page, elsewhere }: { page: PageContext; elsewhere: TypedReceiver }) {
  const text = page.text.sent;
  return (
    <section class="card panel stack" id="elsewhere">
      <h2>{text.elsewhere}</h2>
      <p class="hint">{text.elsewhereLead}</p>
      <form method="post" class="stack">
        <ReceiverFields
          page={page}
          typed={elsewhere}
          labels={{ url: text.target, headers: text.own, headersHint: text.ownHint }}
          isRequired
        />
        <button class="primary" type="submit">
          {text.send}
        </button>
      </form>
    </section>
  );
}
