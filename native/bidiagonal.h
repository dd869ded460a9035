// The SVD of a real upper bidiagonal matrix by divide and conquer (Gu and Eisenstat 1995): a row in the middle is taken out, both halves are
// decomposed, and the row joins them through a secular equation in the squares of singular values.
#pragma once
#include "tridiagonal.h"

namespace tt { namespace TT_ISA {

// T is what vectors are kept in; numbers are double.
template <class T> class BidiagonalSolver {
 public:
  // d [n] (diagonal) and e [n - 1] become singular values, ascending, and are destroyed; rows of u and v [n, n] the vectors that belong to them.
  static bool solve(double* d, double* e, int64_t n, T* u, T* v) {
    if (n == 0) return true;
    const int64_t m = n + 1;
    Scratch space((m * m + 8 * m) * 8), matrices(4 * m * m * (int64_t)sizeof(T)), order(5 * m * 8), roots(m * (int64_t)sizeof(SecularRoot));
    if (!space.data || !matrices.data || !order.data || !roots.data) return false;
    double scale = 0;
    for (int64_t i = 0; i < n; i++) scale = std::fmax(scale, std::fmax(std::fabs(d[i]), i + 1 < n ? std::fabs(e[i]) : 0));
    if (scale > 0) for (int64_t i = 0; i < n; i++) { d[i] /= scale; if (i + 1 < n) e[i] /= scale; }
    std::memset((void*)u, 0, n * n * sizeof(T));
    std::memset((void*)v, 0, n * n * sizeof(T));
    BidiagonalSolver s{n, d, e, u, v, space.as<double>(), matrices.as<T>(), order.as<int64_t>(), roots.as<SecularRoot>()};
    if (!s.divide(0, n, false)) return false;
    for (int64_t i = 0; i < n; i++) d[i] = d[i] > 2 * LEAST ? d[i] * scale : 0;
    return true;
  }

 private:
  static constexpr double LEAST = 1e-100;  // stands in for 0 where the middle row is 0
  int64_t n;
  double *d, *e;
  T *u, *v;
  double* space;
  T* matrices;
  int64_t* order;
  SecularRoot* roots;
  BidiagonalSolver(int64_t n, double* d, double* e, T* u, T* v, double* space, T* matrices, int64_t* order, SecularRoot* roots)
      : n(n), d(d), e(e), u(u), v(v), space(space), matrices(matrices), order(order), roots(roots) {}
  T* left(int64_t i, int64_t column) const { return u + i * n + column; }
  T* right(int64_t i, int64_t column) const { return v + i * n + column; }

  // Rows [at, at + size) of the matrix, which reach one column further if `wide`: then row at + size of v becomes the vector that they map to 0.
  bool divide(int64_t at, int64_t size, bool wide) {
    if (size == 0) {
      if (wide) *right(at, at) = 1;
      return true;
    }
    const int64_t mid = at + (size - 1) / 2, after = at + size - mid - 1;
    return divide(at, mid - at, true) && divide(mid + 1, after, wide) && merge(at, mid, size, wide);
  }

  // A joining of two halves: rows and columns before `mid`, that row itself, and those after it.
  struct Join {
    int64_t at, mid, size, width;  // width: columns
    double *z, *values;            // of each row, by its number less `at`
    int64_t* kind;                 // which columns it has: 0 first, 2 second, 1 both
  };

  bool merge(int64_t at, int64_t mid, int64_t size, bool wide) {
    double *delta = space, *z = delta + size * size;
    double *dk = z + size, *zk = dk + size, *weights = zk + size, *values = weights + size;
    int64_t *kept = order, *kind = order + size, *place = order + 2 * size;
    const Join j{at, mid, size, size + wide, z, d + at, kind};
    const double alpha = d[mid], beta = size + wide > mid - at + 1 ? e[mid] : 0;
    d[mid] = 0;
    join_null_vectors(j, alpha, beta, wide);
    for (int64_t i = 0; i < size; i++) {
      const int64_t row = at + i;
      if (row != mid) z[i] = row < mid ? alpha * *right(row, mid) : beta * *right(row, mid + 1);
      kind[i] = row < mid ? 0 : row > mid ? 2 : 1;
    }
    *left(mid, mid) = 1;
    const int64_t k = deflate(j, kept, alpha, beta);
    int64_t counts[3] = {0, 0, 0}, start[3];
    for (int64_t i = 0; i < k; i++) counts[kind[kept[i]]]++;
    start[0] = 0; start[1] = counts[0]; start[2] = counts[0] + counts[1];
    for (int64_t i = 0; i < k; i++) { place[i] = start[kind[kept[i]]]++; dk[i] = d[at + kept[i]]; zk[i] = z[kept[i]]; }
    const auto gap = [dk](int64_t a, int64_t b) { return (dk[a] - dk[b]) * (dk[a] + dk[b]); };
    const Secular<decltype(gap)> secular(k, 1, zk, gap);
    secular.solve(roots, delta);
    secular.reweigh(delta, weights);
    for (int64_t i = 0; i < k; i++) {
      const double origin = dk[roots[i].origin], distance = roots[i].distance;
      values[i] = origin + distance / (origin + std::sqrt(origin * origin + distance));
    }
    T *lefts = matrices, *rights = lefts + k * k;
    vectors(k, dk, weights, delta, lefts, rights, place);
    return place_side(j, u, size, k, counts, kept, place, lefts, values, false) &&
           place_side(j, v, size + wide, k, counts, kept, place, rights, values, true);
  }

  // Row `mid` of v becomes what the middle row sees of both halves' null vectors, the last row the null vector of all.
  void join_null_vectors(const Join& j, double alpha, double beta, bool wide) {
    const double first = alpha * *right(j.mid, j.mid), second = wide ? beta * *right(j.at + j.size, j.mid + 1) : 0;
    const double norm = wide ? std::hypot(first, second) : first;
    j.z[j.mid - j.at] = norm;
    if (!wide) return;
    const double c = norm > 0 ? first / norm : 1, s = norm > 0 ? second / norm : 0;
    rotate_rows(right(j.mid, j.at), right(j.at + j.size, j.at), (T)c, (T)s, j.width);
  }

  // Sets aside singular triplets that the middle row leaves alone; returns how many are left, the middle row first, then by ascending value.
  int64_t deflate(const Join& j, int64_t* kept, double alpha, double beta) {
    const int64_t middle = j.mid - j.at;
    double largest = std::fmax(std::fabs(alpha), std::fabs(beta));
    for (int64_t i = 0; i < j.size; i++) largest = std::fmax(largest, std::fabs(j.values[i]));
    const double tolerance = std::fmax(LEAST, 2 * (double)std::numeric_limits<T>::epsilon() * largest);
    int64_t* sorted = order + 3 * j.size;
    sorted_order(j.values, j.size, sorted);
    int64_t k = 1, previous = -1;
    kept[0] = middle;
    for (int64_t s = 0; s < j.size; s++) {
      const int64_t i = sorted[s];
      if (i == middle || std::fabs(j.z[i]) <= tolerance) continue;
      if (j.values[i] <= tolerance) {  // a second zero: only its right vector changes
        rotate_out(j, v, j.width, i, middle, j.z);
        j.values[i] = 0;
        continue;
      }
      if (previous >= 0 && j.values[i] - j.values[previous] <= tolerance) {
        const double norm = std::hypot(j.z[i], j.z[previous]);
        rotate_rows(left(j.at + previous, j.at), left(j.at + i, j.at), (T)(j.z[i] / norm), (T)(-j.z[previous] / norm), j.size);
        rotate_out(j, v, j.width, previous, i, j.z);
        if (j.kind[previous] != j.kind[i]) j.kind[previous] = j.kind[i] = 1;
      } else if (previous >= 0) kept[k++] = previous;
      previous = i;
    }
    if (previous >= 0) kept[k++] = previous;
    if (std::fabs(j.z[middle]) <= tolerance) j.z[middle] = j.z[middle] < 0 ? -tolerance : tolerance;
    return k;
  }

  // Rotates rows `out` and `into` of a side so that z of the former becomes 0.
  void rotate_out(const Join& j, T* side, int64_t columns, int64_t out, int64_t into, double* z) {
    const double norm = std::hypot(z[out], z[into]), c = z[into] / norm, s = z[out] / norm;
    rotate_rows(side + (j.at + out) * n + j.at, side + (j.at + into) * n + j.at, (T)c, (T)-s, columns);
    z[into] = norm;
    z[out] = 0;
    if (j.kind[out] != j.kind[into]) j.kind[into] = 1;
  }

  // Row i of `rights`: z_j / (d_j² - σ_i²); of `lefts`: -1, then d_j z_j / (d_j² - σ_i²); both normalised, their columns moved to `place`.
  static void vectors(int64_t k, const double* dk, const double* weights, double* delta, T* lefts, T* rights, const int64_t* place) {
    parallel_for(k, max_of(1, 16384 / k), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        double* line = delta + i * k;
        double right_norm = 0, left_norm = 1;
        for (int64_t j = 0; j < k; j++) {
          line[j] = weights[j] / line[j];
          right_norm += line[j] * line[j];
          left_norm += dk[j] * line[j] * dk[j] * line[j];
        }
        const double r = 1 / std::sqrt(right_norm), l = 1 / std::sqrt(left_norm);
        for (int64_t j = 0; j < k; j++) {
          rights[i * k + place[j]] = (T)(line[j] * r);
          lefts[i * k + place[j]] = (T)(j ? dk[j] * line[j] * l : -l);
        }
      }
    });
  }

  // Makes the vectors of one side, and puts them and those set aside in the order of their values; with `last`, the values too.
  bool place_side(const Join& j, T* side, int64_t width, int64_t k, const int64_t* counts, const int64_t* kept, const int64_t* place,
                  const T* coefficients, double* values, bool last) {
    const int64_t half = j.mid - j.at + 1, first = counts[0] + counts[1], second = counts[1] + counts[2];
    T *gathered = matrices + 2 * k * k, *result = gathered + k * width;
    auto row = [&](int64_t i) { return side + (j.at + i) * n + j.at; };
    const Mat<T> factors{const_cast<T*>(coefficients), k};
    for (int64_t i = 0; i < k; i++) std::memcpy((void*)(gathered + place[i] * width), row(kept[i]), width * sizeof(T));
    if (!multiply<T>(k, half, first, 1, factors, {gathered, width}, {result, width}, false)) return false;
    if (width > half && !multiply<T>(k, width - half, second, 1, factors.block(0, counts[0]), {gathered + counts[0] * width + half, width}, {result + half, width}, false))
      return false;
    int64_t *aside = order + 3 * j.size, *sorted = order + 4 * j.size, filled = k;
    for (int64_t i = 0; i < j.size; i++) aside[i] = 1;
    for (int64_t i = 0; i < k; i++) aside[kept[i]] = 0;
    for (int64_t i = 0; i < j.size; i++) {
      if (!aside[i]) continue;
      values[filled] = j.values[i];
      std::memcpy((void*)(result + filled++ * width), row(i), width * sizeof(T));
    }
    sorted_order(values, j.size, sorted);
    for (int64_t i = 0; i < j.size; i++) std::memcpy((void*)row(i), result + sorted[i] * width, width * sizeof(T));
    if (last) for (int64_t i = 0; i < j.size; i++) j.values[i] = values[sorted[i]];
    return true;
  }
};

}}  // namespace tt::TT_ISA
