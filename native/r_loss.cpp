// nll_loss, embedding, and positions of extremes.
#include "r_math.h"
#include "simd.h"
#include <algorithm>

namespace tt { namespace TT_ISA {

static bool check_targets(Call& c, const View& target, int64_t classes, int64_t ignore) {
  const int64_t* t = target.as<int64_t>();
  for (int64_t i = 0, n = target.numel(); i < n; i++)
    if (t[i] != ignore && (t[i] < 0 || t[i] >= classes)) { c.fail(INDEX_OUT_OF_RANGE, t[i], i, classes); return false; }
  return true;
}

// Negative log likelihood.
// t: out ([N, L] for reduction none, else []), total_weight [], log_probs [N, C, L], target [N, L] int64, weight [C] or null; contiguous floats.
// params: reduction (0 none, 1 mean, 2 sum), ignore_index. Fails with INDEX_OUT_OF_RANGE.
void nll_loss(Call& c) {
  const int64_t N = c.t[2].size[0], C = c.t[2].size[1], L = c.t[2].size[2], reduction = c.i(0), ignore = c.i(1);
  if (!check_targets(c, c.t[3], C, ignore)) return;
  const int64_t* target = c.t[3].as<int64_t>();
  TT_DISPATCH_FLOAT(c.t[2].dtype, {
    const T *x = c.t[2].as<T>(), *w = c.t[4].as<T>();
    double sum = 0, weight = 0;
    for (int64_t n = 0; n < N; n++) for (int64_t l = 0; l < L; l++) {
      const int64_t t = target[n * L + l];
      const bool used = t != ignore;
      const Acc<T> k = used ? (w ? (Acc<T>)w[t] : Acc<T>(1)) : Acc<T>(0), loss = used ? -(Acc<T>)x[(n * C + t) * L + l] * k : Acc<T>(0);
      weight += k;
      if (reduction == 0) c.t[0].as<T>()[n * L + l] = (T)loss;
      else sum += loss;
    }
    c.t[1].as<T>()[0] = (T)(Acc<T>)weight;
    if (reduction) c.t[0].as<T>()[0] = (T)(Acc<T>)(reduction == 1 ? sum / weight : sum);
  })
}

// Gradient of nll_loss.
// t: grad_input [N, C, L], grad_out ([N, L] or []), target [N, L] int64, weight [C] or null, total_weight []. params as in nll_loss.
void nll_loss_backward(Call& c) {
  const int64_t N = c.t[0].size[0], C = c.t[0].size[1], L = c.t[0].size[2], reduction = c.i(0), ignore = c.i(1);
  if (!check_targets(c, c.t[2], C, ignore)) return;
  const int64_t* target = c.t[2].as<int64_t>();
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    T* gx = c.t[0].as<T>();
    const T *g = c.t[1].as<T>(), *w = c.t[3].as<T>();
    std::memset((void*)gx, 0, N * C * L * sizeof(T));
    const Acc<T> scale = reduction == 0 ? Acc<T>(1) : reduction == 2 ? (Acc<T>)g[0] : (Acc<T>)g[0] / (Acc<T>)c.t[4].as<T>()[0];
    for (int64_t n = 0; n < N; n++) for (int64_t l = 0; l < L; l++) {
      const int64_t t = target[n * L + l];
      if (t == ignore) continue;
      gx[(n * C + t) * L + l] = (T)(-(w ? (Acc<T>)w[t] : Acc<T>(1)) * (reduction ? scale : (Acc<T>)g[n * L + l]));
    }
  })
}

static bool check_indices(Call& c, const View& indices, int64_t size) {
  const int64_t* t = indices.as<int64_t>();
  for (int64_t i = 0, n = indices.numel(); i < n; i++)
    if (t[i] < 0 || t[i] >= size) { c.fail(INDEX_OUT_OF_RANGE, t[i], i, size); return false; }
  return true;
}

// Gradient of an embedding table: row indices[i] gets the sum of its gradients, in the order of i.
// t: grad_weight [V, D] (filled here), grad [n, D], indices [n] int64; contiguous floats.
// params: padding_idx (-1: none), scale_grad_by_freq. Fails with INDEX_OUT_OF_RANGE.
void embedding_backward(Call& c) {
  const int64_t V = c.t[0].size[0], D = c.t[0].size[1], n = c.t[2].numel(), padding = c.i(0);
  const bool by_frequency = c.i(1) != 0;
  if (!check_indices(c, c.t[2], V)) return;
  const int64_t* index = c.t[2].as<int64_t>();
  Scratch counts(by_frequency ? V * 8 : 8);
  if (!counts.data) return c.fail(OUT_OF_MEMORY);
  if (by_frequency) {
    std::memset(counts.data, 0, V * 8);
    for (int64_t i = 0; i < n; i++) counts.as<int64_t>()[index[i]]++;
  }
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    using A = Acc<T>;
    const bool direct = std::is_same<A, T>::value;
    Scratch wide(direct ? 8 : V * D * (int64_t)sizeof(A));
    if (!wide.data) return c.fail(OUT_OF_MEMORY);
    A* sums = direct ? (A*)c.t[0].data : wide.as<A>();
    std::memset((void*)sums, 0, V * D * sizeof(A));
    const int64_t parts = min_of(num_threads(), max_of(1, D / 16)), step = ceil_div(D, parts);
    parallel_for(parts, n * step > 16384 ? 1 : parts, [&](int64_t begin, int64_t end) {
      const int64_t from = begin * step, to = min_of(D, end * step);
      for (int64_t i = 0; i < n; i++) {
        if (index[i] == padding) continue;
        A* row = sums + index[i] * D;
        const T* g = c.t[1].as<T>() + i * D;
        const A scale = by_frequency ? A(1) / (A)counts.as<int64_t>()[index[i]] : A(1);
        for (int64_t d = from; d < to; d++) row[d] += (A)g[d] * scale;
      }
    });
    if (!direct) for (int64_t i = 0; i < V * D; i++) c.t[0].as<T>()[i] = (T)sums[i];
  })
}

// sums[j] += factor · row[j] for up to four rows, one after the other.
template <class T, class A> static void add_rows(A* sums, const T* const* rows, const A* factors, int count, int64_t n) {
  if (count == 4) {
    const T *a = rows[0], *b = rows[1], *c = rows[2], *d = rows[3];
    const A fa = factors[0], fb = factors[1], fc = factors[2], fd = factors[3];
    TT_SIMD for (int64_t j = 0; j < n; j++) sums[j] = sums[j] + fa * (A)a[j] + fb * (A)b[j] + fc * (A)c[j] + fd * (A)d[j];
    return;
  }
  for (int k = 0; k < count; k++) {
    const T* row = rows[k];
    const A factor = factors[k];
    TT_SIMD for (int64_t j = 0; j < n; j++) sums[j] += factor * (A)row[j];
  }
}

// Sums of rows of a table, bag by bag, in the order of the indices.
// t: out [B, D], weight [V, D], indices [n] int64, bags [n] int64 (ascending, 0 … B - 1: the bag of each index), factors [n] or none; contiguous floats.
// params: padding_idx (-1: none), which is left out. Fails with INDEX_OUT_OF_RANGE.
void embedding_bag(Call& c) {
  const int64_t B = c.t[0].size[0], D = c.t[0].size[1], n = c.t[2].numel(), padding = c.i(0);
  const int64_t *index = c.t[2].as<int64_t>(), *bags = c.t[3].as<int64_t>();
  if (!check_indices(c, c.t[2], c.t[1].size[0])) return;
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    using A = Acc<T>;
    const T *weight = c.t[1].as<T>(), *factors = c.t[4].as<T>();
    parallel_for(B, grain_for(n / max_of(B, 1) * D + D), [&](int64_t begin, int64_t end) {
      Scratch space(D * (int64_t)sizeof(A) + 8);
      if (!space.data) return c.fail(OUT_OF_MEMORY);
      A* sums = space.as<A>();
      int64_t i = std::lower_bound(bags, bags + n, begin) - bags;
      for (int64_t b = begin; b < end; b++) {
        for (int64_t j = 0; j < D; j++) sums[j] = 0;
        const T* rows[4];
        A by[4];
        int count = 0;
        for (; i < n && bags[i] == b; i++) {
          if (index[i] == padding) continue;
          rows[count] = weight + index[i] * D;
          by[count++] = factors ? (A)factors[i] : A(1);
          if (count == 4) add_rows(sums, rows, by, count, D), count = 0;
        }
        add_rows(sums, rows, by, count, D);
        for (int64_t j = 0; j < D; j++) c.t[0].as<T>()[b * D + j] = (T)sums[j];
      }
    });
  })
}

// Scales the rows that `indices` names, where their p-norm exceeds max_norm, down to it (in place).
// t: weight [V, D] (contiguous floats), indices [n] int64. params: max_norm, p. Fails with INDEX_OUT_OF_RANGE.
void embedding_renorm(Call& c) {
  const int64_t V = c.t[0].size[0], D = c.t[0].size[1];
  const double max_norm = c.d(0), p = c.d(1);
  if (!check_indices(c, c.t[1], V)) return;
  TT_DISPATCH_FLOAT(c.t[0].dtype, for (int64_t i = 0, n = c.t[1].numel(); i < n; i++) {
    T* row = c.t[0].as<T>() + c.t[1].as<int64_t>()[i] * D;
    double norm = 0;
    for (int64_t d = 0; d < D; d++) {
      const double a = std::fabs((double)(Acc<T>)row[d]);
      norm = std::isinf(p) ? (a > norm ? a : norm) : norm + (p == 2 ? a * a : p == 1 ? a : p == 0 ? (double)(a != 0) : std::pow(a, p));
    }
    if (!std::isinf(p) && p != 1 && p != 0) norm = p == 2 ? std::sqrt(norm) : std::pow(norm, 1 / p);
    if (norm > max_norm) for (int64_t d = 0; d < D; d++) row[d] = (T)((Acc<T>)row[d] * (Acc<T>)(max_norm / (norm + 1e-7)));
  })
}

// The first position of the extreme of a strided line; a NaN is the extreme.
template <class T, bool MAX> int64_t extreme(const T* x, int64_t n, int64_t stride) {
  if constexpr (std::is_same<T, float>::value || std::is_same<T, double>::value) if (stride == 1 && n >= 4 * Simd<T>::width) {
    using S = Simd<T>;
    typename S::V best = S::load(x), other = best;
    int64_t i = 0;
    IntV<T> bad = best != best;
    for (; i + 2 * S::width <= n; i += 2 * S::width) {
      const typename S::V a = S::load(x + i), b = S::load(x + i + S::width);
      bad |= (a != a) | (b != b);
      best = (MAX ? a > best : a < best) ? a : best;
      other = (MAX ? b > other : b < other) ? b : other;
    }
    bool nan = false;
    T value = best[0];
    for (int l = 0; l < S::width; l++) {
      nan |= bad[l] != 0;
      value = (MAX ? best[l] > value : best[l] < value) ? best[l] : value;
      value = (MAX ? other[l] > value : other[l] < value) ? other[l] : value;
    }
    for (; i < n; i++) { nan |= x[i] != x[i]; value = (MAX ? x[i] > value : x[i] < value) ? x[i] : value; }
    if (nan) { for (i = 0; x[i] == x[i]; i++) {} return i; }
    for (i = 0; i + S::width <= n; i += S::width) {
      IntV<T> hit = S::load(x + i) == value;
      typename IntFor<T>::type any = 0;
      for (int l = 0; l < S::width; l++) any |= hit[l];
      if (any) break;
    }
    while (x[i] != value) i++;
    return i;
  }
  int64_t at = 0;
  Acc<T> best = x[0];
  for (int64_t i = 1; i < n && !is_nan(best); i++) {
    const Acc<T> v = x[i * stride];
    if ((MAX ? v > best : v < best) || is_nan(v)) { best = v; at = i; }
  }
  return at;
}

// Extremes over a dim with their positions: the first one where several are equal; NaN wins.
// t: values (shape without the dim) or null, indices int64 (same shape) or null, input; contiguous, real dtypes, dim not empty.
// params: dim, minimum (0 max, 1 min).
void extreme_dim(Call& c) {
  const Rows r = rows_of(c.t[2], c.i(0));
  const bool minimum = c.i(1) != 0;
  TT_DISPATCH_REAL(c.t[2].dtype, parallel_for(r.outer * r.inner, grain_for(r.dim), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const T* line = c.t[2].as<T>() + i / r.inner * r.dim * r.inner + i % r.inner;
      const int64_t at = minimum ? extreme<T, false>(line, r.dim, r.inner) : extreme<T, true>(line, r.dim, r.inner);
      if (c.t[0].data) c.t[0].as<T>()[i] = line[at * r.inner];
      if (c.t[1].data) c.t[1].as<int64_t>()[i] = at;
    }
  }))
}

}}  // namespace tt::TT_ISA
