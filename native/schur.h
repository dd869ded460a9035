// The real Schur form: Hessenberg reduction, then Francis' double-shift QR steps (Golub and Van Loan, 7.5).
#pragma once
#include "gemm.h"
#include "linalg.h"

namespace tt { namespace TT_ISA {

// A Householder reflector of three numbers: I - tau v vᵀ, v = (1, v1, v2).
struct Reflector3 {
  double v1 = 0, v2 = 0, tau = 0;

  // Maps (p, q, r) to (result, 0, 0).
  Reflector3(double p, double q, double r, double& result) {
    const double scale = std::fabs(p) + std::fabs(q) + std::fabs(r);
    result = p;
    if (scale == 0 || (q == 0 && r == 0)) return;
    p /= scale; q /= scale; r /= scale;
    const double size = std::copysign(std::sqrt(p * p + q * q + r * r), p);
    v1 = q / (p + size);
    v2 = r / (p + size);
    tau = (p + size) / size;
    result = -size * scale;
  }
  Reflector3() = default;

  template <class V> void apply(V& x, V& y, V& z) const {
    const V t = (x + y * v1 + z * v2) * tau;
    x -= t;
    y -= t * v1;
    z -= t * v2;
  }
  template <class V> void apply(V& x, V& y) const {
    const V t = (x + y * v1) * tau;
    x -= t;
    y -= t * v1;
  }
  void rows(double* __restrict x, double* __restrict y, double* __restrict z, int64_t n) const { for (int64_t j = 0; j < n; j++) apply(x[j], y[j], z[j]); }
  void rows(double* __restrict x, double* __restrict y, int64_t n) const { for (int64_t j = 0; j < n; j++) apply(x[j], y[j]); }
};

class RealSchur {
 public:
  // h [n, n] becomes quasi-triangular: blocks of one or two on its diagonal. qt, if it has data, becomes the transposed orthogonal matrix:
  // A = Q H Qᵀ. Without it only the diagonal blocks come out right.
  static bool reduce(Mat<double> h, Mat<double> qt, int64_t n) {
    Scratch space((LANES + 2) * (n + 2) * 8), steps(n * (int64_t)sizeof(Reflector3));
    if (!space.data || !steps.data) return false;
    RealSchur s{h, qt, n, space.as<double>(), steps.as<Reflector3>()};
    s.hessenberg();
    return s.iterate();
  }

 private:
  static constexpr int LANES = Simd<double>::width;
  using V = Simd<double>::V;
  Mat<double> h, qt;
  int64_t n;
  double* space;
  Reflector3* steps;
  RealSchur(Mat<double> h, Mat<double> qt, int64_t n, double* space, Reflector3* steps) : h(h), qt(qt), n(n), space(space), steps(steps) {}

  void hessenberg() {
    double *v = space + LANES * (n + 2), *w = v + n;
    if (qt.data) for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) qt(i, j) = i == j;
    for (int64_t k = 0; k + 2 < n; k++) {
      const int64_t first = k + 1, r = n - first;
      for (int64_t i = 0; i < r; i++) v[i] = h(first + i, k);
      const double tau = make_reflector(v, r, 1);
      h(first, k) = v[0];
      for (int64_t i = 1; i < r; i++) h(first + i, k) = 0;
      if (tau == 0) continue;
      v[0] = 1;
      reflect_rows(h.block(first, first), r, r, tau, v, w);
      if (qt.data) reflect_rows(qt.block(first, 0), r, n, tau, v, w);
      parallel_for(n, grain_for(4 * r), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) subtract_row(&h(i, first), v, tau * row_dot(&h(i, first), v, r), r);
      });
    }
  }

  // rows [count, width] of a becomes (I - tau v vᵀ) a.
  static void reflect_rows(Mat<double> a, int64_t count, int64_t width, double tau, const double* v, double* w) {
    parallel_for(ceil_div(width, 64), grain_for(256 * count), [&](int64_t begin, int64_t end) {
      const int64_t from = 64 * begin, columns = min_of(width, 64 * end) - from;
      double* sums = w + from;
      for (int64_t j = 0; j < columns; j++) sums[j] = 0;
      for (int64_t i = 0; i < count; i++) subtract_row(sums, &a(i, from), -tau * v[i], columns);
      for (int64_t i = 0; i < count; i++) subtract_row(&a(i, from), sums, v[i], columns);
    });
  }

  bool iterate() {
    double norm = 0;
    for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < n; j++) norm = std::fmax(norm, std::fabs(h(i, j)));
    int64_t high = n - 1;
    for (int iteration = 0; high > 0; iteration++) {
      const int64_t low = deflate(high, norm);
      if (high - low > 1) {
        if (iteration == 300) return false;
        step(low, high, iteration % 10 == 9);
        continue;
      }
      high = low - 1;
      iteration = -1;
    }
    return true;
  }

  // The first row of the block that ends at `high`: what stands left of it is negligible.
  int64_t deflate(int64_t high, double norm) const {
    int64_t l = high;
    for (; l > 0; l--) {
      const double scale = std::fabs(h(l - 1, l - 1)) + std::fabs(h(l, l));
      if (std::fabs(h(l, l - 1)) > std::numeric_limits<double>::epsilon() * (scale > 0 ? scale : norm)) continue;
      h(l, l - 1) = 0;
      break;
    }
    return l;
  }

  // One QR step with the eigenvalues of the last block of two as shifts. Rows that a reflector's successors do not need yet get it later, many at once.
  void step(int64_t low, int64_t high, bool exceptional) {
    double sum = h(high - 1, high - 1) + h(high, high), product = h(high - 1, high - 1) * h(high, high) - h(high - 1, high) * h(high, high - 1);
    if (exceptional) {
      const double size = std::fabs(h(high, high - 1)) + std::fabs(h(high - 1, high - 2));
      sum = 1.5 * size;
      product = size * size;
    }
    double p = h(low, low) * (h(low, low) - sum) + h(low, low + 1) * h(low + 1, low) + product;
    double q = h(low + 1, low) * (h(low, low) + h(low + 1, low + 1) - sum), r = h(low + 1, low) * h(low + 2, low + 1);
    for (int64_t k = low; k < high; k++) {
      const bool last = k == high - 1;
      if (k > low) { p = h(k, k - 1); q = h(k + 1, k - 1); r = last ? 0 : h(k + 2, k - 1); }
      double result;
      const Reflector3 g(p, q, last ? 0 : r, result);
      steps[k] = g;
      if (k > low) { h(k, k - 1) = result; h(k + 1, k - 1) = 0; }
      if (last) {
        g.rows(&h(k, k), &h(k + 1, k), high + 1 - k);
        for (int64_t i = k; i <= high; i++) g.apply(h(i, k), h(i, k + 1));
        continue;
      }
      if (k > low) h(k + 2, k - 1) = 0;
      g.rows(&h(k, k), &h(k + 1, k), &h(k + 2, k), high + 1 - k);
      for (int64_t i = k; i <= min_of(k + 3, high); i++) g.apply(h(i, k), h(i, k + 1), h(i, k + 2));
    }
    catch_up(low, high);
    if (!qt.data) return;
    from_left(h, high + 1, low, high);
    from_left(qt, 0, low, high);
  }

  // Applies the reflectors to rows low … high, in columns from `first` on: strips of several vectors, so that many sums are under way at once.
  void from_left(Mat<double> a, int64_t first, int64_t low, int64_t high) {
    int64_t c = first;
    for (; c + 4 * LANES <= n; c += 4 * LANES) strip<V, 4>(&a(0, c), a.rs, low, high);
    for (; c + LANES <= n; c += LANES) strip<V, 1>(&a(0, c), a.rs, low, high);
    for (; c < n; c++) strip<double, 1>(&a(0, c), a.rs, low, high);
  }

  template <class L, int N> void strip(double* column, int64_t ld, int64_t low, int64_t high) {
    constexpr int64_t width = sizeof(L) / sizeof(double);
    auto get = [=](int64_t row, int i) { L x; __builtin_memcpy(&x, column + row * ld + i * width, sizeof x); return x; };
    auto put = [=](int64_t row, int i, L x) { __builtin_memcpy(column + row * ld + i * width, &x, sizeof x); };
    L x[N], y[N];
    for (int i = 0; i < N; i++) { x[i] = get(low, i); y[i] = get(low + 1, i); }
    for (int64_t k = low; k < high; k++) {
      const Reflector3 g = steps[k];
      const int64_t next = k + 1 < high ? k + 2 : high;  // the last reflector has v2 = 0
#pragma GCC unroll 4
      for (int i = 0; i < N; i++) {
        L z = get(next, i);
        g.apply(x[i], y[i], z);
        put(k, i, x[i]);
        x[i] = y[i];
        y[i] = z;
      }
    }
    for (int i = 0; i < N; i++) put(high, i, x[i]);
  }

  // Applies the reflectors behind row i from the right, for all rows: each row alone up to the end of its group, then the group as vectors.
  void catch_up(int64_t low, int64_t high) {
    for (int64_t first = qt.data ? 0 : low; first < high; first += LANES) {
      const int64_t rows = min_of(LANES, high - first), after = rows < LANES ? high : min_of(high, first + LANES);
      for (int64_t i = first; i < first + rows; i++) single(&h(i, 0), i + 1 > low ? i + 1 : low, after, high);
      if (after < high) together(first, after > low ? after : low, high);
    }
  }

  void single(double* row, int64_t begin, int64_t end, int64_t high) const {
    for (int64_t k = begin; k < end; k++) {
      if (k == high - 1) steps[k].apply(row[k], row[k + 1]);
      else steps[k].apply(row[k], row[k + 1], row[k + 2]);
    }
  }

  void together(int64_t first, int64_t begin, int64_t high) {
    V* lanes = reinterpret_cast<V*>(space);
    const int64_t columns = high + 1 - begin;
    transpose(&h(first, begin), h.rs, columns, reinterpret_cast<double*>(lanes), true);
    V x = lanes[0], y = lanes[1];
    for (int64_t k = begin; k < high; k++) {
      V* at = lanes + (k - begin);
      V z = k == high - 1 ? V{} : at[2];
      steps[k].apply(x, y, z);
      at[0] = x;
      x = y;
      y = z;
    }
    lanes[columns - 1] = x;
    transpose(&h(first, begin), h.rs, columns, reinterpret_cast<double*>(lanes), false);
  }

  // LANES rows to columns of vectors, or back.
  static void transpose(double* rows, int64_t ld, int64_t columns, double* lanes, bool to_lanes) {
    int64_t c = 0;
    for (; c + LANES <= columns; c += LANES) {
      if (to_lanes) transpose_block(rows + c, ld, lanes + c * LANES, LANES);
      else transpose_block(lanes + c * LANES, LANES, rows + c, ld);
    }
    for (; c < columns; c++) for (int64_t r = 0; r < LANES; r++) {
      if (to_lanes) lanes[c * LANES + r] = rows[r * ld + c];
      else rows[r * ld + c] = lanes[c * LANES + r];
    }
  }
};

}}  // namespace tt::TT_ISA
