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

template <class F> struct Exponent { F p, shifted; };  // exp(x) = p * 2^n, n in the low bits of `shifted`

// Cephes' polynomial.
template <class F> inline Exponent<F> split_exp(F x) {
  F t = x * 1.44269504088896341f + ROUND_MAGIC_F;
  F n = t - ROUND_MAGIC_F;
  F r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  F p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  return {p * (r * r) + r + 1.0f, t};
}

// Halves of the exponent so that denormals and overflow come out right.
template <class F> inline F exp_float(F x) {
  auto [p, shifted] = split_exp(at_most(at_least(x, -104.0f), 89.0f));
  Int<F> k = bits<Int<F>>(shifted) - bits<int32_t>(ROUND_MAGIC_F);
  Int<F> half = k >> 1;
  return p * pow2_f<F>(half) * pow2_f<F>(k - half);
}

// exp for -87 <= x <= 88.
template <class F> inline F exp_moderate(F x) {
  auto [p, shifted] = split_exp(x);
  return bits<F>(bits<Int<F>>(p) + (bits<Int<F>>(shifted) << 23));
}

template <class F> inline F log_float(F x) {
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
  F r = p * f * z - e * 2.12194440e-4f - z * 0.5f + f + e * 0.693359375f;
  r = select(x == INFINITY, x, r);
  r = select(x == 0.0f, like(x, -INFINITY), r);
  return select(x >= 0.0f, r, like(x, NAN));
}

template <class F> inline F tanh_float(F x) {
  F a = abs_f(x), z = x * x;
  F p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  F small = p * z * x + x;
  F large = 1.0f - 2.0f / (exp_moderate(at_most(a + a, 20.0f)) + 1.0f);
  return select(x == x, select(a < 0.625f, small, copysign_f(large, x)), x);
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
