/** Shows the copy buttons, which are hidden where no script runs, and lets them copy. */

/** How long a button says that it has copied, in milliseconds. */
const SAID_MS = 1500;

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
  await navigator.clipboard.writeText(text);
  const said = button.textContent;
  button.textContent = document.querySelector("[data-words]")?.dataset.copied ?? said;
  setTimeout(() => {
    button.textContent = said;
  }, SAID_MS);
}
