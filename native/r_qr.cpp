// QR by Householder reflectors. Matrices are [.., rows, columns], contiguous; float32, float64 or complex.
#include "qr.h"

namespace tt { namespace TT_ISA {

// R on and above the diagonal, the reflectors' vectors below it (LAPACK's geqrf). t: a [.., m, n] (in place), tau [.., min(m, n)]. No params.
void geqrf(Call& c) {
  const View& a = c.t[0];
  const int64_t m = a.size[a.ndim - 2], n = a.size[a.ndim - 1], k = min_of(m, n);
  TT_DISPATCH_LINALG(a.dtype, for_batch(batch_of(a), 2 * m * n * k, [&](int64_t b) {
    if (!qr_in_place(Mat<T>{a.as<T>() + b * m * n, n}, m, n, c.t[1].as<T>() + b * k)) c.fail(OUT_OF_MEMORY);
  }))
}

// The first columns of H₀ H₁ … H_{k-1} (orgqr, linalg.householder_product). t: q [.., m, n] (out), a [.., m, p] (reflectors below the diagonal), tau [.., k],
// k <= p, k <= m. No params.
void householder_product(Call& c) {
  const View &q = c.t[0], &a = c.t[1], &tau = c.t[2];
  const int64_t m = q.size[q.ndim - 2], n = q.size[q.ndim - 1], p = a.size[a.ndim - 1], k = tau.size[tau.ndim - 1];
  TT_DISPATCH_LINALG(q.dtype, for_batch(batch_of(q), 2 * m * n * k, [&](int64_t b) {
    const Mat<T> out{q.as<T>() + b * m * n, n};
    for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < n; j++) out(i, j) = T(i == j ? 1 : 0);
    if (!apply_q(Mat<T>{a.as<T>() + b * m * p, p}, tau.as<T>() + b * k, m, k, out, n, false)) c.fail(OUT_OF_MEMORY);
  }))
}

// Q C or Qᴴ C for Q = H₀ … H_{k-1} (ormqr from the left). t: c [.., m, n] (in place), a [.., m, p], tau [.., k]. params: adjoint.
void ormqr(Call& c) {
  const View &x = c.t[0], &a = c.t[1], &tau = c.t[2];
  const int64_t m = x.size[x.ndim - 2], n = x.size[x.ndim - 1], p = a.size[a.ndim - 1], k = tau.size[tau.ndim - 1];
  TT_DISPATCH_LINALG(x.dtype, for_batch(batch_of(x), 2 * m * n * k, [&](int64_t b) {
    if (!apply_q(Mat<T>{a.as<T>() + b * m * p, p}, tau.as<T>() + b * k, m, k, Mat<T>{x.as<T>() + b * m * n, n}, n, c.i(0) != 0)) c.fail(OUT_OF_MEMORY);
  }))
}

}}  // namespace tt::TT_ISA
