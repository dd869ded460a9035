/** Special functions of doubles that `Math` lacks. Formulas: NIST Digital Library of Mathematical Functions (dlmf.nist.gov). */

const EPSILON = 2 ** -53;

/** B2, B4, … */
const bernoulli = [
  1 / 6,
  -1 / 30,
  1 / 42,
  -1 / 30,
  5 / 66,
  -691 / 2730,
  7 / 6,
  -3617 / 510,
  43867 / 798,
  -174611 / 330,
  854513 / 138,
  -236364091 / 2730,
];

/** DLMF 7.6.2: all terms have one sign. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * EPSILON; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** DLMF 7.9.4, from the tail up. */
function erfcFraction(x: number): number {
  let tail = 0;
  for (let n = 120; n >= 1; n--) tail = n / 2 / (x + tail);
  // exp(-x²) with the rounding error of x² put right.
  const high = Math.fround(x);
  const size = Math.exp(-high * high) * Math.exp(-(x - high) * (x + high));
  return size / (Math.sqrt(Math.PI) * (x + tail));
}

export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x) || a === 0) return x;
  return Math.sign(x) * (a < 2 ? erfSeries(a) : 1 - erfc(a));
}

export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 0) return 1 + erf(-x);
  if (x > 28) return 0;
  return x < 0.5 ? 1 - erfSeries(x || 0) : x < 2 ? gammaFractionErfc(x) : erfcFraction(x);
}

/** erfc by Lentz's method, where the plain fraction needs too many terms. */
const gammaFractionErfc = (x: number): number => upperFraction(0.5, x * x);

/** Halley's steps from Winitzki's first guess. */
export function erfinv(x: number): number {
  const a = Math.abs(x);
  if (!(a <= 1)) return NaN;
  if (a === 1) return x * Infinity;
  if (a < 1e-9) return (x * Math.sqrt(Math.PI)) / 2;
  const logTerm = Math.log1p(-x * x);
  const t = 2 / (Math.PI * 0.147) + logTerm / 2;
  let y = Math.sqrt(Math.sqrt(t * t - logTerm / 0.147) - t);
  for (let step = 0; step < 4; step++) {
    const error = a > 0.5 ? 1 - a - erfc(y) : erf(y) - a;
    const u = error / ((2 / Math.sqrt(Math.PI)) * Math.exp(-y * y));
    y -= u / (1 + y * u);
  }
  return Math.sign(x) * y;
}

/** Stirling's series without its leading terms (DLMF 5.11.1). */
function stirlingTail(x: number): number {
  let sum = 0;
  for (let k = 7; k >= 0; k--) sum = sum / (x * x) + bernoulli[k] / ((2 * k + 2) * (2 * k + 1) * x);
  return sum;
}

/** log |gamma(x)|. */
export function lgamma(x: number): number {
  if (Math.abs(x) === Infinity) return Infinity;
  if (x <= 0) {
    if (x === Math.floor(x)) return Infinity;
    const fraction = Math.abs(x - 2 * Math.round(x / 2));
    return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * fraction))) - lgamma(1 - x);
  }
  let product = 1;
  for (; x < 15; x++) product *= x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + stirlingTail(x) - Math.log(product);
}

export function digamma(x: number): number {
  if (x === 0) return Object.is(x, -0) ? Infinity : -Infinity;
  if (x === Infinity) return x;
  if (x < 0) {
    const fraction = x - Math.trunc(x);
    return fraction === 0 || x === -Infinity ? NaN : digamma(1 - x) - Math.PI / Math.tan(Math.PI * fraction);
  }
  let sum = 0;
  for (; x < 10; x++) sum -= 1 / x;
  let series = 0;
  for (let k = 7; k >= 0; k--) series = (series + bernoulli[k] / (2 * k + 2)) / (x * x);
  return sum + Math.log(x) - 0.5 / x - series;
}

/** x^a e^-x / gamma(a). */
function gammaDensity(a: number, x: number): number {
  if (a < 10) return Math.exp(a * Math.log(x) - x - lgamma(a));
  const ratio = (x - a) / a;
  const exponent = Math.abs(ratio) > 0.5 ? a * Math.log(x / a) - (x - a) : a * (Math.log1p(ratio) - ratio);
  return Math.sqrt(a / (2 * Math.PI)) * Math.exp(exponent - stirlingTail(a));
}

/** DLMF 8.11.4. */
function lowerSeries(a: number, x: number): number {
  let term = 1;
  let sum = 1;
  for (let n = 1; n < 100_000 && term > sum * EPSILON; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * (gammaDensity(a, x) / a);
}

/** DLMF 8.9.2, by Lentz's method. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < 100_000; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / nonzero(numerator * d + b);
    c = nonzero(b + numerator / c);
    h *= c * d;
    if (Math.abs(c * d - 1) < EPSILON) break;
  }
  return h * gammaDensity(a, x);
}

/** 1 - P(a, x) for a that are too large for series: Temme's uniform expansion, DLMF 8.12.4, to first order. */
function upperAsymptotic(a: number, x: number): number {
  const ratio = (x - a) / a;
  const isNear = Math.abs(ratio) < 1e-4;
  const eta = isNear ? ratio * (1 - ratio / 3) : Math.sign(ratio) * Math.sqrt(2 * (ratio - Math.log1p(ratio)));
  const c0 = isNear ? eta / 12 - 1 / 3 : 1 / ratio - 1 / eta;
  return 0.5 * erfc(eta * Math.sqrt(a / 2)) + (Math.exp(-0.5 * a * eta * eta) / Math.sqrt(2 * Math.PI * a)) * c0;
}
const LARGE_ORDER = 1e8;

const nonzero = (x: number): number => (Math.abs(x) < 1e-300 ? 1e-300 : x);

/** The regularised lower incomplete gamma function P(a, x). */
export function igamma(a: number, x: number): number {
  if (a < 0 || x < 0) return NaN;
  if (a === 0) return x > 0 ? 1 : NaN;
  if (x === 0) return 0;
  if (a === Infinity) return x === Infinity ? NaN : 0;
  if (x === Infinity) return 1;
  if (Number.isNaN(a) || Number.isNaN(x)) return NaN;
  if (a > LARGE_ORDER) return 1 - upperAsymptotic(a, x);
  return x < a + 1 ? lowerSeries(a, x) : 1 - upperFraction(a, x);
}

/** 1 - P(a, x) for small a and x, as in Cephes' igamc_series. */
function upperSeries(a: number, x: number): number {
  let factor = 1;
  let sum = 0;
  for (let n = 1; n < 200; n++) {
    factor *= -x / n;
    sum += factor / (a + n);
    if (Math.abs(factor) < EPSILON * Math.abs(sum)) break;
  }
  const series = a * (a * (a * (a * 0.27058080842778454 - 0.4006856343865314) + 0.8224670334241132) - 0.5772156649015329);
  const logGamma = a < 1e-3 ? series : lgamma(1 + a);
  const exponent = a * Math.log(x) - logGamma;
  return -Math.expm1(exponent) - Math.exp(exponent) * a * sum;
}

/** 1 - P(a, x), without cancellation. */
export function igammac(a: number, x: number): number {
  if (!(a > 0) || !(x > 0) || a === Infinity || x === Infinity) return 1 - igamma(a, x);
  if (a < 1 && x < 1.1) return upperSeries(a, x);
  if (a > LARGE_ORDER) return upperAsymptotic(a, x);
  return x < a + 1 ? 1 - lowerSeries(a, x) : upperFraction(a, x);
}

/** C's pow: unlike JavaScript's, 1 to any power and ±1 to ±infinity are 1. */
export function pow(x: number, y: number): number {
  if (x === 1 || (x === -1 && Math.abs(y) === Infinity)) return 1;
  return x ** y;
}

/** The Hurwitz zeta function, by Euler and Maclaurin's sum from the tenth term. */
export function zeta(s: number, q: number): number {
  if (s === 1) return Infinity;
  if (!(s > 1) || q < -1e6) return NaN;
  if (q <= 0 && q === Math.floor(q)) return Infinity;
  if (q <= 0 && s !== Math.floor(s)) return NaN;
  let sum = pow(q, -s);
  let a = q;
  let term = 0;
  for (let i = 0; i < 9 || a <= 9; i++) {
    term = pow(++a, -s);
    sum += term;
    if (Math.abs(term) < Math.abs(sum) * EPSILON) return sum;
  }
  sum += (term * a) / (s - 1) - 0.5 * term;
  let factor = s;
  let power = term / a;
  let factorial = 2;
  for (let k = 0; k < 12; k++) {
    const correction = (bernoulli[k] / factorial) * factor * power;
    sum += correction;
    if (Math.abs(correction) < Math.abs(sum) * EPSILON) break;
    factor *= (s + 2 * k + 1) * (s + 2 * k + 2);
    factorial *= (2 * k + 3) * (2 * k + 4);
    power /= a * a;
  }
  return sum;
}
