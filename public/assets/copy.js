/** Shows the copy buttons, which are hidden where no script runs, and lets them copy. */

/** How long a button says that it has copied, in milliseconds. */
const SAID_MS = 2500;

/** @param {ParentNode} root */
export function offerCopying(root) {
  // Without TLS a browser has no clipboard to offer.
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("button[data-copy]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-copy]") : null;
  const source = button && document.getElementById(button.dataset.copy ?? "");
  if (source) void copy(button, source.textContent ?? "");
});

async function copy(button, text) {
  const words = document.querySelector("[data-words]")?.dataset ?? {};
  try {
    await navigator.clipboard.writeText(text);
    say(button, words.copied);
  } catch {
    // The browser, or its user, refuses the clipboard: selected, the text is one key press from it.
    getSelection()?.selectAllChildren(document.getElementById(button.dataset.copy));
    say(button, words.notCopied);
  }
}

/** Buttons that say what came of a click, until they are as they were. */
const saying = new WeakSet();

function say(button, words) {
  if (words === undefined || saying.has(button)) return;
  saying.add(button);
  const { textContent: text, ariaLabel: label } = button;
  button.textContent = words;
  // What it says is its name, too.
  button.ariaLabel = null;
  setTimeout(() => {
    button.textContent = text;
    button.ariaLabel = label;
    saying.delete(button);
  }, SAID_MS);
}
