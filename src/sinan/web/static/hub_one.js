// What is being made is looked for again, less and less often.
const tries = Number(sessionStorage.getItem(location.href) ?? 0);
if (document.querySelector("[data-making]")) {
  sessionStorage.setItem(location.href, String(tries + 1));
  if (tries < 40) setTimeout(() => location.reload(), Math.min(1000 + 500 * tries, 10000));
} else {
  sessionStorage.removeItem(location.href);
}
