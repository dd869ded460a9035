// LSTM and GRU layers over whole sequences. Gate blocks are [rows, 4 or 3 times hidden], in PyTorch's order i f g o and r z n.
//
// The rows of a batch do not depend on each other, so each thread takes some of them through all steps, with weights that are packed once.
#include "gemm.h"
#include "r_math.h"
#include "vmath32.h"
#include <algorithm>

namespace tt { namespace TT_ISA {

// Applies f to a row of n values, vector by vector (`f` takes and gives a vector).
template <class A, class F> void map_row(A* x, int64_t n, F&& f) {
  using S = Simd<A>;
  int64_t i = 0;
  for (; i + S::width <= n; i += S::width) S::store(x + i, f(S::load(x + i)));
  if (i == n) return;
  A rest[S::width] = {};
  for (int64_t j = i; j < n; j++) rest[j - i] = x[j];
  S::store(rest, f(S::load(rest)));
  for (int64_t j = i; j < n; j++) x[j] = rest[j - i];
}
template <class A> void sigmoid_row(A* x, int64_t n) { map_row(x, n, [](typename Simd<A>::V v) { return 1 / (1 + exp_v(-v)); }); }
static Simd<float>::V tanh_v(Simd<float>::V x) { return tanh_float(x); }
static Simd<double>::V tanh_v(Simd<double>::V x) {
  for (int i = 0; i < Simd<double>::width; i++) x[i] = std::tanh(x[i]);
  return x;
}
template <class A> void tanh_row(A* x, int64_t n) { map_row(x, n, [](typename Simd<A>::V v) { return tanh_v(v); }); }

#define TT_RNN_DISPATCH(dtype, ...) switch (dtype) { TT_CASE(F32, float, __VA_ARGS__) TT_CASE(F64, double, __VA_ARGS__) default: break; }

struct Steps {
  int64_t length, batch, hidden;
  bool reverse;
  // The place of the i-th step that is visited.
  int64_t at(int64_t i) const { return reverse ? length - 1 - i : i; }
};
inline Steps steps_of(const View& output, bool reverse) { return {output.size[0], output.size[1], output.size[2], reverse}; }

// Row `row` of step `step` in a tensor [length, batch, width]; null where there is no tensor.
template <class T> T* row_at(const View& v, int64_t step, int64_t row) {
  return v.data ? v.as<T>() + (step * v.size[1] + row) * v.size[2] : nullptr;
}

// A weight, packed once, and the room of a thread for the rows that it multiplies.
template <class T> struct StepProduct {
  int64_t k, n;
  Scratch packed;
  StepProduct(const Matrix<T, T>& weight, int64_t k, int64_t n) : k(k), n(n), packed(packed_size<T>(k, n) * (int64_t)sizeof(T)) {
    if (packed.data) pack_whole(weight, k, n, packed.as<T>());
  }
  // C = rows · weight through `e`, where rows are `count` lines of `x`.
  void run(const T* x, int64_t count, T* room, const Epilogue<T>& e) const {
    const int64_t h = panel_rows(count);
    for (int64_t i = 0; i < count; i += h) pack_a(Matrix<T, T>{x, k, 1}, i, min_of(h, count - i), 0, k, room + i * k);
    for (int64_t j = 0; j < n; j += NR<T>) for (int64_t i = 0; i < count; i += h)
      run_tile(k, room + i * k, packed.as<T>() + j * k, NR<T>, e, i, j, min_of(h, count - i), min_of(NR<T>, n - j), true, true);
  }
};

// Calls body(first row, rows, room) for the parts of a batch; `room` has `extra` elements, and those that `product` needs.
template <class T, class F> void each_part(Call& c, const Steps& s, const StepProduct<T>& product, int64_t extra, F&& body) {
  if (!product.packed.data) return c.fail(OUT_OF_MEMORY);
  const int64_t h = panel_rows(ceil_div(s.batch, num_threads())), rows = ceil_div(ceil_div(s.batch, num_threads()), h) * h;
  parallel_for(ceil_div(s.batch, rows), grain_for(s.length * rows * product.k * product.n), [&](int64_t begin, int64_t end) {
    Scratch room((rows * product.k + extra * rows + 64) * (int64_t)sizeof(T));
    if (!room.data) return c.fail(OUT_OF_MEMORY);
    for (int64_t part = begin; part < end; part++) body(part * rows, min_of(rows, s.batch - part * rows), room.as<T>());
  });
}

template <class T> void add_bias(T* x, const T* bias, int64_t n) {
  if (bias) for (int64_t j = 0; j < n; j++) x[j] += bias[j];
}
template <class T> void lstm_row(T* h, T* cell, T* g, const T* old, int64_t H) {
  sigmoid_row(g, 2 * H);
  tanh_row(g + 2 * H, H);
  sigmoid_row(g + 3 * H, H);
  for (int64_t j = 0; j < H; j++) h[j] = cell[j] = g[H + j] * old[j] + g[j] * g[2 * H + j];
  tanh_row(h, H);
  for (int64_t j = 0; j < H; j++) h[j] *= g[3 * H + j];
}

// c' = f * c + i * g, h' = o * tanh(c').
// t: h [L, B, H], c [L, B, H], gates [L, B, 4H] (activated, kept for backward), gates as the input gives them [L, B, 4H], weight [4H, H],
// bias [4H] or null, first h [B, H], first c [B, H]; contiguous float32 or float64. params: backwards in time.
void lstm(Call& c) {
  const Steps s = steps_of(c.t[0], c.i(0));
  const int64_t H = s.hidden;
  TT_RNN_DISPATCH(c.t[0].dtype, {
    const StepProduct<T> product({c.t[4].as<T>(), 1, H}, H, 4 * H);
    each_part(c, s, product, 0, [&](int64_t first, int64_t rows, T* room) {
      const T *h = c.t[6].as<T>() + first * H, *cell = c.t[7].as<T>() + first * H;
      for (int64_t i = 0; i < s.length; i++) {
        const int64_t t = s.at(i);
        T *gates = row_at<T>(c.t[2], t, first), *next = row_at<T>(c.t[0], t, first), *next_cell = row_at<T>(c.t[1], t, first);
        product.run(h, rows, room, {gates, 4 * H, 1, 1, 1, row_at<T>(c.t[3], t, first), 4 * H, 1});
        for (int64_t r = 0; r < rows; r++) {
          add_bias(gates + r * 4 * H, c.t[5].as<T>(), 4 * H);
          lstm_row(next + r * H, next_cell + r * H, gates + r * 4 * H, cell + r * H, H);
        }
        h = next;
        cell = next_cell;
      }
    });
  })
}

// The gradients of a step's gates, and of the previous cell in place of `gc`.
template <class T> void lstm_row_backward(T* out, T* gc, const T* gh, const T* g, const T* cell, const T* old, T* th, int64_t H) {
  for (int64_t j = 0; j < H; j++) th[j] = cell[j];
  tanh_row(th, H);
  for (int64_t j = 0; j < H; j++) {
    const T i = g[j], f = g[H + j], n = g[2 * H + j], o = g[3 * H + j];
    const T dc = gh[j] * o * (1 - th[j] * th[j]) + gc[j];
    out[j] = dc * n * i * (1 - i);
    out[H + j] = dc * old[j] * f * (1 - f);
    out[2 * H + j] = dc * i * (1 - n * n);
    out[3 * H + j] = gh[j] * th[j] * o * (1 - o);
    gc[j] = dc * f;
  }
}
template <class T> void add_row(T* to, const T* x, int64_t n) {
  if (x) for (int64_t j = 0; j < n; j++) to[j] += x[j];
}

// Gradients of lstm.
// t: grad_gates [L, B, 4H], grad_first_h [B, H], grad_first_c [B, H], grad_h [L, B, H] or null, grad_c [L, B, H] or null, gates [L, B, 4H],
// c [L, B, H], weight [4H, H], first c [B, H]. params: backwards in time.
void lstm_backward(Call& c) {
  const Steps s = steps_of(c.t[6], c.i(0));
  const int64_t H = s.hidden;
  TT_RNN_DISPATCH(c.t[0].dtype, {
    const StepProduct<T> product({c.t[7].as<T>(), H, 1}, 4 * H, H);
    each_part(c, s, product, 1, [&](int64_t first, int64_t rows, T* room) {
      T *gh = c.t[1].as<T>() + first * H, *gc = c.t[2].as<T>() + first * H, *th = room + rows * 4 * H;
      std::fill(gh, gh + rows * H, T(0));
      std::fill(gc, gc + rows * H, T(0));
      for (int64_t i = s.length - 1; i >= 0; i--) {
        const int64_t t = s.at(i);
        const T* old = i ? row_at<T>(c.t[6], s.at(i - 1), first) : c.t[8].as<T>() + first * H;
        T* out = row_at<T>(c.t[0], t, first);
        add_row(gh, row_at<T>(c.t[3], t, first), rows * H);
        add_row(gc, row_at<T>(c.t[4], t, first), rows * H);
        for (int64_t r = 0; r < rows; r++)
          lstm_row_backward(out + r * 4 * H, gc + r * H, gh + r * H, row_at<T>(c.t[5], t, first + r), row_at<T>(c.t[6], t, first + r), old + r * H, th, H);
        product.run(out, rows, room, {gh, H, 1});
      }
    });
  })
}

template <class T> void gru_row(T* h, T* g, T* hidden_n, const T* a, const T* b, const T* old, int64_t H) {
  for (int64_t j = 0; j < 2 * H; j++) g[j] = a[j] + b[j];
  sigmoid_row(g, 2 * H);
  for (int64_t j = 0; j < H; j++) hidden_n[j] = b[2 * H + j];
  for (int64_t j = 0; j < H; j++) g[2 * H + j] = a[2 * H + j] + g[j] * hidden_n[j];
  tanh_row(g + 2 * H, H);
  for (int64_t j = 0; j < H; j++) h[j] = (1 - g[H + j]) * g[2 * H + j] + g[H + j] * old[j];
}

// h' = (1 - z) * n + z * h with n = tanh(input_n + r * hidden_n).
// t: h [L, B, H], gates [L, B, 3H] (activated r z n, kept), hidden_n [L, B, H] (kept), gates as the input gives them [L, B, 3H], weight [3H, H],
// bias [3H] or null, first h [B, H]; contiguous float32 or float64. params: backwards in time.
void gru(Call& c) {
  const Steps s = steps_of(c.t[0], c.i(0));
  const int64_t H = s.hidden;
  TT_RNN_DISPATCH(c.t[0].dtype, {
    const StepProduct<T> product({c.t[4].as<T>(), 1, H}, H, 3 * H);
    each_part(c, s, product, 3 * H, [&](int64_t first, int64_t rows, T* room) {
      const T* h = c.t[6].as<T>() + first * H;
      T* fromHidden = room + rows * H;
      for (int64_t i = 0; i < s.length; i++) {
        const int64_t t = s.at(i);
        product.run(h, rows, room, {fromHidden, 3 * H, 1});
        for (int64_t r = 0; r < rows; r++) {
          T* b = fromHidden + r * 3 * H;
          add_bias(b, c.t[5].as<T>(), 3 * H);
          gru_row(row_at<T>(c.t[0], t, first + r), row_at<T>(c.t[1], t, first + r), row_at<T>(c.t[2], t, first + r), row_at<T>(c.t[3], t, first + r), b, h + r * H, H);
        }
        h = row_at<T>(c.t[0], t, first);
      }
    });
  })
}

// The gradients of a step's gates, and what flows past them to the previous h in place of `gh`.
template <class T> void gru_row_backward(T* gi, T* gg, T* gh, const T* g, const T* hidden_n, const T* old, int64_t H) {
  for (int64_t j = 0; j < H; j++) {
    const T r = g[j], z = g[H + j], n = g[2 * H + j], dn = gh[j] * (1 - z) * (1 - n * n), dr = dn * hidden_n[j] * r * (1 - r);
    const T dz = gh[j] * (old[j] - n) * z * (1 - z);
    gi[j] = gg[j] = dr;
    gi[H + j] = gg[H + j] = dz;
    gi[2 * H + j] = dn;
    gg[2 * H + j] = dn * r;
    gh[j] *= z;
  }
}

// Gradients of gru.
// t: grad_input_gates [L, B, 3H], grad_hidden_gates [L, B, 3H], grad_first_h [B, H], grad_h [L, B, H] or null, gates [L, B, 3H], hidden_n [L, B, H],
// h [L, B, H], weight [3H, H], first h [B, H]. params: backwards in time.
void gru_backward(Call& c) {
  const Steps s = steps_of(c.t[6], c.i(0));
  const int64_t H = s.hidden;
  TT_RNN_DISPATCH(c.t[0].dtype, {
    const StepProduct<T> product({c.t[7].as<T>(), H, 1}, 3 * H, H);
    each_part(c, s, product, 0, [&](int64_t first, int64_t rows, T* room) {
      T* gh = c.t[2].as<T>() + first * H;
      std::fill(gh, gh + rows * H, T(0));
      for (int64_t i = s.length - 1; i >= 0; i--) {
        const int64_t t = s.at(i);
        const T* old = i ? row_at<T>(c.t[6], s.at(i - 1), first) : c.t[8].as<T>() + first * H;
        T *gi = row_at<T>(c.t[0], t, first), *gg = row_at<T>(c.t[1], t, first);
        add_row(gh, row_at<T>(c.t[3], t, first), rows * H);
        for (int64_t r = 0; r < rows; r++)
          gru_row_backward(gi + r * 3 * H, gg + r * 3 * H, gh + r * H, row_at<T>(c.t[4], t, first + r), row_at<T>(c.t[5], t, first + r), old + r * H, H);
        product.run(gg, rows, room, {gh, H, 1, 1, 1, gh, H, 1});
      }
    });
  })
}

}}  // namespace tt::TT_ISA
