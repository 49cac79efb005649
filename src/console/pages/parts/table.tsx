import type { Child } from "hono/jsx";

/** Of a column. */
interface Head {
  /** Empty: it needs no word. */
  label: string;
  /** Stands at the right, over numbers. */
  isNumber?: boolean;
}

interface TableProps {
  class: string;
  heads: readonly Head[];
  /** Not seen: what the table is, where no heading says it. */
  caption?: string;
  /** The heads are only for those who hear the table. */
  hidesHeads?: boolean;
  /** On a phone its rows are blocks: then only roles say that it is a table. */
  isStacked?: boolean;
  /** Its rows. */
  children?: Child;
}

export function Table({ class: name, heads, caption, hidesHeads, isStacked, children }: TableProps) {
  const role = (word: string) => (isStacked ? { role: word } : {});
  const hidden = hidesHeads ? { class: "visually-hidden" } : {};
  return (
    <table class={name} {...role("table")}>
      {caption !== undefined && <caption class="visually-hidden">{caption}</caption>}
      <thead {...hidden} {...role("rowgroup")}>
        <tr {...role("row")}>
          {heads.map(({ label, isNumber }) =>
            label === "" ? (
              <td {...role("cell")}></td>
            ) : (
              <th {...role("columnheader")} scope="col" {...(isNumber ? { class: "number" } : {})}>
                {label}
              </th>
            ),
          )}
        </tr>
      </thead>
      <tbody {...role("rowgroup")}>{children}</tbody>
    </table>
  );
}

export function head(label: string): Head {
  return { label };
}

/** Of a column of numbers. */
export function numberHead(label: string): Head {
  return { label, isNumber: true };
}

interface ScrollBoxProps {
  label: string;
  isCard?: boolean;
  children?: Child;
}

/** What may be wider than the page. Can be scrolled by keyboard. */
export function ScrollBox({ label, isCard, children }: ScrollBoxProps) {
  return (
    <div class={isCard ? "card scroll" : "scroll"} tabindex={0} role="group" aria-label={label}>
      {children}
    </div>
  );
}
