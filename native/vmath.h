// Elementary functions on vectors of doubles; within 2 units in the last place. Ranges are reduced as in fdlibm.
#pragma once
#include "simd.h"
#include <cmath>

namespace tt::TT_ISA {

inline vd splat_d(double x) { return x - vd{}; }

constexpr double ROUND_MAGIC = 0x1.8p52;  // adding it leaves the rounded integer in the low bits

inline vl integer_of(vd rounded_plus_magic) { return bits<vl>(rounded_plus_magic) - bits<int64_t>(ROUND_MAGIC); }
inline vd double_of(vl n) { return bits<vd>(n + bits<int64_t>(ROUND_MAGIC)) - ROUND_MAGIC; }
inline vd abs_v(vd x) { return bits<vd>(bits<vl>(x) & INT64_MAX); }
inline vd copysign_v(vd magnitude, vd sign) { return bits<vd>((bits<vl>(magnitude) & INT64_MAX) | (bits<vl>(sign) & INT64_MIN)); }
inline vd pow2_v(vl n) { return bits<vd>((n + 1023) << 52); }  // -1022 <= n <= 1023

// x * 2^n for |n| up to 2100.
inline vd scale_v(vd x, vl n) {
  vl half = n >> 1;
  return x * pow2_v(half) * pow2_v(n - half);
}

struct Reduced { vd r; vl n; };  // x = r + n * ln 2, |r| <= ln 2 / 2

inline Reduced reduce_ln2(vd x) {
  vd t = x * 1.4426950408889634 + ROUND_MAGIC;
  vd n = t - ROUND_MAGIC;
  vd r = x - n * 6.93147180369123816490e-01;
  r = r - n * 1.90821492927058770002e-10;
  return {r, integer_of(t)};
}

// (exp(r) - 1 - r) / r^2 for |r| <= ln 2 / 2.
inline vd exp_tail(vd r) {
  vd p = splat_d(1.0 / 6227020800.0);
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  return p * r + 0.5;
}

inline vd clamp_v(vd x, double low, double high) {
  x = select(x < low, splat_d(low), x);
  return select(x > high, splat_d(high), x);
}

inline vd exp_v(vd x) {
  x = clamp_v(x, -746, 710);
  auto [r, n] = reduce_ln2(x);
  return scale_v(exp_tail(r) * (r * r) + r + 1, n);
}

inline vd exp2_v(vd x) {
  x = clamp_v(x, -1076, 1025);
  vd t = x + ROUND_MAGIC;
  vd r = (x - (t - ROUND_MAGIC)) * 0.6931471805599453;
  return scale_v(exp_tail(r) * (r * r) + r + 1, integer_of(t));
}

inline vd expm1_v(vd x) {
  vd y = clamp_v(x, -60, 710);
  auto [r, n] = reduce_ln2(y);
  vd p = exp_tail(r) * (r * r) + r;
  vd half = pow2_v(n - 1);
  vd result = (p * half + (half - 0.5)) * 2;
  return select(x == 0, x, result);
}

// log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)], plus k * ln 2 + extra.
inline vd log_tail(vd f, vd k, vd extra) {
  vd s = f / (f + 2), z = s * s, w = z * z;
  vd even = w * (w * (w * 1.531383769920937332e-01 + 2.222219843214978396e-01) + 3.999999999940941908e-01);
  vd odd = z * (w * (w * (w * 1.479819860511658591e-01 + 1.818357216161805012e-01) + 2.857142874366239149e-01) + 6.666666666666735130e-01);
  vd half = f * f * 0.5;
  return k * 6.93147180369123816490e-01 - ((half - (s * (half + even + odd) + (k * 1.90821492927058770002e-10 + extra))) - f);
}

struct Split { vd f, k; };  // x = (1 + f) * 2^k

inline Split split_v(vd x) {
  vl tiny = x < 0x1p-1022;
  x = select(tiny, x * 0x1p54, x);
  vl i = bits<vl>(x) + (0x3ff0000000000000 - 0x3fe6a09e00000000);
  vl k = ((i >> 52) & 0xfff) - 0x3ff;
  vd m = bits<vd>((i & 0x000fffffffffffff) + 0x3fe6a09e00000000);
  return {m - 1, double_of(k) - select(tiny, splat_d(54), vd{})};
}

// What log gives at 0, infinity, NaN and below 0.
inline vd log_ends(vd x, vd result) {
  result = select(x == INFINITY, x, result);
  result = select(x == 0, splat_d(-INFINITY), result);
  return select(x >= 0, result, splat_d(NAN));
}

inline vd log_v(vd x) {
  auto [f, k] = split_v(x);
  return log_ends(x, log_tail(f, k, vd{}));
}

inline vd log2_v(vd x) {
  auto [f, k] = split_v(x);
  return log_ends(x, log_tail(f, vd{}, vd{}) * 1.4426950408889634 + k);
}

inline vd log10_v(vd x) {
  auto [f, k] = split_v(x);
  vd low = log_tail(f, vd{}, vd{}) * 0.4342944819032518 + k * 3.69423907715893078616e-13;
  return log_ends(x, low + k * 3.01029995663611771306e-01);
}

inline vd log1p_v(vd x) {
  vd u = x + 1;
  vd lost = select(x < 1, x - (u - 1), 1 - (u - x));
  auto [f, k] = split_v(u);
  vd result = log_ends(u, log_tail(f, k, lost / u));
  return select(abs_v(x) < 0x1p-54, x, result);
}

struct Angle { vd r, tail; vl n; };  // x = r + tail + n * pi / 2, for |x| <= 2^20

inline Angle reduce_pi(vd x) {
  vd t = x * 6.36619772367581382433e-01 + ROUND_MAGIC;
  vd n = t - ROUND_MAGIC;
  vd first = x - n * 1.57079632673412561417e+00;
  vd w = n * 6.07710050630396597660e-11;
  vd r = first - w;
  w = n * 2.02226624879595063154e-21 - ((first - r) - w);
  vd y = r - w;
  return {y, (r - y) - w, integer_of(t)};
}

inline vd sin_kernel(vd x, vd tail) {
  vd z = x * x, v = z * x;
  vd p = splat_d(1.58969099521155010221e-10);
  p = p * z - 2.50507602534068634195e-08;
  p = p * z + 2.75573137070700676789e-06;
  p = p * z - 1.98412698298579493134e-04;
  p = p * z + 8.33333333332248946124e-03;
  return x - ((z * (tail * 0.5 - v * p) - tail) + v * 1.66666666666666324348e-01);
}

inline vd cos_kernel(vd x, vd tail) {
  vd z = x * x;
  vd p = splat_d(-1.13596475577881948265e-11);
  p = p * z + 2.08757232129817482790e-09;
  p = p * z - 2.75573143513906633035e-07;
  p = p * z + 2.48015872894767294178e-05;
  p = p * z - 1.38888888888741095749e-03;
  p = p * z + 4.16666666666666019037e-02;
  vd half = z * 0.5, w = 1 - half;
  return w + (((1 - w) - half) + (z * z * p - x * tail));
}

inline bool any_beyond(vd x, double limit) {
  for (int i = 0; i < lanes<double>; i++) if (!(std::fabs(x[i]) <= limit)) return true;
  return false;
}

template <class F> inline vd by_lane(vd x, F f) {
  for (int i = 0; i < lanes<double>; i++) x[i] = f(x[i]);
  return x;
}

constexpr double ANGLE_LIMIT = 0x1p20;

// sin for shift 0, cos for shift 1.
inline vd sin_or_cos(vd x, int shift) {
  auto [r, tail, n] = reduce_pi(x);
  n += shift;
  vd result = select((n & 1) != 0, cos_kernel(r, tail), sin_kernel(r, tail));
  return bits<vd>(bits<vl>(result) ^ ((n & 2) << 62));
}

inline vd sin_v(vd x) {
  if (any_beyond(x, ANGLE_LIMIT)) return by_lane(x, [](double v) { return std::sin(v); });
  return select(x == 0, x, sin_or_cos(x, 0));
}

inline vd cos_v(vd x) {
  if (any_beyond(x, ANGLE_LIMIT)) return by_lane(x, [](double v) { return std::cos(v); });
  return sin_or_cos(x, 1);
}

// The quotient may be off in the last two places.
inline vd tan_v(vd x) {
  if (any_beyond(x, ANGLE_LIMIT)) return by_lane(x, [](double v) { return std::tan(v); });
  auto [r, tail, n] = reduce_pi(x);
  vd s = sin_kernel(r, tail), c = cos_kernel(r, tail);
  vl odd = (n & 1) != 0;
  return select(x == 0, x, select(odd, -c, s) / select(odd, s, c));
}

inline vd tanh_v(vd x) {
  vd a = abs_v(x);
  vd t = expm1_v(select(a < 1, a * -2, a * 2));
  vd small = -t / (t + 2), large = 1 - 2 / (t + 2);
  return copysign_v(select(a < 1, small, large), x);
}

inline vd sinh_v(vd x) {
  vd a = abs_v(x), t = expm1_v(a), e = exp_v(a * 0.5);
  vd moderate = select(a < 1, t * 2 - t * t / (t + 1), t + t / (t + 1)) * 0.5;
  return copysign_v(select(a > 40, e * 0.5 * e, moderate), select(x == x, x, x));
}

inline vd cosh_v(vd x) {
  vd a = abs_v(x), h = exp_v(a * 0.5), t = expm1_v(a);
  vd moderate = t * t / ((t + 1) * 2) + 1;
  return select(a > 40, h * 0.5 * h, moderate);
}

// atan by reduction to |t| <= tan(pi/16) would need a table; fdlibm's four ranges, chosen by selects.
inline vd atan_v(vd x) {
  vd a = abs_v(x);
  vd hi = vd{}, lo = vd{}, num = a, den = splat_d(1);
  auto range = [&](vl in, vd n, vd d, double h, double l) {
    num = select(in, n, num);
    den = select(in, d, den);
    hi = select(in, splat_d(h), hi);
    lo = select(in, splat_d(l), lo);
  };
  range(a >= 0.4375, a * 2 - 1, a + 2, 4.63647609000806093515e-01, 2.26987774529616870924e-17);
  range(a >= 0.6875, a - 1, a + 1, 7.85398163397448278999e-01, 3.06161699786838301793e-17);
  range(a >= 1.1875, a - 1.5, a * 1.5 + 1, 9.82793723247329054082e-01, 1.39033110312309984516e-17);
  range(a >= 2.4375, splat_d(-1), a, 1.57079632679489655800e+00, 6.12323399573676603587e-17);
  vd t = num / den, z = t * t, w = z * z;
  vd s1 = w * 1.62858201153657823623e-02 + 4.97687799461593236017e-02;
  s1 = s1 * w + 6.66107313738753120669e-02;
  s1 = s1 * w + 9.09088713343650656196e-02;
  s1 = s1 * w + 1.42857142725034663711e-01;
  s1 = (s1 * w + 3.33333333333329318027e-01) * z;
  vd s2 = w * -3.65315727442169155270e-02 - 5.83357013379057348645e-02;
  s2 = s2 * w - 7.69187620504482999495e-02;
  s2 = s2 * w - 1.11111104054623557880e-01;
  s2 = (s2 * w - 1.99999999998764832476e-01) * w;
  vd result = hi - ((t * (s1 + s2) - lo) - t);
  return copysign_v(select(x == x, result, x), x);
}

// For floats, whose quotients neither overflow nor vanish.
inline vd atan2_v(vd y, vd x) {
  vd across = abs_v(x), up = abs_v(y);
  vd slope = select((across == INFINITY) & (up == INFINITY), splat_d(1), select(up == 0, vd{}, up / across));
  vd angle = atan_v(slope);
  angle = select(bits<vl>(x) < 0, 3.141592653589793116 - (angle - 1.2246467991473532e-16), angle);
  return select((x == x) & (y == y), copysign_v(angle, y), splat_d(NAN));
}

// C's fmod for floats: every product is exact, since the quotient has at most 27 bits.
inline vd rem_v(vd x, vd y) {
  vd size = abs_v(x), by = abs_v(y), quotient = size / by, whole = (quotient + 0x1p52) - 0x1p52;
  whole = select(whole > quotient, whole - 1, whole);
  return copysign_v(size - whole * by, x);
}

inline vd sqrt_v(vd x) {
  for (int i = 0; i < lanes<double>; i++) x[i] = std::sqrt(x[i]);
  return x;
}

template <size_t n> inline vd polynomial(vd x, const double (&c)[n]) {
  vd p = splat_d(c[0]);
  for (size_t i = 1; i < n; i++) p = p * x + c[i];
  return p;
}

// Wichura's rational functions (algorithm AS 241) for |x| <= 1 - 2^-35 and 1.
inline vd erfinv_v(vd x) {
  constexpr double inner[] = {2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
                              1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080};
  constexpr double below_inner[] = {5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
                                    5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1};
  constexpr double outer[] = {7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258,
                              3.64784832476320460504, 5.76949722146069140550, 4.63033784615654529590, 1.42343711074968357734};
  constexpr double below_outer[] = {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
                                    6.89767334985100004550e-1, 1.67638483018380384940, 2.05319162663775882187, 1};
  vd half = x * 0.5, z = 0.180625 - half * half;
  vd near = half * polynomial(z, inner) / polynomial(z, below_inner);
  vd t = sqrt_v(-log_v((1 - abs_v(x)) * 0.5)) - 1.6;
  vd far = copysign_v(polynomial(t, outer) / polynomial(t, below_outer), x);
  vd result = select(abs_v(half) <= 0.425, near, far) * 0.70710678118654752440;
  return select(abs_v(x) == 1, x * INFINITY, result);
}

// |x|^y with C's special values.
inline vd pow_v(vd x, vd y) {
  vd a = abs_v(x);
  vd result = exp_v(y * log_v(a));
  vd whole = (abs_v(y) + 0x1p52) - 0x1p52;
  vl is_integer = (whole == abs_v(y)) | (abs_v(y) >= 0x1p52);
  vd half = abs_v(y) * 0.5;
  vl is_odd = is_integer & ((half + 0x1p52) - 0x1p52 != half) & (abs_v(y) < 0x1p53);
  vl negative = bits<vl>(x) < 0;
  result = select((x < 0) & (is_integer == 0) & (a != INFINITY), splat_d(NAN), result);
  result = bits<vd>(bits<vl>(result) ^ (negative & is_odd & INT64_MIN));
  result = select((a == 1) & (abs_v(y) == INFINITY), splat_d(1), result);
  return select((y == 0) | (x == 1), splat_d(1), result);
}

}  // namespace tt::TT_ISA
