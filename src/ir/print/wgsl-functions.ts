/**
 * WGSL functions that printed kernels call. WGSL lets a compiler assume that no NaN or infinity occurs, so they are told by their bits.
 * A kernel gets those that it names, and those that they name.
 */
const functions: Readonly<Record<string, string>> = {
  is_nan: `fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }`,
  is_inf: `fn is_inf(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) == 0x7f800000u; }`,
  // Constant expressions must not be NaN or infinite; a private variable is no constant expression.
  special: `var<private> opaque_zero: u32 = 0u;
fn special(bits: u32) -> f32 { return bitcast<f32>(bits | opaque_zero); }`,
  f_lt: `fn f_lt(a: f32, b: f32) -> bool { return !is_nan(a) && !is_nan(b) && a < b; }`,
  f_le: `fn f_le(a: f32, b: f32) -> bool { return !is_nan(a) && !is_nan(b) && a <= b; }`,
  f_eq: `fn f_eq(a: f32, b: f32) -> bool { return !is_nan(a) && !is_nan(b) && a == b; }`,
  f_min: `fn f_min(a: f32, b: f32) -> f32 { if (is_nan(a) || (!is_nan(b) && a < b)) { return a; } return b; }`,
  f_max: `fn f_max(a: f32, b: f32) -> f32 { if (is_nan(a) || (!is_nan(b) && a > b)) { return a; } return b; }`,
  f_neg: `fn f_neg(x: f32) -> f32 { return bitcast<f32>(bitcast<u32>(x) ^ 0x80000000u); }`,
  f_rem: `fn f_rem(x: f32, y: f32) -> f32 {
  if (is_nan(x) || is_nan(y) || is_inf(x) || y == 0.0) { return special(0x7fc00000u); }
  if (is_inf(y)) { return x; }
  return x - y * trunc(x / y);
}`,
  f_pow: `fn f_pow(x: f32, y: f32) -> f32 {
  if (y == 0.0 || x == 1.0) { return 1.0; }
  if (is_nan(x) || is_nan(y)) { return special(0x7fc00000u); }
  let a = abs(x);
  if (a == 1.0 && is_inf(y)) { return 1.0; }
  let whole = is_inf(y) || floor(y) == y;
  let odd = whole && !is_inf(y) && abs(y) < 16777216.0 && (i32(y) & 1) == 1;
  var r = 0.0;
  if (a == 0.0) { r = select(0.0, special(0x7f800000u), y < 0.0); }
  else if (is_inf(a) || is_inf(y)) { r = select(0.0, special(0x7f800000u), (a > 1.0) == (y > 0.0)); }
  else if (x < 0.0 && !whole) { return special(0x7fc00000u); }
  else { r = exp2(y * log2(a)); }
  return select(r, -r, odd && (bitcast<u32>(x) >> 31u) == 1u);
}`,
  f_log: `fn f_log(x: f32) -> f32 {
  if (is_nan(x) || x < 0.0) { return special(0x7fc00000u); }
  if (x == 0.0) { return special(0xff800000u); }
  if (is_inf(x)) { return x; }
  return log(x);
}`,
  f_log2: `fn f_log2(x: f32) -> f32 { return f_log(x) * 1.4426950408889634; }`,
  f_log10: `fn f_log10(x: f32) -> f32 { return f_log(x) * 0.4342944819032518; }`,
  f_log1p: `fn f_log1p(x: f32) -> f32 {
  let u = 1.0 + x;
  if (is_nan(x) || is_inf(x) || u <= 0.0) { return f_log(u); }
  if (u == 1.0) { return x; }
  return log(u) * (x / (u - 1.0));
}`,
  f_exp: `fn f_exp(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x > 88.8) { return special(0x7f800000u); }
  if (x < -104.0) { return 0.0; }
  return exp(x);
}`,
  f_exp2: `fn f_exp2(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (x >= 128.0) { return special(0x7f800000u); }
  if (x < -150.0) { return 0.0; }
  return exp2(x);
}`,
  f_expm1: `fn f_expm1(x: f32) -> f32 {
  if (is_nan(x) || abs(x) > 0.35) { return f_exp(x) - 1.0; }
  return x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666668 + x * (0.008333334 + x * (0.0013888889 + x * 0.0001984127))))));
}`,
  f_tanh: `fn f_tanh(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let t = f_expm1(-2.0 * min(abs(x), 20.0));
  return sign(x) * (-t / (t + 2.0));
}`,
  f_sinh: `fn f_sinh(x: f32) -> f32 {
  if (is_nan(x) || is_inf(x)) { return x; }
  let a = abs(x);
  if (a > 80.0) { let h = f_exp(0.5 * a); return sign(x) * (0.5 * h * h); }
  let t = f_expm1(a);
  return sign(x) * 0.5 * (t + t / (t + 1.0));
}`,
  f_cosh: `fn f_cosh(x: f32) -> f32 { if (is_nan(x)) { return x; } let h = f_exp(0.5 * abs(x)); return 0.5 * h * h + 0.5 / h / h; }`,
  f_asin: `fn f_asin(x: f32) -> f32 { if (is_nan(x) || abs(x) > 1.0) { return special(0x7fc00000u); } return asin(x); }`,
  f_acos: `fn f_acos(x: f32) -> f32 { if (is_nan(x) || abs(x) > 1.0) { return special(0x7fc00000u); } return acos(x); }`,
  f_asinh: `fn f_asinh(x: f32) -> f32 {
  if (is_nan(x) || is_inf(x) || x == 0.0) { return x; }
  let a = abs(x);
  if (a > 1e9) { return sign(x) * (log(a) + 0.6931472); }
  return sign(x) * f_log1p(a + a * a / (1.0 + sqrt(a * a + 1.0)));
}`,
  f_acosh: `fn f_acosh(x: f32) -> f32 {
  if (is_nan(x) || x < 1.0) { return special(0x7fc00000u); }
  if (x > 1e9) { return f_log(x) + 0.6931472; }
  let t = x - 1.0;
  return f_log1p(t + sqrt(2.0 * t + t * t));
}`,
  f_atanh: `fn f_atanh(x: f32) -> f32 {
  if (is_nan(x) || abs(x) > 1.0) { return special(0x7fc00000u); }
  if (abs(x) == 1.0) { return sign(x) * special(0x7f800000u); }
  return sign(x) * 0.5 * f_log1p(2.0 * abs(x) / (1.0 - abs(x)));
}`,
  f_atan2: `fn f_atan2(y: f32, x: f32) -> f32 {
  if (is_nan(x) || is_nan(y)) { return special(0x7fc00000u); }
  let left = (bitcast<u32>(x) >> 31u) == 1u;
  let below = (bitcast<u32>(y) >> 31u) == 1u;
  var r = 0.0;
  if (is_inf(x) && is_inf(y)) { r = 0.7853982; }
  else if (is_inf(y) || (x == 0.0 && y != 0.0)) { r = 1.5707964; }
  else if (is_inf(x) || y == 0.0) { r = 0.0; }
  else { r = atan(abs(y) / abs(x)); }
  if (left) { r = 3.1415927 - r; }
  return select(r, -r, below);
}`,
  f_sqrt: `fn f_sqrt(x: f32) -> f32 { if (is_nan(x) || x < 0.0) { return special(0x7fc00000u); } if (is_inf(x) || x == 0.0) { return x; } return sqrt(x); }`,
  f_div: `fn f_div(x: f32, y: f32) -> f32 {
  if (y != 0.0 || is_nan(y)) { return x / y; }
  if (is_nan(x) || x == 0.0) { return special(0x7fc00000u); }
  return special(0x7f800000u | ((bitcast<u32>(x) ^ bitcast<u32>(y)) & 0x80000000u));
}`,
  f_erf: `fn f_erf(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  let a = min(abs(x), 4.0);
  let s = a * a;
  if (a > 0.927734375) {
    var r = -1.72853470e-5 * a + 3.83197126e-4;
    let u = -3.88396438e-3 * a + 2.42546219e-2;
    r = r * s + u;
    r = r * a - 1.06777877e-1;
    r = r * a - 6.34846687e-1;
    r = r * a - 1.28717512e-1;
    r = r * a - a;
    return sign(x) * (1.0 - exp(r));
  }
  var p = -5.96761703e-4 * s + 4.99119423e-3;
  p = p * s - 2.67681349e-2;
  p = p * s + 1.12819925e-1;
  p = p * s - 3.76125336e-1;
  p = p * s + 1.28379166e-1;
  return p * x + x;
}`,
  f_erfc: `fn f_erfc(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (abs(x) < 1.0) { return 1.0 - f_erf(x); }
  if (abs(x) > 10.5) { return select(0.0, 2.0, x < 0.0); }
  let a = abs(x);
  var tail = 0.0;
  for (var n = 40; n >= 1; n--) { tail = 0.5 * f32(n) / (a + tail); }
  let r = exp(-a * a) / (1.7724539 * (a + tail));
  return select(r, 2.0 - r, x < 0.0);
}`,
  f_erfinv: `fn f_erfinv(x: f32) -> f32 {
  if (is_nan(x) || abs(x) > 1.0) { return special(0x7fc00000u); }
  if (abs(x) == 1.0) { return sign(x) * special(0x7f800000u); }
  let l = f_log1p(-x * x);
  let t = 4.3307467 + 0.5 * l;
  var y = sign(x) * sqrt(sqrt(t * t - l * 6.8027211) - t);
  for (var step = 0; step < 2; step++) {
    let error = select(f_erf(y) - x, sign(x) * ((1.0 - abs(x)) - f_erfc(abs(y))), abs(x) > 0.5);
    let u = error / (1.1283792 * exp(-y * y));
    y -= u / (1.0 + y * u);
  }
  return y;
}`,
  f_lgamma: `fn f_lgamma(x: f32) -> f32 {
  if (is_nan(x)) { return x; }
  if (is_inf(x) || (x <= 0.0 && floor(x) == x)) { return special(0x7f800000u); }
  var z = x;
  if (x < 0.0) { z = 1.0 - x; }
  var product = 1.0;
  var w = z;
  for (; w < 8.0; w += 1.0) { product *= w; }
  let q = 1.0 / (w * w);
  let r = (w - 0.5) * log(w) - w + 0.9189385 + (0.083333336 - q * (0.0027777778 - q * 0.0007936508)) / w - log(product);
  if (x < 0.0) { return log(3.1415927 / abs(sin(3.1415927 * (x - 2.0 * round(0.5 * x))))) - r; }
  return r;
}`,
  f_digamma: `fn f_digamma(x: f32) -> f32 {
  if (x == 0.0) { return special(0x7f800000u | (~bitcast<u32>(x) & 0x80000000u)); }
  if (is_nan(x) || (x < 0.0 && (is_inf(x) || floor(x) == x))) { return special(0x7fc00000u); }
  if (is_inf(x)) { return x; }
  var z = x;
  if (x < 0.0) { z = 1.0 - x; }
  var sum = 0.0;
  for (; z < 8.0; z += 1.0) { sum -= 1.0 / z; }
  let q = 1.0 / (z * z);
  sum += log(z) - 0.5 / z - q * (0.083333336 - q * (0.008333334 - q * (0.003968254 - q * 0.004166667)));
  if (x < 0.0) { sum -= 3.1415927 / tan(3.1415927 * fract(x)); }
  return sum;
}`,
  gamma_density: `fn gamma_density(a: f32, x: f32) -> f32 { return f_exp(a * f_log(x) - x - f_lgamma(a)); }`,
  gamma_lower: `fn gamma_lower(a: f32, x: f32) -> f32 {
  var term = 1.0;
  var sum = 1.0;
  for (var n = 1; n < 1000 && term > sum * 1e-8; n++) { term *= x / (a + f32(n)); sum += term; }
  return sum * gamma_density(a, x) / a;
}`,
  gamma_upper: `fn gamma_upper(a: f32, x: f32) -> f32 {
  var b = x + 1.0 - a;
  var c = 1e30;
  var d = 1.0 / b;
  var h = d;
  for (var n = 1; n < 1000; n++) {
    let k = -f32(n) * (f32(n) - a);
    b += 2.0;
    d = 1.0 / (k * d + b);
    c = b + k / c;
    h *= c * d;
    if (abs(c * d - 1.0) < 1e-7) { break; }
  }
  return h * gamma_density(a, x);
}`,
  f_igamma: `fn f_igamma(a: f32, x: f32) -> f32 {
  if (is_nan(a) || is_nan(x) || a < 0.0 || x < 0.0 || (a == 0.0 && x == 0.0) || (is_inf(a) && is_inf(x))) { return special(0x7fc00000u); }
  if (x == 0.0 || is_inf(a)) { return 0.0; }
  if (a == 0.0 || is_inf(x)) { return 1.0; }
  if (x < a + 1.0) { return gamma_lower(a, x); }
  return 1.0 - gamma_upper(a, x);
}`,
  f_igammac: `fn f_igammac(a: f32, x: f32) -> f32 {
  if (!is_nan(a) && !is_nan(x) && a > 0.0 && !is_inf(a) && !is_inf(x) && x >= a + 1.0) { return gamma_upper(a, x); }
  return 1.0 - f_igamma(a, x);
}`,
  f_zeta: `fn f_zeta(s: f32, q: f32) -> f32 {
  if (s == 1.0) { return special(0x7f800000u); }
  if (is_nan(s) || is_nan(q) || s < 1.0 || q < -1e6) { return special(0x7fc00000u); }
  if (q <= 0.0 && floor(q) == q) { return special(0x7f800000u); }
  if (q <= 0.0 && floor(s) != s) { return special(0x7fc00000u); }
  var a = q;
  var term = f_pow(a, -s);
  var sum = term;
  for (var n = 0; n < 9 || a <= 9.0; n++) {
    a += 1.0;
    term = f_pow(a, -s);
    sum += term;
    if (abs(term) < abs(sum) * 1e-9) { return sum; }
  }
  sum += term * a / (s - 1.0) - 0.5 * term;
  let p = term / a;
  return sum + s * p * (0.083333336 - (s + 1.0) * (s + 2.0) / (a * a) * 0.0013888889);
}`,
  to_i32: `fn to_i32(x: f32) -> i32 {
  if (is_nan(x) || x < -2147483648.0 || x >= 2147483648.0) { return i32(-2147483647 - 1); }
  return i32(x);
}`,
  i_div: `fn i_div(x: i32, y: i32) -> i32 { if (y == 0) { return 0; } return x / y; }`,
  i_rem: `fn i_rem(x: i32, y: i32) -> i32 { if (y == 0 || y == -1) { return 0; } return x % y; }`,
  i_shl: `fn i_shl(x: i32, y: i32) -> i32 { if (y < 0 || y > 31) { return 0; } return x << u32(y); }`,
  i_shr: `fn i_shr(x: i32, y: i32) -> i32 { if (y < 0 || y > 31) { return x >> 31u; } return x >> u32(y); }`,
  i_pow: `fn i_pow(x: i32, n: i32) -> i32 {
  if (n < 0) {
    if (x == 1) { return 1; }
    if (x == -1) { return 1 - 2 * (n & 1); }
    return 0;
  }
  var base = x;
  var result = 1;
  for (var k = n; k > 0; k = k >> 1u) { if ((k & 1) == 1) { result *= base; } base *= base; }
  return result;
}`,
  from_f16: `fn from_f16(h: u32) -> f32 {
  let m = h & 0x7fffu;
  var r = (m << 13u) + 0x38000000u;
  if (m < 0x400u) { r = bitcast<u32>(f32(m) * 5.9604644775390625e-8); }
  if (m >= 0x7c00u) { r = (m << 13u) | 0x7f800000u; }
  return bitcast<f32>(((h & 0x8000u) << 16u) | r);
}`,
  to_f16: `fn to_f16(x: f32) -> u32 {
  let u = bitcast<u32>(x);
  let a = u & 0x7fffffffu;
  var r = (a - 0x38000000u + 0xfffu + ((a >> 13u) & 1u)) >> 13u;
  if (a < 0x38800000u) { r = bitcast<u32>(bitcast<f32>(a) + 0.5) - 0x3f000000u; }
  if (a >= 0x477ff000u) { r = 0x7c00u; }
  if (a > 0x7f800000u) { r = 0x7e00u; }
  return ((u >> 16u) & 0x8000u) | r;
}`,
  from_bf16: `fn from_bf16(h: u32) -> f32 { return bitcast<f32>(h << 16u); }`,
  to_bf16: `fn to_bf16(x: f32) -> u32 {
  let u = bitcast<u32>(x);
  if ((u & 0x7fffffffu) > 0x7f800000u) { return 0x7fc0u; }
  return (u + 0x7fffu + ((u >> 16u) & 1u)) >> 16u;
}`,
};

/** The functions that `text` names, each after those that it names itself. */
export function functionsFor(text: string): string[] {
  const found = new Set<string>();
  const visit = (body: string): void => {
    for (const [name, definition] of Object.entries(functions)) {
      if (found.has(name) || !new RegExp(`\\b${name}\\(`).test(body)) continue;
      found.add(name);
      visit(definition);
    }
  };
  visit(text);
  return Object.keys(functions)
    .filter((name) => found.has(name))
    .map((name) => functions[name]);
}
