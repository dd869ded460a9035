// Convolution with kernels of 3 × 3 by Winograd's F(2 × 2, 3 × 3), with images in lanes as in conv_lanes.h: tiles of 2 × 2 pixels of the output take 16
// products of transformed pixels and weights instead of 36. Lavin & Gray, 2015: https://arxiv.org/abs/1509.09308
#pragma once
#include "conv_lanes.h"

namespace tt { namespace TT_ISA {

constexpr int64_t POINTS = 16;

// Bᵀ d B of 4 × 4 pixels, in place.
template <class V> inline void transform_line(V& a, V& b, V& c, V& d) {
  const V x = b, y = c;
  a -= y;
  b = x + y;
  c = y - x;
  d = x - d;
}
template <class V> inline void transform_pixels(V* d) {
  for (int i = 0; i < 4; i++) transform_line(d[i], d[i + 4], d[i + 8], d[i + 12]);
  for (int i = 0; i < 16; i += 4) transform_line(d[i], d[i + 1], d[i + 2], d[i + 3]);
}
// Aᵀ m A: 2 × 2 pixels from 4 × 4 products.
template <class V> inline void transform_products(const V* m, V* out) {
  V half[8];
  for (int i = 0; i < 4; i++) {
    half[i] = m[i] + m[i + 4] + m[i + 8];
    half[i + 4] = m[i + 4] - m[i + 8] - m[i + 12];
  }
  for (int i = 0; i < 2; i++) {
    out[2 * i] = half[4 * i] + half[4 * i + 1] + half[4 * i + 2];
    out[2 * i + 1] = half[4 * i + 1] - half[4 * i + 2] - half[4 * i + 3];
  }
}
// G g Gᵀ of 3 × 3 weights, point p to out[p * stride].
template <class T> void transform_weights(const T* g, T* out, int64_t stride) {
  T half[12];
  for (int i = 0; i < 3; i++) {
    const T a = g[i], b = g[i + 3], c = g[i + 6];
    half[i] = a;
    half[i + 3] = (a + b + c) / 2;
    half[i + 6] = (a - b + c) / 2;
    half[i + 9] = c;
  }
  for (int i = 0; i < 4; i++, out += 4 * stride) {
    const T a = half[3 * i], b = half[3 * i + 1], c = half[3 * i + 2];
    out[0] = a;
    out[stride] = (a + b + c) / 2;
    out[2 * stride] = (a - b + c) / 2;
    out[3 * stride] = c;
  }
}

// The pass of one group, from its turned images and transformed weights.
template <class T> struct Winograd {
  using S = Simd<T>;
  static constexpr int W = S::width;
  static constexpr int64_t TILES = W / 2;  // a task's, side by side: their pixels are two rows of up to W
  const LaneConv<T>& conv;
  const LanePass& pass;
  const T *images, *weights, *bias;
  T* out;

  static int64_t tiles(const LanePass& pass, int d) { return ceil_div(pass.count[d], 2); }
  int64_t depth() const { return conv.channels * NR<T>; }  // numbers of a pixel

  // Transforms the source pixels of tile (y, x) to to[point][channel][image].
  void pixels(const T* block, int64_t y, int64_t x, const T* none, T* to) const {
    const T* from[POINTS];
    for (int64_t i = 0; i < POINTS; i++) {
      const int64_t sy = 2 * y + pass.shift[1] + i / 4, sx = 2 * x + pass.shift[2] + i % 4;
      const bool inside = sy >= 0 && sy < conv.source[1] && sx >= 0 && sx < conv.source[2];
      from[i] = inside ? block + (sy * conv.source[2] + sx) * depth() : none;
    }
    for (int64_t at = 0; at < depth(); at += W) {
      typename S::V d[POINTS];
      for (int i = 0; i < POINTS; i++) d[i] = S::load(from[i] + at);
      transform_pixels(d);
      for (int i = 0; i < POINTS; i++) S::store(to + i * depth() + at, d[i]);
    }
  }

  // Rows [i, i + rows) of tile `t` of a task, to lines[y][pixel][row][image].
  void tile(const T* transformed, int64_t i, int64_t rows, int64_t there, int64_t t, T* lines) const {
    alignas(64) T products[POINTS * MR * NR<T>];
    const T none[MR] = {};
    auto kernel = lanes_for<T>(rows, there);
    for (int64_t p = 0; p < POINTS; p++) {
      const LaneSegment<T> segment{conv.channels, 0, transformed + p * depth()};
      kernel(&segment, 1, weights + (i * POINTS + p * rows) * conv.channels, none, false, products + p * rows * NR<T>);
    }
    for (int64_t r = 0; r < rows; r++) for (int64_t n = 0; n < there; n += W) {
      typename S::V m[POINTS], pixel[4];
      for (int p = 0; p < POINTS; p++) m[p] = S::load(products + (p * rows + r) * NR<T> + n);
      transform_products(m, pixel);
      for (int q = 0; q < 4; q++) {
        const auto v = pixel[q] + (bias ? bias[i + r] : T(0));
        S::store(lines + ((q / 2 * W + 2 * t + q % 2) * rows + r) * NR<T> + n, conv.relu ? (v < T(0) ? S::set(0) : v) : v);
      }
    }
  }

  // Both rows of pixels of `count` tiles from (y, x) on.
  void store(const T* lines, int64_t i, int64_t rows, int64_t b, int64_t y, int64_t x, int64_t count) const {
    int64_t places[W];
    const int64_t width = min_of(2 * count, conv.size[2] - 2 * x);
    for (int64_t line = 0; line < 2 && 2 * y + line < conv.size[1]; line++) {
      for (int64_t j = 0; j < width; j++) places[j] = (2 * y + line) * conv.size[2] + 2 * x + j;
      store_lanes(conv, lines + line * W * rows * NR<T>, places, width, i, rows, b, out);
    }
  }

  bool run() const {
    const int64_t across = tiles(pass, 2), chunks = ceil_div(across, TILES), tasks = conv.blocks() * tiles(pass, 1) * chunks, h = panel_rows(conv.m);
    bool fine = true;
    parallel_for(tasks, 1, [&](int64_t begin, int64_t end) {
      Scratch transformed(TILES * POINTS * depth() * (int64_t)sizeof(T)), none(depth() * (int64_t)sizeof(T)), space(2 * W * h * NR<T> * (int64_t)sizeof(T));
      if (!transformed.data || !none.data || !space.data) { fine = false; return; }
      std::memset(none.data, 0, none.bytes);
      std::memset(space.data, 0, space.bytes);
      for (int64_t task = begin; task < end; task++) {
        const int64_t b = task / chunks / tiles(pass, 1), y = task / chunks % tiles(pass, 1), x = task % chunks * TILES, count = min_of(TILES, across - x);
        for (int64_t t = 0; t < count; t++)
          pixels(images + b * conv.block_size(), y, x + t, none.as<T>(), transformed.as<T>() + t * POINTS * depth());
        for (int64_t i = 0; i < conv.m; i += h) {
          const int64_t rows = min_of(h, conv.m - i);
          for (int64_t t = 0; t < count; t++)
            tile(transformed.as<T>() + t * POINTS * depth(), i, rows, min_of(NR<T>, conv.batch - b * NR<T>), t, space.as<T>());
          store(space.as<T>(), i, rows, b, y, x, count);
        }
      }
    });
    return fine;
  }
};

// Panels of rows of the transformed weights of group g: [panel][point][channel][row].
template <class T> void pack_winograd(const LaneConv<T>& conv, const LanePass& pass, int64_t g, T* packed) {
  const int64_t h = panel_rows(conv.m);
  const T* w = conv.weight + g * conv.m * conv.channels * 9;
  parallel_for(ceil_div(conv.m, h), grain_for(h * conv.channels * 32), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * h; i < min_of(conv.m, end * h); i += h) {
      const int64_t rows = min_of(h, conv.m - i);
      for (int64_t c = 0; c < conv.channels; c++) for (int64_t r = 0; r < rows; r++) {
        T taps[9];
        for (int t = 0; t < 9; t++)
          taps[t] = w[(i + r) * conv.row_stride + c * conv.channel_stride + (pass.first[1] + t / 3 * pass.stride[1]) * 3 + pass.first[2] + t % 3 * pass.stride[2]];
        transform_weights(taps, packed + i * POINTS * conv.channels + c * rows + r, conv.channels * rows);
      }
    }
  });
}

// Returns false where memory ran out.
template <class T> bool conv_winograd(const LaneConv<T>& conv, const LanePass& pass) {
  Scratch images(conv.blocks() * conv.block_size() * (int64_t)sizeof(T)), weights(conv.m * conv.channels * POINTS * (int64_t)sizeof(T));
  if (!images.data || !weights.data) return false;
  for (int64_t g = 0; g < conv.groups; g++) {
    turn_images(conv, g, images.as<T>());
    pack_winograd(conv, pass, g, weights.as<T>());
    const T* bias = conv.bias ? conv.bias + g * conv.m : nullptr;
    if (!Winograd<T>{conv, pass, images.as<T>(), weights.as<T>(), bias, conv.out + g * conv.m * conv.pixels()}.run()) return false;
  }
  return true;
}

// Whether no number is so large that sums of a few overflow, infinite or NaN: the transforms would spread it over its neighbours.
template <class T, class Src> bool is_moderate(const Src* x, int64_t n) {
  constexpr T most = std::numeric_limits<T>::max() / 65536;
  bool moderate = true;
  parallel_for(n, grain_for(1), [&](int64_t begin, int64_t end) {
    int64_t large = 0;
    for (int64_t i = begin; i < end; i++) large += !(std::fabs((T)x[i]) < most);
    if (large) moderate = false;
  });
  return moderate;
}

// Whether that takes clearly less time than `columns` columns of pixels times taps do, and than the products of conv_lanes.h.
template <class T> bool winograd_pays(const LaneConv<T>& conv, const LanePass& pass, int64_t columns) {
  if (conv.batch < Simd<T>::width || conv.source[0] * conv.size[0] * pass.taps[0] != 1) return false;
  for (int d = 1; d < 3; d++) if (conv.kernel[d] != 3 || pass.taps[d] != 3 || pass.advance[d] != 1 || pass.step[d] != 1) return false;
  const int64_t tiles = Winograd<T>::tiles(pass, 1) * Winograd<T>::tiles(pass, 2);
  const double direct = min_of((int64_t)lane_cost(conv, pass.products(conv.source)), columns * conv.m * conv.channels / Simd<T>::width);
  const double transforms = tiles * 64.0 * (conv.channels + conv.m) / Simd<T>::width + 50.0 * conv.m * conv.channels / conv.batch;
  return lane_cost(conv, tiles * POINTS) + transforms < 0.8 * direct;
}
template <class T> bool winograd_fits(const LaneConv<T>& conv) {
  return is_moderate<T>(conv.src, conv.batch * conv.groups * conv.channels * conv.source_pixels()) &&
         is_moderate<T>(conv.weight, conv.groups * conv.m * conv.channels * 9);
}

}}  // namespace tt::TT_ISA
