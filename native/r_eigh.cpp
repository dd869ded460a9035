// Eigenvalues and eigenvectors of symmetric and Hermitian matrices.
#include "tridiagonal.h"

namespace tt { namespace TT_ISA {

// Householder reduction of the Hermitian a (both triangles) to a real tridiagonal matrix; reflector j is left in column j from row j + 1 on.
template <class T> bool tridiagonalize(Mat<T> a, int64_t n, double* d, double* e, T* tau) {
  Scratch scratch(2 * n * (int64_t)sizeof(T));
  if (!scratch.data) return false;
  T *v = scratch.as<T>(), *w = v + n;
  for (int64_t k = 0; k < n; k++) {
    d[k] = (double)real_part(a(k, k));
    const int64_t r = n - k - 1;
    if (r == 0) break;
    tau[k] = make_reflector(&a(k + 1, k), r, a.rs);
    e[k] = (double)real_part(a(k + 1, k));
    if (tau[k] == T(0)) continue;
    const Mat<T> rest = a.block(k + 1, k + 1);
    for (int64_t i = 0; i < r; i++) v[i] = i ? a(k + 1 + i, k) : T(1);
    parallel_for(r, grain_for(r), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        const T* row = &rest(i, 0);
        if constexpr (IsComplex<T>::value) {
          T s(0);
          for (int64_t j = 0; j < r; j++) s += row[j] * v[j];
          w[i] = tau[k] * s;
        } else w[i] = tau[k] * row_dot(row, v, r);
      }
    });
    T dot(0);
    for (int64_t i = 0; i < r; i++) dot += conj(w[i]) * v[i];
    const T alpha = tau[k] * dot * T(-0.5);
    for (int64_t i = 0; i < r; i++) w[i] += alpha * v[i];
    parallel_for(r, grain_for(r), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        T* row = &rest(i, 0);
        const T vi = v[i], wi = w[i];
        for (int64_t j = 0; j < r; j++) row[j] = row[j] - vi * conj(w[j]) - wi * conj(v[j]);
      }
    });
  }
  return true;
}

template <class T> int eigh_one(Mat<T> a, int64_t n, Real<T>* values, bool vectors) {
  for (int64_t i = 0; i < n; i++) {
    a(i, i) = T(real_part(a(i, i)));
    for (int64_t j = i + 1; j < n; j++) a(i, j) = conj(a(j, i));
  }
  Scratch lines(2 * n * 8), taus(n * (int64_t)sizeof(T)), q(vectors ? n * n * 8 : 8), reduced(vectors ? n * n * (int64_t)sizeof(T) : 8);
  if (!lines.data || !taus.data || !q.data || !reduced.data) return OUT_OF_MEMORY;
  double *d = lines.as<double>(), *e = d + n;
  if (!tridiagonalize(a, n, d, e, taus.as<T>())) return OUT_OF_MEMORY;
  for (int64_t i = 0; i < n; i++) if (!(std::fabs(d[i]) <= 1e308) || (i + 1 < n && !(std::fabs(e[i]) <= 1e308))) return NOT_CONVERGED;
  if (!vectors) {
    if (!tridiagonal_ql(d, e, n, nullptr, 0, 0)) return NOT_CONVERGED;
    std::sort(d, d + n, [](double x, double y) { return x < y; });
  } else {
    if (!TridiagonalSolver::solve(d, e, n, q.as<double>())) return NOT_CONVERGED;
    const Mat<T> reflectors{reduced.as<T>(), n};
    std::memcpy((void*)reflectors.data, a.data, n * n * sizeof(T));
    for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) a(i, j) = T((Real<T>)q.as<double>()[j * n + i]);
    if (n > 1 && !apply_q(reflectors, taus.as<T>(), n, n - 1, a, n, false, 1)) return OUT_OF_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) values[i] = (Real<T>)d[i];
  return OK;
}

// Eigenvalues, ascending, of a Hermitian matrix from its lower triangle.
// t: values [.., n] (real), a [.., n, n] (contiguous; in: the matrix, out: the eigenvectors as columns, or scratch). params: vectors.
// Fails with NOT_CONVERGED (batch), also where the matrix holds NaN or infinities.
void eigh(Call& c) {
  const View& a = c.t[1];
  const int64_t n = a.size[a.ndim - 1];
  if (n == 0) return;
  TT_DISPATCH_LINALG(a.dtype, for_batch(batch_of(a), 9 * n * n * n, [&](int64_t b) {
    const int status = eigh_one(Mat<T>{a.as<T>() + b * n * n, n}, n, c.t[0].as<Real<T>>() + b * n, c.i(0) != 0);
    if (status) c.fail(status, (double)b);
  }))
}

}}  // namespace tt::TT_ISA
