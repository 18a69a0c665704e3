// A run that goes on: progress, pace, the running estimates and outcomes, as the server tells them.

const place = document.querySelector("[data-events]");
const words = place.dataset;
const part = (name) => place.querySelector(`[data-live=${name}]`);
const whole = (number) => Math.round(number).toLocaleString("en-US");

function clock(seconds) {
  const s = Math.round(seconds);
  return `${Math.floor(s / 3600)}:${String(Math.floor(s / 60) % 60).padStart(2, "0")}:${String(s % 60).padStart(2, "0")}`;
}

function shown(value, inPercent) {
  if (value === null) return "–";
  return inPercent ? (100 * value).toFixed(1) : String(Number(value.toPrecision(4)));
}

function draw(cell) {
  const row = [...document.querySelectorAll("tbody[data-benchmark]")].find(
    (one) => one.dataset.benchmark === cell.benchmark && one.dataset.model === cell.model);
  if (!row) return;
  const number = cell.number;
  row.querySelector("[data-live=value] strong").textContent = shown(number.value, number.in_percent);
  row.querySelector("[data-live=value] .ci").textContent = number.low === null ? ""
    : `[${shown(number.low, number.in_percent)}, ${shown(number.high, number.in_percent)}]`;
  row.querySelector("[data-live=n]").textContent = whole(number.n);
  outcomes(row.querySelector("[data-live=outcomes]"), cell.outcomes);
  ends(row.querySelector("svg.interval"), number);
}

function ends(bar, number) {
  if (!bar || number.low === null || number.value === null) return;
  bar.querySelector(".ends").setAttribute("x1", (100 * number.low).toFixed(2));
  bar.querySelector(".ends").setAttribute("x2", (100 * number.high).toFixed(2));
  bar.querySelector(".point").setAttribute("x", (100 * number.value - 0.75).toFixed(2));
}

function outcomes(cell, counts) {
  const total = Object.values(counts).reduce((a, b) => a + b, 0);
  const known = cell.querySelectorAll("svg.outcomes rect");
  if (known.length !== Object.keys(counts).length || !total) return reload(total);
  let x = 0;
  Object.entries(counts).forEach(([name, count], index) => {
    if (!known[index].classList.contains(`outcome-${name}`)) return;
    const width = (1000 * count) / total;
    known[index].setAttribute("x", x.toFixed(2));
    known[index].setAttribute("width", width.toFixed(2));
    x += width;
    const link = cell.querySelectorAll(".outcome-words a")[index];
    link.textContent = link.textContent.replace(/[\d,]+$/, whole(count));
  });
}

// An outcome that was not there before: the server draws the table anew.
let drawing = false;
async function reload(total) {
  if (!total || drawing) return;
  drawing = true;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const now = document.querySelector("table.results"), next = page.querySelector("table.results");
    if (next && now) now.replaceWith(document.adoptNode(next));
    else if (next) location.reload();
  } catch { /* the next event tries again */ }
  drawing = false;
}

const source = new EventSource(words.events);
source.addEventListener("state", (event) => {
  const told = JSON.parse(event.data);
  part("status").textContent = "";
  part("done").textContent = whole(told.done);
  part("pace").textContent = told.per_second ? `· ${words.pace.replace("{n}", told.per_second >= 10 ? whole(told.per_second) : told.per_second.toFixed(1))}` : "";
  part("left").textContent = told.left_s === null ? "" : `· ${words.left.replace("{time}", clock(told.left_s))}`;
  const bar = place.querySelector("progress");
  if (told.expected) { bar.max = told.expected; bar.value = told.done; }
  if (!document.querySelector("table.results") && told.done) reload(told.done);
  told.cells.forEach(draw);
});
source.addEventListener("end", () => {
  source.close();
  part("status").textContent = words.ended;
  setTimeout(() => location.reload(), 800);
});
source.addEventListener("error", () => {
  if (source.readyState !== EventSource.CLOSED) part("status").textContent = words.lost;
});
