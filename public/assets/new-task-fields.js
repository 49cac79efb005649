import { ask } from "./checked-form.js";

/** What makes the fields of a new task easier: names of models to choose from, files as images, and their pictures. */

/** @param {string} url */
export async function fillModels(url) {
  const response = await ask(url);
  if (!response?.ok) return;
  const options = (await response.json()).map((name) => new Option(name, name));
  document.getElementById("models").replaceChildren(...options);
}

/**
 * @param {HTMLFormElement} form
 * @param {() => void} changed
 */
export function offerImages(form, changed) {
  for (const place of form.querySelectorAll("[data-choose]")) {
    const input = document.getElementById(place.dataset.choose);
    const picture = form.querySelector(`[data-preview="${input.id}"]`);
    place.hidden = false;
    place.querySelector("input").addEventListener("change", (event) => {
      void choose(event.target.files[0], { input, picture, changed });
    });
    input.addEventListener("input", () => {
      forget(input);
      show(picture, valueOf(input));
    });
    show(picture, valueOf(input));
  }
  const references = document.getElementById("reference_images");
  references.addEventListener("input", () => showAll(references));
  showAll(references);
}

async function choose(file, { input, picture, changed }) {
  await take(file, input);
  show(picture, valueOf(input));
  changed();
}

/**
 * A file becomes a data URL in a field that is not shown; the shown one says its name, because a text field with
 * megabytes in it stops the page.
 */
async function take(file, input) {
  if (file === undefined) return;
  const url = await dataUrlOf(file);
  forget(input);
  const hidden = Object.assign(document.createElement("input"), {
    type: "hidden",
    name: input.id,
    value: url,
  });
  input.removeAttribute("name");
  input.after(hidden);
  input.value = file.name;
}

async function dataUrlOf(file) {
  const reader = new FileReader();
  return new Promise((resolve, reject) => {
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

/** Typing takes the place of a chosen file. */
function forget(input) {
  const hidden = hiddenOf(input);
  if (hidden === null) return;
  hidden.remove();
  input.name = input.id;
}

function hiddenOf(input) {
  return input.parentElement.querySelector("input[type=hidden]");
}

function valueOf(input) {
  return hiddenOf(input)?.value ?? input.value.trim();
}

function showAll(area) {
  const place = document.querySelector("[data-previews]");
  const pictures = area.value.split("\n").flatMap((line) => {
    const picture = Object.assign(document.createElement("img"), {
      className: "preview",
      alt: line.trim().slice(0, 80),
      referrerPolicy: "no-referrer",
    });
    show(picture, line.trim());
    return picture.hidden ? [] : [picture];
  });
  place.replaceChildren(...pictures);
}

/** Shows what can be shown: a URL, or base64; an asset of the upstream cannot. */
function show(picture, value) {
  const source = sourceOf(value);
  picture.hidden = source === null;
  if (source === null) picture.removeAttribute("src");
  else if (picture.getAttribute("src") !== source) picture.src = source;
  picture.addEventListener("error", hide, { once: true });
}

function hide({ target }) {
  target.hidden = true;
}

function sourceOf(value) {
  if (/^https?:\/\/[^/]+\.[^/]+/i.test(value) || /^https?:\/\/localhost/i.test(value)) return value;
  if (/^data:image\//i.test(value)) return value;
  return /^[A-Za-z0-9+/]{64,}={0,2}$/.test(value) ? `data:image/png;base64,${value}` : null;
}
