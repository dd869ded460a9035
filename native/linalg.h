// What the decompositions share: strided matrices, products through the gemm for real and complex types, triangular solves.
#pragma once
#include "gemm.h"
#include "r_math.h"

namespace tt { namespace TT_ISA {

template <class T> struct Mat {
  T* data;
  int64_t rs, cs = 1;
  T& operator()(int64_t i, int64_t j) const { return data[i * rs + j * cs]; }
  Mat block(int64_t i, int64_t j) const { return {data + i * rs + j * cs, rs, cs}; }
  Mat transposed() const { return {data, cs, rs}; }
};

// c[m, n] = sign * a[m, k] b[k, n] + (add ? c : 0); c has unit column stride.
template <class T> bool multiply(int64_t m, int64_t n, int64_t k, Real<T> sign, Mat<T> a, Mat<T> b, Mat<T> c, bool add) {
  using R = Real<T>;
  constexpr int parts = IsComplex<T>::value ? 2 : 1;
  Epilogue<R> e{(R*)c.data, parts * c.rs, 1};
  e.alpha = sign;
  if (add) { e.input = e.c; e.input_rs = e.rs; e.input_cs = 1; e.beta = 1; }
  if constexpr (IsComplex<T>::value)
    return gemm(m, 2 * n, 2 * k, ComplexLeft<R, R>{(const R*)a.data, a.rs, a.cs}, ComplexRight<R, R>{(const R*)b.data, b.rs, b.cs}, e);
  else return gemm(m, n, k, Matrix<R, R>{a.data, a.rs, a.cs}, Matrix<R, R>{b.data, b.rs, b.cs}, e);
}

// x[0 … n) -= k * y[0 … n)
template <class T> void subtract_row(T* __restrict x, const T* __restrict y, T k, int64_t n) {
  for (int64_t j = 0; j < n; j++) x[j] = x[j] - k * y[j];
}

// Solves a x = b in place of b [n, m] (unit column stride), a triangular n×n with any strides.
template <class T> bool solve_triangular(Mat<T> a, Mat<T> b, int64_t n, int64_t m, bool upper, bool unit) {
  constexpr int64_t NB = 48;
  const int64_t blocks = ceil_div(n, NB);
  for (int64_t s = 0; s < blocks; s++) {
    const int64_t block = upper ? blocks - 1 - s : s, i0 = block * NB, i1 = min_of(n, i0 + NB);
    const int64_t done = upper ? i1 : 0, count = upper ? n - i1 : i0;
    if (count && !multiply(i1 - i0, m, count, Real<T>(-1), a.block(i0, done), b.block(done, 0), b.block(i0, 0), true)) return false;
    for (int64_t r = 0; r < i1 - i0; r++) {
      const int64_t i = upper ? i1 - 1 - r : i0 + r;
      for (int64_t j = upper ? i + 1 : i0; j < (upper ? i1 : i); j++) subtract_row(&b(i, 0), &b(j, 0), a(i, j), m);
      if (!unit) { const T d = a(i, i); for (int64_t j = 0; j < m; j++) b(i, j) = b(i, j) / d; }
    }
  }
  return true;
}

// Runs body(batch index) over a batch; small problems are shared out over the threads.
template <class F> void for_batch(int64_t batch, int64_t flops, F&& body) {
  if (batch == 1 || flops > 50000000) for (int64_t i = 0; i < batch; i++) body(i);
  else parallel_for(batch, grain_for(flops / 4), [&](int64_t begin, int64_t end) { for (int64_t i = begin; i < end; i++) body(i); });
}

inline int64_t batch_of(const View& v) {
  int64_t b = 1;
  for (int d = 0; d < v.ndim - 2; d++) b *= v.size[d];
  return b;
}

// Householder: I - tau v vᴴ, v[0] = 1, maps x to beta e₀ with real beta. x[1 …] (stride s) becomes v[1 …], x[0] becomes beta.
template <class T> T make_reflector(T* x, int64_t n, int64_t s) {
  using R = Real<T>;
  if (n == 0) return T(0);
  R largest = 0, sum = 0;
  for (int64_t i = 1; i < n; i++) { const R a = abs_of(x[i * s]); largest = a > largest ? a : largest; }
  bool real_alpha = true;
  if constexpr (IsComplex<T>::value) real_alpha = x[0].im == 0;
  if (largest == 0 && real_alpha) return T(0);
  // Scaled by the largest of all, so that no square or reciprocal over- or underflows.
  const R scale = largest > abs_of(x[0]) ? largest : abs_of(x[0]);
  const T alpha = x[0] / scale;
  for (int64_t i = 1; i < n; i++) { x[i * s] = x[i * s] / scale; sum += norm2(x[i * s]); }
  const R size = std::hypot(abs_of(alpha), std::sqrt(sum)), beta = real_part(alpha) > 0 ? -size : size;
  const T tau = (T(beta) - alpha) / beta, factor = T(1) / (alpha - T(beta));
  for (int64_t i = 1; i < n; i++) x[i * s] = x[i * s] * factor;
  x[0] = T(beta * scale);
  return tau;
}

// A block of reflectors H₀ H₁ … = I - V T Vᴴ, with V and its conjugate written out.
template <class T> struct BlockReflector {
  static constexpr int64_t NB = 32;
  int64_t m, k;
  T *v, *vc, *t, *w;  // [m, k], [m, k], [k, k], [k, columns]
  static int64_t scratch(int64_t m, int64_t columns) { return 2 * m * NB + NB * NB + NB * columns; }
  BlockReflector(T* space, int64_t rows, int64_t count)
      : m(rows), k(count), v(space), vc(v + m * k), t(vc + m * k), w(t + k * k) {}

  // Reflector j has its 1 at row j and the rest of its vector below it in column j of `a`.
  bool load(Mat<T> a, const T* tau) {
    for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < k; j++) {
      v[i * k + j] = i > j ? a(i, j) : T(i == j ? 1 : 0);
      vc[i * k + j] = conj(v[i * k + j]);
    }
    if (!multiply<T>(k, k, m, 1, Mat<T>{vc, 1, k}, Mat<T>{v, k}, Mat<T>{w, k}, false)) return false;
    for (int64_t j = 0; j < k; j++) {
      for (int64_t i = 0; i < k; i++) t[i * k + j] = T(0);
      t[j * k + j] = tau[j];
      for (int64_t i = 0; i < j; i++) {
        T sum(0);
        for (int64_t l = i; l < j; l++) sum += t[i * k + l] * w[l * k + j];
        t[i * k + j] = -(tau[j] * sum);
      }
    }
    return true;
  }

  // c[m, n] = (I - V T Vᴴ) c, or with Tᴴ for the adjoint.
  bool apply(Mat<T> c, int64_t n, bool adjoint) const {
    if (n == 0 || k == 0) return true;
    if (!multiply<T>(k, n, m, 1, Mat<T>{vc, 1, k}, c, Mat<T>{w, n}, false)) return false;
    for (int64_t r = 0; r < k; r++) {
      const int64_t i = adjoint ? k - 1 - r : r;
      T* row = w + i * n;
      const T d = adjoint ? conj(t[i * k + i]) : t[i * k + i];
      for (int64_t x = 0; x < n; x++) row[x] = d * row[x];
      for (int64_t j = adjoint ? 0 : i + 1; j < (adjoint ? i : k); j++) subtract_row(row, w + j * n, adjoint ? -conj(t[j * k + i]) : -t[i * k + j], n);
    }
    return multiply<T>(m, n, k, -1, Mat<T>{v, k}, Mat<T>{w, n}, c, true);
  }
};

// c = Q c (or Qᴴ c) for Q = H₀ H₁ … H_{k-1} stored below the diagonal of a [m, k]; with `shift`, reflector j begins at row j + shift.
template <class T> bool apply_q(Mat<T> a, const T* tau, int64_t m, int64_t k, Mat<T> c, int64_t n, bool adjoint, int64_t shift = 0) {
  constexpr int64_t NB = BlockReflector<T>::NB;
  const int64_t blocks = ceil_div(k, NB);
  Scratch scratch(BlockReflector<T>::scratch(m, max_of(n, NB)) * (int64_t)sizeof(T));
  if (!scratch.data) return false;
  for (int64_t s = 0; s < blocks; s++) {
    const int64_t j = (adjoint ? s : blocks - 1 - s) * NB, count = min_of(NB, k - j), top = j + shift;
    BlockReflector<T> h(scratch.as<T>(), m - top, count);
    if (!h.load(a.block(top, j), tau + j) || !h.apply(c.block(top, 0), n, adjoint)) return false;
  }
  return true;
}

}}  // namespace tt::TT_ISA
