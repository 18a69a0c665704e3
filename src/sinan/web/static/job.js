// One job, live: server-sent events fill what the server has drawn. Texts are set as text, never as HTML.
const job = document.getElementById("job");
const fields = Object.fromEntries([...job.querySelectorAll("[data-field]")].map((one) => [one.dataset.field, one]));
const whole = (value) => (value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en-US"));

function seconds(value) {
  if (value === null || value === undefined) return "–";
  if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  const minutes = Math.floor(Math.round(value) / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(value) % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function dollars(usd) {
  if (usd === null || usd === undefined) return "–";
  return usd >= 1 || usd === 0 ? `$${usd.toFixed(2)}` : `$${usd.toFixed(4)}`;
}

function value(cell, found) {
  if (found === null || found === undefined) return "–";
  return cell.in_percent ? (100 * found).toFixed(1) : String(Number(found.toPrecision(4)));
}

function row(cell) {
  const line = document.createElement("tr");
  const ends = cell.low === null || cell.high === null ? "" : `[${value(cell, cell.low)}, ${value(cell, cell.high)}]`;
  for (const [text, kind] of [[cell.benchmark], [cell.model], [value(cell, cell.value), "n"], [ends, "ci"], [whole(cell.n), "n"]]) {
    const place = line.insertCell();
    place.textContent = text;
    if (kind) place.className = kind;
  }
  return line;
}

function say(name, text) {
  if (fields[name] && fields[name].textContent !== text) fields[name].textContent = text;
}

function show(told) {
  const progress = told.progress;
  if (told.state !== job.dataset.state || told.wanted !== job.dataset.wanted) return location.reload();
  say("done", whole(progress.done));
  say("expected", whole(progress.expected));
  say("tokens", whole(progress.tokens));
  say("cost", dollars(progress.cost_usd));
  say("seconds", seconds(progress.seconds));
  say("left", seconds(progress.left_s));
  say("pace", progress.pace.join(", ") || (progress.per_s ? `${Number(progress.per_s.toPrecision(3))}/s` : "–"));
  const names = JSON.parse(fields.outcomes.dataset.names);
  say("outcomes", Object.entries(progress.outcomes).map(([name, n]) => `${names[name] ?? name} ${whole(n)}`).join(" · ") || "–");
  const share = progress.expected ? Math.min(1, progress.done / progress.expected) : 0;
  fields.bar.setAttribute("width", (100 * share).toFixed(2));
  if (progress.cells.length) fields.cells.replaceChildren(...progress.cells.map(row));
  for (const line of told.log) add(line);
}

let last = 0;
function add(line) {
  if (line.id <= last) return; // a stream that begins again tells the end of the log once more
  last = line.id;
  const place = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date(line.at).toISOString().slice(0, 16).replace("T", " ");
  place.append(time, ` ${line.line}`);
  fields.log.append(place);
  while (fields.log.children.length > 200) fields.log.firstElementChild.remove();
}

if (job.dataset.events) {
  const source = new EventSource(job.dataset.events);
  source.addEventListener("job", (event) => {
    if (last === 0) fields.log.replaceChildren(); // what the page shows already is told again
    show(JSON.parse(event.data));
  });
  source.addEventListener("over", () => { source.close(); location.reload(); });
  addEventListener("pagehide", () => source.close());
}
