// Accumulators of reductions: how blocks of values go into them.
#pragma once
#include "internal.h"
#include "simd.h"
#include <limits>

namespace tt::TT_ISA {

template <Reduce R, class T> struct Fold;

template <class T> struct Fold<Reduce::sum, T> {
  static constexpr T identity() { return 0; }
  template <class V> static inline V of(V a, V x) { return a + x; }
};
template <class T> struct Fold<Reduce::prod, T> {
  static constexpr T identity() { return 1; }
  template <class V> static inline V of(V a, V x) { return a * x; }
};

// bool: sum is or, prod is and.
template <> struct Fold<Reduce::sum, uint8_t> {
  static constexpr uint8_t identity() { return 0; }
  template <class V> static inline V of(V a, V x) { return a | x; }
};
template <> struct Fold<Reduce::prod, uint8_t> {
  static constexpr uint8_t identity() { return 1; }
  template <class V> static inline V of(V a, V x) { return a & x; }
};

// NaN wins: x != x lets a new NaN in, and nothing compares with an old one.
template <class T> struct Fold<Reduce::max, T> {
  using Limits = std::numeric_limits<T>;
  static constexpr T identity() { return Limits::has_infinity ? -Limits::infinity() : Limits::lowest(); }
  template <class V> static inline V of(V a, V x) { return ((x > a) | (x != x)) ? x : a; }
};
template <class T> struct Fold<Reduce::min, T> {
  using Limits = std::numeric_limits<T>;
  static constexpr T identity() { return Limits::has_infinity ? Limits::infinity() : sizeof(T) == 1 ? (T)1 : Limits::max(); }
  template <class V> static inline V of(V a, V x) { return ((x < a) | (x != x)) ? x : a; }
};

// One value of n: four vectors side by side, then their lanes.
template <Reduce R, class T> inline T fold_row(const T* x, int64_t n) {
  using F = Fold<R, T>;
  using V = Vec<T>;
  constexpr int L = lanes<T>;
  T result = F::identity();
  int64_t i = 0;
  if (n >= 4 * L) {
    V a = load<V>(x), b = load<V>(x + L), c = load<V>(x + 2 * L), d = load<V>(x + 3 * L);
    for (i = 4 * L; i + 4 * L <= n; i += 4 * L) {
      a = F::of(a, load<V>(x + i));
      b = F::of(b, load<V>(x + i + L));
      c = F::of(c, load<V>(x + i + 2 * L));
      d = F::of(d, load<V>(x + i + 3 * L));
    }
    a = F::of(F::of(a, b), F::of(c, d));
    for (; i + L <= n; i += L) a = F::of(a, load<V>(x + i));
    T lane[L];
    store(lane, a);
    for (int step = L / 2; step > 0; step /= 2)
      for (int k = 0; k < step; k++) lane[k] = F::of(lane[k], lane[k + step]);
    result = lane[0];
  }
  for (; i < n; i++) result = F::of(result, x[i]);
  return result;
}

// a[i] takes in x[i].
template <Reduce R, class T> inline void fold_each(T* a, const T* x, int64_t n) {
  TT_SIMD for (int64_t i = 0; i < n; i++) a[i] = Fold<R, T>::of(a[i], x[i]);
}

}  // namespace tt::TT_ISA
