// Eigenvalues and eigenvectors of a real symmetric tridiagonal matrix: implicit QL for small ones, divide and conquer (Cuppen; Gu and
// Eisenstat) above. Eigenvectors are the rows of `q`.
#pragma once
#include <algorithm>
#include "linalg.h"

namespace tt { namespace TT_ISA {

// d [n], e [n] (e[n-1] unused) become eigenvalues, unsorted. Rows of q (columns of them long) are rotated along; q may be null.
// Off-diagonals below the rounding error of the whole matrix count as 0.
inline bool tridiagonal_ql(double* d, double* e, int64_t n, double* q, int64_t ld, int64_t columns) {
  if (n == 0) return true;
  e[n - 1] = 0;
  double norm = 0;
  for (int64_t i = 0; i < n; i++) norm = std::fmax(norm, std::fmax(std::fabs(d[i]), std::fabs(e[i])));
  if (norm == 0) return true;
  for (int64_t i = 0; i < n; i++) { d[i] /= norm; e[i] /= norm; }  // so that squares neither overflow nor matter when they underflow
  for (int64_t l = 0; l < n; l++) {
    for (int iteration = 0;; iteration++) {
      int64_t m = l;
      for (; m < n - 1; m++) if (std::fabs(e[m]) <= std::fmax(2.2e-16, 1.1e-16 * (std::fabs(d[m]) + std::fabs(d[m + 1])))) break;
      if (m == l) break;
      if (iteration == 80) return false;
      double g = (d[l + 1] - d[l]) / (2 * e[l]), r = std::hypot(g, 1.0), s = 1, c = 1, p = 0;
      g = d[m] - d[l] + e[l] / (g + std::copysign(r, g));
      int64_t i = m - 1;
      for (; i >= l; i--) {
        const double f = s * e[i], b = c * e[i];
        e[i + 1] = r = std::sqrt(f * f + g * g);
        if (r == 0) { d[i + 1] -= p; e[m] = 0; break; }
        const double inverse = 1 / r;
        s = f * inverse; c = g * inverse;
        g = d[i + 1] - p;
        r = (d[i] - g) * s + 2 * c * b;
        p = s * r;
        d[i + 1] = g + p;
        g = c * r - b;
        if (q) {
          double *x = q + i * ld, *y = x + ld;
          for (int64_t k = 0; k < columns; k++) { const double u = x[k], v = y[k]; y[k] = s * u + c * v; x[k] = c * u - s * v; }
        }
      }
      if (i >= l) continue;
      d[l] -= p; e[l] = g; e[m] = 0;
    }
  }
  for (int64_t i = 0; i < n; i++) d[i] *= norm;
  return true;
}

class TridiagonalSolver {
 public:
  // Eigenvalues (ascending) replace d; e is destroyed; row i of q [n, n] becomes the i-th eigenvector. Returns false without memory or convergence.
  // With `positive`, only those of positive eigenvalues are made.
  static bool solve(double* d, double* e, int64_t n, double* q, bool positive = false) {
    if (n == 0) return true;
    Scratch space((3 * n * n + 16 * n + 64) * 8), order(4 * n * 8);
    if (!space.data || !order.data) return false;
    TridiagonalSolver s{q, n, space.as<double>(), order.as<int64_t>(), positive};
    std::memset(q, 0, n * n * 8);
    return s.divide(d, e, 0, n);
  }

 private:
  static constexpr int64_t LEAF = 32;
  double* q;
  int64_t n;
  double* space;
  int64_t* order;
  bool positive;
  TridiagonalSolver(double* vectors, int64_t size, double* work, int64_t* indices, bool half)
      : q(vectors), n(size), space(work), order(indices), positive(half) {}
  double* row(int64_t i, int64_t column) const { return q + i * n + column; }

  bool divide(double* d, double* e, int64_t at, int64_t size) {
    if (size <= LEAF) {
      for (int64_t i = 0; i < size; i++) *row(at + i, at + i) = 1;
      if (!tridiagonal_ql(d + at, e + at, size, row(at, at), n, size)) return false;
      sort_rows(d + at, at, size);
      return true;
    }
    const int64_t half = size / 2, mid = at + half;
    const double rho = e[mid - 1];
    d[mid - 1] -= std::fabs(rho);
    d[mid] -= std::fabs(rho);
    return divide(d, e, at, half) && divide(d, e, mid, size - half) && merge(d + at, rho, at, half, size);
  }

  // Brings the eigenvalues d and their rows into ascending order.
  void sort_rows(double* d, int64_t at, int64_t size) {
    sorted_order(d, size, order);
    double *copy = space, *values = space + size * size;
    for (int64_t i = 0; i < size; i++) { values[i] = d[order[i]]; std::memcpy(copy + i * size, row(at + order[i], at), size * 8); }
    for (int64_t i = 0; i < size; i++) { d[i] = values[i]; std::memcpy(row(at + i, at), copy + i * size, size * 8); }
  }
  static void sorted_order(const double* d, int64_t size, int64_t* out) {
    for (int64_t i = 0; i < size; i++) out[i] = i;
    std::sort(out, out + size, [d](int64_t a, int64_t b) { return d[a] < d[b] || (d[a] == d[b] && a < b); });
  }

  // Joins two halves: eigenvalues of diag(d) + rho z zᵀ and the rows that belong to them.
  bool merge(double* d, double offdiagonal, int64_t at, int64_t half, int64_t size) {
    double *v = space, *gathered = v + size * size, *result = gathered + size * size;
    double *z = result + size * size, *dk = z + size, *zk = dk + size, *lambda = zk + size, *weights = lambda + size, *base = weights + size;
    int64_t *sorted = order, *kept = order + size, *kind = order + 2 * size, *place = order + 3 * size;
    const double rho = 2 * std::fabs(offdiagonal), sign = offdiagonal < 0 ? -1 : 1, root = std::sqrt(0.5);
    double largest = 0;
    for (int64_t i = 0; i < size; i++) {
      z[i] = root * (i < half ? *row(at + i, at + half - 1) : sign * *row(at + i, at + half));
      kind[i] = i < half ? 0 : 2;
      largest = std::fmax(largest, std::fmax(std::fabs(d[i]), std::fabs(z[i])));
    }
    sorted_order(d, size, sorted);
    const double tolerance = 8 * 1.1e-16 * largest;
    const int64_t k = deflate(d, z, sorted, kept, kind, size, rho, tolerance, at);
    if (k) {
      for (int64_t i = 0; i < k; i++) { dk[i] = d[kept[i]]; zk[i] = z[kept[i]]; }
      secular(k, rho, dk, zk, lambda, base, v);
      reweigh(k, dk, zk, v, weights);
      // Columns of v in the order: rows of the first half, mixed ones, rows of the second half.
      int64_t counts[3] = {0, 0, 0}, start[3];
      for (int64_t i = 0; i < k; i++) counts[kind[kept[i]]]++;
      start[0] = 0; start[1] = counts[0]; start[2] = counts[0] + counts[1];
      for (int64_t i = 0; i < k; i++) place[i] = start[kind[kept[i]]]++;
      int64_t skip = 0;
      if (positive && size == n) while (skip < k && lambda[skip] <= 0) skip++;
      vectors(skip, k, weights, v, place, result);
      for (int64_t i = 0; i < k; i++) std::memcpy(gathered + place[i] * size, row(at + kept[i], at), size * 8);
      const int64_t first = counts[0] + counts[1], second = counts[1] + counts[2];
      if (!multiply<double>(k - skip, half, first, 1, {v + skip * k, k}, {gathered, size}, {result + skip * size, size}, false)) return false;
      if (!multiply<double>(k - skip, size - half, second, 1, {v + skip * k + counts[0], k}, {gathered + counts[0] * size + half, size},
                            {result + skip * size + half, size}, false)) return false;
      for (int64_t i = 0; i < k; i++) { d[kept[i]] = lambda[i]; std::memcpy(row(at + kept[i], at), result + i * size, size * 8); }
    }
    sort_rows(d, at, size);
    return true;
  }

  // Sets aside eigenpairs that the rank-one change leaves alone; returns how many are left, their indices (d ascending) in `kept`.
  int64_t deflate(double* d, double* z, const int64_t* sorted, int64_t* kept, int64_t* kind, int64_t size, double rho, double tolerance, int64_t at) {
    int64_t k = 0, previous = -1;
    for (int64_t s = 0; s < size; s++) {
      const int64_t j = sorted[s];
      if (rho * std::fabs(z[j]) <= tolerance) continue;
      if (previous >= 0) {
        const int64_t p = previous;
        const double tau = std::hypot(z[j], z[p]), c = z[j] / tau, si = -z[p] / tau, t = d[j] - d[p];
        if (std::fabs(t * c * si) <= tolerance) {
          z[j] = tau;
          z[p] = 0;
          double *x = row(at + p, at), *y = row(at + j, at);
          for (int64_t i = 0; i < size; i++) { const double u = x[i], w = y[i]; x[i] = c * u + si * w; y[i] = c * w - si * u; }
          const double dp = d[p] * c * c + d[j] * si * si;
          d[j] = d[p] * si * si + d[j] * c * c;
          d[p] = dp;
          if (kind[p] != kind[j]) kind[j] = 1;
        } else kept[k++] = p;
      }
      previous = j;
    }
    if (previous >= 0) kept[k++] = previous;
    return k;
  }

  // Roots of 1 + rho Σ z² / (d - λ) = 0. Row i of `delta` becomes d[j] - λ_i, accurate even where the two nearly agree.
  static void secular(int64_t k, double rho, const double* d, const double* z, double* lambda, double*, double* delta) {
    parallel_for(k, max_of(1, 8192 / k), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) lambda[i] = secular_root(k, i, rho, d, z, delta + i * k);
    });
  }

  // ψ and φ (the sums up to and beyond pole i) and their derivatives.
  struct Sums { double psi, dpsi, phi, dphi; };
  static void sum_poles(const double* z, const double* delta, double x, int64_t from, int64_t to, double& value, double& slope) {
    using S = Simd<double>;
    typename S::V a = {}, b = {};
    int64_t j = from;
    for (; j + S::width <= to; j += S::width) {
      const typename S::V zj = S::load(z + j), t = zj / (S::load(delta + j) - x);
      a += zj * t;
      b += t * t;
    }
    value = sum_lanes<double>(a);
    slope = sum_lanes<double>(b);
    for (; j < to; j++) { const double t = z[j] / (delta[j] - x); value += z[j] * t; slope += t * t; }
  }
  static Sums evaluate(int64_t k, int64_t i, double rho, const double* z, const double* delta, double x) {
    Sums s;
    sum_poles(z, delta, x, 0, i + 1, s.psi, s.dpsi);
    sum_poles(z, delta, x, i + 1, k, s.phi, s.dphi);
    return {rho * s.psi, rho * s.dpsi, rho * s.phi, rho * s.dphi};
  }

  static double secular_root(int64_t k, int64_t i, double rho, const double* d, const double* z, double* delta) {
    const bool last = i == k - 1;
    double width;
    if (last) {
      double norm = 0;
      for (int64_t j = 0; j < k; j++) norm += z[j] * z[j];
      width = rho * norm;
    } else width = d[i + 1] - d[i];
    // The nearer pole becomes the origin.
    int64_t origin = i;
    for (int64_t j = 0; j < k; j++) delta[j] = d[j] - d[i];
    double low = 0, high = width, x = width / 2;
    Sums s = evaluate(k, i, rho, z, delta, x);
    if (!last && 1 + s.psi + s.phi < 0) {
      origin = i + 1;
      for (int64_t j = 0; j < k; j++) delta[j] = d[j] - d[i + 1];
      low = -width / 2; high = 0; x = low;
    } else if (!last) high = width / 2;
    if (last && 1 + s.psi < 0) low = x;
    for (int iteration = 0; iteration < 100; iteration++) {
      const double f = 1 + s.psi + s.phi;
      if (std::fabs(f) <= 2.3e-16 * (1 + std::fabs(s.psi) + std::fabs(s.phi))) break;
      if (f < 0) low = x; else high = x;
      const double next = x + step(i, last, s, delta, x);
      const double before = x;
      x = next > low && next < high ? next : low + (high - low) / 2;
      if (x == before || high - low <= 2.3e-16 * std::fmax(std::fabs(low), std::fabs(high))) break;
      s = evaluate(k, i, rho, z, delta, x);
    }
    for (int64_t j = 0; j < k; j++) delta[j] -= x;
    if (x == 0) delta[origin] = 1e-300 * (origin == i ? -1 : 1);
    return d[origin] + x;
  }

  // To the root of c + s / (δ_i - y) + S / (δ_{i+1} - y), which agrees with ψ and φ and their derivatives at x.
  static double step(int64_t i, bool last, const Sums& f, const double* delta, double x) {
    const double d1 = delta[i] - x, s1 = d1 * d1 * f.dpsi;
    if (last) return d1 + s1 / (1 + f.psi - d1 * f.dpsi);
    const double d2 = delta[i + 1] - x, s2 = d2 * d2 * f.dphi, c = 1 + f.psi - d1 * f.dpsi + f.phi - d2 * f.dphi;
    const double a = c * (d1 + d2) + s1 + s2, b = d1 * d2 * (1 + f.psi + f.phi), root = std::sqrt(std::fmax(0.0, a * a - 4 * b * c));
    return a <= 0 ? (a - root) / (2 * c) : 2 * b / (a + root);
  }

  // The z for which the computed roots are exact (Gu and Eisenstat), so that the vectors are orthogonal.
  static void reweigh(int64_t k, const double* d, const double* z, const double* delta, double* weights) {
    parallel_for(k, max_of(1, 16384 / k), [&](int64_t begin, int64_t end) {
      for (int64_t j = begin; j < end; j++) weights[j] = delta[j * k + j];
      for (int64_t i = 0; i < k; i++) {
        const double* row = delta + i * k;
        for (int64_t j = begin; j < min_of(end, i); j++) weights[j] *= row[j] / (d[j] - d[i]);
        for (int64_t j = max_of(begin, i + 1); j < end; j++) weights[j] *= row[j] / (d[j] - d[i]);
      }
      for (int64_t j = begin; j < end; j++) weights[j] = std::copysign(std::sqrt(std::fabs(weights[j])), z[j]);
    });
  }

  // Row i of v: weights / (d - λ_i), normalised, its columns moved to `place`.
  static void vectors(int64_t skip, int64_t k, const double* weights, double* v, const int64_t* place, double* spare) {
    parallel_for(k - skip, max_of(1, 16384 / k), [&](int64_t begin, int64_t end) {
      double* line = spare + begin * k;
      for (int64_t i = skip + begin; i < skip + end; i++) {
        double* row = v + i * k;
        double norm = 0;
        for (int64_t j = 0; j < k; j++) { line[j] = weights[j] / row[j]; norm += line[j] * line[j]; }
        norm = 1 / std::sqrt(norm);
        for (int64_t j = 0; j < k; j++) row[place[j]] = line[j] * norm;
      }
    });
  }
};

}}  // namespace tt::TT_ISA
