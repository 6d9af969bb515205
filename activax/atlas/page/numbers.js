// Numbers of an activation: its functions at chosen parameters, moments, and errors.
const QUANTITIES = ["value", "slope", "second derivative"];
const compiled = new Map();

// Between samples from -SAMPLED_TO to SAMPLED_TO, on a straight line; elsewhere no number.
const SAMPLED_TO = 8;
const interpolated = (points) => (x) => {
  const place = ((x + SAMPLED_TO) / (2 * SAMPLED_TO)) * (points.length - 1), left = Math.floor(place);
  const at = (i) => points[i] ?? NaN;
  return place === left ? at(left) : at(left) + (place - left) * (at(left + 1) - at(left));
};
// The functions of a card; they are compiled when they are first drawn.
const isDrawn = (card) => Boolean(card.single || card.sampled);
const functionsOf = (card) => {
  if (!compiled.has(card.name))
    compiled.set(card.name, card.sampled ? { single: card.sampled.map(interpolated) } : {
      single: card.single.map((text) => (0, eval)(text)),
      double: card.double.map((text) => (0, eval)(text)),
    });
  return compiled.get(card.name);
};
// One function of x, with the parameters of an entry as float32.
const single = (entry, quantity) => {
  const f = functionsOf(entry.card).single[quantity], parameters = entry.values.map(Math.fround);
  return (x) => f(Math.fround(x), ...parameters);
};
const double = (entry, quantity) => {
  const f = functionsOf(entry.card).double[quantity], parameters = entry.values.map(Math.fround);
  return (x) => f(x, ...parameters);
};
const ulp = (x) => 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -126) - 23);

// E[f(sqrt(q) z)^2] for standard normal z, by the midpoint rule, so that no point is a kink at 0.
const secondMoment = (f, q) => {
  let sum = 0;
  for (let z = -8 + 1 / 64; z < 8; z += 1 / 32) sum += f(Math.sqrt(q) * z) ** 2 * Math.exp(-z * z / 2);
  return sum / 32 / Math.sqrt(2 * Math.PI);
};
// The correlation of two signals of variance 1 behind a layer of random weights without biases, over
// that before it: sum a_k^2 c^k / sum a_k^2, with the coefficients of f by normalised Hermite
// polynomials. What 48 degrees leave is of higher degrees.
const correlationMap = (f) => {
  const sums = new Array(49).fill(0);
  let square = 0, weights = 0;
  for (let z = -8 + 1 / 64; z < 8; z += 1 / 32) {
    const y = f(z), weight = Math.exp(-z * z / 2);
    weights += weight;
    square += weight * y * y;
    for (let k = 0, before = 0, h = 1; k < sums.length; k++) {
      sums[k] += weight * y * h;
      [before, h] = [h, (z * h - Math.sqrt(k) * before) / Math.sqrt(k + 1)];
    }
  }
  const squares = sums.map((sum) => (sum / weights) ** 2);
  squares.push(square / weights - squares.reduce((a, b) => a + b));
  return (c) => (squares.reduce((sum, a, k) => sum + a * c ** k, 0) * weights) / square;
};
// Equally spaced points of a function; at a jump the line is interrupted by NaN.
const samples = (f, low, high, count) => {
  const points = Array.from({ length: count }, (_, i) => {
    const x = low + ((high - low) * i) / (count - 1);
    return [x, f(x)];
  });
  const [bottom, top] = extent(points.map((point) => point[1]));
  return points.flatMap((point, i) => {
    const next = points[i + 1];
    return next && Math.abs(next[1] - point[1]) > (top - bottom) / 50 && jumps(f, point, next)
      ? [point, [point[0], NaN]] : [point];
  });
};
const jumps = (f, [a, fa], [b, fb]) => {
  const gap = Math.abs(fb - fa);
  for (let i = 0; i < 12; i++) {
    const x = (a + b) / 2, y = f(x);
    [a, fa, b, fb] = Math.abs(y - fa) > Math.abs(fb - y) ? [a, fa, x, y] : [x, y, b, fb];
  }
  return Math.abs(fb - fa) > gap / 2;
};
// The largest error in each of some columns, in units in the last place of float32.
const errors = (entry, quantity, low, high, columns) => {
  const f = single(entry, quantity), exact = double(entry, quantity), points = [];
  for (let i = 0; i < columns; i++) {
    let worst = NaN;
    for (let j = 0; j < 6; j++) {
      const x = Math.fround(low + ((high - low) * (i + (j + 0.37) / 6)) / columns);
      const right = exact(x), error = Math.abs(f(x) - right) / ulp(right);
      if (Math.abs(right) > 2 ** -126 && error < Infinity && !(error <= worst)) worst = error;
    }
    points.push([low + ((high - low) * (i + 0.5)) / columns, worst]);
  }
  return points;
};
// The range of values to draw, without a few that are far from all others.
const extent = (values) => {
  const sorted = values.filter(Number.isFinite).sort((a, b) => a - b);
  if (!sorted.length) return [-1, 1];
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  let [low, high] = [at(0), at(1)];
  const [near, far] = [at(0.02), at(0.98)];
  if (high - low > 4 * (far - near) && far > near) [low, high] = [near, far];
  const room = (high - low) * 0.06 || Math.abs(low) * 0.1 || 1;
  return [low - room, high + room];
};
const short = (x) => (typeof x === "number" ? String(+x.toPrecision(4)) : String(x));
