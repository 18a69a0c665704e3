// Three steps, then an estimate, then the job. What is submitted is exactly what was estimated.
import { say, send } from "./api.js";

const form = document.getElementById("submit");
if (form) begin();

function begin() {
  const words = JSON.parse(form.dataset.words);
  const field = (name) => form.elements.namedItem(name);
  const text = (name) => (field(name)?.value ?? "").trim();
  const number = (name) => (text(name) === "" ? undefined : Number(text(name)));
  const place = (name) => document.getElementById(name);
  let estimated = "";

  const which = () => form.querySelector("[name=which]:checked")?.value ?? "remote";

  function shown() {
    for (const one of form.querySelectorAll("[data-for]")) one.hidden = one.dataset.for !== which();
  }

  function named(name) {
    const [provider, ...rest] = name.split("/");
    return { provider, name: rest.join("/") };
  }

  function remote(provider, name) {
    const found = { provider, name };
    if (text("address")) found.address = text("address");
    if (text("key")) found.key = Number(text("key"));
    else if (text("secret")) found.secret = text("secret");
    const options = Object.fromEntries(new URLSearchParams(text("options")));
    if (Object.keys(options).length) found.options = options;
    return found;
  }

  function model() {
    if (which() === "local") return named(text("local"));
    if (which() !== "remote") return named(which());
    if (!text("name")) throw new Error(words.model);
    return remote(text("provider"), text("name"));
  }

  function order() {
    const suite = form.querySelector("[name=suite]:checked")?.value ?? "";
    const targets = suite ? [suite] : text("targets").split(/[\s,]+/).filter(Boolean);
    if (!targets.length) throw new Error(words.target);
    const asked = { targets, models: [model()], draws: number("draws") ?? 1, protocol: text("protocol") || "default" };
    const more = { limit: number("limit"), shots: number("shots"), concurrency: number("concurrency"), max_cost: number("max_cost"), max_tokens: number("max_tokens") };
    for (const [name, value] of Object.entries(more)) if (value !== undefined) asked[name] = value;
    if (number("max_minutes") !== undefined) asked.max_time = 60 * number("max_minutes");
    const drawn = { temperature: number("temperature"), top_p: number("top_p"), max_tokens: number("answer_tokens") };
    const parameters = Object.fromEntries(Object.entries(drawn).filter(([, value]) => value !== undefined));
    if (Object.keys(parameters).length) asked.parameters = parameters;
    const judge = text("judge");
    if (judge) {
      const found = named(judge);
      asked.judges = [which() === "remote" ? { ...remote(found.provider, found.name) } : found];
    }
    return asked;
  }

  async function during(button, status, work) {
    button.disabled = true;
    say(status, words.waiting);
    try {
      say(status, (await work()) ?? "");
    } catch (error) {
      say(status, error.message, true);
    } finally {
      button.disabled = false;
    }
  }

  const whole = (value) => (value === null || value === undefined ? words.unknown : Math.round(value).toLocaleString("en-US"));
  const dollars = (usd) => (usd === null || usd === undefined ? words.none : usd >= 1 || usd === 0 ? `$${usd.toFixed(2)}` : `$${usd.toFixed(4)}`);

  function time(seconds) {
    if (seconds === null || seconds === undefined) return words.unknown;
    if (seconds < 60) return `${Math.ceil(seconds)} s`;
    const minutes = Math.round(seconds / 60);
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  }

  function fact(name, value) {
    const [term, detail] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = name;
    detail.textContent = value;
    place("estimate-facts").append(term, detail);
  }

  function draw(told) {
    const most = told.tokens_out_at_most ? `${words.most} ` : "";
    place("estimate-facts").replaceChildren();
    fact(words.requests, whole(told.requests));
    fact(words.tokens_in, `${words.about} ${whole(told.tokens_in)}`);
    fact(words.tokens_out, most + whole(told.tokens_out));
    fact(words.cost, (told.cost_usd ? most : "") + dollars(told.cost_usd));
    fact(words.time, time(told.seconds));
    if (told.tokens_left !== null) fact(words.left, whole(told.tokens_left));
    const rows = told.cells.map((cell) => {
      const row = document.createElement("tr");
      const values = [[cell.benchmark], [cell.model], [whole(cell.requests), "n"], [whole(cell.tokens_in), "n"], [whole(cell.tokens_out), "n"], [dollars(cell.cost_usd), "n"]];
      for (const [value, kind] of values) {
        const one = row.insertCell();
        one.textContent = value;
        if (kind) one.className = kind;
      }
      return row;
    });
    place("estimate-cells").replaceChildren(...rows);
    place("estimate-shown").hidden = false;
  }

  form.addEventListener("change", () => {
    shown();
    if (!estimated) return;
    estimated = "";
    place("estimate-shown").hidden = true;
    say(place("estimated"), words.changed);
  });
  field("targets").addEventListener("input", () => { form.querySelector("[name=suite][value='']").checked = true; });

  place("try").addEventListener("click", () => during(place("try"), place("tried"), async () => {
    const told = await send("POST", "/api/models/test", { model: model() });
    return `${words.works} ${words.in} ${told.seconds.toFixed(1)} s: ${told.answer.slice(0, 120).replace(/\s+/g, " ")}`;
  }));

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    during(place("estimate"), place("estimated"), async () => {
      const asked = order();
      draw(await send("POST", "/api/estimates", { order: asked }));
      estimated = JSON.stringify(asked);
      place("send").focus();
    });
  });

  place("send").addEventListener("click", () => during(place("send"), place("sent"), async () => {
    const asked = order();
    if (JSON.stringify(asked) !== estimated) throw new Error(words.changed);
    const body = { order: asked, priority: number("priority") ?? 0 };
    if (text("webhook")) body.webhook = text("webhook");
    if (text("organisation")) body.organisation = Number(text("organisation"));
    const told = await send("POST", "/api/jobs", body);
    if (told.webhook_secret) return leave(told);
    location.assign(`/jobs/${encodeURIComponent(told.id)}`);
    return "";
  }));

  // The webhook's secret is shown this once: the page waits until it was read.
  function leave(told) {
    const link = document.createElement("a");
    link.href = `/jobs/${encodeURIComponent(told.id)}`;
    link.textContent = words.tojob;
    place("send").replaceWith(link);
    return `${words.secret}: ${told.webhook_secret}`;
  }

  shown();
}
