import type { AccountMode } from "../../contract/words.ts";
import { described, Field } from "./parts/parts.tsx";
import { Page } from "./page.tsx";
import { BEARER_MAX_LENGTH, SESSION_MS } from "../session.ts";
import type { PageContext } from "../page-context.ts";

interface SignInProps {
  page: PageContext;
  mode: AccountMode;
  /** Where to go afterwards, a path of ours. */
  to: string;
  problem?: string;
}

export function SignInPage({ page, mode, to, problem }: SignInProps) {
  const text = page.text.signIn;
  const field = { id: "key", label: text[mode], hint: text[`${mode}Hint`], problem };
  return (
    <Page page={page} title={text.title}>
      <div class="door">
        <h1>{text.title}</h1>
        <p class="lead">{text.lead}</p>
        <form method="post" action="/sign-in" class="card stack">
          <Field {...field}>
            <input
              {...described(field)}
              type="password"
              required
              maxlength={BEARER_MAX_LENGTH}
              autocomplete="current-password"
              autocapitalize="off"
              spellcheck={false}
            />
          </Field>
          <button class="primary" type="submit">
            {text.submit}
          </button>
          <input type="hidden" name="to" value={to} />
          <p class="hint">{text.life(SESSION_MS / 3_600_000)}</p>
        </form>
      </div>
    </Page>
  );
}

/** Asks for the same address once more, this time from a page of ours, so that the cookie comes along. */
export function BouncePage({ page }: { page: PageContext }) {
  const { text, path } = page;
  return (
    <html lang={page.language}>
      <head>
        <meta charset="utf-8" />
        <title>{text.shell.product}</title>
        <meta http-equiv="refresh" content={`0; url=${path}`} />
      </head>
      <body>
        <p>
          <a href={path}>{text.signIn.onwards}</a>
        </p>
      </body>
    </html>
  );
}
