// Charts as SVG: axes, curves, dots.
const SVG = "http://www.w3.org/2000/svg";
const element = (name, attributes = {}, ...children) => {
  const drawn = name === "svg" || "svg path line text circle g".split(" ").includes(name);
  const made = drawn ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const ticks = (low, high, most) => {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((size) => size >= rough);
  const found = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) found.push(n * step);
  return found;
};
const line = (points, toX, toY, [bottom, top]) => {
  let path = "", pen = "M";
  for (const [x, y] of points) {
    if (!Number.isFinite(y)) { pen = "M"; continue; }
    const inside = Math.max(bottom - (top - bottom), Math.min(top + (top - bottom), y));
    path += `${pen}${toX(x).toFixed(1)} ${toY(inside).toFixed(1)}`;
    pen = "L";
  }
  return path;
};
// Draw into an svg element. A series has points, a class, and whether it is dots or dashed.
const draw = (svg, { series, low, high, label, range }) => {
  const width = svg.clientWidth || 400, height = svg.clientHeight || 240;
  const [left, right, top, bottom] = [46, 8, 8, 34];
  const [least, most] = range ?? extent(series.flatMap((one) => one.points.map((p) => p[1])));
  const toX = (x) => left + ((x - low) / (high - low)) * (width - left - right);
  const toY = (y) => height - bottom - ((y - least) / (most - least)) * (height - top - bottom);
  const clip = `clip-${svg.id}`;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.innerHTML =
    `<clipPath id="${clip}"><rect x="${left}" y="${top}" width="${width - left - right}" ` +
    `height="${height - top - bottom}"/></clipPath>`;
  for (const x of ticks(low, high, width / 70)) {
    svg.append(element("line", { class: x ? "grid" : "axis", x1: toX(x), x2: toX(x), y1: top, y2: height - bottom }));
    svg.append(element("text", { x: toX(x), y: height - bottom + 14, "text-anchor": "middle" }, short(x)));
  }
  for (const y of ticks(least, most, height / 45)) {
    svg.append(element("line", { class: y ? "grid" : "axis", x1: left, x2: width - right, y1: toY(y), y2: toY(y) }));
    svg.append(element("text", { x: left - 5, y: toY(y) + 4, "text-anchor": "end" }, short(y)));
  }
  svg.append(element("text", { x: width - right, y: height - 3, "text-anchor": "end" }, label));
  const inner = element("g", { "clip-path": `url(#${clip})` });
  for (const { points, kind, dots, dashed } of series) {
    if (dots)
      for (const [x, y] of points) {
        if (Number.isFinite(y)) inner.append(element("circle", { class: `dot ${kind}`, cx: toX(x), cy: toY(y), r: 1.6 }));
      }
    else inner.append(element("path", { class: `curve ${kind} ${dashed ? "dashed" : ""}`, d: line(points, toX, toY, [least, most]) }));
  }
  svg.append(inner, element("line", { class: "cursor", y1: top, y2: height - bottom, visibility: "hidden" }));
  svg.toX = toX;
  svg.fromX = (pixel) => low + ((pixel - left) / (width - left - right)) * (high - low);
};
