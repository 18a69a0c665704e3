// What is shown once: a new token, a link to set a password. data-shows names the place; its [data-value] are filled.
document.addEventListener("sent", (event) => {
  const place = document.getElementById(event.target.dataset.shows ?? "");
  if (!place || !event.detail) return;
  for (const one of place.querySelectorAll("[data-value]")) one.textContent = event.detail[one.dataset.value] ?? "";
  place.hidden = false;
  place.focus();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy-shown]");
  if (!button) return;
  await navigator.clipboard.writeText(button.parentElement.querySelector("[data-value]").textContent);
  button.textContent = "✓";
});
