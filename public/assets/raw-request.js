import { watchForm } from "./checked-form.js";

/** The form of a raw request while it is filled in. */

watchForm(document.querySelector("form[data-check]"));
