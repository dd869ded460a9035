// LU and Cholesky factors, and solving with them. Matrices are [.., rows, columns], contiguous unless said otherwise; float32, float64 or complex.
#include "linalg.h"

namespace tt { namespace TT_ISA {

// What pivots are compared by, as in LAPACK: |re| + |im| of a complex number.
template <class T> Real<T> pivot_size(T x) {
  if constexpr (IsComplex<T>::value) return std::fabs(x.re) + std::fabs(x.im);
  else return std::fabs(x);
}

// Right-looking, partial pivoting. Returns 0, or the first column (from 1) whose pivot is 0; scratch failures show as -1.
template <class T> int64_t lu(Mat<T> a, int64_t m, int64_t n, int32_t* pivots) {
  const int64_t k = min_of(m, n), NB = k < 64 ? max_of(1, k) : 32;
  int64_t info = 0;
  for (int64_t j0 = 0; j0 < k; j0 += NB) {
    const int64_t j1 = min_of(k, j0 + NB);
    for (int64_t j = j0; j < j1; j++) {
      int64_t p = j;
      Real<T> best = pivot_size(a(j, j));
      for (int64_t i = j + 1; i < m; i++) { const Real<T> x = pivot_size(a(i, j)); if (x > best) { best = x; p = i; } }
      pivots[j] = (int32_t)(p + 1);
      if (p != j) for (int64_t x = 0; x < n; x++) { const T t = a(j, x); a(j, x) = a(p, x); a(p, x) = t; }
      if (a(j, j) == T(0)) { if (!info) info = j + 1; continue; }
      const T inverse = T(1) / a(j, j);
      for (int64_t i = j + 1; i < m; i++) {
        a(i, j) = a(i, j) * inverse;
        subtract_row(&a(i, j + 1), &a(j, j + 1), a(i, j), j1 - j - 1);
      }
    }
    if (j1 == n) continue;
    if (!solve_triangular(a.block(j0, j0), a.block(j0, j1), j1 - j0, n - j1, false, true)) return -1;
    if (j1 < m && !multiply(m - j1, n - j1, j1 - j0, Real<T>(-1), a.block(j1, j0), a.block(j0, j1), a.block(j1, j1), true)) return -1;
  }
  return info;
}

// P A = L U, in place. t: a [.., m, n] (in: A, out: L below and U on and above the diagonal), pivots [.., min(m, n)] int32 (row i was swapped with row
// pivots[i] - 1), info [..] int32 (0, or the first column, from 1, with a zero pivot). No params.
void lu_factor(Call& c) {
  const View& a = c.t[0];
  const int64_t m = a.size[a.ndim - 2], n = a.size[a.ndim - 1], k = min_of(m, n);
  TT_DISPATCH_LINALG(a.dtype, for_batch(batch_of(a), m * n * k, [&](int64_t b) {
    const int64_t info = lu(Mat<T>{a.as<T>() + b * m * n, n}, m, n, c.t[1].as<int32_t>() + b * k);
    if (info < 0) c.fail(OUT_OF_MEMORY);
    c.t[2].as<int32_t>()[b] = (int32_t)info;
  }))
}

template <class T> void swap_rows(Mat<T> b, int64_t i, int64_t j, int64_t m) {
  if (i != j) for (int64_t x = 0; x < m; x++) { const T t = b(i, x); b(i, x) = b(j, x); b(j, x) = t; }
}

// Solves A X = B, Aᵀ X = B or Aᴴ X = B. t: x [.., n, k] (in: B, out: X), LU [.., n, n], pivots [.., n] int32 as lu_factor gives them, all with the same
// batch. params: transpose (0 A, 1 Aᵀ, 2 Aᴴ). Fails with INDEX_OUT_OF_RANGE for pivots that are none.
void lu_solve(Call& c) {
  const View &x = c.t[0], &a = c.t[1];
  const int64_t n = x.size[x.ndim - 2], m = x.size[x.ndim - 1], mode = c.i(0);
  const int32_t* all = c.t[2].as<int32_t>();
  for (int64_t i = 0; i < c.t[2].numel(); i++) if (all[i] < 1 || all[i] > n) return c.fail(INDEX_OUT_OF_RANGE, all[i], (double)i, (double)n);
  TT_DISPATCH_LINALG(x.dtype, for_batch(batch_of(x), n * n * m, [&](int64_t b) {
    const Mat<T> lu{a.as<T>() + b * n * n, n}, r{x.as<T>() + b * n * m, m};
    const int32_t* pivots = all + b * n;
    auto conjugate = [&] { if (mode == 2 && IsComplex<T>::value) for (int64_t i = 0; i < n * m; i++) r.data[i] = conj(r.data[i]); };
    bool fine;
    if (mode == 0) {
      for (int64_t i = 0; i < n; i++) swap_rows(r, i, pivots[i] - 1, m);
      fine = solve_triangular(lu, r, n, m, false, true) && solve_triangular(lu, r, n, m, true, false);
    } else {
      conjugate();  // Aᴴ x = b is Aᵀ x̄ = b̄
      fine = solve_triangular(lu.transposed(), r, n, m, false, false) && solve_triangular(lu.transposed(), r, n, m, true, true);
      for (int64_t i = n - 1; i >= 0; i--) swap_rows(r, i, pivots[i] - 1, m);
      conjugate();
    }
    if (!fine) c.fail(OUT_OF_MEMORY);
  }))
}

// Solves A X = B for triangular A. t: x [.., n, k] (in: B, out: X), a [.., n, n] (any strides, 0 where the batch is broadcast; transposing it swaps
// `upper`). params: upper, unitriangular.
void triangular_solve(Call& c) {
  const View &x = c.t[0], &a = c.t[1];
  const int64_t n = x.size[x.ndim - 2], m = x.size[x.ndim - 1];
  TT_DISPATCH_LINALG(x.dtype, for_batch(batch_of(x), n * n * m, [&](int64_t b) {
    int64_t at = 0, rest = b;
    for (int d = x.ndim - 3; d >= 0; d--) { at += rest % x.size[d] * a.stride[d]; rest /= x.size[d]; }
    if (!solve_triangular(Mat<T>{a.as<T>() + at, a.stride[a.ndim - 2], a.stride[a.ndim - 1]}, Mat<T>{x.as<T>() + b * n * m, m}, n, m, c.i(0) != 0, c.i(1) != 0))
      c.fail(OUT_OF_MEMORY);
  }))
}

// The diagonal block of columns [j0, j1): each finished column is taken from the rest of its rows. `line` has room for a column.
template <class T> int64_t cholesky_block(Mat<T> a, int64_t j0, int64_t j1, T* line) {
  for (int64_t j = j0; j < j1; j++) {
    const Real<T> d = real_part(a(j, j));
    if (!(d > 0)) return j + 1;
    const Real<T> root = std::sqrt(d);
    a(j, j) = T(root);
    for (int64_t i = j + 1; i < j1; i++) line[i - j0] = conj(a(i, j) = a(i, j) / root);
    for (int64_t i = j + 1; i < j1; i++) subtract_row(&a(i, j + 1), line + j + 1 - j0, a(i, j), i - j);
  }
  return 0;
}

// The rows below the block, solved as columns of their adjoint [j1 - j0, rest], so that the arithmetic runs along many rows at once.
template <class T> void cholesky_rows(Mat<T> a, int64_t j0, int64_t j1, Mat<T> adjoint, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i++) for (int64_t p = j0; p < j1; p++) adjoint(p - j0, i) = conj(a(j1 + i, p));
  for (int64_t j = j0; j < j1; j++) {
    T* y = &adjoint(j - j0, 0);
    for (int64_t p = j0; p < j; p++) subtract_row(y + begin, &adjoint(p - j0, begin), T(a(j, p)), end - begin);
    const Real<T> root = real_part(a(j, j));
    for (int64_t i = begin; i < end; i++) y[i] = y[i] / root;
  }
  for (int64_t i = begin; i < end; i++) for (int64_t p = j0; p < j1; p++) a(j1 + i, p) = conj(adjoint(p - j0, i));
}

// Lower Cholesky factor in place of the lower triangle. Returns 0, the first bad leading minor (from 1), or -1.
template <class T> int64_t cholesky_lower(Mat<T> a, int64_t n) {
  using R = Real<T>;
  constexpr int64_t BLOCK_COLUMNS = 64;
  Scratch panel(BLOCK_COLUMNS * (n + 1) * (int64_t)sizeof(T));
  if (!panel.data) return -1;
  for (int64_t j0 = 0; j0 < n; j0 += BLOCK_COLUMNS) {
    const int64_t j1 = min_of(n, j0 + BLOCK_COLUMNS), rest = n - j1;
    if (const int64_t info = cholesky_block(a, j0, j1, panel.as<T>() + BLOCK_COLUMNS * n)) return info;
    if (!rest) break;
    const Mat<T> adjoint{panel.as<T>(), rest};
    parallel_for(rest, max_of(64, grain_for(BLOCK_COLUMNS * BLOCK_COLUMNS / 2)), [&](int64_t begin, int64_t end) {
      cholesky_rows(a, j0, j1, adjoint, begin, end);
    });
    for (int64_t i0 = 0; i0 < rest; i0 += 128) {  // only on and below the diagonal, in strips
      const int64_t rows = min_of(128, rest - i0);
      if (!multiply(rows, i0 + rows, j1 - j0, R(-1), a.block(j1 + i0, j0), adjoint, a.block(j1 + i0, j1), true)) return -1;
    }
  }
  return 0;
}

// A = L Lᴴ from the lower triangle of A, in place. t: a [.., n, n] (out: L, zero above the diagonal), info [..] int32 (0, or the first leading minor, from 1,
// that is not positive). No params.
void cholesky(Call& c) {
  const View& a = c.t[0];
  const int64_t n = a.size[a.ndim - 1];
  TT_DISPATCH_LINALG(a.dtype, for_batch(batch_of(a), n * n * n / 3, [&](int64_t b) {
    const Mat<T> m{a.as<T>() + b * n * n, n};
    const int64_t info = cholesky_lower(m, n);
    if (info < 0) c.fail(OUT_OF_MEMORY);
    c.t[1].as<int32_t>()[b] = (int32_t)info;
    for (int64_t i = 0; i < n; i++) for (int64_t j = i + 1; j < n; j++) m(i, j) = T(0);
  }))
}

}}  // namespace tt::TT_ISA
