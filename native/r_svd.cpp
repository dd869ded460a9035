// Singular value decomposition: one-sided Jacobi for small matrices, bidiagonalisation and divide and conquer for others.
#include "bidiagonal.h"
#include "qr.h"

namespace tt { namespace TT_ISA {

// Fills rows [have, total) of the rows x n matrix so that all rows are orthonormal; the first `have` already are.
template <class T> void complete_rows(Mat<T> a, int64_t n, int64_t have, int64_t total) {
  using R = Real<T>;
  int64_t next = 0;
  for (int64_t r = have; r < total; r++) {
    T* x = &a(r, 0);
    for (;; next++) {
      for (int64_t j = 0; j < n; j++) x[j] = T(j == next % n ? 1 : 0);
      for (int pass = 0; pass < 2; pass++) for (int64_t i = 0; i < r; i++) {
        T dot(0);
        for (int64_t j = 0; j < n; j++) dot += conj(a(i, j)) * x[j];
        subtract_row(x, &a(i, 0), dot, n);
      }
      R norm = 0;
      for (int64_t j = 0; j < n; j++) norm += norm2(x[j]);
      if (norm > R(0.25) / (R)n) {
        norm = std::sqrt(norm);
        for (int64_t j = 0; j < n; j++) x[j] = x[j] / norm;
        next++;
        break;
      }
    }
  }
}

// Rotates rows p and q of w until they are orthogonal, and those of v with them. Returns whether there was anything to do.
template <class T> bool rotate_pair(T* p, T* q, int64_t m, T* vp, T* vq, int64_t n, Real<T> eps) {
  using R = Real<T>;
  R alpha = 0, beta = 0;
  T gamma(0);
  if constexpr (IsComplex<T>::value) {
    for (int64_t j = 0; j < m; j++) { alpha += norm2(p[j]); beta += norm2(q[j]); gamma += conj(p[j]) * q[j]; }
  } else { alpha = row_dot(p, p, m); beta = row_dot(q, q, m); gamma = row_dot(p, q, m); }
  const R size = abs_of(gamma);
  if (size == 0 || size <= eps * std::sqrt(alpha) * std::sqrt(beta)) return false;
  const T phase = conj(gamma) / size;
  const R zeta = (beta - alpha) / (2 * size), t = (zeta < 0 ? R(-1) : R(1)) / (std::fabs(zeta) + std::hypot(R(1), zeta));
  const R c = 1 / std::hypot(R(1), t), s = c * t;
  const T cq = phase * c, sq = phase * s;
  for (int64_t j = 0; j < m; j++) { const T x = p[j], y = q[j]; p[j] = x * c - sq * y; q[j] = x * s + cq * y; }
  for (int64_t j = 0; j < n; j++) { const T x = vp[j], y = vq[j]; vp[j] = x * c - sq * y; vq[j] = x * s + cq * y; }
  return true;
}

// Rows of w [n, m], m >= n, become sigma_i u_i; the same rotations on the identity give v: w_in[j] = sum of conj(v[i][j]) w_out[i]. Sorted, sigma descending.
template <class T> bool jacobi(Mat<T> w, Mat<T> v, int64_t n, int64_t m, Real<T>* sigma) {
  using R = Real<T>;
  const R eps = std::numeric_limits<R>::epsilon() * 4;
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) v(i, j) = T(i == j ? 1 : 0);
  bool active = true;
  for (int sweep = 0; active; sweep++) {
    if (sweep == 60) return false;
    active = false;
    for (int64_t p = 0; p < n; p++) for (int64_t q = p + 1; q < n; q++) active |= rotate_pair(&w(p, 0), &w(q, 0), m, &v(p, 0), &v(q, 0), n, eps);
  }
  for (int64_t i = 0; i < n; i++) {
    R norm = 0;
    for (int64_t j = 0; j < m; j++) { const R a = abs_of(w(i, j)); norm = std::hypot(norm, a); }
    sigma[i] = norm;
  }
  for (int64_t i = 0; i < n; i++) {
    int64_t best = i;
    for (int64_t j = i + 1; j < n; j++) if (sigma[j] > sigma[best]) best = j;
    if (best == i) continue;
    const R t = sigma[i]; sigma[i] = sigma[best]; sigma[best] = t;
    for (int64_t j = 0; j < m; j++) { const T x = w(i, j); w(i, j) = w(best, j); w(best, j) = x; }
    for (int64_t j = 0; j < n; j++) { const T x = v(i, j); v(i, j) = v(best, j); v(best, j) = x; }
  }
  return true;
}

// The SVD of a square matrix r [n, n] (destroyed): columns of u, rows of vh.
template <class T> int small_svd(Mat<T> r, int64_t n, Mat<T> u, Real<T>* sigma, Mat<T> vh) {
  using R = Real<T>;
  Scratch scratch(2 * n * n * (int64_t)sizeof(T));
  if (!scratch.data) return OUT_OF_MEMORY;
  const Mat<T> w{scratch.as<T>(), n}, v{scratch.as<T>() + n * n, n};
  // Jacobi on the columns of Rᴴ, which converges faster than on those of R: Rᴴ U = V S.
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) w(i, j) = conj(r(i, j));
  if (!jacobi(w, v, n, n, sigma)) return NOT_CONVERGED;
  int64_t rank = 0;
  while (rank < n && sigma[rank] > sigma[0] * std::numeric_limits<R>::min() * 16 && sigma[rank] > std::numeric_limits<R>::min()) rank++;
  for (int64_t i = 0; i < rank; i++) for (int64_t j = 0; j < n; j++) w(i, j) = w(i, j) / sigma[i];
  complete_rows(w, n, rank, n);
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) { u(j, i) = v(i, j); vh(i, j) = conj(w(i, j)); }
  return OK;
}

// line -= a * w, then line -= (tau * line·u) * conj(u).
template <class T> void reflect_line(T* line, T a, const T* w, T tau, const T* u, int64_t n) {
  subtract_row(line, w, a, n);
  T s(0);
  if constexpr (IsComplex<T>::value) for (int64_t x = 0; x < n; x++) s += line[x] * u[x];
  else s = row_dot(line, u, n);
  s *= tau;
  for (int64_t x = 0; x < n; x++) line[x] -= s * conj(u[x]);
}

// a [m, n], m >= n, becomes upper bidiagonal (d, e), both real: left reflector j in column j from row j, right one in row j from column j + 1.
// Rows are worked on from a multiple of 16 on, where w and u are 0 up to column j, so that vectors lie within cache lines.
template <class T> bool bidiagonalize(Mat<T> a, int64_t m, int64_t n, double* d, double* e, T* tauq, T* taup) {
  const int64_t padded = ceil_div(n, 16) * 16;
  Scratch scratch(2 * padded * (int64_t)sizeof(T));
  if (!scratch.data) return false;
  T *w = scratch.as<T>(), *u = w + padded;
  for (int64_t k = 0; k < n; k++) {
    tauq[k] = make_reflector(&a(k, k), m - k, a.rs);
    d[k] = (double)real_part(a(k, k));
    const int64_t r = n - k - 1, start = (k + 1) / 16 * 16, width = n - start;
    if (r == 0) break;
    // w = conj(tau) vᴴ A; row k is updated first, so that the right reflector is known before the one pass that applies both.
    parallel_for(ceil_div(width, 16), max_of(4, grain_for(16 * (m - k))), [&](int64_t begin, int64_t end) {
      const int64_t from = start + 16 * begin, to = min_of(n, start + 16 * end);
      for (int64_t x = from; x < to; x++) w[x] = a(k, x);
      for (int64_t i = k + 1; i < m; i++) subtract_row(w + from, &a(i, from), -conj(a(i, k)), to - from);
      for (int64_t x = from; x < to; x++) w[x] = x > k ? conj(tauq[k]) * w[x] : T(0);
    });
    T* row = &a(k, k + 1);
    for (int64_t x = 0; x < r; x++) row[x] = conj(row[x] - w[k + 1 + x]);
    taup[k] = make_reflector(row, r, 1);
    e[k] = (double)real_part(row[0]);
    for (int64_t x = start; x < n; x++) u[x] = x <= k ? T(0) : x == k + 1 ? T(1) : a(k, x);
    parallel_for(m - k - 1, grain_for(2 * r), [&](int64_t begin, int64_t end) {
      for (int64_t i = k + 1 + begin; i < k + 1 + end; i++) reflect_line(&a(i, start), T(a(i, k)), w + start, taup[k], u + start, width);
    });
  }
  return true;
}

// Column i of `to` is row n - 1 - i of `from` [n, n], which is real.
template <class T> void reversed_columns(const Real<T>* from, Mat<T> to, int64_t n) {
  constexpr int64_t TILE = 16;
  for (int64_t i0 = 0; i0 < n; i0 += TILE) for (int64_t j0 = 0; j0 < n; j0 += TILE)
    for (int64_t i = i0; i < min_of(n, i0 + TILE); i++) for (int64_t j = j0; j < min_of(n, j0 + TILE); j++)
      to(i, j) = T(from[(n - 1 - j) * n + i]);
}

template <class T> void transpose_conjugate(Mat<T> from, Mat<T> to, int64_t n) {
  constexpr int64_t TILE = 16;
  for (int64_t i0 = 0; i0 < n; i0 += TILE) for (int64_t j0 = 0; j0 < n; j0 += TILE)
    for (int64_t i = i0; i < min_of(n, i0 + TILE); i++) for (int64_t j = j0; j < min_of(n, j0 + TILE); j++) to(i, j) = conj(from(j, i));
}

// a [m, n], m >= n (destroyed): columns of u [m, ku] (ku = n or m), rows of vh [n, n].
template <class T> int large_svd(Mat<T> a, int64_t m, int64_t n, Mat<T> u, int64_t ku, Real<T>* sigma, Mat<T> vh) {
  using R = Real<T>;
  Scratch lines(2 * n * 8), taus(2 * n * (int64_t)sizeof(T)), bases(2 * n * n * (int64_t)sizeof(R)), reduced(n * n * (int64_t)sizeof(T));
  if (!lines.data || !taus.data || !bases.data || !reduced.data) return OUT_OF_MEMORY;
  double *d = lines.as<double>(), *e = d + n;
  R *lefts = bases.as<R>(), *rights = lefts + n * n;
  T *tauq = taus.as<T>(), *taup = tauq + n;
  if (!bidiagonalize(a, m, n, d, e, tauq, taup)) return OUT_OF_MEMORY;
  for (int64_t i = 0; i < n; i++) if (!(std::fabs(d[i]) <= 1e308) || (i + 1 < n && !(std::fabs(e[i]) <= 1e308))) return NOT_CONVERGED;
  if (!BidiagonalSolver<R>::solve(d, e, n, lefts, rights)) return OUT_OF_MEMORY;
  for (int64_t i = 0; i < n; i++) sigma[i] = (R)d[n - 1 - i];
  for (int64_t i = 0; i < m; i++) for (int64_t j = i < n ? n : 0; j < ku; j++) u(i, j) = T(i == j ? 1 : 0);
  reversed_columns(lefts, u, n);
  if (!apply_q(a, tauq, m, n, u, ku, false)) return OUT_OF_MEMORY;
  const Mat<T> v{reduced.as<T>(), n};  // P V, whose adjoint is vh
  reversed_columns(rights, v, n);
  if (n > 1 && !apply_q(a.transposed(), taup, n, n - 1, v, n, false, 1)) return OUT_OF_MEMORY;
  transpose_conjugate(v, vh, n);
  return OK;
}

// QR first, then a square problem.
template <class T> int jacobi_svd(Mat<T> a, int64_t m, int64_t n, Mat<T> u, int64_t ku, Real<T>* sigma, Mat<T> vh) {
  Scratch taus(n * (int64_t)sizeof(T)), square(2 * n * n * (int64_t)sizeof(T));
  if (!taus.data || !square.data) return OUT_OF_MEMORY;
  if (!qr_in_place(a, m, n, taus.as<T>())) return OUT_OF_MEMORY;
  const Mat<T> r{square.as<T>(), n}, ur{square.as<T>() + n * n, n};
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) {
    r(i, j) = j >= i ? a(i, j) : T(0);
    if (is_nan(r(i, j)) || std::isinf(abs_of(r(i, j)))) return NOT_CONVERGED;
  }
  const int status = small_svd(r, n, ur, sigma, vh);
  if (status) return status;
  for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < ku; j++) u(i, j) = i < n && j < n ? ur(i, j) : T(i == j ? 1 : 0);
  return apply_q(a, taus.as<T>(), m, n, u, ku, false) ? OK : OUT_OF_MEMORY;
}

constexpr int64_t SMALL = 40;
// Small problems of single precision are solved in double.
template <class T> struct Wider { using type = T; };
template <> struct Wider<float> { using type = double; };
template <> struct Wider<Complex<float>> { using type = Complex<double>; };
template <class To, class From> To converted(From x) {
  if constexpr (IsComplex<From>::value) return {(Real<To>)x.re, (Real<To>)x.im};
  else return (To)x;
}
template <class To, class From> void convert_matrix(Mat<From> from, Mat<To> to, int64_t m, int64_t n) {
  for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < n; j++) to(i, j) = converted<To>(from(i, j));
}
template <class T> int small_tall_svd(Mat<T> a, int64_t m, int64_t n, Mat<T> u, int64_t ku, Real<T>* sigma, Mat<T> vh) {
  using W = typename Wider<T>::type;
  Scratch space((m * n + m * ku + n * n) * (int64_t)sizeof(W)), values(n * 8);
  if (!space.data || !values.data) return OUT_OF_MEMORY;
  const Mat<W> work{space.as<W>(), n}, left{work.data + m * n, ku}, right{left.data + m * ku, n};
  convert_matrix(a, work, m, n);
  const int status = jacobi_svd(work, m, n, left, ku, values.as<double>(), right);
  if (status) return status;
  convert_matrix(left, u, m, ku);
  convert_matrix(right, vh, n, n);
  for (int64_t i = 0; i < n; i++) sigma[i] = (Real<T>)values.as<double>()[i];
  return OK;
}

template <class T> int tall_svd(const Mat<T> a, int64_t m, int64_t n, Mat<T> u, int64_t ku, Real<T>* sigma, Mat<T> vh) {
  if (n <= SMALL) return small_tall_svd(a, m, n, u, ku, sigma, vh);
  Scratch copy(m * n * (int64_t)sizeof(T));
  if (!copy.data) return OUT_OF_MEMORY;
  const Mat<T> work{copy.as<T>(), n};
  convert_matrix(a, work, m, n);
  return large_svd(work, m, n, u, ku, sigma, vh);
}

// Wide matrices are decomposed as their adjoint: Aᴴ = U S Vᴴ means A = V S Uᴴ.
template <class T> int any_svd(Mat<T> a, int64_t m, int64_t n, Mat<T> u, int64_t ku, Real<T>* sigma, Mat<T> vh, int64_t kv) {
  if (m >= n) return tall_svd(a, m, n, u, ku, sigma, vh);
  Scratch space((m * n + n * kv + m * m) * (int64_t)sizeof(T));
  if (!space.data) return OUT_OF_MEMORY;
  const Mat<T> adjoint{space.as<T>(), m}, left{adjoint.data + m * n, kv}, right{left.data + n * kv, m};
  for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < n; j++) adjoint(j, i) = conj(a(i, j));
  const int status = tall_svd(adjoint, n, m, left, kv, sigma, right);
  for (int64_t i = 0; i < kv; i++) for (int64_t j = 0; j < n; j++) vh(i, j) = conj(left(j, i));
  for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < m; j++) u(i, j) = conj(right(j, i));
  return status;
}

// Singular values alone, from the Golub-Kahan form without vectors.
template <class W, class T> int singular_values(Mat<T> a, int64_t m, int64_t n, Real<T>* sigma) {
  const int64_t rows = max_of(m, n), k = min_of(m, n);
  Scratch copy(m * n * (int64_t)sizeof(W)), lines(6 * k * 8), taus(2 * k * (int64_t)sizeof(W));
  if (!copy.data || !lines.data || !taus.data) return OUT_OF_MEMORY;
  const Mat<W> work{copy.as<W>(), k};
  for (int64_t i = 0; i < rows; i++) for (int64_t j = 0; j < k; j++) work(i, j) = converted<W>(m >= n ? a(i, j) : conj(a(j, i)));
  double *d = lines.as<double>(), *e = d + k, *diagonal = e + k, *off = diagonal + 2 * k;
  if (!bidiagonalize(work, rows, k, d, e, taus.as<W>(), taus.as<W>() + k)) return OUT_OF_MEMORY;
  for (int64_t i = 0; i < k; i++) {
    if (!(std::fabs(d[i]) <= 1e308) || (i + 1 < k && !(std::fabs(e[i]) <= 1e308))) return NOT_CONVERGED;
    diagonal[2 * i] = diagonal[2 * i + 1] = 0;
    off[2 * i] = d[i];
    off[2 * i + 1] = i + 1 < k ? e[i] : 0;
  }
  if (!tridiagonal_ql<double>(diagonal, off, 2 * k, nullptr, 0, 0)) return NOT_CONVERGED;
  std::sort(diagonal, diagonal + 2 * k, [](double x, double y) { return x > y; });
  for (int64_t i = 0; i < k; i++) sigma[i] = (Real<T>)std::fabs(diagonal[i]);
  return OK;
}

// A = U diag(S) Vᴴ, S descending.
// t: U [.., m, ku] or null (then S alone), S [.., k] real, Vh [.., kv, n] or null, a [.., m, n]; contiguous, k = min(m, n). ku and kv are k, or m and n for
// full matrices. No params. Fails with NOT_CONVERGED (batch), also where the matrix holds NaN or infinities.
void svd(Call& c) {
  const View& a = c.t[3];
  const int64_t m = a.size[a.ndim - 2], n = a.size[a.ndim - 1], k = min_of(m, n);
  const bool vectors = c.t[0].data || c.t[2].data;  // one of them may be empty
  const int64_t ku = vectors ? c.t[0].size[a.ndim - 1] : 0, kv = vectors ? c.t[2].size[a.ndim - 2] : 0;
  TT_DISPATCH_LINALG(a.dtype, for_batch(batch_of(a), 20 * m * n * max_of(1, k), [&](int64_t b) {
    const Mat<T> x{a.as<T>() + b * m * n, n};
    Real<T>* sigma = c.t[1].as<Real<T>>() + b * k;
    int status = OK;
    if (!vectors) status = k == 0 ? OK : k > SMALL ? singular_values<T>(x, m, n, sigma) : singular_values<typename Wider<T>::type>(x, m, n, sigma);
    else {
      const Mat<T> u{c.t[0].as<T>() + b * m * ku, ku}, vh{c.t[2].as<T>() + b * kv * n, n};
      if (k) status = any_svd(x, m, n, u, ku, sigma, vh, kv);
      else {
        for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < ku; j++) u(i, j) = T(i == j ? 1 : 0);
        for (int64_t i = 0; i < kv; i++) for (int64_t j = 0; j < n; j++) vh(i, j) = T(i == j ? 1 : 0);
      }
    }
    if (status) c.fail(status, (double)b);
  }))
}

}}  // namespace tt::TT_ISA
