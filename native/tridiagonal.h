// Eigenvalues and eigenvectors of a real symmetric tridiagonal matrix: implicit QL for small ones, divide and conquer (Cuppen; Gu and
// Eisenstat) above. Eigenvectors are the rows of `q`.
#pragma once
#include <algorithm>
#include "secular.h"

namespace tt { namespace TT_ISA {

// (x, y) becomes (c x + s y, c y - s x).
template <class T> void rotate_rows(T* __restrict x, T* __restrict y, T c, T s, int64_t n) {
  for (int64_t i = 0; i < n; i++) { const T u = x[i], v = y[i]; x[i] = c * u + s * v; y[i] = c * v - s * u; }
}

// d [n], e [n] (e[n-1] unused) become eigenvalues, unsorted. Rows of q (columns of them long) are rotated along; q may be null.
// Off-diagonals below the rounding error of the whole matrix count as 0.
template <class T> bool tridiagonal_ql(double* d, double* e, int64_t n, T* q, int64_t ld, int64_t columns) {
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
          rotate_rows(q + i * ld, q + (i + 1) * ld, (T)c, (T)-s, columns);
        }
      }
      if (i >= l) continue;
      d[l] -= p; e[l] = g; e[m] = 0;
    }
  }
  for (int64_t i = 0; i < n; i++) d[i] *= norm;
  return true;
}

inline void sorted_order(const double* d, int64_t size, int64_t* out) {
  for (int64_t i = 0; i < size; i++) out[i] = i;
  std::sort(out, out + size, [d](int64_t a, int64_t b) { return d[a] < d[b] || (d[a] == d[b] && a < b); });
}

// T is what vectors are kept in; numbers are double.
template <class T> class TridiagonalSolver {
 public:
  // Eigenvalues (ascending) replace d; e is destroyed; row i of q [n, n] becomes the i-th eigenvector. Returns false without memory or convergence.
  static bool solve(double* d, double* e, int64_t n, T* q) {
    if (n == 0) return true;
    Scratch space((n * n + 6 * n) * 8), matrices(3 * n * n * (int64_t)sizeof(T)), order(4 * n * 8), roots(n * (int64_t)sizeof(SecularRoot));
    if (!space.data || !matrices.data || !order.data || !roots.data) return false;
    TridiagonalSolver s{q, n, space.as<double>(), matrices.as<T>(), order.as<int64_t>(), roots.as<SecularRoot>()};
    std::memset((void*)q, 0, n * n * sizeof(T));
    return s.divide(d, e, 0, n);
  }

 private:
  static constexpr int64_t LEAF = 32;
  T* q;
  int64_t n;
  double* space;
  T* matrices;
  int64_t* order;
  SecularRoot* roots;
  TridiagonalSolver(T* vectors, int64_t size, double* work, T* scratch, int64_t* indices, SecularRoot* found)
      : q(vectors), n(size), space(work), matrices(scratch), order(indices), roots(found) {}
  T* row(int64_t i, int64_t column) const { return q + i * n + column; }

  bool divide(double* d, double* e, int64_t at, int64_t size) {
    if (size <= LEAF) {
      for (int64_t i = 0; i < size; i++) *row(at + i, at + i) = 1;
      if (!tridiagonal_ql(d + at, e + at, size, row(at, at), n, size)) return false;
      for (int64_t i = 0; i < size; i++) copy_row(row(at + i, at), matrices + i * size, size);
      place_sorted(d + at, matrices, at, size);
      return true;
    }
    const int64_t half = size / 2, mid = at + half;
    const double rho = e[mid - 1];
    d[mid - 1] -= std::fabs(rho);
    d[mid] -= std::fabs(rho);
    return divide(d, e, at, half) && divide(d, e, mid, size - half) && merge(d + at, rho, at, half, size);
  }

  static void copy_row(const T* from, T* to, int64_t size) { std::memcpy((void*)to, from, size * sizeof(T)); }

  // Puts the eigenvalues d and their vectors, the rows of `from`, in ascending order.
  void place_sorted(double* d, const T* from, int64_t at, int64_t size) {
    sorted_order(d, size, order);
    for (int64_t i = 0; i < size; i++) { space[i] = d[order[i]]; copy_row(from + order[i] * size, row(at + i, at), size); }
    std::memcpy(d, space, size * 8);
  }

  // Joins two halves: eigenvalues of diag(d) + rho z zᵀ and the rows that belong to them.
  bool merge(double* d, double offdiagonal, int64_t at, int64_t half, int64_t size) {
    T *v = matrices, *gathered = v + size * size, *result = gathered + size * size;
    double *delta = space, *z = delta + size * size, *dk = z + size, *zk = dk + size, *weights = zk + size, *values = weights + size;
    int64_t *sorted = order, *kept = order + size, *kind = order + 2 * size, *place = order + 3 * size;
    const double rho = 2 * std::fabs(offdiagonal), sign = offdiagonal < 0 ? -1 : 1, root = std::sqrt(0.5);
    double largest = 0;
    for (int64_t i = 0; i < size; i++) {
      z[i] = root * (i < half ? *row(at + i, at + half - 1) : sign * *row(at + i, at + half));
      kind[i] = i < half ? 0 : 2;
      largest = std::fmax(largest, std::fmax(std::fabs(d[i]), std::fabs(z[i])));
    }
    sorted_order(d, size, sorted);
    const double tolerance = 4 * (double)std::numeric_limits<T>::epsilon() * largest;
    const int64_t k = deflate(d, z, sorted, kept, kind, size, rho, tolerance, at);
    // Columns of v in the order: rows of the first half, mixed ones, rows of the second half.
    int64_t counts[3] = {0, 0, 0}, start[3];
    for (int64_t i = 0; i < k; i++) counts[kind[kept[i]]]++;
    start[0] = 0; start[1] = counts[0]; start[2] = counts[0] + counts[1];
    for (int64_t i = 0; i < k; i++) place[i] = start[kind[kept[i]]]++;
    if (k) {
      for (int64_t i = 0; i < k; i++) { dk[i] = d[kept[i]]; zk[i] = z[kept[i]]; }
      const auto gap = [dk](int64_t j, int64_t i) { return dk[j] - dk[i]; };
      const Secular<decltype(gap)> secular(k, rho, zk, gap);
      secular.solve(roots, delta);
      secular.reweigh(delta, weights);
      vectors(k, weights, delta, v, place);
      for (int64_t i = 0; i < k; i++) copy_row(row(at + kept[i], at), gathered + place[i] * size, size);
      const int64_t first = counts[0] + counts[1], second = counts[1] + counts[2];
      if (!multiply<T>(k, half, first, 1, {v, k}, {gathered, size}, {result, size}, false)) return false;
      if (!multiply<T>(k, size - half, second, 1, {v + counts[0], k}, {gathered + counts[0] * size + half, size}, {result + half, size}, false)) return false;
      for (int64_t i = 0; i < k; i++) values[i] = dk[roots[i].origin] + roots[i].distance;
    }
    for (int64_t i = 0; i < k; i++) kind[kept[i]] = -1;
    int64_t filled = k;
    for (int64_t i = 0; i < size; i++) {
      if (kind[i] < 0) continue;
      values[filled] = d[i];
      copy_row(row(at + i, at), result + filled++ * size, size);
    }
    std::memcpy(d, values, size * 8);
    place_sorted(d, result, at, size);
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
          rotate_rows(row(at + p, at), row(at + j, at), (T)c, (T)si, size);
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

  // Row i of v: weights / (d - λ_i), normalised, its columns moved to `place`.
  static void vectors(int64_t k, const double* weights, double* delta, T* v, const int64_t* place) {
    parallel_for(k, max_of(1, 16384 / k), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        double* line = delta + i * k;
        double norm = 0;
        for (int64_t j = 0; j < k; j++) { line[j] = weights[j] / line[j]; norm += line[j] * line[j]; }
        norm = 1 / std::sqrt(norm);
        for (int64_t j = 0; j < k; j++) v[i * k + place[j]] = (T)(line[j] * norm);
      }
    });
  }
};

}}  // namespace tt::TT_ISA
