// Convolution of small images, with images in the lanes of vectors: the source lies as [block of images][z][y][x][channel][image], so that every load
// is aligned, nothing lies between the rows, and taps outside of an image are left out instead of multiplied by zero.
#pragma once
#include "conv_planes.h"

namespace tt { namespace TT_ISA {

constexpr int LANE_SEGMENTS = 32;

// Output pixel q * step + start, q < count, is the sum over taps t of source pixel q * advance + shift + t times place first + t * stride of the
// kernel, along each dim.
struct LanePass {
  int64_t count[3], start[3], step[3], advance[3], shift[3], taps[3], first[3], stride[3];
  int64_t pixels() const { return count[0] * count[1] * count[2]; }
  int64_t all_taps() const { return taps[0] * taps[1] * taps[2]; }
  // The taps [from, to) along dim d that lie inside of a source of `size`.
  void inside(int d, int64_t q, int64_t size, int64_t& from, int64_t& to) const {
    const int64_t at = q * advance[d] + shift[d];
    from = max_of(0, -at);
    to = max_of(from, min_of(taps[d], size - at));
  }
  // How many products of one channel an image takes.
  int64_t products(const int64_t* source) const {
    int64_t n = 1;
    for (int d = 0; d < 3; d++) {
      int64_t sum = 0, from, to;
      for (int64_t q = 0; q < count[d]; q++) { inside(d, q, source[d], from, to); sum += to - from; }
      n *= sum;
    }
    return n;
  }
};

// The forward pass, which has no dilation.
inline LanePass forward_lanes(const ConvShape& s) {
  LanePass pass{};
  for (int d = 0; d < 3; d++) {
    pass.count[d] = s.out[d];
    pass.advance[d] = s.stride[d];
    pass.shift[d] = -s.padding[d];
    pass.taps[d] = s.kernel[d];
    pass.step[d] = pass.stride[d] = 1;
  }
  return pass;
}
inline bool is_dilated(const ConvShape& s) { return s.dilation[0] > 1 || s.dilation[1] > 1 || s.dilation[2] > 1; }

// One convolution, or gradient of its input: `m` channels of results from `channels` of the source, in each group.
template <class T> struct LaneConv {
  int64_t batch, groups, channels, m, source[3], size[3], kernel[3];
  const T *src, *weight;
  int64_t row_stride, channel_stride;  // of the weight, in the channels of the results and of the source
  T* out;
  const T* bias;
  bool relu;
  int64_t source_pixels() const { return source[0] * source[1] * source[2]; }
  int64_t pixels() const { return size[0] * size[1] * size[2]; }
  int64_t blocks() const { return ceil_div(batch, NR<T>); }
  int64_t block_size() const { return source_pixels() * channels * NR<T>; }
};

// A W × W block: W pixels of W images, to vectors at the places of the pixels, which are `stride` apart.
template <class T> void turn_block(const T* src, int64_t image_stride, T* dst, int64_t stride, const int64_t* places) {
  using S = Simd<T>;
  typename S::V a[S::width];
  for (int i = 0; i < S::width; i++) a[i] = S::load(src + i * image_stride);
  transpose_vectors<T>(a);
  for (int i = 0; i < S::width; i++) S::store(dst + places[i] * stride, a[i]);
}
// One channel of a block of images, `pixels` each: pixel f goes to dst[f * stride + image], or to its place; lanes without an image are zero.
template <class T>
void turn_channel(const T* src, int64_t image_stride, int64_t images, int64_t pixels, T* dst, int64_t stride, const int64_t* places = nullptr) {
  constexpr int W = Simd<T>::width;
  for (int64_t n = 0; n < NR<T>; n += W) {
    if (n + W <= images && pixels >= W) {
      for (int64_t f = 0;; f = min_of(f + W, pixels - W)) {  // the last block overlaps the one before it
        if (places) turn_block(src + n * image_stride + f, image_stride, dst + n, stride, places + f);
        else transpose_block(src + n * image_stride + f, image_stride, dst + f * stride + n, stride);
        if (f == pixels - W) break;
      }
      continue;
    }
    for (int64_t f = 0; f < pixels; f++) for (int64_t l = n; l < n + W; l++)
      dst[(places ? places[f] : f) * stride + l] = l < images ? src[l * image_stride + f] : T(0);
  }
}

// `rows` channels of `pixels`, turned: dst[pixel * stride + row].
template <class T, class Src> void turn_channels(const Src* from, int64_t rows, int64_t pixels, T* dst, int64_t stride) {
  constexpr int64_t W = Simd<T>::width;
  alignas(64) T turned[W * W];
  for (int64_t r = 0; r < rows; r += W) for (int64_t f = 0; f < pixels; f += W) {
    const int64_t m = min_of(W, rows - r), n = min_of(W, pixels - f);
    const Src* block = from + r * pixels + f;
    bool whole = false;
    if constexpr (std::is_same<T, Src>::value) {
      whole = n == W;
      if (whole) transpose_lines(block, pixels, m, turned, W);
    }
    if (!whole) for (int64_t i = 0; i < m; i++) for (int64_t p = 0; p < n; p++) turned[p * W + i] = (T)block[i * pixels + p];
    for (int64_t p = 0; p < n; p++) __builtin_memcpy(dst + (f + p) * stride + r, turned + p * W, m * sizeof(T));
  }
}

// Packs the weights of group g for a pass: panels of rows, in the order (tap, channel).
template <class T> void pack_lane_weights(const LaneConv<T>& conv, const LanePass& pass, int64_t g, T* packed) {
  const int64_t h = panel_rows(conv.m), k = pass.all_taps() * conv.channels;
  const T* w = conv.weight + g * conv.m * conv.channels * conv.kernel[0] * conv.kernel[1] * conv.kernel[2];
  parallel_for(ceil_div(conv.m, h), grain_for(h * k), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * h; i < min_of(conv.m, end * h); i += h) for (int64_t c = 0; c < conv.channels; c++) {
      const int64_t rows = min_of(h, conv.m - i);
      T* to = packed + i * k + c * rows;
      for (int64_t z = 0; z < pass.taps[0]; z++) for (int64_t y = 0; y < pass.taps[1]; y++) for (int64_t x = 0; x < pass.taps[2]; x++, to += conv.channels * rows) {
        const T* from = w + i * conv.row_stride + c * conv.channel_stride +
          ((pass.first[0] + z * pass.stride[0]) * conv.kernel[1] + pass.first[1] + y * pass.stride[1]) * conv.kernel[2] + pass.first[2] + x * pass.stride[2];
        for (int64_t r = 0; r < rows; r++) to[r] = from[r * conv.row_stride];
      }
    }
  });
}

// A run of taps and channels: `n` rows of packed weights from row `at` on, and as many rows of NR images.
template <class T> struct LaneSegment { int64_t n, at; const T* images; };

// tile[i * NR + image] = act(bias[i] + sum over the segments), for M channels and N vectors of images.
template <class T, int M, int N> void micro_lanes(const LaneSegment<T>* segments, int64_t count, const T* weights, const T* bias, bool relu, T* tile) {
  using S = Simd<T>;
  typename S::V acc[M][N];
  for (int i = 0; i < M; i++) for (int v = 0; v < N; v++) acc[i][v] = S::set(bias[i]);
  for (const auto* s = segments; s < segments + count; s++) {
    const T *a = weights + s->at * M, *row = s->images;
    for (int64_t p = 0; p < s->n; p++, a += M, row += NR<T>) {
      typename S::V bv[N];
      for (int v = 0; v < N; v++) bv[v] = S::load(row + v * S::width);
#pragma GCC unroll 16
      for (int i = 0; i < M; i++) {
#pragma GCC unroll 4
        for (int v = 0; v < N; v++) acc[i][v] += a[i] * bv[v];
      }
    }
  }
  for (int i = 0; i < M; i++) for (int v = 0; v < N; v++) {
    const auto x = acc[i][v];
    S::store(tile + i * NR<T> + v * S::width, relu ? (x < T(0) ? S::set(0) : x) : x);
  }
}
template <class T> using LaneFn = void (*)(const LaneSegment<T>*, int64_t, const T*, const T*, bool, T*);
template <class T, int N, size_t... M> LaneFn<T> lanes_for(int64_t rows, std::index_sequence<M...>) {
  static constexpr LaneFn<T> table[] = {micro_lanes<T, (int)M + 1, N>...};
  return table[rows - 1];
}
template <class T> LaneFn<T> lanes_for(int64_t rows, int64_t images) {
  constexpr auto heights = std::make_index_sequence<MR>{};
  return images <= Simd<T>::width ? lanes_for<T, 1>(rows, heights) : lanes_for<T, NV>(rows, heights);
}

// Rows [i, i + rows) of up to W pixels of the images of block b, from tiles[pixel][row][image], to the group's results.
template <class T>
void store_lanes(const LaneConv<T>& conv, const T* tiles, const int64_t* places, int64_t pixels, int64_t i, int64_t rows, int64_t b, T* out) {
  constexpr int W = Simd<T>::width;
  const int64_t there = min_of(NR<T>, conv.batch - b * NR<T>), image_stride = conv.groups * conv.m * conv.pixels();
  const bool together = pixels == W && places[W - 1] - places[0] == W - 1;
  for (int64_t r = 0; r < rows; r++) for (int64_t n = 0; n < there; n += W) {
    T* to = out + (b * NR<T> + n) * image_stride + (i + r) * conv.pixels();
    const T* from = tiles + r * NR<T> + n;
    if (together && n + W <= there) { transpose_block(from, rows * NR<T>, to + places[0], image_stride); continue; }
    alignas(64) T turned[W * W];
    transpose_block(from, rows * NR<T>, turned, W);
    for (int64_t l = 0; l < min_of(W, there - n); l++) for (int64_t j = 0; j < pixels; j++) to[l * image_stride + places[j]] = turned[l * W + j];
  }
}

// The products of one pass of one group, from its turned images.
template <class T> struct LaneProduct {
  static constexpr int W = Simd<T>::width;
  const LaneConv<T>& conv;
  const LanePass& pass;
  const T *images, *weights, *bias;  // of the group
  T* out;
  int64_t k;

  // What up to W pixels need, whichever the channel of the result.
  struct Chunk {
    int64_t pixels, places[W], counts[W];
    LaneSegment<T> segments[W][LANE_SEGMENTS];
  };
  void list(const T* block, int64_t first, Chunk& chunk) const {
    chunk.pixels = min_of(W, pass.pixels() - first);
    for (int64_t j = 0; j < chunk.pixels; j++) {
      const int64_t f = first + j, q[3] = {f / pass.count[2] / pass.count[1], f / pass.count[2] % pass.count[1], f % pass.count[2]};
      int64_t place = 0, from[3], to[3], at[3];
      for (int d = 0; d < 3; d++) {
        place = place * conv.size[d] + q[d] * pass.step[d] + pass.start[d];
        at[d] = q[d] * pass.advance[d] + pass.shift[d];
        pass.inside(d, q[d], conv.source[d], from[d], to[d]);
      }
      chunk.places[j] = place;
      auto* s = chunk.segments[j];
      if (to[2] > from[2]) for (int64_t z = from[0]; z < to[0]; z++) for (int64_t y = from[1]; y < to[1]; y++)
        *s++ = {(to[2] - from[2]) * conv.channels, ((z * pass.taps[1] + y) * pass.taps[2] + from[2]) * conv.channels,
                block + (((at[0] + z) * conv.source[1] + at[1] + y) * conv.source[2] + at[2] + from[2]) * conv.channels * NR<T>};
      chunk.counts[j] = s - chunk.segments[j];
    }
  }

  // Rows [i, i + rows) of the results of `chunk`, for the images of block b.
  void compute(const Chunk& chunk, int64_t i, int64_t rows, int64_t b, T* tiles) const {
    const int64_t there = min_of(NR<T>, conv.batch - b * NR<T>);
    T start[MR] = {};
    if (bias) for (int64_t r = 0; r < rows; r++) start[r] = bias[i + r];
    auto kernel = lanes_for<T>(rows, there);
    for (int64_t j = 0; j < chunk.pixels; j++) kernel(chunk.segments[j], chunk.counts[j], weights + i * k, start, conv.relu, tiles + j * rows * NR<T>);
    store_lanes(conv, tiles, chunk.places, chunk.pixels, i, rows, b, out);
  }

  // Small weights stay in the cache while pixels pass by; of large ones a panel does while all pixels do.
  void run() const {
    const int64_t h = panel_rows(conv.m), panels = ceil_div(conv.m, h), chunks = ceil_div(pass.pixels(), W), blocks = conv.blocks();
    const bool small = conv.m * k * (int64_t)sizeof(T) <= 131072;
    const int64_t tasks = small ? blocks * chunks : panels * blocks, inner = small ? panels : chunks;
    parallel_for(tasks, grain_for(inner * h * k * W * 2), [&](int64_t begin, int64_t end) {
      alignas(64) T tiles[W * MR * NR<T>] = {};
      Chunk chunk;
      for (int64_t task = begin; task < end; task++) {
        const int64_t b = small ? task / chunks : task % blocks;
        const T* block = images + b * conv.block_size();
        if (small) list(block, task % chunks * W, chunk);
        for (int64_t x = 0; x < inner; x++) {
          const int64_t i = (small ? x : task / blocks) * h;
          if (!small) list(block, x * W, chunk);
          compute(chunk, i, min_of(h, conv.m - i), b, tiles);
        }
      }
    });
  }
};

// The images of group g, as [block][pixel][channel][image].
template <class T> void turn_images(const LaneConv<T>& conv, int64_t g, T* images) {
  const int64_t size = conv.source_pixels(), image_stride = conv.groups * conv.channels * size;
  parallel_for(conv.blocks() * conv.channels, grain_for(size * NR<T>), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t b = task / conv.channels, c = task % conv.channels;
      turn_channel(conv.src + b * NR<T> * image_stride + (g * conv.channels + c) * size, image_stride, min_of(NR<T>, conv.batch - b * NR<T>), size,
                   images + b * conv.block_size() + c * NR<T>, conv.channels * NR<T>);
    }
  });
}

// Runs all passes for every group and image. Returns false where memory ran out.
template <class T> bool conv_lanes(const LaneConv<T>& conv, const LanePass* passes, int64_t npasses) {
  Scratch images(conv.blocks() * conv.block_size() * (int64_t)sizeof(T));
  Scratch weights((conv.m * conv.channels * conv.kernel[0] * conv.kernel[1] * conv.kernel[2] + 64) * (int64_t)sizeof(T));
  if (!images.data || !weights.data) return false;
  for (int64_t g = 0; g < conv.groups; g++) {
    turn_images(conv, g, images.as<T>());
    for (int64_t i = 0; i < npasses; i++) {
      pack_lane_weights(conv, passes[i], g, weights.as<T>());
      LaneProduct<T>{conv, passes[i], images.as<T>(), weights.as<T>(), conv.bias ? conv.bias + g * conv.m : nullptr, conv.out + g * conv.m * conv.pixels(),
                     passes[i].all_taps() * conv.channels}.run();
    }
  }
  return true;
}

// What turning images both ways and computing `products` for each pair of channels take, in vector operations an image.
template <class T> double lane_cost(const LaneConv<T>& conv, int64_t products) {
  const double padded = (double)ceil_div(conv.batch, Simd<T>::width) * Simd<T>::width / conv.batch, pairs = (double)conv.m * conv.channels / Simd<T>::width;
  return products * pairs * padded + conv.channels * conv.source_pixels() + conv.m * conv.pixels();
}
// Whether images in lanes take less time than `columns` columns of pixels times taps do.
template <class T> bool lanes_pay(const LaneConv<T>& conv, const LanePass* passes, int64_t npasses, int64_t columns) {
  if (conv.batch < Simd<T>::width || conv.m < 4) return false;
  int64_t products = 0;
  for (int64_t i = 0; i < npasses; i++) {
    if (passes[i].taps[0] * passes[i].taps[1] > LANE_SEGMENTS) return false;
    products += passes[i].products(conv.source);
  }
  return lane_cost(conv, products) < (double)columns * conv.m * conv.channels / Simd<T>::width;
}

}}  // namespace tt::TT_ISA
