// Figures: <figure data-chart> holds a specification in a <script type="application/json">, or names the address of one
// (data-chart="/rank/plot.json?..."). What draws (data-library) is asked for when the first figure comes into view.
// No code is made of text: expressions are interpreted (`ast`), and SVG is drawn without styles of its own.

const drawn = new Map();
let library;

function load(address) {
  library ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = address;
    script.type = "module";
    script.onload = () => done(window.vegaEmbed);
    script.onerror = () => failed(new Error(address));
    document.head.append(script);
  });
  return library;
}

async function specification(figure) {
  const inside = figure.querySelector('script[type="application/json"]');
  if (inside) return JSON.parse(inside.textContent);
  const address = new URL(figure.dataset.chart, location.href);
  if (!address.searchParams.has("lang")) address.searchParams.set("lang", document.documentElement.lang.slice(0, 2));
  const answer = await fetch(address, { credentials: "same-origin" });
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error ?? answer.statusText);
  return told.spec ?? told;
}

// The palette as the style sheet has it at this moment.
function palette(figure) {
  const style = getComputedStyle(figure);
  const roles = ["paper", "ink", "rule", "muted", "bronze", "verdigris", "cinnabar", "amber"];
  const found = Object.fromEntries(roles.map((role) => [role, style.getPropertyValue(`--${role}`).trim()]));
  return { ...found, ground: "transparent" };
}

// Long names leave room for the marks on a phone.
function narrowed(spec, width) {
  if (width > 480 || !spec.config?.axis) return spec;
  return { ...spec, config: { ...spec.config, axis: { ...spec.config.axis, labelLimit: Math.round(width / 3) } } };
}

function coloured(spec, colours) {
  const part = spec.params ? "params" : "signals";
  return { ...spec, [part]: spec[part].map((one) => (one.name in colours ? { ...one, value: colours[one.name] } : one)) };
}

function place(figure, spec) {
  let found = figure.querySelector(".chart-place");
  if (!found) {
    found = document.createElement("div");
    found.className = "chart-place";
    figure.prepend(found);
  }
  found.setAttribute("role", "img");
  found.setAttribute("aria-label", spec.description ?? "");
  const inner = document.createElement("div");
  inner.className = "chart-drawing";
  inner.setAttribute("aria-hidden", "true");  // the name of the picture says it; a table has the numbers
  found.replaceChildren(inner);
  return inner;
}

async function draw(figure) {
  const status = figure.querySelector(".chart-status");
  figure.setAttribute("aria-busy", "true");
  try {
    const library = figure.dataset.library ?? document.querySelector("[data-library]")?.dataset.library;
    const [embed, spec] = await Promise.all([load(library), specification(figure)]);
    const inner = place(figure, spec);
    const isLite = spec.$schema.includes("vega-lite");
    const { view, finalize } = await embed(inner, fitted(coloured(spec, palette(figure)), inner.clientWidth), {
      mode: isLite ? "vega-lite" : "vega", ast: true, actions: false, defaultStyle: false, tooltip: false, renderer: "svg", logLevel: 1,
    });
    drawn.get(figure)?.finalize();
    drawn.set(figure, { view, finalize });
    if (status) status.textContent = "";
    figure.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
  } catch (error) {
    if (status) status.textContent = `${figure.dataset.failed ?? ""} ${error.message}`.trim();
  } finally {
    figure.removeAttribute("aria-busy");
  }
}

// A width that is given is kept by the observer below; `container` would watch the window alone.
function fitted(spec, width) {
  if (!spec.signals) return narrowed({ ...spec, width }, width);
  return { ...spec, signals: spec.signals.map((one) => (one.name === "width" ? { ...one, value: width } : one)) };
}

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    seen.unobserve(entry.target);
    resized.observe(entry.target);
    draw(entry.target);
  }
}, { rootMargin: "100px" });

const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const view = drawn.get(target)?.view;
    const width = target.querySelector(".chart-drawing")?.clientWidth;
    if (view && width && Math.abs(view.width() - width) > 1) view.signal("width", width).runAsync();
  }
});

addEventListener("themechange", () => {
  for (const [figure, { view }] of drawn) {
    for (const [name, value] of Object.entries(palette(figure))) view.signal(name, value);
    view.runAsync();
  }
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("themechange")));

function watch(root = document) {
  for (const figure of root.querySelectorAll("figure[data-chart]")) seen.observe(figure);
}

// Buttons that choose what a figure shows: <button data-chart="/address" data-chart-for="id of the figure">.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-chart-for]");
  const figure = button && document.getElementById(button.dataset.chartFor);
  if (!figure) return;
  for (const one of document.querySelectorAll(`button[data-chart-for="${CSS.escape(figure.id)}"]`)) {
    one.setAttribute("aria-pressed", String(one === button));
  }
  figure.dataset.chart = button.dataset.chart;
  if (drawn.has(figure)) draw(figure);
});

// What the page itself needs comes first.
if (document.readyState === "complete") watch();
else addEventListener("load", () => watch());
