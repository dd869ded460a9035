// Bunch-Kaufman factors of symmetric and Hermitian indefinite matrices, in LAPACK's layout (sytrf, lower).
#include "linalg.h"

namespace tt { namespace TT_ISA {

template <class T> struct Ldl {
  Mat<T> w;  // both triangles of what is left; the columns of L behind it
  int64_t n;
  bool hermitian;
  T turn(T x) const { return hermitian ? conj(x) : x; }

  void exchange(int64_t a, int64_t b, int64_t from) const {
    for (int64_t j = from; j < n; j++) { const T t = w(a, j); w(a, j) = w(b, j); w(b, j) = t; }
    for (int64_t i = from; i < n; i++) { const T t = w(i, a); w(i, a) = w(i, b); w(i, b) = t; }
  }

  // How many columns the next pivot has, and the row that is moved to its end.
  int pivot(int64_t k, int64_t& row) const {
    using R = Real<T>;
    const R alpha = R(0.6403882032022076), diagonal = abs_of(w(k, k));
    int64_t largest = k;
    R column = 0, across = 0;
    for (int64_t i = k + 1; i < n; i++) if (abs_of(w(i, k)) > column) { column = abs_of(w(i, k)); largest = i; }
    row = k;
    if (diagonal >= alpha * column) return 1;
    for (int64_t j = k; j < n; j++) if (j != largest) { const R x = abs_of(w(largest, j)); across = x > across ? x : across; }
    if (diagonal >= alpha * column * (column / across)) return 1;
    row = largest;
    return abs_of(w(largest, largest)) >= alpha * across ? 1 : 2;
  }

  void eliminate1(int64_t k) const {
    const T d = T(1) / w(k, k);
    for (int64_t i = k + 1; i < n; i++) { const T f = w(i, k) * d; for (int64_t j = k + 1; j < n; j++) w(i, j) -= f * w(k, j); }
    for (int64_t i = k + 1; i < n; i++) w(i, k) = w(i, k) * d;
  }
  void eliminate2(int64_t k) const {
    const T a = w(k, k), b = w(k + 1, k), bt = w(k, k + 1), d = w(k + 1, k + 1), det = a * d - b * bt;
    for (int64_t i = k + 2; i < n; i++) {
      const T x = w(i, k), y = w(i, k + 1), l0 = (x * d - y * b) / det, l1 = (y * a - x * bt) / det;
      for (int64_t j = k + 2; j < n; j++) w(i, j) -= l0 * w(k, j) + l1 * w(k + 1, j);
      w(i, k) = l0;
      w(i, k + 1) = l1;
    }
  }

  // Returns 0, or the first column (from 1) where D is singular.
  int64_t factor(int32_t* pivots) const {
    int64_t info = 0;
    for (int64_t k = 0; k < n;) {
      int64_t row;
      const int size = pivot(k, row);
      const int64_t last = k + size - 1;
      if (row != last) exchange(last, row, k);
      for (int64_t i = k; i <= last; i++) pivots[i] = (int32_t)(size == 1 ? row + 1 : -(row + 1));
      if (size == 2) eliminate2(k);
      else if (w(k, k) == T(0)) { if (!info) info = k + 1; }
      else eliminate1(k);
      k += size;
    }
    return info;
  }
};

// A = L D Lᵀ (or Lᴴ) from the lower triangle, in place. t: a [.., n, n] (contiguous; out: unit L without its diagonal, and D's blocks), pivots [.., n] int32
// (positive: 1×1 block and the row exchanged with, from 1; two equal negative ones: a 2×2 block), info [..] int32. params: hermitian.
void ldl_factor(Call& c) {
  const View& a = c.t[0];
  const int64_t n = a.size[a.ndim - 1];
  const bool hermitian = c.i(0) != 0;
  TT_DISPATCH_LINALG(a.dtype, for_batch(batch_of(a), n * n * n, [&](int64_t b) {
    const Ldl<T> ldl{Mat<T>{a.as<T>() + b * n * n, n}, n, hermitian};
    for (int64_t i = 0; i < n; i++) {
      if (hermitian) ldl.w(i, i) = T(real_part(ldl.w(i, i)));
      for (int64_t j = i + 1; j < n; j++) ldl.w(i, j) = ldl.turn(ldl.w(j, i));
    }
    c.t[2].as<int32_t>()[b] = (int32_t)ldl.factor(c.t[1].as<int32_t>() + b * n);
    for (int64_t i = 0; i < n; i++) for (int64_t j = i + 1; j < n; j++) ldl.w(i, j) = T(0);
  }))
}

template <class T> void ldl_back_substitute(Mat<T> a, const int32_t* pivots, Mat<T> x, int64_t n, int64_t m, bool hermitian) {
  auto swap = [&](int64_t i, int64_t j) { if (i != j) for (int64_t k = 0; k < m; k++) { const T t = x(i, k); x(i, k) = x(j, k); x(j, k) = t; } };
  for (int64_t k = 0; k < n;) {
    if (pivots[k] > 0) {
      swap(k, pivots[k] - 1);
      for (int64_t i = k + 1; i < n; i++) subtract_row(&x(i, 0), &x(k, 0), a(i, k), m);
      for (int64_t j = 0; j < m; j++) x(k, j) = x(k, j) / a(k, k);
      k++;
    } else {
      swap(k + 1, -pivots[k] - 1);
      for (int64_t i = k + 2; i < n; i++) { subtract_row(&x(i, 0), &x(k, 0), a(i, k), m); subtract_row(&x(i, 0), &x(k + 1, 0), a(i, k + 1), m); }
      const T p = a(k, k), q = a(k + 1, k), qt = hermitian ? conj(q) : q, r = a(k + 1, k + 1), det = p * r - q * qt;
      for (int64_t j = 0; j < m; j++) {
        const T u = x(k, j), v = x(k + 1, j);
        x(k, j) = (u * r - qt * v) / det;
        x(k + 1, j) = (p * v - q * u) / det;
      }
      k += 2;
    }
  }
  for (int64_t k = n - 1; k >= 0;) {
    const int64_t size = pivots[k] > 0 ? 1 : 2;
    for (int64_t j = k; j > k - size; j--)
      for (int64_t i = k + 1; i < n; i++) subtract_row(&x(j, 0), &x(i, 0), hermitian ? conj(a(i, j)) : a(i, j), m);
    swap(k, (pivots[k] > 0 ? pivots[k] : -pivots[k]) - 1);
    k -= size;
  }
}

// Solves A X = B. t: x [.., n, k] (in: B, out: X), LD [.., n, n], pivots [.., n] int32 (of one batch shape, contiguous). params: hermitian.
// Fails with INDEX_OUT_OF_RANGE for pivots that are none.
void ldl_solve(Call& c) {
  const View &x = c.t[0], &a = c.t[1];
  const int64_t n = x.size[x.ndim - 2], m = x.size[x.ndim - 1], batch = batch_of(x);
  const int32_t* pivots = c.t[2].as<int32_t>();
  for (int64_t b = 0; b < batch; b++) for (int64_t k = 0; k < n;) {
    const int64_t p = pivots[b * n + k], size = p > 0 ? 1 : 2, row = p > 0 ? p : -p;
    if (row < 1 || row > n || k + size > n || (size == 2 && pivots[b * n + k + 1] != p)) return c.fail(INDEX_OUT_OF_RANGE, (double)p, (double)k, (double)n);
    k += size;
  }
  TT_DISPATCH_LINALG(x.dtype, for_batch(batch, n * n * m * 2, [&](int64_t b) {
    ldl_back_substitute(Mat<T>{a.as<T>() + b * n * n, n}, pivots + b * n, Mat<T>{x.as<T>() + b * n * m, m}, n, m, c.i(0) != 0);
  }))
}

}}  // namespace tt::TT_ISA
