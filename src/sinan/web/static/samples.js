// Samples by keyboard: j and k go to the next and the one before, Enter opens one on a page of its own, Esc closes it.
// A sample is fetched as the page that it is without this file, and its panel is put beside the list.

const list = () => document.querySelector("[data-samples]");
let asked = 0;

async function show(address) {
  const mine = ++asked;
  let answer;
  try { answer = await fetch(address, { credentials: "same-origin" }); } catch { return location.assign(address); }
  if (!answer.ok) return location.assign(address);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== asked) return;
  const found = page.querySelector("[data-samples]");
  if (!found || !list()) return location.assign(address);
  const left = list().querySelector(".scroll").scrollLeft;
  list().replaceWith(document.adoptNode(found));
  list().querySelector(".scroll").scrollLeft = left;
  history.replaceState(null, "", address);
  list().querySelector("tr[aria-current]")?.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const rows = [...list().querySelectorAll("tr[data-row]")];
  const now = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = now < 0 ? (by > 0 ? 0 : rows.length - 1) : now + by;
  if (next >= 0 && next < rows.length) return show(rows[next].querySelector("th a").href.replace(/#.*/, ""));
  document.querySelector(`nav.pages a[rel=${by > 0 ? "next" : "prev"}]`)?.click();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, button")) return;
  if (!list()) {
    const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
    if (link) { event.preventDefault(); link.click(); }
    return;
  }
  if (event.key === "j" || event.key === "k") { event.preventDefault(); step(event.key === "j" ? 1 : -1); }
  else if (event.key === "Enter" && !event.target.closest("a, summary")) list().querySelector("[data-whole]")?.click();
  else if (event.key === "Escape") { const close = list().querySelector("[data-close]"); if (close) show(close.href); }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-samples] tr[data-row] th a, [data-samples] [data-close]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || matchMedia("(max-width: 60rem)").matches) return;
  event.preventDefault();
  show(link.href.replace(/#.*/, ""));
});
