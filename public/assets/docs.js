"use strict";

/* global SwaggerUIBundle */

// The renderer has a dark theme, but only its host page can switch it on.
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();

SwaggerUIBundle({
  url: "/openapi.json",
  domNode: document.getElementById("reference"),
  deepLinking: true,
  // A key that was typed in is gone with the page.
  persistAuthorization: false,
  // The badge would ask another host whether the document is valid.
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
