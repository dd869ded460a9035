// Vectorised elementary functions for the routines, and sums and maxima of rows.
#pragma once
#include "r_common.h"

namespace tt { namespace TT_ISA {

template <class T> struct IntFor { using type = int32_t; };
template <> struct IntFor<double> { using type = int64_t; };
template <class T> using IntV = typename Simd<typename IntFor<T>::type, Simd<T>::width>::V;

// exp to within an ulp or two, with denormals, infinities and NaN.
inline Simd<float>::V exp_v(Simd<float>::V x) {
  using V = Simd<float>::V;
  using I = IntV<float>;
  x = x > 89.0f ? Simd<float>::set(89.0f) : x;
  x = x < -104.0f ? Simd<float>::set(-104.0f) : x;
  const V n = (x * 1.44269504f + 12582912.0f) - 12582912.0f;
  const V r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  V p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  const I i = __builtin_convertvector(n, I), half = i >> 1;
  return p * (V)((half + 127) << 23) * (V)((i - half + 127) << 23);
}
inline Simd<double>::V exp_v(Simd<double>::V x) {
  for (int i = 0; i < Simd<double>::width; i++) x[i] = std::exp(x[i]);
  return x;
}

// Natural logarithm of positive normal numbers (others give what their bits say; callers keep away from them).
inline Simd<float>::V log_v(Simd<float>::V x) {
  using V = Simd<float>::V;
  using I = IntV<float>;
  const I bits = (I)x, e0 = ((bits >> 23) & 255) - 126;
  V m = (V)((bits & 0x007fffff) | 0x3f000000);
  const I small = m < 0.707106781f;
  const V e = __builtin_convertvector(e0 + small, V);
  m = m + (V)((I)m & small) - 1.0f;
  const V z = m * m;
  V p = m * 7.0376836292e-2f + -1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m + -1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m + -1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m + -2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  return m + (m * z * p + e * -2.12194440e-4f - z * 0.5f) + e * 0.693359375f;
}

template <class A> typename Simd<A>::V max_v(typename Simd<A>::V a, typename Simd<A>::V b) { return a > b ? a : b; }

template <class A> A sum_lanes(typename Simd<A>::V v) {
  A s = 0;
  for (int i = 0; i < Simd<A>::width; i++) s += v[i];
  return s;
}

// Maximum of a row, NaN left out.
template <class A> A row_max(const A* x, int64_t n) {
  using S = Simd<A>;
  A m = -std::numeric_limits<A>::infinity();
  int64_t i = 0;
  if (n >= S::width) {
    typename S::V v = S::set(m);
    for (; i + S::width <= n; i += S::width) v = max_v<A>(v, S::load(x + i));
    for (int l = 0; l < S::width; l++) m = v[l] > m ? v[l] : m;
  }
  for (; i < n; i++) m = x[i] > m ? x[i] : m;
  return m;
}

// Sum of f(i) (a vector from position i on) and, for the rest, of g(i).
template <class A, class F, class G> A row_sum(int64_t n, F&& f, G&& g) {
  using S = Simd<A>;
  typename S::V a = {}, b = {};
  int64_t i = 0;
  for (; i + 2 * S::width <= n; i += 2 * S::width) { a += f(i); b += f(i + S::width); }
  for (; i + S::width <= n; i += S::width) a += f(i);
  A s = sum_lanes<A>(a + b);
  for (; i < n; i++) s += g(i);
  return s;
}

// out[i] = exp(x[i] - shift), returned is their sum. `out` may be null or x.
template <class A> A row_exp(const A* x, int64_t n, A shift, A* out) {
  using S = Simd<A>;
  A tail[S::width] = {};
  const int64_t whole = n / S::width * S::width;
  for (int64_t i = whole; i < n; i++) tail[i - whole] = x[i];
  const typename S::V last = exp_v(S::load(tail) - shift);
  A s = row_sum<A>(whole, [&](int64_t i) { auto v = exp_v(S::load(x + i) - shift); if (out) S::store(out + i, v); return v; }, [](int64_t) { return A(0); });
  for (int64_t i = whole; i < n; i++) {
    s += last[i - whole];
    if (out) out[i] = last[i - whole];
  }
  return s;
}
template <class A> A row_dot(const A* x, const A* y, int64_t n) {
  using S = Simd<A>;
  return row_sum<A>(n, [&](int64_t i) { return S::load(x + i) * S::load(y + i); }, [&](int64_t i) { return x[i] * y[i]; });
}
template <class A> A row_total(const A* x, int64_t n) {
  return row_sum<A>(n, [&](int64_t i) { return Simd<A>::load(x + i); }, [&](int64_t i) { return x[i]; });
}

}}  // namespace tt::TT_ISA
