/**
 * A form that starts a task, while it is filled in: the server judges it with the schema that judges the create, and the
 * page shows the same request as a command.
 */

/** After the last key, before the server is asked, in milliseconds. */
const REST_MS = 350;

/** An answer of the server, or undefined without a network: what is asked here is comfort. */
export async function ask(url, options = {}) {
  try {
    return await fetch(url, { redirect: "manual", ...options });
  } catch {
    // The network: the next question may go through.
    return undefined;
  }
}

/**
 * Asks the server about the form when it has changed and comes to rest.
 * @param {HTMLFormElement} form
 * @param {(value: string) => string} asked what the server is asked of a value
 * @returns {() => void} tells it of a change that is no input
 */
export function watchForm(form, asked = (value) => value) {
  const verdict = form.querySelector("[data-verdict]");
  const command = document.getElementById("curl");
  /** What the form was refused for, where it was. */
  const summary = document.querySelector("[data-summary]");
  /** Fields that the reader has been to: the others are not blamed yet. */
  const visited = new Set();
  let timer = 0;
  let question = 0;

  async function check() {
    const mine = ++question;
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === "string") fields.append(name, asked(value));
    }
    const response = await ask(form.dataset.check, { method: "POST", body: fields });
    // No answer, another key was pressed meanwhile, or the session is over: sending the form will say so.
    if (!response?.ok || mine !== question) return;
    const { issues, curl } = await response.json();
    command.textContent = curl;
    showIssues(issues);
  }

  function showIssues(issues) {
    const byField = new Map(issues.map(({ field, message }) => [field, message]));
    for (const place of form.querySelectorAll("[data-problem]")) {
      const name = place.dataset.problem;
      const isBlamed = summary !== null || visited.has(name);
      const message = isBlamed ? byField.get(name) : undefined;
      place.textContent = message ?? "";
      place.hidden = message === undefined;
      const control = document.getElementById(name);
      if (message === undefined) control?.removeAttribute("aria-invalid");
      else control?.setAttribute("aria-invalid", "true");
    }
    if (summary !== null) {
      summary.hidden = issues.length === 0;
      summary.querySelector("ul").replaceChildren(...issues.map(itemOf));
    }
    verdict.textContent = issues.length === 0 ? verdict.dataset.valid : verdict.dataset.invalid;
  }

  function checkSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => void check(), REST_MS);
  }

  form.addEventListener("input", checkSoon);
  form.addEventListener("focusout", ({ target }) => {
    if (target.name) visited.add(target.name);
    checkSoon();
  });
  // What was typed before this script came counts, too.
  for (const control of form.elements)
    if (control.name && control !== document.activeElement && isChanged(control)) visited.add(control.name);
  if (summary !== null || visited.size > 0) checkSoon();
  return checkSoon;
}

/** A line of the summary, as the server writes it. */
function itemOf({ path, field, label, message }) {
  const item = document.createElement("li");
  const link = Object.assign(document.createElement("a"), { href: `#${field}`, textContent: label });
  const name = Object.assign(document.createElement("code"), { textContent: path });
  item.append(link, " ", name, " ", message);
  return item;
}

function isChanged(control) {
  if (control.options) return [...control.options].some((one) => one.selected !== one.defaultSelected);
  const { value, defaultValue, checked, defaultChecked } = control;
  return defaultValue !== undefined && (value !== defaultValue || checked !== defaultChecked);
}
