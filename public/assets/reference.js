/** Sends the calls of the reference page. The key is typed into the page, and gone with it. */

const keyForm = document.querySelector("[data-key]");
keyForm.hidden = false;
document.querySelector("[data-without-script]").hidden = true;
keyForm.addEventListener("submit", (event) => event.preventDefault());

for (const form of document.querySelectorAll("form[data-try]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void send(form);
  });
  const example = form.querySelector("[data-example]");
  example?.addEventListener("change", () => {
    form.querySelector("[data-body]").value = example.value;
  });
}

async function send(form) {
  const place = form.querySelector(".answer");
  place.textContent = "…";
  try {
    const { url, options } = requestOf(form);
    const response = await fetch(url, options);
    show(place, response, await textOf(response));
  } catch (error) {
    // A body that is no JSON, or a network without an answer.
    place.textContent = String(error);
  }
}

function requestOf(form) {
  const headers = new Headers();
  const key = document.getElementById("api-key").value.trim();
  if (key !== "") headers.set("authorization", `Bearer ${key}`);
  const query = new URLSearchParams();
  let path = form.dataset.path;
  for (const { dataset, value } of form.querySelectorAll("[data-in]")) {
    if (value === "") continue;
    if (dataset.in === "path") path = path.replace(`{${dataset.name}}`, encodeURIComponent(value));
    if (dataset.in === "query") query.append(dataset.name, value);
    if (dataset.in === "header") headers.set(dataset.name, value);
  }
  const options = { method: form.dataset.method, headers, ...bodyOf(form, headers) };
  const search = query.toString();
  return { url: search === "" ? path : `${path}?${search}`, options };
}

function bodyOf(form, headers) {
  const text = form.querySelector("[data-body]")?.value ?? "";
  if (text === "") return {};
  const type = form.querySelector("[data-type]").value;
  // A browser says the type of a form by itself, boundary and all.
  if (type === "multipart/form-data") return { body: filled(new FormData(), text) };
  if (type === "application/x-www-form-urlencoded") return { body: filled(new URLSearchParams(), text) };
  headers.set("content-type", type === "*/*" ? "application/json" : type);
  return { body: text };
}

/** The JSON's members as fields: in a form an object is JSON in a string. */
function filled(fields, text) {
  for (const [name, value] of Object.entries(JSON.parse(text))) {
    fields.append(name, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  return fields;
}

/** A stream ends when its task does: what came in the first seconds is enough to see. */
async function textOf(response) {
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) return response.text();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  await reader.cancel();
  return `${value}…`;
}

function show(place, response, text) {
  const status = document.createElement("p");
  status.append(
    Object.assign(document.createElement("strong"), { textContent: `HTTP ${response.status}` }),
    ` · x-request-id ${response.headers.get("x-request-id") ?? ""}`,
  );
  const pre = Object.assign(document.createElement("pre"), { tabIndex: 0 });
  pre.setAttribute("role", "group");
  pre.setAttribute("aria-label", "Answer");
  pre.append(Object.assign(document.createElement("code"), { textContent: pretty(text) }));
  place.replaceChildren(status, ...(text === "" ? [] : [pre]));
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // No JSON: as it came.
    return text;
  }
}
