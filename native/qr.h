// Householder QR in place.
#pragma once
#include "linalg.h"

namespace tt { namespace TT_ISA {

// Applies the adjoint of the reflector in column j of `a` to columns [from, to).
template <class T> void reflect(Mat<T> a, int64_t m, int64_t j, int64_t from, int64_t to, T tau, T* w) {
  if (tau == T(0) || from == to) return;
  const int64_t n = to - from;
  for (int64_t x = 0; x < n; x++) w[x] = a(j, from + x);
  for (int64_t i = j + 1; i < m; i++) subtract_row(w, &a(i, from), -conj(a(i, j)), n);
  const T k = conj(tau);
  for (int64_t x = 0; x < n; x++) w[x] = k * w[x];
  for (int64_t x = 0; x < n; x++) a(j, from + x) -= w[x];
  for (int64_t i = j + 1; i < m; i++) subtract_row(&a(i, from), w, a(i, j), n);
}

// R on and above the diagonal of a, reflectors below it.
template <class T> bool qr_in_place(Mat<T> a, int64_t m, int64_t n, T* tau) {
  constexpr int64_t NB = BlockReflector<T>::NB;
  const int64_t k = min_of(m, n), block = k <= 2 * NB ? max_of(1, k) : NB;
  Scratch scratch((BlockReflector<T>::scratch(m, max_of(n, NB)) + n) * (int64_t)sizeof(T));
  if (!scratch.data) return false;
  for (int64_t j0 = 0; j0 < k; j0 += block) {
    const int64_t j1 = min_of(k, j0 + block), panel_end = j1 == k ? n : j1;
    for (int64_t j = j0; j < j1; j++) {
      tau[j] = make_reflector(&a(j, j), m - j, a.rs);
      reflect(a, m, j, j + 1, panel_end, tau[j], scratch.as<T>());
    }
    if (panel_end == n) continue;
    BlockReflector<T> h(scratch.as<T>(), m - j0, j1 - j0);
    if (!h.load(a.block(j0, j0), tau + j0) || !h.apply(a.block(j0, j1), n - j1, true)) return false;
  }
  return true;
}

}}  // namespace tt::TT_ISA
