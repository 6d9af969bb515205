// The card of one chosen activation: facts, links and sliders.
const percent = (count, of) => `${short((100 * count) / of)}%`;

// Pairs of a heading and a text; those without a text are left out.
const facts = ({ card }) => {
  const { ulps, kept, speed, bits } = card.measured;
  const approximate = card.single ? [...new Set(card.approximate.flat())] : [];
  const wrong = Object.entries(card.rounding).map(([dtype, [values, slopes]]) =>
    `${dtype} ${values + slopes ? `${values} values, ${slopes} slopes` : "none"}`);
  return [
    ["family", `${card.family} (${card.kind}, ${card.tier})`],
    ["tags", card.tags.join(", ")],
    ["drawn", card.drawn],
    ["kinks", card.kinks.map(short).join(", ")],
    ["domain", card.domain.join() === "-inf,inf" ? "" : card.domain.map(short).join(" to ")],
    ["fixed", Object.entries(card.fixed).map((pair) => pair.join(" = ")).join(", ")],
    ["worst error", ulps && `${short(ulps.value)} ulp of the value, ${short(ulps.slope)} of the slope, over all float32`],
    ["rounded wrongly", wrong.join("; ")],
    ["kept", kept && `${kept[0]} bits an element for the backward pass (jax.nn: ${kept[1]})`],
    ["time on a CPU", speed && Object.entries(speed).map(([mode, ratio]) => `${ratio.toFixed(2)} ${mode}`).join(", ") + "; jax.nn is 1"],
    ["bits of XLA", bits && (bits.counts.some(Boolean)
      ? `not at ${bits.counts.map((count) => percent(count, bits.points)).join(", ")} of ${bits.points} points (value, slope, second derivative), by at most ${bits.ulps.join(", ")} ulp`
      : `all equal at ${bits.points} points`)],
    ["approximated", approximate.length ? `${approximate.join(", ")} by JavaScript, not by XLA: last bits may differ` : ""],
    ["also called", [...card.aliases, ...card.elsewhere].join(", ")],
    ["models", card.models.join(", ")],
    ["paper", card.paper],
  ].filter(([, text]) => text);
};
// What the curve says of signals in a wide network, at the sliders' parameters. A slope that stands
// in for another, or a value that jumps, says nothing of gradients.
const signals = (entry) => {
  const { card } = entry;
  if (!card.single || card.kind !== "elementwise" || card.tags.some((tag) => ["jumps", "surrogate"].includes(tag))) return "";
  const [square, slope] = [0, 1].map((quantity) => secondMoment(single(entry, quantity), 1));
  if (!(square > 0 && slope > 0 && square + slope < Infinity)) return "";
  const biases = 1 - square / slope;
  return `Weights with gain ${short(1 / Math.sqrt(square))} keep a signal of variance 1, with ` +
    `${short(1 / Math.sqrt(slope))} its gradient. At the first, gradients change by a factor of ` +
    `${short(Math.sqrt(slope / square))} a layer. ` + (biases > -1e-6
      ? `Critical at variance 1: gain ${short(1 / Math.sqrt(slope))} and biases of scale ${short(Math.sqrt(Math.max(biases, 0)))}.`
      : "No critical point has variance 1.");
};
const slider = (entry, index, changed) => {
  const { name, low, high } = entry.card.sliders[index];
  const input = element("input", { type: "range", min: low, max: high, step: "any", "aria-label": `${name} of ${entry.card.name}` });
  const output = element("output");
  const show = () => { output.textContent = short(entry.values[index]); };
  input.value = entry.values[index];
  input.addEventListener("input", () => { entry.values[index] = +input.value; show(); changed(); });
  show();
  return element("label", { class: "slider" }, name, input, output);
};
// The element of a card; `changed` is called when a slider moves, `open` with a name to show.
const cardOf = (entry, { changed, remove, open }) => {
  const { card, color } = entry;
  const made = element("article", { class: `card c${color}`, "aria-label": card.name });
  const close = element("button", { type: "button", "aria-label": `Remove ${card.name}` }, "×");
  close.addEventListener("click", remove);
  made.append(element("div", { class: "title" }, element("h2", {}, card.name), close), element("p", {}, card.summary));
  const formula = element("div", { class: "formula" });
  formula.innerHTML = card.formula; // MathML of activax, whose words are escaped
  made.append(formula, element("p", {}, card.note));
  if (card.reason) made.append(element("p", { class: "note" }, `No curve: ${card.reason}.`));
  const moved = element("p", { class: "note" }, signals(entry));
  (card.sliders ?? []).forEach((_, index) =>
    made.append(slider(entry, index, () => { moved.textContent = signals(entry); changed(); })));
  made.append(moved, element("dl", {}, ...facts(entry).flatMap(([head, text]) => [element("dt", {}, head), element("dd", {}, text)])));
  if (card.similar.length) {
    const buttons = card.similar.filter((name) => byName.has(name)).map((name) => {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => open(name));
      return button;
    });
    if (buttons.length) made.append(element("p", { class: "tags" }, "Similar: ", ...buttons));
  }
  return made;
};
