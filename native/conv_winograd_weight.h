// The gradient of weights of 3 × 3 by Winograd's F(3 × 3, 2 × 2), with channels in lanes: 2 × 2 pixels of the output's gradient take 16 products with
// transformed pixels of the input instead of 36. The sums of these products, over all tiles and images, are transformed back at the end.
#pragma once
#include "conv_winograd.h"

namespace tt { namespace TT_ISA {

// G g Gᵀ of 2 × 2 gradients.
template <class V> inline void transform_gradients(const V* g, V* out) {
  for (int i = 0; i < 2; i++) {  // the first column's and the second's, along y
    const V a = g[i], b = g[i + 2];
    out[i] = a;
    out[i + 4] = (a + b) / 2;
    out[i + 8] = (a - b) / 2;
    out[i + 12] = b;
  }
  for (int i = 0; i < 16; i += 4) {
    const V a = out[i], b = out[i + 1];
    out[i + 1] = (a + b) / 2;
    out[i + 2] = (a - b) / 2;
    out[i + 3] = b;
  }
}
// Aᵀ m A: 3 × 3 weights from 4 × 4 products.
template <class T> void transform_sums(const T* m, T* weights) {
  T half[12];
  for (int i = 0; i < 4; i++) {
    half[i] = m[i] + m[i + 4] + m[i + 8];
    half[i + 4] = m[i + 4] - m[i + 8];
    half[i + 8] = m[i + 4] + m[i + 8] - m[i + 12];
  }
  for (int i = 0; i < 3; i++) {
    const T *h = half + 4 * i;
    weights[3 * i] = h[0] + h[1] + h[2];
    weights[3 * i + 1] = h[1] - h[2];
    weights[3 * i + 2] = h[1] + h[2] - h[3];
  }
}

template <class T, class Src> struct WinogradGradient {
  using S = Simd<T>;
  static constexpr int W = S::width;
  static constexpr int64_t RUN = 128;  // tiles in one product
  const ConvShape& s;
  int64_t across, tiles, depth;  // tiles of a row and of an image, channels rounded to whole blocks

  explicit WinogradGradient(const ConvShape& shape)
      : s(shape), across(ceil_div(s.out[2], 2)), tiles(ceil_div(s.out[1], 2) * across), depth(ceil_div(s.in_channels, NR<T>) * NR<T>) {}

  // Whether that takes clearly less time than the products of all taps.
  bool pays() const {
    if (s.in[0] * s.out[0] * s.kernel[0] != 1 || is_dilated(s)) return false;
    for (int d = 1; d < 3; d++) if (s.kernel[d] != 3 || s.stride[d] != 1) return false;
    const double pairs = (double)s.in_channels * s.out_channels / W, transforms = tiles * 64.0 * (s.in_channels + s.out_channels) / W;
    return tiles * POINTS * pairs * (1 + 4.0 / RUN) + transforms + 50 * POINTS * pairs / s.batch < 0.8 * forward_lanes(s).products(s.in) * pairs;
  }

  // Transforms the pixels that tile (y, x) of the output meets, to to[block of channels][point][run][channel].
  void pixels(const T* image, int64_t y, int64_t x, const T* none, int64_t at, T* to) const {
    const T* from[POINTS];
    for (int64_t i = 0; i < POINTS; i++) {
      const int64_t sy = 2 * y - s.padding[1] + i / 4, sx = 2 * x - s.padding[2] + i % 4;
      from[i] = sy >= 0 && sy < s.in[1] && sx >= 0 && sx < s.in[2] ? image + (sy * s.in[2] + sx) * depth : none;
    }
    for (int64_t c = 0; c < depth; c += W) {
      typename S::V d[POINTS];
      for (int i = 0; i < POINTS; i++) d[i] = S::load(from[i] + c);
      transform_pixels(d);
      T* block = to + c / NR<T> * POINTS * RUN * NR<T> + at * NR<T> + c % NR<T>;
      for (int i = 0; i < POINTS; i++) S::store(block + i * RUN * NR<T>, d[i]);
    }
  }

  // A panel of gradients: [point][run][row], whole vectors of rows, whose ends the next run covers.
  int64_t plane(int64_t rows) const { return RUN * rows + W; }
  void gradients(const T* image, int64_t line, int64_t y, int64_t x, const T* none, int64_t at, int64_t rows, T* to) const {
    const T* from[4];
    for (int64_t i = 0; i < 4; i++) {
      const int64_t gy = 2 * y + i / 2, gx = 2 * x + i % 2;
      from[i] = gy < s.out[1] && gx < s.out[2] ? image + (gy * s.out[2] + gx) * line : none;
    }
    for (int64_t r = 0; r < rows; r += W) {
      typename S::V g[4], points[POINTS];
      for (int i = 0; i < 4; i++) g[i] = S::load(from[i] + r);
      transform_gradients(g, points);
      for (int i = 0; i < POINTS; i++) S::store(to + i * plane(rows) + at * rows + r, points[i]);
    }
  }

  // As of the other methods, to sums[out channel][point][channel].
  bool run(const Src* source, const Src* grad, int64_t g, int64_t first, int64_t last, int64_t from, int64_t to, T* sums) const {
    const int64_t in = s.in_size(), out = s.out_size(), h = panel_rows(max_of(1, to - from)), line = to - from + W;
    Scratch turned((in + 1) * depth * (int64_t)sizeof(T)), turned_grads((out + 1) * line * (int64_t)sizeof(T));
    Scratch transformed(depth * POINTS * RUN * (int64_t)sizeof(T)), packed(ceil_div(to - from, h) * POINTS * plane(h) * (int64_t)sizeof(T));
    if (!turned.data || !turned_grads.data || !transformed.data || !packed.data) return false;
    std::memset(turned.data, 0, turned.bytes);
    std::memset(turned_grads.data, 0, turned_grads.bytes);
    const T *none = turned.as<T>() + in * depth, *no_grad = turned_grads.as<T>() + out * line;
    int64_t at = 0;
    for (int64_t image = first; image < last; image++) {
      turn_channels(source + (image * s.groups + g) * s.in_channels * in, s.in_channels, in, turned.as<T>(), depth);
      turn_channels(grad + ((image * s.groups + g) * s.out_channels + from) * out, to - from, out, turned_grads.as<T>(), line);
      for (int64_t t = 0; t < tiles; t++) {
        pixels(turned.as<T>(), t / across, t % across, none, at, transformed.as<T>());
        for (int64_t r = 0; r < to - from; r += h)
          gradients(turned_grads.as<T>() + r, line, t / across, t % across, no_grad, at, min_of(h, to - from - r), packed.as<T>() + r / h * POINTS * plane(h));
        if (++at < RUN && (t < tiles - 1 || image < last - 1)) continue;
        for (int64_t r = 0; r < to - from; r += h)
          multiply(packed.as<T>() + r / h * POINTS * plane(h), transformed.as<T>(), at, min_of(h, to - from - r), sums + (from + r) * POINTS * s.in_channels);
        at = 0;
      }
    }
    return true;
  }
  // Adds the products of one panel over `n` tiles.
  void multiply(const T* grads, const T* transformed, int64_t n, int64_t rows, T* sums) const {
    alignas(64) T tile[MR * NR<T>];
    const T none[MR] = {};
    for (int64_t c = 0; c < s.in_channels; c += NR<T>) for (int64_t p = 0; p < POINTS; p++) {
      const int64_t cols = min_of(NR<T>, s.in_channels - c);
      const LaneSegment<T> segment{n, 0, transformed + (c * POINTS + p * NR<T>) * RUN};
      lanes_for<T>(rows, cols)(&segment, 1, grads + p * plane(rows), none, false, tile);
      for (int64_t r = 0; r < rows; r++) add_lines(tile + r * NR<T>, cols, sums + (r * POINTS + p) * s.in_channels + c);
    }
  }
};

// result[channel of the output][channel][tap] from `parts` sums [channel of the output][point][channel].
template <class T, class Src> void add_winograd(const ConvShape& s, int64_t parts, const T* sums, Src* result) {
  const int64_t rows = s.groups * s.out_channels, k = s.in_channels;
  parallel_for(rows, grain_for(k * POINTS * (parts + 2)), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) for (int64_t c = 0; c < k; c++) {
      T sum[POINTS] = {}, weights[9];
      for (int64_t part = 0; part < parts; part++) for (int64_t p = 0; p < POINTS; p++) sum[p] += sums[((part * rows + row) * POINTS + p) * k + c];
      transform_sums(sum, weights);
      for (int t = 0; t < 9; t++) result[(row * k + c) * 9 + t] = (Src)weights[t];
    }
  });
}

}}  // namespace tt::TT_ISA
