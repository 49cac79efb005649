import { watchForm } from "./checked-form.js";
import { fillModels, offerImages } from "./new-task-fields.js";

/** The form of a new task while it is filled in. */

/** The server judges only the beginning of a longer value: sending megabytes of an image per key would take too long. */
const ASKED_LENGTH = 4000;
const PROMPT_MAX = 2500;

const form = document.querySelector("form[data-check]");
const counter = form.querySelector("[data-counter]");

/** Base64 stays valid when it is cut at a multiple of four behind the comma of a data URL. */
function shortened(value) {
  if (value.length <= 2 * ASKED_LENGTH || /\s/.test(value)) return value;
  return value.slice(0, value.indexOf(",") + 1 + ASKED_LENGTH);
}

function count() {
  const length = Array.from(document.getElementById("prompt").value).length;
  counter.textContent = `${length} / ${PROMPT_MAX}`;
  counter.classList.toggle("is-over", length > PROMPT_MAX);
}

form.addEventListener("input", count);
count();
offerImages(form, watchForm(form, shortened));
void fillModels(form.dataset.models);
