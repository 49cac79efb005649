import { raw } from "hono/html";
import type { Child } from "hono/jsx";
import { LANGUAGE_TAGS, type Language } from "../language.ts";
import type { PageContext } from "../page-context.ts";
import { newTaskPath } from "./parts/new-task-path.ts";

type Place = "docs" | "start" | "tasks" | "new" | "webhooks" | "endpoints" | "stats" | "accounts";

interface PageProps {
  page: PageContext;
  title: string;
  place?: Place;
  /** Asked for again every so many milliseconds; absent: the page stays as it is. */
  liveMs?: number | null;
  scripts?: readonly string[];
  styles?: readonly string[];
  /** The form whose fields the language switch takes along, so that nothing typed is lost. */
  typedForm?: string;
  /** Where the language switch leads to on a page of several forms: with scripts it takes along what all of them hold. */
  languagePath?: string;
  children?: Child;
}

/** What surrounds every page. Every word of a caller, a receiver or the upstream goes through JSX, which escapes it. */
export function Page({
  page,
  title,
  place,
  liveMs,
  scripts = [],
  styles = [],
  typedForm,
  languagePath = "/language",
  children,
}: PageProps) {
  const { text } = page;
  return (
    <>
      {raw("<!doctype html>")}
      <html lang={LANGUAGE_TAGS[page.language]}>
        <head>
          <meta charset="utf-8" />
          <title>{`${title} · ${text.shell.product}`}</title>
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="color-scheme" content="light dark" />
          <meta name="robots" content="noindex" />
          <link rel="icon" href="/assets/icon.svg" type="image/svg+xml" />
          <link rel="stylesheet" href="/assets/console.css" />
          {styles.map((name) => (
            <link rel="stylesheet" href={`/assets/${name}.css`} />
          ))}
          <script type="module" src="/assets/console.js"></script>
          {scripts.map((name) => (
            <script type="module" src={`/assets/${name}.js`}></script>
          ))}
        </head>
        <body>
          <a class="skip" href="#content">
            {text.shell.skip}
          </a>
          <Bar page={page} place={place} typedForm={typedForm} languagePath={languagePath} />
          <p class="stale" role="status" data-stale hidden>
            {text.shell.stale}
          </p>
          <main id="content" tabindex={-1} {...(liveMs ? { "data-live": liveMs } : {})}>
            <ActingFor page={page} />
            {children}
          </main>
          <footer class="below">
            {page.viewer !== null && !page.isOperator && (
              <a href="/start" {...(place === "start" ? { "aria-current": "page" } : {})}>
                {text.start.title}
              </a>
            )}{" "}
            <a href="/docs">{text.shell.reference}</a>
          </footer>
          <template
            data-words
            data-copied={text.shell.copied}
            data-not-copied={text.shell.notCopied}
          ></template>
        </body>
      </html>
    </>
  );
}

interface HeadProps {
  title: string;
  lead: string;
  /** At the other end of the line. */
  children?: Child;
}

/** What a page is, and what it is for. */
export function PageHead({ title, lead, children }: HeadProps) {
  return (
    <div class="head">
      <div>
        <h1>{title}</h1>
        <p class="lead">{lead}</p>
      </div>
      {children}
    </div>
  );
}

/** Whose account an operator looks into; inside the part that updates, so that it is always that of what is shown. */
function ActingFor({ page: { account, text } }: { page: PageContext }) {
  if (account === null) return null;
  return (
    <p class="acting">
      {text.operator.account} <strong>{account}</strong> <a href="/accounts">{text.operator.change}</a>
    </p>
  );
}

type BarProps = Pick<PageProps, "page"> & {
  place: Place | undefined;
  typedForm: string | undefined;
  languagePath: string;
};

function Bar({ page, place, typedForm, languagePath }: BarProps) {
  const { text, viewer } = page;
  return (
    <header class="bar">
      <div class="bar-in">
        <a class="brand" href="/">
          <Mark />
          <span>{text.shell.product}</span>
        </a>
        {viewer !== null && (
          <nav class="places" aria-label={text.shell.nav}>
            <Places page={page} place={place} />
          </nav>
        )}
        <div class="bar-end">
          <LanguageSwitch page={page} typedForm={typedForm} languagePath={languagePath} />
          {viewer !== null && (
            <form method="post" action="/sign-out">
              <span class="viewer">
                <span class="visually-hidden">{text.shell.signedInAs} </span>
                {viewer}
              </span>
              <button class="quiet" type="submit">
                {text.shell.signOut}
              </button>
            </form>
          )}
        </div>
      </div>
    </header>
  );
}

/** An operator looks into one account, once it has chosen one. */
function Places({ page, place }: Pick<BarProps, "page" | "place">) {
  const { text, isOperator, account } = page;
  return (
    <>
      {isOperator && <PlaceLink to="/accounts" here={place === "accounts"} label={text.operator.title} />}
      {(!isOperator || account !== null) && (
        <PlaceLink to="/" here={place === "tasks"} label={text.shell.tasks} />
      )}
      {!isOperator && (
        <>
          <PlaceLink to={newTaskPath(page)} here={place === "new"} label={text.shell.newTask} />
          <PlaceLink to="/webhooks" here={place === "webhooks"} label={text.shell.webhooks} />
        </>
      )}
      {(!isOperator || account !== null) && (
        <>
          <PlaceLink to="/endpoints" here={place === "endpoints"} label={text.shell.endpoints} />
          <PlaceLink to="/statistics" here={place === "stats"} label={text.shell.statistics} />
        </>
      )}
    </>
  );
}

function PlaceLink({ to, here, label }: { to: string; here: boolean; label: string }) {
  return (
    <a href={to} {...(here ? { "aria-current": "page" } : {})}>
      {label}
    </a>
  );
}

const OTHER: Record<Language, { language: Language; name: string }> = {
  en: { language: "zh", name: "中文" },
  zh: { language: "en", name: "English" },
};

/** One button, in the language that it leads to. */
function LanguageSwitch({ page, typedForm, languagePath }: Omit<BarProps, "place">) {
  const { language, name } = OTHER[page.language];
  const choice = { name: "language", value: language, lang: LANGUAGE_TAGS[language] };
  if (typedForm !== undefined) {
    return (
      <>
        {/* The first button of a form is what Enter in a field presses: that of the form, and not the language's. */}
        <button
          class="visually-hidden"
          type="submit"
          form={typedForm}
          tabindex={-1}
          aria-hidden="true"
        ></button>
        <button
          class="quiet"
          type="submit"
          form={typedForm}
          formaction={languagePath}
          formnovalidate
          {...choice}
        >
          {name}
        </button>
      </>
    );
  }
  return (
    <form method="post" action={languagePath} data-language>
      <input type="hidden" name="to" value={page.path} />
      <button class="quiet" type="submit" {...choice}>
        {name}
      </button>
    </form>
  );
}

/** A call that comes back. */
function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" class="mark-ground" />
      <path d="M10 20.5a7.5 7.5 0 1 1 12.6-5.4" class="mark-line" />
      <path d="M18.6 13.2l4.2 2.4 2.2-4.3" class="mark-line" />
      <circle cx="10" cy="21" r="2.4" class="mark-dot" />
    </svg>
  );
}
