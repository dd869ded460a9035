// softmax and log_softmax over one dim.
#include "r_math.h"

namespace tt { namespace TT_ISA {

template <class A> void softmax_row(const A* x, int64_t n, A* y, bool log) {
  const A m = row_max(x, n);
  if (log) {
    const A shift = std::log(row_exp<A>(x, n, m, nullptr));
    for (int64_t i = 0; i < n; i++) y[i] = x[i] - m - shift;
  } else {
    const A scale = 1 / row_exp<A>(x, n, m, y);
    for (int64_t i = 0; i < n; i++) y[i] *= scale;
  }
}
template <class A> void softmax_backward_row(const A* g, const A* y, int64_t n, A* out, bool log) {
  const A total = log ? row_total(g, n) : row_dot(g, y, n);
  if (!log) { for (int64_t i = 0; i < n; i++) out[i] = y[i] * (g[i] - total); return; }
  row_exp<A>(y, n, A(0), out);
  for (int64_t i = 0; i < n; i++) out[i] = g[i] - out[i] * total;
}

// Runs `row(in0, in1, out)` on every line along the dim; lines that are strided or 16 bits wide go through scratch rows, neighbours together.
template <class T, class F> void for_lines(Call& c, const T* in0, const T* in1, T* out, const Rows& r, F&& row) {
  using A = Acc<T>;
  parallel_for(r.outer * r.inner, grain_for(r.dim * 8), [&](int64_t begin, int64_t end) {
    if constexpr (std::is_same<A, T>::value) if (r.inner == 1) {
      for (int64_t i = begin; i < end; i++) row(in0 + i * r.dim, in1 ? in1 + i * r.dim : nullptr, out + i * r.dim);
      return;
    }
    const int64_t most = max_of(1, min_of(16, 65536 / r.dim)), room = most * r.dim;
    Scratch scratch(3 * room * (int64_t)sizeof(A));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    A *a = scratch.as<A>(), *b = a + room, *o = b + room;
    for (int64_t i = begin, count; i < end; i += count) {
      const int64_t first = i % r.inner, base = i / r.inner * r.dim * r.inner + first;
      count = min_of(most, min_of(r.inner - first, end - i));
      for (int64_t d = 0; d < r.dim; d++) for (int64_t l = 0; l < count; l++) a[l * r.dim + d] = (A)in0[base + d * r.inner + l];
      if (in1) for (int64_t d = 0; d < r.dim; d++) for (int64_t l = 0; l < count; l++) b[l * r.dim + d] = (A)in1[base + d * r.inner + l];
      for (int64_t l = 0; l < count; l++) row(a + l * r.dim, b + l * r.dim, o + l * r.dim);
      for (int64_t d = 0; d < r.dim; d++) for (int64_t l = 0; l < count; l++) out[base + d * r.inner + l] = (T)o[l * r.dim + d];
    }
  });
}

static void softmax_forward(Call& c, bool log) {
  const Rows r = rows_of(c.t[0], c.i(0));
  if (r.dim == 0) return;
  TT_DISPATCH_FLOAT(c.t[0].dtype, for_lines<T>(c, c.t[1].as<T>(), nullptr, c.t[0].as<T>(), r, [&](const Acc<T>* x, const Acc<T>*, Acc<T>* y) {
    softmax_row(x, r.dim, y, log);
  }))
}
static void softmax_gradient(Call& c, bool log) {
  const Rows r = rows_of(c.t[0], c.i(0));
  if (r.dim == 0) return;
  TT_DISPATCH_FLOAT(c.t[0].dtype, for_lines<T>(c, c.t[1].as<T>(), c.t[2].as<T>(), c.t[0].as<T>(), r, [&](const Acc<T>* g, const Acc<T>* y, Acc<T>* out) {
    softmax_backward_row(g, y, r.dim, out, log);
  }))
}

// t: out, input (same shape, contiguous floats). params: dim (>= 0).
void softmax(Call& c) { softmax_forward(c, false); }
void log_softmax(Call& c) { softmax_forward(c, true); }
// t: grad_input, grad_out, output of the forward (same shape, contiguous floats). params: dim.
void softmax_backward(Call& c) { softmax_gradient(c, false); }
void log_softmax_backward(Call& c) { softmax_gradient(c, true); }

}}  // namespace tt::TT_ISA
