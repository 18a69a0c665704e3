// Changes: JSON to /api, from our own pages. What fails is an Error whose message can be shown as text.

export async function send(method, address, body) {
  const how = { method, headers: {}, credentials: "same-origin" };
  how.headers["Content-Type"] = "application/json";
  if (body !== undefined) how.body = JSON.stringify(body);
  let answer;
  try {
    answer = await fetch(address, how);
  } catch {
    throw new Error(document.documentElement.lang.startsWith("zh") ? "服务器没有响应" : "the server does not answer");
  }
  const text = await answer.text();
  let told = null;
  try { told = text ? JSON.parse(text) : null; } catch { /* told below */ }
  if (!answer.ok) {
    const error = new Error(told?.error ? [told.error, ...(told.fields ?? [])].join("\n") : `${answer.status} ${answer.statusText}`);
    error.status = answer.status;
    throw error;
  }
  return told;
}

// A form whose fields are sent as one JSON object. data-send="POST /api/..." ; data-next: where to go then ({id} from
// the answer). Number fields become numbers, boxes become true or false, fields that are left empty are left out.
export function fields(form) {
  const found = {};
  for (const one of form.elements) {
    if (!one.name || one.disabled) continue;
    if (one.type === "checkbox") {
      if (one.dataset.many !== undefined) { found[one.name] ??= []; if (one.checked) found[one.name].push(one.value); }
      else found[one.name] = one.checked;
    } else if (one.type === "radio") { if (one.checked) found[one.name] = one.value; }
    else if (one.value !== "") found[one.name] = one.type === "number" ? Number(one.value) : one.value;
  }
  return found;
}

export function say(place, text, bad = false) {
  if (!place) return;
  place.textContent = text;
  place.classList.toggle("bad", bad);
}
