// A polling loop against the upstream: BASE_URL=… KEY=sk-… node before.mjs
const { BASE_URL, KEY, EVERY_MS = "5000" } = process.env;
const headers = { authorization: `Bearer ${KEY}`, "content-type": "application/json" };
const body = JSON.stringify({ model: "doubao-seedance-2-0-260128", prompt: "A lighthouse at dusk." });

const created = await fetch(`${BASE_URL}/videos`, { method: "POST", headers, body });
const { task_id: id } = await created.json();

for (;;) {
  await new Promise((resolve) => setTimeout(resolve, Number(EVERY_MS)));
  const task = await (await fetch(`${BASE_URL}/videos/${id}`, { headers })).json();
  if (task.status === "completed" || task.status === "succeeded") {
    console.log(task.video_url);
    break;
  }
  if (task.status === "failed") throw new Error(task.error_message);
}
