// The arithmetic of the printed formulas: float32 and its bits, as XLA computes on a CPU.
const integers = new Int32Array(1), singles = new Float32Array(integers.buffer);
const longs = new BigInt64Array(1), doubles = new Float64Array(longs.buffer);
const halves = new Uint32Array(longs.buffer);
const SMALL = 2 ** -126 - 2 ** -151; // rounds to the smallest normal float32

// Round a double to float32. XLA sets subnormal results to zero.
const R = (x) => (Math.abs(x) < SMALL ? x * 0 : Math.fround(x));
// Round a * b + c once: the sum of doubles is rounded to odd, so that the second rounding is right.
const M = (a, b, c) => {
  const product = a * b, sum = product + c, back = sum - product;
  const rest = product - (sum - back) + (c - back);
  if (!rest || !Number.isFinite(sum)) return R(sum);
  doubles[0] = sum;
  if (!(halves[0] & 1)) longs[0] += rest > 0 === sum > 0 ? 1n : -1n;
  return R(doubles[0]);
};
// Round to a whole number, ties to even, and ties away from zero; -0 stays.
const N = (x) => (Math.abs(x) < 2 ** 51 ? x + 6755399441055744 - 6755399441055744 || x * 0 : x);
const W = (x) => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
// The bits of a float32, the float32 of bits, and the bits of a double.
const I = (x) => ((singles[0] = x), integers[0]);
const F = (bits) => ((integers[0] = bits), singles[0]);
const J = (x) => ((doubles[0] = x), longs[0]);
// Round a float32, or a double, to a mantissa that is shorter by some bits.
const P = (x, bits) => {
  const word = I(x), half = (1 << (bits - 1)) - 1 + ((word >> bits) & 1);
  return (word & 0x7f800000) === 0x7f800000 ? x : F((word + half) & -(1 << bits));
};
const S = (x, bits) => { const big = x * (2 ** bits + 1); return big - (big - x); };
// erf and its complement in double precision: a series of positive terms, and a continued fraction.
const E = (x) => {
  if (Math.abs(x) > 2) return Math.sign(x) * (1 - C(Math.abs(x)));
  let term = x, sum = x;
  for (let n = 1; n < 60; n++) sum += term *= (2 * x * x) / (2 * n + 1);
  return (sum * 2 * Math.exp(-x * x)) / Math.sqrt(Math.PI);
};
const C = (x) => {
  if (!(x > 2)) return 1 - E(x);
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (x + fraction);
  return Math.exp(-x * x) / ((x + fraction) * Math.sqrt(Math.PI));
};
