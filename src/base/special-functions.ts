/**
 * Functions that probabilities are made of: logarithms of factorials, areas under the beta, gamma, normal and Student's curves, and
 * the points below which a given part of those lies. Accurate to ten digits or more, which bounds and random variates do not notice.
 */

/** log Γ(x) of a positive x: Stirling's series, after steps up to where it converges. */
export function logGamma(x: number): number {
  let shift = 0;
  let z = x;
  for (; z < 10; z++) shift += Math.log(z);
  const w = 1 / (z * z);
  const series = (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w / 1188)))) / z;
  return (z - 0.5) * Math.log(z) - z + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** log of how many ways there are to choose `k` of `n`. */
export function logChoose(n: number, k: number): number {
  return logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1);
}

/** The part of the gamma curve of shape `a` below x: P(a, x). */
export function lowerGamma(a: number, x: number): number {
  if (x <= 0) return 0;
  const scale = Math.exp(a * Math.log(x) - x - logGamma(a));
  if (x >= a + 1) return 1 - scale * upperGammaFraction(a, x);
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < roundsMax; n++) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * precision) break;
  }
  return sum * scale;
}

function upperGammaFraction(a: number, x: number): number {
  return continuedFraction(
    x + 1 - a,
    i => -i * (i - a),
    i => x + 1 - a + 2 * i,
  );
}

/** The part of the beta curve of shapes `a` and `b` below x: I_x(a, b). */
export function lowerBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // the fraction converges fast below the mean only
  if (x > (a + 1) / (a + b + 2)) return 1 - lowerBeta(1 - x, b, a);
  const scale = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x)) / a;
  const numerator = (i: number) => {
    const m = i >> 1;
    return i % 2 === 0
      ? (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
      : (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
  };
  return scale * continuedFraction(1, numerator, () => 1);
}

const roundsMax = 100_000;
const precision = 1e-15;

/** 1 / (first + numerator(1) / (denominator(1) + numerator(2) / …)), by Lentz's method. */
function continuedFraction(
  first: number,
  numerator: (i: number) => number,
  denominator: (i: number) => number,
): number {
  const least = 1e-300;
  const apart = (value: number) => (Math.abs(value) < least ? least : value);
  let value = apart(first);
  let c = value;
  let d = 0;
  for (let i = 1; i < roundsMax; i++) {
    const [over, under] = [numerator(i), denominator(i)];
    d = 1 / apart(under + over * d);
    c = apart(under + over / c);
    value *= c * d;
    if (Math.abs(c * d - 1) < precision) break;
  }
  return 1 / value;
}

/** The point below which a normal variable is with probability p, 0 < p < 1. */
export function normalQuantile(p: number): number {
  const below = (z: number) =>
    z < 0 ? 0.5 - 0.5 * lowerGamma(0.5, (z * z) / 2) : 0.5 + 0.5 * lowerGamma(0.5, (z * z) / 2);
  return quantileBetween(-40, 40, p, below);
}

/** The same of Student's t with so many degrees of freedom. */
export function studentQuantile(p: number, freedom: number): number {
  const below = (t: number) => {
    const tail = 0.5 * lowerBeta(freedom / (freedom + t * t), freedom / 2, 0.5);
    return t < 0 ? tail : 1 - tail;
  };
  let reach = 40;
  while (below(reach) < Math.max(p, 1 - p) && reach < 1e300) reach *= 10;
  return quantileBetween(-reach, reach, p, below);
}

function quantileBetween(from: number, to: number, p: number, below: (x: number) => number): number {
  let [low, high] = [from, to];
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high || high - low < 1e-13 * Math.abs(middle)) return middle;
    if (below(middle) < p) low = middle;
    else high = middle;
  }
}

/** The least count of 0, 1, 2 … that `below` gives probability `p` or more; it is looked for from `about` on. */
export function countQuantile(p: number, about: number, below: (count: number) => number): number {
  let low = -1;
  let high = Math.max(1, Math.ceil(about));
  while (below(high) < p && high < Number.MAX_SAFE_INTEGER) {
    low = high;
    high = Math.min(Number.MAX_SAFE_INTEGER, high * 2);
  }
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (below(middle) < p) low = middle;
    else high = middle;
  }
  return high;
}
