// Eigenvalues and eigenvectors of general matrices: Hessenberg form, shifted complex QR to the Schur form, back substitution; all in double.
#include "linalg.h"

namespace tt { namespace TT_ISA {

using Z = Complex<double>;

// h becomes upper Hessenberg, q the unitary matrix with A = Q H Qᴴ.
static void hessenberg(Mat<Z> h, Mat<Z> q, int64_t n, Z* v, Z* w) {
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) q(i, j) = Z(i == j ? 1 : 0);
  for (int64_t k = 0; k + 2 < n; k++) {
    const int64_t r = n - k - 1;
    for (int64_t i = 0; i < r; i++) v[i] = h(k + 1 + i, k);
    const Z tau = make_reflector(v, r, 1);
    const Z beta = v[0];
    if (tau == Z(0)) continue;
    v[0] = Z(1);
    h(k + 1, k) = beta;
    for (int64_t i = 1; i < r; i++) h(k + 1 + i, k) = Z(0);
    // Hᴴ from the left on the columns behind k.
    for (int64_t x = 0; x < r; x++) w[x] = Z(0);
    for (int64_t i = 0; i < r; i++) subtract_row(w, &h(k + 1 + i, k + 1), -conj(v[i]), r);
    for (int64_t i = 0; i < r; i++) subtract_row(&h(k + 1 + i, k + 1), w, v[i] * conj(tau), r);
    // H from the right, on h and q.
    auto from_right = [&](Mat<Z> a, int64_t row) {
      Z s(0);
      for (int64_t x = 0; x < r; x++) s += a(row, k + 1 + x) * v[x];
      s *= tau;
      for (int64_t x = 0; x < r; x++) a(row, k + 1 + x) -= s * conj(v[x]);
    };
    for (int64_t i = 0; i < n; i++) { from_right(h, i); from_right(q, i); }
  }
}

// The eigenvalue of the trailing 2×2 block that is nearer to its last element.
static Z wilkinson_shift(Mat<Z> h, int64_t i) {
  const Z a = h(i - 1, i - 1), b = h(i - 1, i), c = h(i, i - 1), d = h(i, i), half = (a - d) * 0.5, bc = b * c;
  const Z square = half * half + bc;
  const double size = abs_of(square), re = std::sqrt((size + std::fabs(square.re)) / 2);
  Z root = re == 0 ? Z(0) : square.re >= 0 ? Z(re, square.im / (2 * re)) : Z(std::fabs(square.im) / (2 * re), std::copysign(re, square.im));
  if (half.re * root.re + half.im * root.im < 0) root = -root;
  const Z sum = half + root;
  return sum == Z(0) ? d : d - bc / sum;
}

struct Givens {
  double c;
  Z s;
  Givens(Z x, Z y, Z& r) {  // maps (x, y) to (r, 0)
    const double ax = abs_of(x), ay = abs_of(y), size = std::hypot(ax, ay);
    if (ay == 0) { c = 1; s = Z(0); r = x; return; }
    const Z phase = ax == 0 ? Z(1) : x / ax;
    c = ax / size;
    s = phase * conj(y) / size;
    r = phase * size;
  }
  void rows(Z* x, Z* y, int64_t n) const {
    for (int64_t j = 0; j < n; j++) { const Z a = x[j], b = y[j]; x[j] = a * c + s * b; y[j] = b * c - conj(s) * a; }
  }
  void columns(Z* row) const { const Z a = row[0], b = row[1]; row[0] = a * c + conj(s) * b; row[1] = b * c - s * a; }
};

// h becomes upper triangular; q takes part.
static bool schur(Mat<Z> h, Mat<Z> q, int64_t n) {
  const double eps = std::numeric_limits<double>::epsilon();
  double norm = 0;
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) norm = std::fmax(norm, abs_of(h(i, j)));
  int64_t high = n - 1;
  for (int iteration = 0; high > 0; iteration++) {
    if (iteration > 300) return false;
    int64_t low = high;
    for (; low > 0; low--) {
      const double scale = abs_of(h(low, low)) + abs_of(h(low - 1, low - 1));
      if (abs_of(h(low, low - 1)) <= eps * (scale > 0 ? scale : norm)) { h(low, low - 1) = Z(0); break; }
    }
    if (low == high) { high--; iteration = 0; continue; }
    const Z shift = iteration % 10 == 9 ? h(high, high) + Z(abs_of(h(high, high - 1))) : wilkinson_shift(h, high);
    Z x = h(low, low) - shift, y = h(low + 1, low);
    for (int64_t k = low; k < high; k++) {
      Z r;
      const Givens g(x, y, r);
      if (k > low) { h(k, k - 1) = r; h(k + 1, k - 1) = Z(0); }
      g.rows(&h(k, k), &h(k + 1, k), n - k);
      for (int64_t i = 0; i <= min_of(k + 2, high); i++) g.columns(&h(i, k));
      for (int64_t i = 0; i < n; i++) g.columns(&q(i, k));
      if (k + 1 < high) { x = h(k + 1, k); y = h(k + 2, k); }
    }
  }
  return true;
}

// Row k of x: the eigenvector of the triangular t that belongs to t(k, k).
static void triangular_vectors(Mat<Z> t, Mat<Z> x, int64_t n) {
  double norm = 0;
  for (int64_t i = 0; i < n; i++) for (int64_t j = i; j < n; j++) norm = std::fmax(norm, abs_of(t(i, j)));
  const double least = std::fmax(norm * std::numeric_limits<double>::epsilon(), std::numeric_limits<double>::min());
  for (int64_t k = 0; k < n; k++) {
    for (int64_t i = 0; i < n; i++) x(k, i) = i < k ? -t(i, k) : Z(i == k ? 1 : 0);
    for (int64_t i = k - 1; i >= 0; i--) {
      Z d = t(i, i) - t(k, k);
      if (abs_of(d) < least) d = Z(least);
      x(k, i) = x(k, i) / d;
      for (int64_t j = 0; j < i; j++) x(k, j) -= t(j, i) * x(k, i);
      const double size = abs_of(x(k, i));
      if (size > 1e100) for (int64_t j = 0; j < n; j++) x(k, j) = x(k, j) / size;
    }
  }
}

// Unit norm, the largest element real.
static void normalize_vector(Z* v, int64_t n) {
  double scale = 0, sum = 0;
  int64_t largest = 0;
  for (int64_t i = 0; i < n; i++) if (abs_of(v[i]) > scale) { scale = abs_of(v[i]); largest = i; }
  if (scale == 0) return;
  for (int64_t i = 0; i < n; i++) sum += norm2(v[i] / scale);
  const Z factor = conj(v[largest]) / abs_of(v[largest]) / (scale * std::sqrt(sum));
  for (int64_t i = 0; i < n; i++) v[i] = v[i] * factor;
}

template <class T> int eig_one(const T* a, int64_t n, Complex<Real<T>>* values, Complex<Real<T>>* vectors) {
  using R = Real<T>;
  Scratch scratch((3 * n * n + 2 * n) * (int64_t)sizeof(Z));
  if (!scratch.data) return OUT_OF_MEMORY;
  const Mat<Z> h{scratch.as<Z>(), n}, q{h.data + n * n, n}, x{q.data + n * n, n};
  Z* lines = x.data + n * n;
  double norm = 0;
  for (int64_t i = 0; i < n * n; i++) {
    if constexpr (IsComplex<T>::value) h.data[i] = Z(a[i].re, a[i].im);
    else h.data[i] = Z(a[i]);
    const double size = abs_of(h.data[i]);
    if (!(size <= 1e300)) return NOT_CONVERGED;
    norm = std::fmax(norm, size);
  }
  hessenberg(h, q, n, lines, lines + n);
  if (!schur(h, q, n)) return NOT_CONVERGED;
  const double noise = IsComplex<T>::value ? 0 : norm * (double)n * std::numeric_limits<double>::epsilon() * 4;
  auto is_real = [&](Z z) { return std::fabs(z.im) <= noise; };
  for (int64_t i = 0; i < n; i++) values[i] = {(R)h(i, i).re, is_real(h(i, i)) ? R(0) : (R)h(i, i).im};
  if (!vectors) return OK;
  triangular_vectors(h, x, n);
  // Columns of Q X, made as the rows of X' Q' with x holding X transposed.
  for (int64_t k = 0; k < n; k++) {
    for (int64_t i = 0; i < n; i++) {
      Z s(0);
      for (int64_t j = 0; j <= k; j++) s += q(i, j) * x(k, j);
      lines[i] = s;
    }
    normalize_vector(lines, n);
    double imaginary = 0;
    for (int64_t i = 0; i < n; i++) imaginary = std::fmax(imaginary, std::fabs(lines[i].im));
    const bool real = noise > 0 && is_real(h(k, k)) && imaginary < 1e-9;
    for (int64_t i = 0; i < n; i++) vectors[i * n + k] = {(R)lines[i].re, real ? R(0) : (R)lines[i].im};
  }
  return OK;
}

// A V = V diag(values), columns of V of unit norm; no order.
// t: values [.., n] complex, vectors [.., n, n] complex or null, a [.., n, n] real or complex (contiguous). No params.
// Fails with NOT_CONVERGED (batch), also where the matrix holds NaN or infinities.
void eig(Call& c) {
  const View& a = c.t[2];
  const int64_t n = a.size[a.ndim - 1];
  if (n == 0) return;
  TT_DISPATCH_LINALG(a.dtype, for_batch(batch_of(a), 40 * n * n * n, [&](int64_t b) {
    using W = Complex<Real<T>>;
    const int status = eig_one(a.as<T>() + b * n * n, n, c.t[0].as<W>() + b * n, c.t[1].data ? c.t[1].as<W>() + b * n * n : nullptr);
    if (status) c.fail(status, (double)b);
  }))
}

}}  // namespace tt::TT_ISA
