/** Says the instants of a page in the reader's own time zone; what the server wrote is UTC. */

const language = document.documentElement.lang.slice(0, 2);
/** `en` is not yet a way to write a date: the reader's own kind of it is. */
const locale = navigator.languages.find((tag) => tag.startsWith(language)) ?? language;

const format = new Intl.DateTimeFormat(locale, {
  year: "numeric",
  month: "short",
  day: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
  // People in several places compare what they see, and a log says UTC.
  timeZoneName: "short",
});

/** @param {ParentNode} root */
export function localise(root) {
  for (const time of root.querySelectorAll("time[data-local]")) {
    const at = Date.parse(time.getAttribute("datetime") ?? "");
    if (Number.isNaN(at)) continue;
    time.setAttribute("title", time.textContent ?? "");
    time.textContent = format.format(at);
  }
}
