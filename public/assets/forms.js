/** A second click on a button, while the answer to the first is on its way, sends nothing. */
export function sendFormsOnce() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // A form that asks changes nothing, and may be sent again.
    if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
    if (form.dataset.sent !== undefined) event.preventDefault();
    form.dataset.sent = "";
  });
  // A page that the browser shows again from its memory.
  addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  });
}

/** On a page of several forms the language switch takes along what is typed into each; its own fields come first. */
export function takeTypedAlong() {
  document.addEventListener("formdata", ({ target, formData }) => {
    if (!target.matches("[data-language]")) return;
    for (const form of document.querySelectorAll("form[data-typed]"))
      for (const [name, value] of new FormData(form)) formData.append(name, value);
  });
}
