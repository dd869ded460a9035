// Eigenvalues and eigenvectors of symmetric and Hermitian matrices.
#include "tridiagonal.h"

namespace tt { namespace TT_ISA {

// x -= a * conj(w) + b * conj(v)
template <class T> void subtract_two(T* __restrict x, T a, const T* __restrict w, T b, const T* __restrict v, int64_t n) {
  for (int64_t j = 0; j < n; j++) x[j] = x[j] - a * conj(w[j]) - b * conj(v[j]);
}

template <class T> T line_dot(const T* x, const T* y, int64_t n) {
  if constexpr (!IsComplex<T>::value) return row_dot(x, y, n);
  T s(0);
  for (int64_t j = 0; j < n; j++) s += x[j] * y[j];
  return s;
}

// Householder reduction of the Hermitian a (both triangles) to a real tridiagonal matrix; reflector j is left in column j from row j + 1 on.
// One pass over the rest applies the last reflector, as v wᴴ + w vᴴ, and multiplies with the next, u. All are 0 up to the present column, so
// that rows are worked on from a multiple of 16 on.
template <class T> bool tridiagonalize(Mat<T> a, int64_t n, double* d, double* e, T* tau) {
  const int64_t padded = ceil_div(n, 16) * 16;
  Scratch scratch(4 * padded * (int64_t)sizeof(T));
  if (!scratch.data) return false;
  T *v = scratch.as<T>(), *w = v + padded, *u = w + padded, *p = u + padded;
  for (int64_t i = 0; i < 4 * padded; i++) v[i] = T(0);
  for (int64_t k = 0; k < n; k++) {
    subtract_two(&a(k, k), v[k], w + k, w[k], v + k, n - k);
    d[k] = (double)real_part(a(k, k));
    v[k] = w[k] = u[k] = T(0);
    const int64_t next = k + 1, start = next / 16 * 16;
    if (next == n) break;
    for (int64_t i = next; i < n; i++) u[i] = conj(a(k, i));
    tau[k] = make_reflector(u + next, n - next, 1);
    e[k] = (double)real_part(u[next]);
    for (int64_t i = next; i < n; i++) a(i, k) = u[i];
    u[next] = T(1);
    parallel_for(n - next, grain_for(2 * (n - next)), [&](int64_t begin, int64_t end) {
      for (int64_t i = next + begin; i < next + end; i++) {
        subtract_two(&a(i, start), v[i], w + start, w[i], v + start, n - start);
        p[i] = tau[k] * line_dot(&a(i, start), u + start, n - start);
      }
    });
    T dot(0);
    for (int64_t i = next; i < n; i++) dot += conj(p[i]) * u[i];
    const T alpha = tau[k] * dot * T(-0.5);
    for (int64_t i = next; i < n; i++) w[i] = p[i] + alpha * u[i];
    std::swap(u, v);
  }
  return true;
}

// Divides a by a power of two near its largest element, and returns that power.
template <class T> Real<T> normalize(Mat<T> a, int64_t n) {
  using R = Real<T>;
  R largest = 0;
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) { const R x = abs_of(a(i, j)); largest = x > largest ? x : largest; }
  if (!(largest > std::numeric_limits<R>::min()) || std::isinf(largest)) return 1;
  const R power = std::exp2(std::floor(std::log2(largest)));
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) a(i, j) = a(i, j) / power;
  return power;
}

template <class T> int eigh_one(Mat<T> a, int64_t n, Real<T>* values, bool vectors) {
  for (int64_t i = 0; i < n; i++) {
    a(i, i) = T(real_part(a(i, i)));
    for (int64_t j = i + 1; j < n; j++) a(i, j) = conj(a(j, i));
  }
  const Real<T> scale = normalize(a, n);
  Scratch lines(2 * n * 8), taus(n * (int64_t)sizeof(T)), q(vectors ? n * n * (int64_t)sizeof(Real<T>) : 8), reduced(vectors ? n * n * (int64_t)sizeof(T) : 8);
  if (!lines.data || !taus.data || !q.data || !reduced.data) return OUT_OF_MEMORY;
  double *d = lines.as<double>(), *e = d + n;
  if (!tridiagonalize(a, n, d, e, taus.as<T>())) return OUT_OF_MEMORY;
  for (int64_t i = 0; i < n; i++) if (!(std::fabs(d[i]) <= 1e308) || (i + 1 < n && !(std::fabs(e[i]) <= 1e308))) return NOT_CONVERGED;
  if (!vectors) {
    if (!tridiagonal_ql<double>(d, e, n, nullptr, 0, 0)) return NOT_CONVERGED;
    std::sort(d, d + n, [](double x, double y) { return x < y; });
  } else {
    if (!TridiagonalSolver<Real<T>>::solve(d, e, n, q.as<Real<T>>())) return NOT_CONVERGED;
    const Mat<T> reflectors{reduced.as<T>(), n};
    std::memcpy((void*)reflectors.data, a.data, n * n * sizeof(T));
    for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) a(i, j) = T(q.as<Real<T>>()[j * n + i]);
    if (n > 1 && !apply_q(reflectors, taus.as<T>(), n, n - 1, a, n, false, 1)) return OUT_OF_MEMORY;
  }
  for (int64_t i = 0; i < n; i++) values[i] = (Real<T>)d[i] * scale;
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
