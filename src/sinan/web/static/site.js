// What every page has: theme, language, forms that are sent as JSON, buttons that ask for one change.
import { fields, say, send } from "./api.js";

document.querySelector("[data-theme-switch]")?.addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  localStorage.setItem("theme", root.dataset.theme);
  dispatchEvent(new Event("themechange"));
});

for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", () => {
    document.cookie = `lang=${link.dataset.language}; path=/; max-age=31536000; samesite=lax`;
  });
}

function onward(place, told) {
  const next = place.dataset.next;
  if (next === undefined) return;
  if (next === "") location.reload();
  else location.assign(next.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(told?.[name] ?? "")));
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-send]");
  if (!form) return;
  event.preventDefault();
  const [method, address] = form.dataset.send.split(" ");
  const status = form.querySelector("[role=status]");
  const button = form.querySelector("button:not([type=button])");
  if (button) button.disabled = true;
  say(status, "…");
  try {
    const told = await send(method, address, fields(form));
    say(status, form.dataset.done ?? "");
    form.dispatchEvent(new CustomEvent("sent", { detail: told, bubbles: true }));
    onward(form, told);
  } catch (error) {
    say(status, error.message, true);
  } finally {
    if (button) button.disabled = false;
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-send]");
  if (!button) return;
  if (button.dataset.sure && !confirm(button.dataset.sure)) return;
  const [method, address] = button.dataset.send.split(" ");
  const status = button.parentElement.querySelector("[role=status]");
  button.disabled = true;
  try {
    const told = await send(method, address, button.dataset.body ? JSON.parse(button.dataset.body) : undefined);
    say(status, button.dataset.done ?? "");
    button.dispatchEvent(new CustomEvent("sent", { detail: told, bubbles: true }));
    onward(button, told);
  } catch (error) {
    say(status, error.message, true);
    if (!status) alert(error.message);
  } finally {
    button.disabled = false;
  }
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  const text = button.dataset.copy || document.getElementById(button.dataset.copyOf)?.textContent || "";
  await navigator.clipboard.writeText(text);
  const before = button.textContent;
  button.textContent = "✓";
  setTimeout(() => { button.textContent = before; }, 1200);
});

// What is being made is asked for again by itself.
const again = document.querySelector("[data-again]");
if (again) setTimeout(() => location.reload(), 1000 * Number(again.dataset.again));
