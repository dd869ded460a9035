// Elementary functions on vectors of floats, within a few units in the last place. F is a vector (vf), or a value of the code generator
// (jit_body.h) that records the formula; both have the same operators, and `like`, `at_least`, `at_most`, `select` and `to_float`.
#pragma once
#include "simd.h"
#include <cmath>

namespace tt::TT_ISA {

template <class F> struct IntOf;
template <> struct IntOf<vf> { using type = vi; };
template <class F> using Int = typename IntOf<F>::type;

// A constant beside x.
inline vf like(vf, float c) { return c - vf{}; }
// NaN stays.
inline vf at_least(vf x, float low) { return select(x < low, like(x, low), x); }
inline vf at_most(vf x, float high) { return select(x > high, like(x, high), x); }
inline vf to_float(vi x) { return __builtin_convertvector(x, vf); }

template <class F> inline F abs_f(F x) { return bits<F>(bits<Int<F>>(x) & INT32_MAX); }
template <class F> inline F copysign_f(F magnitude, F sign) {
  return bits<F>((bits<Int<F>>(magnitude) & INT32_MAX) | (bits<Int<F>>(sign) & INT32_MIN));
}
template <class F> inline F pow2_f(Int<F> n) { return bits<F>((n + 127) << 23); }

constexpr float ROUND_MAGIC_F = 0x1.8p23f;  // adding it leaves the rounded integer in the low bits

template <class F> struct Exponent { F q, shifted; };  // exp(x) = (1 + q) * 2^n, n in the low bits of `shifted`

// Cephes' polynomial for exp(r) - 1, |r| <= ln 2 / 2.
template <class F> inline F exp_less_one(F r) {
  F p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return p * (r * r) + r;
}

template <class F> inline Exponent<F> split_exp(F x) {
  F t = x * 1.44269504088896341f + ROUND_MAGIC_F;
  F n = t - ROUND_MAGIC_F;
  F r = x - n * 0.693359375f;
  return {exp_less_one(r + n * 2.12194440e-4f), t};
}

template <class F> inline Int<F> exponent_of(F shifted) { return bits<Int<F>>(shifted) - bits<int32_t>(ROUND_MAGIC_F); }

// x * 2^k; halves of the exponent so that denormals and overflow come out right.
template <class F> inline F scale_f(F x, Int<F> k) {
  Int<F> half = k >> 1;
  return x * pow2_f<F>(half) * pow2_f<F>(k - half);
}

template <class F> inline F exp_float(F x) {
  auto [q, shifted] = split_exp(at_most(at_least(x, -104.0f), 89.0f));
  return scale_f(q + 1.0f, exponent_of(shifted));
}

// exp for -87 <= x <= 88.
template <class F> inline F exp_moderate(F x) {
  auto [q, shifted] = split_exp(x);
  return bits<F>(bits<Int<F>>(q + 1.0f) + (bits<Int<F>>(shifted) << 23));
}

template <class F> inline F exp2_float(F x) {
  F y = at_most(at_least(x, -151.0f), 129.0f);
  F t = y + ROUND_MAGIC_F;
  F r = (y - (t - ROUND_MAGIC_F)) * 0.693147180559945309f;
  return scale_f(exp_less_one(r) + 1.0f, exponent_of(t));
}

template <class F> inline F expm1_float(F x) {
  auto [q, shifted] = split_exp(at_most(at_least(x, -20.0f), 89.0f));
  F half = pow2_f<F>(exponent_of(shifted) - 1);
  return select(x == 0.0f, x, (q * half + (half - 0.5f)) * 2.0f);
}

// log(x) + low for positive numbers x; `low` is small beside x.
template <class F> inline F log_of_positive(F x, F low) {
  auto tiny = x < 0x1p-126f;
  F y = select(tiny, x * 0x1p25f, x);
  Int<F> i = bits<Int<F>>(y) + (0x3f800000 - 0x3f3504f3);
  Int<F> k = ((i >> 23) & 0x1ff) - 127;
  F f = bits<F>((i & 0x007fffff) + 0x3f3504f3) - 1.0f;
  F e = to_float(k) - select(tiny, like(x, 25), like(x, 0));
  F p = f * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  F z = f * f;
  return p * f * z + (low - e * 2.12194440e-4f) - z * 0.5f + f + e * 0.693359375f;
}

// What log gives at 0, infinity, NaN and below 0.
template <class F> inline F log_ends_f(F x, F result) {
  result = select(x == INFINITY, x, result);
  result = select(x == 0.0f, like(x, -INFINITY), result);
  return select(x >= 0.0f, result, like(x, NAN));
}

template <class F> inline F log_float(F x) { return log_ends_f(x, log_of_positive(x, like(x, 0))); }

// 1 + x loses low bits of x or of 1, which the derivative of log brings back.
template <class F> inline F log1p_float(F x) {
  F u = x + 1.0f;
  F lost = select(x < 1.0f, x - (u - 1.0f), 1.0f - (u - x));
  F result = log_ends_f(u, log_of_positive(u, lost / u));
  return select(abs_f(x) < 0x1p-30f, x, result);
}

// (exp(2x) - 1) / (exp(2x) + 1), from exp(2x) - 1 to full precision.
template <class F> inline F tanh_float(F x) {
  auto [q, shifted] = split_exp(at_most(at_least(x + x, -20.0f), 20.0f));
  F power = pow2_f<F>(exponent_of(shifted)), m = q * power + (power - 1.0f);
  return select(x == 0.0f, x, m / (m + 2.0f));
}

// x times a rational function of x^2, whose relative error is at most 0.9 units in the last place; 1 beyond 3.925.
template <class F> inline F erf_float(F x) {
  F a = at_most(at_least(x, -3.925f), 3.925f), z = a * a;
  F p = z * 0x1.12a230p-19f + 0x1.2aaca8p-12f;
  p = p * z + 0x1.ee7eecp-9f;
  p = p * z + 0x1.b04956p-5f;
  p = p * z + 0x1.865764p-3f;
  p = p * z + 0x1.20dd74p+0f;
  F q = z * 0x1.3f2a2cp-15f + 0x1.311a80p-10f;
  q = q * z + 0x1.eaf9bap-7f;
  q = q * z + 0x1.d3b240p-4f;
  q = q * z + 0x1.012624p-1f;
  q = q * z + 1.0f;
  return at_most(at_least(a * p / q, -1.0f), 1.0f);
}

}  // namespace tt::TT_ISA
