// The page: what is chosen, what is shown, and what keys and the address do.
const catalogue = JSON.parse(document.getElementById("data").textContent);
const byName = new Map(catalogue.map((card) => [card.name, card]));
const find = (id) => document.getElementById(id);
const MOST = 6; // activations at a time, one a colour
const LABELS = {
  value: "value over x", slope: "slope over x", second: "second derivative over x",
  errors: "error of the value in ulp, over x", depth: "variance of the next layer, over that of this one",
  correlation: "correlation in the next layer, over that in this one",
};
let chosen = []; // entries: a card, the values of its parameters, a colour

// The charts.
for (const [id, label] of Object.entries(LABELS))
  find("charts").append(element("figure", {}, element("svg", { id: `chart-${id}`, role: "img", "aria-label": label })));
const plotted = () => chosen.filter((entry) => isDrawn(entry.card));
const bounds = () => {
  const [low, high] = [+find("low").value, +find("high").value];
  return low < high ? [low, high] : [-5, 5];
};
const charts = () => {
  const [low, high] = bounds(), entries = plotted();
  find("charts").hidden = !entries.length;
  readout();
  if (!entries.length) return;
  const over = (points, shown = entries) => shown.map((entry) => ({ points: points(entry), kind: `c${entry.color}` }));
  ["value", "slope", "second"].forEach((id, i) =>
    draw(find(`chart-${id}`), { series: over((entry) => samples(single(entry, i), low, high, 600)), low, high, label: LABELS[id] }));
  const printed = entries.filter((entry) => entry.card.single);
  const dots = over((entry) => errors(entry, 0, low, high, 300), printed).map((one) => ({ ...one, dots: true }));
  const worst = Math.max(1, ...dots.flatMap((one) => one.points.map((point) => point[1])).filter(Number.isFinite));
  draw(find("chart-errors"), { series: dots, low, high, label: LABELS.errors, range: [0, Math.min(worst * 1.05, 16)] });
  const elementwise = entries.filter((entry) => entry.card.kind === "elementwise");
  const sweep = (high, map) => Array.from({ length: 41 }, (_, i) => (i * high) / 40).map((x) => [x, map(x)]);
  const layer = (id, high, map) => {
    const equal = { points: [[0, 0], [high, high]], kind: "", dashed: true };
    const series = [equal, ...over((entry) => sweep(high, map(single(entry, 0))), elementwise)];
    draw(find(`chart-${id}`), { series, low: 0, high, label: LABELS[id], range: [0, high] });
  };
  layer("depth", 4, (f) => (q) => secondMoment(f, q) / secondMoment(f, 1));
  layer("correlation", 1, correlationMap);
};
// The names in their colours, which are the legend of the charts, with the numbers at an x.
const readout = (x) => find("readout").replaceChildren(x === undefined ? "" : `x = ${short(x)}   `,
  ...plotted().map((entry) => element("span", { class: `c${entry.color}` },
    `${entry.card.name} ${x === undefined ? "" : [0, 1, 2].map((i) => short(single(entry, i)(x))).join(", ")}`)));
let waiting = 0;
const changed = () => { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(charts); };

// The choice, which stands in the address.
const open = (name) => {
  if (chosen.some((entry) => entry.card.name === name) || !byName.has(name)) return;
  if (chosen.length === MOST) chosen.shift();
  const color = Array.from({ length: MOST }, (_, i) => i).find((i) => chosen.every((entry) => entry.color !== i));
  const card = byName.get(name);
  chosen.push({ card, values: (card.sliders ?? []).map((one) => one.value), color });
  show();
};
const remove = (name) => { chosen = chosen.filter((entry) => entry.card.name !== name); show(); };
const toggle = (name) => (chosen.some((entry) => entry.card.name === name) ? remove(name) : open(name));
const show = () => {
  find("stage").hidden = !chosen.length;
  find("up").textContent = `Curves of ${chosen.length} chosen`;
  find("cards").replaceChildren(...chosen.map((entry) =>
    cardOf(entry, { changed, open, remove: () => remove(entry.card.name) })));
  for (const [name, tile] of tiles) {
    const entry = chosen.find((one) => one.card.name === name);
    tile.setAttribute("aria-pressed", Boolean(entry));
    tile.className = `tile ${entry ? `c${entry.color}` : ""}`;
  }
  history.replaceState(null, "", `#${chosen.map((entry) => entry.card.name).join()}`);
  changed();
};
const fromAddress = () => {
  const names = decodeURIComponent(location.hash.slice(1)).split(",").filter((name) => byName.has(name));
  if (names.join() === chosen.map((entry) => entry.card.name).join()) return;
  chosen = [];
  names.forEach(open);
};

// The small multiples, drawn a few a frame.
const tiles = new Map(catalogue.map((card) => {
  const tile = element("button", { type: "button", class: "tile", title: card.summary, "aria-pressed": false },
    element("svg", { viewBox: "0 0 100 60", "aria-hidden": true }), card.name.replaceAll("_", "_\u200b"));
  tile.addEventListener("click", () => toggle(card.name));
  return [card.name, tile];
}));
const sketch = (card) => {
  const svg = tiles.get(card.name).firstChild;
  if (!isDrawn(card)) {
    svg.append(element("text", { x: 50, y: 34, "text-anchor": "middle" }, card.kind));
    return;
  }
  const entry = { card, values: (card.sliders ?? []).map((one) => one.value) };
  const [value, slope] = [0, 1].map((i) => samples(single(entry, i), -4, 4, 81));
  const range = extent(value.map((point) => point[1])), steep = extent(slope.map((point) => point[1]));
  const toX = (x) => 50 + x * 12.5, to = ([low, high]) => (y) => 57 - ((y - low) / (high - low)) * 54;
  svg.append(
    element("path", { class: "slope", d: line(slope, toX, to(steep), steep) }),
    element("path", { class: "value", d: line(value, toX, to(range), range) }));
};
const sketched = catalogue.values();
const sketchSome = (count) => {
  for (let i = 0; i < count; i++) {
    const { value, done } = sketched.next();
    if (done) return;
    sketch(value);
  }
  requestAnimationFrame(() => sketchSome(count));
};

// Search and filters.
const words = (card) => [card.name, ...card.aliases, ...card.elsewhere, ...card.models, card.family, card.summary, card.paper].join(" ").toLowerCase();
const texts = new Map(catalogue.map((card) => [card.name, words(card)]));
const tags = new Set();
const visible = () => catalogue.filter((card) => !tiles.get(card.name).hidden);
const filter = () => {
  const sought = find("search").value.toLowerCase().split(/\s+/);
  for (const card of catalogue)
    tiles.get(card.name).hidden = !(
      ["kind", "tier", "family"].every((fact) => !find(fact).value || find(fact).value === card[fact]) &&
      [...tags].every((tag) => card.tags.includes(tag)) && sought.every((word) => texts.get(card.name).includes(word)));
  find("count").textContent = `${visible().length} of ${catalogue.length} activations. Solid: value; dashed: slope, ` +
    "each on a scale of its own, for x from -4 to 4. Choose up to 6 to compare them.";
};
for (const fact of ["kind", "tier", "family"]) {
  const known = [...new Set(catalogue.map((card) => card[fact]))];
  find(fact).append(element("option", { value: "" }, `any ${fact}`), ...known.map((name) => element("option", {}, name)));
  find(fact).addEventListener("change", filter);
}
for (const tag of [...new Set(catalogue.flatMap((card) => card.tags))].sort()) {
  const button = element("button", { type: "button", "aria-pressed": false }, tag);
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", !tags.delete(tag) && Boolean(tags.add(tag)));
    filter();
  });
  find("tags").append(button);
}
find("search").addEventListener("input", filter);

// Keys, pointers and the window of x.
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input, select");
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === "/" && !typing) { event.preventDefault(); find("search").focus(); }
  else if (event.key === "Enter" && event.target === find("search")) visible().slice(0, 1).forEach((card) => open(card.name));
  else if (event.key === "Escape") { find("search").value = ""; filter(); }
  else if (step && event.target.matches(".tile")) {
    const shown = visible(), at = shown.findIndex((card) => tiles.get(card.name) === event.target);
    tiles.get(shown[(at + step + shown.length) % shown.length].name).focus();
  }
});
const zoom = (factor) => {
  const [low, high] = bounds(), middle = (low + high) / 2, half = ((high - low) / 2) * factor;
  [find("low").value, find("high").value] = [middle - half, middle + half].map(short);
  changed();
};
find("closer").addEventListener("click", () => zoom(0.5));
find("farther").addEventListener("click", () => zoom(2));
find("clear").addEventListener("click", () => { chosen = []; show(); });
find("up").addEventListener("click", () => find("stage").scrollIntoView());
new IntersectionObserver(([stage]) => { find("up").hidden = stage.isIntersecting || !chosen.length; }).observe(find("stage"));
for (const id of ["low", "high"]) find(id).addEventListener("input", changed);
find("charts").addEventListener("pointermove", (event) => {
  const svg = event.target.closest("svg");
  if (!svg?.fromX || ["chart-depth", "chart-correlation"].includes(svg.id)) return;
  const x = svg.fromX(event.clientX - svg.getBoundingClientRect().left);
  for (const id of ["value", "slope", "second", "errors"]) {
    const cursor = find(`chart-${id}`).querySelector(".cursor"), at = find(`chart-${id}`).toX(x);
    cursor.setAttribute("x1", at);
    cursor.setAttribute("x2", at);
    cursor.setAttribute("visibility", "visible");
  }
  readout(x);
});
find("theme").addEventListener("click", () => {
  const root = document.documentElement, system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  root.style.colorScheme = (root.style.colorScheme || system) === "dark" ? "light" : "dark";
});
addEventListener("resize", changed);
addEventListener("hashchange", fromAddress);
addEventListener("beforeprint", () => sketchSome(Infinity));

find("multiples").append(...tiles.values());
filter();
if (catalogue.length === 1) document.body.classList.add("one");
fromAddress();
if (!chosen.length && catalogue.length < 4) catalogue.forEach((card) => open(card.name));
sketchSome(24);
