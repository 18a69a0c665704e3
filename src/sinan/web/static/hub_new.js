// A benchmark of one's own: first its card, as JSON, then its file, as bytes; then its page, where all is told.
import { say, send } from "./api.js";

const form = document.getElementById("own");
const status = form.querySelector("[role=status]");
let name = form.dataset.name;

function card() {
  const data = new FormData(form);
  const told = { languages: data.getAll("languages") };
  for (const key of ["title", "description", "dimension", "licence", "scorer", "visibility"]) told[key] = data.get(key) ?? "";
  if (data.get("organisation") && told.visibility === "organisation") told.organisation = data.get("organisation");
  return told;
}

async function sendFile(file, scorer) {
  const kind = file.name.toLowerCase().split(".").pop();
  const query = new URLSearchParams({ format: ["csv", "parquet"].includes(kind) ? kind : "jsonl", scorer });
  const answer = await fetch(`/api/benchmarks/${name}/file?${query}`, {
    method: "PUT", body: file, headers: { "Content-Type": "application/octet-stream" }, credentials: "same-origin",
  });
  const told = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(told?.error ? [told.error, ...(told.fields ?? [])].join("\n") : `${answer.status}`);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const file = form.elements.file.files[0];
  if (file && file.size > Number(form.dataset.bytes)) return say(status, form.dataset.large, true);
  button.disabled = true;
  let begun = false;
  try {
    say(status, form.dataset.sending);
    const told = card();
    const scorer = told.scorer;
    if (!name) name = (await send("POST", "/api/benchmarks", { ...told, name: form.elements.name.value })).name;
    begun = true;
    if (file) {
      say(status, form.dataset.looking);
      await sendFile(file, scorer);
    }
    if (form.dataset.name || form.dataset.tried) await send("PUT", `/api/benchmarks/${name}`, told);
    say(status, form.dataset.kept);
    location.assign(file ? `/hub/${name}/change` : `/hub/${name}`);
  } catch (error) {
    if (begun) { form.dataset.tried = "yes"; form.elements.name?.setAttribute("readonly", ""); }
    say(status, begun && !form.dataset.name ? `${error.message}\n${form.dataset.unkept}` : error.message, true);
  } finally {
    button.disabled = false;
  }
});
