// The elementwise parts of LSTM and GRU cells. Gate blocks are [rows, 4 or 3 times hidden], in PyTorch's order i f g o and r z n.
#include "r_math.h"

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
static Simd<float>::V tanh_v(Simd<float>::V x) {
  using V = Simd<float>::V;
  const V z = x * x, small = ((((z * -5.70498872745e-3f + 2.06390887954e-2f) * z - 5.37397155531e-2f) * z + 1.33314422036e-1f) * z - 3.33332819422e-1f) * z * x + x;
  return z < 0.390625f ? small : 1 - 2 / (exp_v(2 * x) + 1);
}
static Simd<double>::V tanh_v(Simd<double>::V x) {
  for (int i = 0; i < Simd<double>::width; i++) x[i] = std::tanh(x[i]);
  return x;
}
template <class A> void tanh_row(A* x, int64_t n) { map_row(x, n, [](typename Simd<A>::V v) { return tanh_v(v); }); }

#define TT_RNN_DISPATCH(dtype, ...) switch (dtype) { TT_CASE(F32, float, __VA_ARGS__) TT_CASE(F64, double, __VA_ARGS__) default: break; }

// c' = f * c + i * g, h' = o * tanh(c').
// t: h [B, H], c [B, H], gates [B, 4H] (activated, kept for backward), input gates [B, 4H], hidden gates [B, 4H] or null (added), previous c [B, H];
// contiguous float32 or float64. No params.
void lstm_cell(Call& c) {
  const int64_t B = c.t[0].size[0], H = c.t[0].size[1];
  TT_RNN_DISPATCH(c.t[0].dtype, parallel_for(B, grain_for(H * 40), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      T *g = c.t[2].as<T>() + r * 4 * H, *h = c.t[0].as<T>() + r * H, *cell = c.t[1].as<T>() + r * H;
      const T *a = c.t[3].as<T>() + r * 4 * H, *b = c.t[4].data ? c.t[4].as<T>() + r * 4 * H : nullptr, *old = c.t[5].as<T>() + r * H;
      for (int64_t j = 0; j < 4 * H; j++) g[j] = b ? a[j] + b[j] : a[j];
      sigmoid_row(g, 2 * H);
      tanh_row(g + 2 * H, H);
      sigmoid_row(g + 3 * H, H);
      for (int64_t j = 0; j < H; j++) h[j] = cell[j] = g[H + j] * old[j] + g[j] * g[2 * H + j];
      tanh_row(h, H);
      for (int64_t j = 0; j < H; j++) h[j] *= g[3 * H + j];
    }
  }))
}

// Gradients of lstm_cell.
// t: grad_gates [B, 4H] (of both gate inputs), grad_previous_c [B, H], grad_h [B, H] or null, grad_c [B, H] or null, gates [B, 4H], c [B, H],
// previous c [B, H]. No params.
void lstm_cell_backward(Call& c) {
  const int64_t B = c.t[1].size[0], H = c.t[1].size[1];
  TT_RNN_DISPATCH(c.t[0].dtype, parallel_for(B, grain_for(H * 40), [&](int64_t begin, int64_t end) {
    Scratch scratch(H * (int64_t)sizeof(T));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    T* th = scratch.as<T>();
    for (int64_t r = begin; r < end; r++) {
      T *out = c.t[0].as<T>() + r * 4 * H, *gc = c.t[1].as<T>() + r * H;
      const T *gh = c.t[2].data ? c.t[2].as<T>() + r * H : nullptr, *gn = c.t[3].data ? c.t[3].as<T>() + r * H : nullptr;
      const T *g = c.t[4].as<T>() + r * 4 * H, *cell = c.t[5].as<T>() + r * H, *old = c.t[6].as<T>() + r * H;
      for (int64_t j = 0; j < H; j++) th[j] = cell[j];
      tanh_row(th, H);
      for (int64_t j = 0; j < H; j++) {
        const T i = g[j], f = g[H + j], n = g[2 * H + j], o = g[3 * H + j], dh = gh ? gh[j] : T(0);
        const T dc = dh * o * (1 - th[j] * th[j]) + (gn ? gn[j] : T(0));
        out[j] = dc * n * i * (1 - i);
        out[H + j] = dc * old[j] * f * (1 - f);
        out[2 * H + j] = dc * i * (1 - n * n);
        out[3 * H + j] = dh * th[j] * o * (1 - o);
        gc[j] = dc * f;
      }
    }
  }))
}

// h' = (1 - z) * n + z * h with n = tanh(input_n + r * hidden_n).
// t: h' [B, H], gates [B, 3H] (activated r z n, kept), input gates [B, 3H], hidden gates [B, 3H], previous h [B, H]; contiguous float32 or float64.
void gru_cell(Call& c) {
  const int64_t B = c.t[0].size[0], H = c.t[0].size[1];
  TT_RNN_DISPATCH(c.t[0].dtype, parallel_for(B, grain_for(H * 40), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      T *h = c.t[0].as<T>() + r * H, *g = c.t[1].as<T>() + r * 3 * H;
      const T *a = c.t[2].as<T>() + r * 3 * H, *b = c.t[3].as<T>() + r * 3 * H, *old = c.t[4].as<T>() + r * H;
      for (int64_t j = 0; j < 2 * H; j++) g[j] = a[j] + b[j];
      sigmoid_row(g, 2 * H);
      for (int64_t j = 0; j < H; j++) g[2 * H + j] = a[2 * H + j] + g[j] * b[2 * H + j];
      tanh_row(g + 2 * H, H);
      for (int64_t j = 0; j < H; j++) h[j] = (1 - g[H + j]) * g[2 * H + j] + g[H + j] * old[j];
    }
  }))
}

// Gradients of gru_cell.
// t: grad_input_gates [B, 3H], grad_hidden_gates [B, 3H], grad_previous_h [B, H], grad_h [B, H], gates [B, 3H], hidden gates [B, 3H], previous h [B, H].
void gru_cell_backward(Call& c) {
  const int64_t B = c.t[2].size[0], H = c.t[2].size[1];
  TT_RNN_DISPATCH(c.t[0].dtype, parallel_for(B, grain_for(H * 20), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      T *gi = c.t[0].as<T>() + row * 3 * H, *gg = c.t[1].as<T>() + row * 3 * H, *go = c.t[2].as<T>() + row * H;
      const T *gh = c.t[3].as<T>() + row * H, *g = c.t[4].as<T>() + row * 3 * H, *b = c.t[5].as<T>() + row * 3 * H, *old = c.t[6].as<T>() + row * H;
      for (int64_t j = 0; j < H; j++) {
        const T r = g[j], z = g[H + j], n = g[2 * H + j], dn = gh[j] * (1 - z) * (1 - n * n), dr = dn * b[2 * H + j] * r * (1 - r);
        const T dz = gh[j] * (old[j] - n) * z * (1 - z);
        gi[j] = gg[j] = dr;
        gi[H + j] = gg[H + j] = dz;
        gi[2 * H + j] = dn;
        gg[2 * H + j] = dn * r;
        go[j] = gh[j] * z;
      }
    }
  }))
}

}}  // namespace tt::TT_ISA
