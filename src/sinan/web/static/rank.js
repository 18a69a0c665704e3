// The leaderboard's controls: a choice shows at once, empty fields stay out of the address, and a page that waits for
// boards which are being made looks again.
const form = document.querySelector("form.rank-controls");

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  location.assign(`${form.getAttribute("action")}?${query}`);
});

for (const one of form?.querySelectorAll("[data-now]") ?? []) one.addEventListener("change", () => form.requestSubmit());

if (document.querySelector("[data-again]")) setTimeout(() => location.reload(), 4000);
