// Eigenvalues and eigenvectors of general matrices: the Schur form, by complex QR steps for complex ones, then back substitution; all in double.
#include "schur.h"

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

// Column k of x [n, n]: the eigenvector of the triangular t that belongs to t(k, k), from the last block of rows up.
static bool triangular_vectors(Mat<Z> t, Mat<Z> x, int64_t n) {
  constexpr int64_t NB = 32;
  double norm = 0;
  for (int64_t i = 0; i < n; i++) for (int64_t j = i; j < n; j++) norm = std::fmax(norm, abs_of(t(i, j)));
  const double least = std::fmax(norm * std::numeric_limits<double>::epsilon(), std::numeric_limits<double>::min());
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) x(i, j) = Z(i == j ? 1 : 0);
  for (int64_t block = ceil_div(n, NB) - 1; block >= 0; block--) {
    const int64_t begin = block * NB, end = min_of(n, begin + NB), rest = n - end;
    if (rest && !multiply<Z>(end - begin, rest, rest, -1, t.block(begin, end), x.block(end, end), x.block(begin, end), false)) return false;
    for (int64_t i = end - 1; i >= begin; i--) {
      for (int64_t j = i + 1; j < end; j++) subtract_row(&x(i, j), &x(j, j), t(i, j), n - j);
      for (int64_t k = i + 1; k < n; k++) {
        const Z d = t(i, i) - t(k, k);
        x(i, k) = x(i, k) / (abs_of(d) < least ? Z(least) : d);
      }
    }
    for (int64_t k = begin; k < n; k++) {
      double largest = 0;
      for (int64_t i = begin; i < min_of(end, k + 1); i++) largest = std::fmax(largest, abs_of(x(i, k)));
      if (largest > 1e100) for (int64_t i = begin; i <= k; i++) x(i, k) = x(i, k) / largest;
    }
  }
  return true;
}

// A unitary matrix of rows and columns k - 1 and k: [[conj(c), s], [-s, c]], and 1 elsewhere.
struct Turn {
  int64_t k;
  Z c;
  double s;
};

// Makes the quasi-triangular t triangular, by a turn for each of its blocks of two, with the eigenvalues in their order. Returns how many.
static int64_t split_blocks(Mat<Z> t, int64_t n, const Z* values, Turn* turns) {
  int64_t count = 0;
  for (int64_t k = n - 1; k > 0; k--) {
    if (t(k, k - 1) == Z(0)) continue;
    const Z lambda = values[k - 1] - t(k, k);
    const double below = t(k, k - 1).re, size = std::hypot(abs_of(lambda), below);
    const Turn turn{k, lambda / size, below / size};
    for (int64_t j = k - 1; j < n; j++) {
      const Z x = t(k - 1, j), y = t(k, j);
      t(k - 1, j) = conj(turn.c) * x + y * turn.s;
      t(k, j) = turn.c * y - x * turn.s;
    }
    for (int64_t i = 0; i <= k; i++) {
      const Z x = t(i, k - 1), y = t(i, k);
      t(i, k - 1) = x * turn.c + y * turn.s;
      t(i, k) = y * conj(turn.c) - x * turn.s;
    }
    t(k, k - 1) = Z(0);
    turns[count++] = turn;
  }
  return count;
}

// x [n, n] becomes the adjoint of the turn times x.
static void turn_back(const Turn& turn, Mat<Z> x, int64_t n) {
  Z *above = &x(turn.k - 1, 0), *below = &x(turn.k, 0);
  for (int64_t j = 0; j < n; j++) {
    const Z a = above[j], b = below[j];
    above[j] = turn.c * a - b * turn.s;
    below[j] = a * turn.s + conj(turn.c) * b;
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

// The eigenvalues of the quasi-triangular h: of a block of two exactly conjugate ones, the one with positive imaginary part first.
static void block_eigenvalues(Mat<double> h, int64_t n, Z* values) {
  for (int64_t k = 0; k < n; k++) {
    const double c = k + 1 < n ? h(k + 1, k) : 0;
    if (c == 0) { values[k] = Z(h(k, k)); continue; }
    const double d = h(k + 1, k + 1), half = (h(k, k) - d) / 2, square = half * half + h(k, k + 1) * c, root = std::sqrt(std::fabs(square));
    if (square < 0) {
      values[k] = Z(d + half, root);
      values[k + 1] = Z(d + half, -root);
    } else {
      const double far = half + std::copysign(root, half);
      values[k] = Z(d + far);
      values[k + 1] = far == 0 ? Z(d) : Z(d - h(k, k + 1) * c / far);
    }
    k++;
  }
}

// Eigenvalues of a (destroyed) and, if wanted, eigenvectors, the columns of v; t and x are working memory.
static int decompose(Mat<double> a, Mat<Z> t, Mat<Z> x, Mat<Z> v, int64_t n, bool vectors, Z* values) {
  Scratch space(vectors ? n * a.rs * 8 : 8), turns(n * (int64_t)sizeof(Turn));
  if (!space.data || !turns.data) return OUT_OF_MEMORY;
  const Mat<double> qt{vectors ? space.as<double>() : nullptr, a.rs};
  if (!RealSchur::reduce(a, qt, n)) return NOT_CONVERGED;
  block_eigenvalues(a, n, values);
  if (!vectors) return OK;
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) t(i, j) = Z(j + 1 < i ? 0 : a(i, j));
  const int64_t count = split_blocks(t, n, values, turns.as<Turn>());
  if (!triangular_vectors(t, x, n)) return OUT_OF_MEMORY;
  for (int64_t i = count - 1; i >= 0; i--) turn_back(turns.as<Turn>()[i], x, n);
  // Q is real: real and imaginary parts are columns of their own.
  const Mat<double> parts{(double*)x.data, 2 * n}, result{(double*)v.data, 2 * n};
  return multiply<double>(n, 2 * n, n, 1, qt.transposed(), parts, result, false) ? OK : OUT_OF_MEMORY;
}
static int decompose(Mat<Z> a, Mat<Z> q, Mat<Z> x, Mat<Z> v, int64_t n, bool vectors, Z* values) {
  Scratch lines(2 * n * (int64_t)sizeof(Z));
  if (!lines.data) return OUT_OF_MEMORY;
  hessenberg(a, q, n, lines.as<Z>(), lines.as<Z>() + n);
  if (!schur(a, q, n)) return NOT_CONVERGED;
  for (int64_t i = 0; i < n; i++) values[i] = a(i, i);
  if (!vectors) return OK;
  return triangular_vectors(a, x, n) && multiply<Z>(n, n, n, 1, q, x, v, false) ? OK : OUT_OF_MEMORY;
}

// Columns of v, made real where the eigenvalue of a real matrix is, and conjugate where eigenvalues are.
template <class R> void write_vectors(Mat<Z> v, const Z* values, int64_t n, bool is_real, Z* x, Complex<R>* out) {
  for (int64_t k = 0; k < n; k++) {
    const bool pair = is_real && values[k].im < 0, alone = is_real && values[k].im == 0;
    for (int64_t i = 0; i < n; i++) x[i] = pair ? conj(v(i, k - 1)) : v(i, k);
    normalize_vector(x, n);
    if (alone) {
      for (int64_t i = 0; i < n; i++) x[i].im = 0;
      normalize_vector(x, n);
    }
    for (int64_t i = 0; i < n; i++) out[i * n + k] = {(R)x[i].re, (R)x[i].im};
  }
}

template <class T> int eig_one(const T* a, int64_t n, Complex<Real<T>>* values, Complex<Real<T>>* vectors) {
  using R = Real<T>;
  using W = typename std::conditional<IsComplex<T>::value, Z, double>::type;
  constexpr bool is_real = !IsComplex<T>::value;
  const int64_t padded = n + 8;  // rows a multiple of 4 KB apart would share cache lines' places
  Scratch input(n * padded * (int64_t)sizeof(W)), space((3 * n * n + n) * (int64_t)sizeof(Z));
  if (!input.data || !space.data) return OUT_OF_MEMORY;
  const Mat<W> work{input.as<W>(), padded};
  const Mat<Z> t{space.as<Z>(), n}, x{t.data + n * n, n}, v{x.data + n * n, n};
  Z* found = v.data + n * n;
  for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) {
    const T element = a[i * n + j];
    if constexpr (is_real) work(i, j) = element;
    else work(i, j) = Z(element.re, element.im);
    if (!(abs_of(work(i, j)) <= 1e300)) return NOT_CONVERGED;
  }
  const int status = decompose(work, t, x, v, n, vectors != nullptr, found);
  if (status) return status;
  for (int64_t i = 0; i < n; i++) values[i] = {(R)found[i].re, (R)found[i].im};
  if (vectors) write_vectors(v, found, n, is_real, x.data, vectors);
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
