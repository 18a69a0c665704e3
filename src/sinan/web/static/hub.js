// Search as one types: the same page is asked for with other words, and what was found takes the old one's place.
const form = document.getElementById("search");
let waiting = 0;
let asked = null;

function address() {
  const query = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  return query.size ? `/hub?${query}` : "/hub";
}

async function look() {
  asked?.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(address(), { signal: asked.signal, credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const found = page.getElementById("found");
    if (!found) return;
    document.getElementById("found").replaceWith(document.adoptNode(found));
    document.getElementById("told").textContent = document.getElementById("count").textContent;
    history.replaceState(null, "", address());
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  }
}

form?.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(look, 120);
});
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(waiting);
  look();
});
