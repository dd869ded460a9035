// Convolution: gradient of the weight, as dot products of flat planes (conv_planes.h), of channels or images in lanes, or by Winograd's products.
#include "conv_winograd_weight.h"

namespace tt { namespace TT_ISA {

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int DOT_M = 4, DOT_N = 6;
#else
constexpr int DOT_M = 3, DOT_N = 3;
#endif

// Keeps a loaded vector in its register: GCC would load it again for every product.
template <class V> inline void hold(V& v) {
#if defined(__AVX512F__)
  asm("" : "+v"(v));
#elif defined(__AVX__)
  asm("" : "+x"(v));
#endif
}

// sums[v] = the sum of the lanes of vector v, for W vectors.
template <class T> void sum_lanes(const T* vectors, T* sums) {
  using S = Simd<T>;
  typename S::V turned[S::width];
  for (int v = 0; v < S::width; v++) turned[v] = S::load(vectors + v * S::width);
  transpose_vectors<T>(turned);
  for (int l = 1; l < S::width; l++) turned[0] += turned[l];
  S::store(sums, turned[0]);
}

// sums[i * N + j] += dot(a + i * lda, b + offsets[j]) over n elements, n a multiple of the vector width.
template <class T, int M, int N> void dot_tile(int64_t n, const T* a, int64_t lda, const T* b, const int64_t* offsets, T* sums) {
  using S = Simd<T>;
  constexpr int W = S::width, PADDED = (M * N + W - 1) / W * W;
  typename S::V acc[M][N] = {};
  const T* rows[N];
  for (int j = 0; j < N; j++) rows[j] = b + offsets[j];
  for (int64_t p = 0; p < n; p += W) {
    typename S::V av[M];
    for (int i = 0; i < M; i++) av[i] = S::load(a + i * lda + p);
#pragma GCC unroll 8
    for (int j = 0; j < N; j++) {
      typename S::V bv = S::load(rows[j] + p);
      hold(bv);
#pragma GCC unroll 8
      for (int i = 0; i < M; i++) acc[i][j] += av[i] * bv;
    }
  }
  alignas(64) T lanes[PADDED * W] = {}, across[W];
  for (int i = 0; i < M; i++) for (int j = 0; j < N; j++) S::store(lanes + (i * N + j) * W, acc[i][j]);
  for (int first = 0; first < M * N; first += W) {
    sum_lanes(lanes + first * W, across);
    for (int x = 0; x < W && first + x < M * N; x++) sums[first + x] += across[x];
  }
}

template <class T> using DotFn = void (*)(int64_t, const T*, int64_t, const T*, const int64_t*, T*);
template <class T, int M> DotFn<T> dot_row(int64_t n) {
  static constexpr DotFn<T> table[] = {dot_tile<T, M, 1>, dot_tile<T, M, 2>, dot_tile<T, M, 3>,
#if defined(__AVX512F__) || defined(__aarch64__)
                                       dot_tile<T, M, 4>, dot_tile<T, M, 5>, dot_tile<T, M, 6>,
#endif
  };
  return table[n - 1];
}
template <class T> DotFn<T> dot_for(int64_t m, int64_t n) {
  switch (m) {
    case 1: return dot_row<T, 1>(n);
    case 2: return dot_row<T, 2>(n);
#if defined(__AVX512F__) || defined(__aarch64__)
    case 3: return dot_row<T, 3>(n);
    default: return dot_row<T, 4>(n);
#else
    default: return dot_row<T, 3>(n);
#endif
  }
}

// What one thread does: adds the gradients of some images and output channels to `sums` [out channels][tap][channel].
template <class T, class Src> struct WeightGradient {
  const ConvShape& s;
  Planes input, output;    // `output` has the pitch of `input`, so that one flat index serves both
  const int64_t* offsets;  // of every tap and channel
  int64_t k, length;      // length: elements of a dot product

  void group_of_images(const T* planes, const T* grads, int64_t from, int64_t to, T* sums) const {
    const int64_t tile_n = ceil_div(k, ceil_div(k, DOT_N)), tile_m = ceil_div(to - from, ceil_div(to - from, DOT_M));
    T tile[DOT_M * DOT_N];
    for (int64_t i = from; i < to; i += tile_m) for (int64_t j = 0; j < k; j += tile_n) {
      const int64_t m = min_of(tile_m, to - i), n = min_of(tile_n, k - j);
      for (int64_t x = 0; x < m * n; x++) tile[x] = 0;
      dot_for<T>(m, n)(length, grads + i * output.channel_stride(), output.channel_stride(), planes, offsets + j, tile);
      for (int64_t y = 0; y < m; y++) for (int64_t x = 0; x < n; x++) sums[(i + y) * k + j + x] += tile[y * n + x];
    }
  }

  bool run(const Src* source, const Src* grad, int64_t g, int64_t first, int64_t last, int64_t from, int64_t to, T* sums) const {
    const int64_t slack = 4 * Simd<T>::width;
    Scratch planes((input.count() + slack) * (int64_t)sizeof(T)), grads((output.count() + slack) * (int64_t)sizeof(T));
    if (!planes.data || !grads.data) return false;
    std::memset((void*)(planes.as<T>() + input.count()), 0, slack * sizeof(T));
    std::memset((void*)(grads.as<T>() + output.count()), 0, slack * sizeof(T));
    const int64_t in_image = s.groups * s.in_channels * s.in_size(), out_image = s.groups * s.out_channels * s.out_size();
    for (int64_t image = first; image < last; image += input.images) {
      const int64_t images = min_of(input.images, last - image);
      fill_planes(input, source + image * in_image + g * s.in_channels * s.in_size(), in_image, images, planes.as<T>());
      fill_planes(output, grad + image * out_image + g * s.out_channels * s.out_size(), out_image, images, grads.as<T>());
      group_of_images(planes.as<T>(), grads.as<T>(), from, to, sums);
    }
    return true;
  }
};

// The same where channels fill vectors: a product over the pixels of some images that lie as [block of channels][pixel][image][channel], so that the pixels
// of a line that a tap meets are one run, and those outside of the image are left out.
template <class T, class Src> struct WideGradient {
  const ConvShape& s;
  LanePass pass;
  int64_t images, k;

  WideGradient(const ConvShape& shape, int64_t n) : s(shape), pass(forward_lanes(shape)), images(n), k(shape.in_channels * shape.taps) {}
  // Whether the channels fill most of their vectors.
  bool pays() const {
    return s.in_channels * 4 >= ceil_div(s.in_channels, Simd<T>::width) * Simd<T>::width * 3 && s.out_channels >= 4 && s.out[0] * s.out[1] <= MOST_LINES && !is_dilated(s);
  }
  static constexpr int64_t MOST_LINES = 4096;
  int64_t block() const { return s.in_size() * images * NR<T>; }

  void turn_images(const Src* source, int64_t count, T* to) const {
    const int64_t size = s.in_size();
    for (int64_t c = 0; c < s.in_channels; c += NR<T>) for (int64_t i = 0; i < count; i++)
      turn_channels(source + (i * s.groups * s.in_channels + c) * size, min_of(NR<T>, s.in_channels - c), size, to + c / NR<T> * block() + i * NR<T>, images * NR<T>);
  }

  // The runs of tap (a, b, e): where they lie in packed gradients and in the turned images.
  int64_t runs(int64_t a, int64_t b, int64_t e, int64_t count, const T* turned, LaneSegment<T>* list) const {
    const int64_t first = ceil_div(max_of(0, s.padding[2] - e), s.stride[2]), last = min_of(s.out[2], ceil_div(max_of(0, s.in[2] + s.padding[2] - e), s.stride[2]));
    LaneSegment<T>* at = list;
    for (int64_t z = 0; z < s.out[0]; z++) for (int64_t y = 0; y < s.out[1]; y++) {
      const int64_t sz = z * s.stride[0] - s.padding[0] + a, sy = y * s.stride[1] - s.padding[1] + b;
      if (last <= first || sz < 0 || sz >= s.in[0] || sy < 0 || sy >= s.in[1]) continue;
      const int64_t line = (z * s.out[1] + y) * s.out[2], source = (sz * s.in[1] + sy) * s.in[2] - s.padding[2] + e;
      if (s.stride[2] == 1 && count == images) { *at++ = {(last - first) * count, (line + first) * images, turned + (source + first) * images * NR<T>}; continue; }
      for (int64_t x = first; x < last; x++) *at++ = {count, (line + x) * images, turned + (source + x * s.stride[2]) * images * NR<T>};
    }
    return at - list;
  }

  bool run(const Src* source, const Src* grad, int64_t g, int64_t first, int64_t last, int64_t from, int64_t to, T* sums) const {
    const int64_t out = s.out_size(), h = panel_rows(max_of(1, to - from)), blocks = ceil_div(s.in_channels, NR<T>);
    Scratch turned(blocks * block() * (int64_t)sizeof(T)), packed((images * out * h + 64) * (int64_t)sizeof(T)), list(out * (int64_t)sizeof(LaneSegment<T>));
    if (!turned.data || !packed.data || !list.data) return false;
    for (int64_t image = first; image < last; image += images) {
      const int64_t count = min_of(images, last - image);
      turn_images(source + (image * s.groups + g) * s.in_channels * s.in_size(), count, turned.as<T>());
      for (int64_t oc = from; oc < to; oc += h) {
        const int64_t rows = min_of(h, to - oc);
        for (int64_t i = 0; i < count; i++)
          turn_channels(grad + (((image + i) * s.groups + g) * s.out_channels + oc) * out, rows, out, packed.as<T>() + i * rows, images * rows);
        for (int64_t c = 0; c < s.in_channels; c += NR<T>)
          panel(turned.as<T>() + c / NR<T> * block(), packed.as<T>(), count, rows, min_of(NR<T>, s.in_channels - c), list.as<LaneSegment<T>>(), sums + oc * k + c);
      }
    }
    return true;
  }
  // Adds to sums[row][tap][channel] of one block of channels.
  void panel(const T* turned, const T* grads, int64_t count, int64_t rows, int64_t cols, LaneSegment<T>* list, T* sums) const {
    alignas(64) T tile[MR * NR<T>];
    const T none[MR] = {};
    auto kernel = lanes_for<T>(rows, cols);
    for (int64_t a = 0, tap = 0; a < s.kernel[0]; a++) for (int64_t b = 0; b < s.kernel[1]; b++) for (int64_t e = 0; e < s.kernel[2]; e++, tap++) {
      kernel(list, runs(a, b, e, count, turned, list), grads, none, false, tile);
      T* to = sums + tap * s.in_channels;
      for (int64_t r = 0; r < rows; r++) add_lines(tile + r * NR<T>, cols, to + r * k);
    }
  }
};

#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int LANE_M = 8, LANE_N = 3;
#else
constexpr int LANE_M = 4, LANE_N = 3;
#endif
// Up to so many channels images in lanes are the faster ones.
#if defined(__AVX512F__)
constexpr int64_t FEW_CHANNELS = 11;
#else
constexpr int64_t FEW_CHANNELS = 28;
#endif

// `lines` runs of n vectors: of M rows, `row` apart, and of N columns; `line` is how far the runs of either lie apart.
template <class T> struct LaneRuns { int64_t n, lines, row, line, column_line; };

// acc[j * LANE_M + i] += dot(a + i * row, b + columns[j]) over all runs, lane by lane.
template <class T, int M, int N> void dot_lanes(const LaneRuns<T>& runs, const T* a, const T* b, const int64_t* columns, T* acc) {
  using S = Simd<T>;
  constexpr int W = S::width;
  typename S::V sum[N][M];
  const T* from[N];
  for (int j = 0; j < N; j++) from[j] = b + columns[j];
  for (int j = 0; j < N; j++) for (int i = 0; i < M; i++) sum[j][i] = S::load(acc + (j * LANE_M + i) * W);
  for (int64_t y = 0; y < runs.lines; y++) {
    const T* rows = a + y * runs.line;
    const int64_t shift = y * runs.column_line;
    for (int64_t p = 0; p < runs.n * W; p += W) {
      typename S::V bv[N];
      for (int j = 0; j < N; j++) bv[j] = S::load(from[j] + shift + p);
#pragma GCC unroll 8
      for (int i = 0; i < M; i++) {
        typename S::V av = S::load(rows + i * runs.row + p);
        hold(av);
#pragma GCC unroll 3
        for (int j = 0; j < N; j++) sum[j][i] += av * bv[j];
      }
    }
  }
  for (int j = 0; j < N; j++) for (int i = 0; i < M; i++) S::store(acc + (j * LANE_M + i) * W, sum[j][i]);
}
template <class T> using DotLanesFn = void (*)(const LaneRuns<T>&, const T*, const T*, const int64_t*, T*);
template <class T, int N, size_t... M> DotLanesFn<T> dot_lanes_for(int64_t m, std::index_sequence<M...>) {
  static constexpr DotLanesFn<T> table[] = {dot_lanes<T, (int)M + 1, N>...};
  return table[m - 1];
}
template <class T> DotLanesFn<T> dot_lanes_for(int64_t m, int64_t n) {
  constexpr auto rows = std::make_index_sequence<LANE_M>{};
  if (n == 1) return dot_lanes_for<T, 1>(m, rows);
  return n == 2 ? dot_lanes_for<T, 2>(m, rows) : dot_lanes_for<T, LANE_N>(m, rows);
}

// The same for few channels and many images, with images in lanes: pixels of a row of the output, and those that a tap meets, are two runs of vectors.
// Rows of the source are padded, so that all taps of a row of the kernel have runs of one length.
template <class T> struct LaneGradient {
  static constexpr int W = Simd<T>::width;
  static constexpr int64_t LINES = 16384 / (int64_t)sizeof(T);  // of the output, in the cache while all taps pass by
  const ConvShape& s;
  LanePass pass;
  explicit LaneGradient(const ConvShape& shape) : s(shape), pass(forward_lanes(shape)) {}

  bool pays() const { return s.batch >= W && s.out_channels >= 4 && s.stride[2] == 1 && !is_dilated(s) && s.in_channels * s.taps * LANE_M * W <= 32768; }
  int64_t blocks() const { return ceil_div(s.batch, NR<T>); }
  int64_t images_of(int64_t block) const { return min_of(NR<T>, s.batch - block * NR<T>); }
  int64_t pitch() const { return s.out[2] + s.kernel[2] - 1; }
  int64_t plane() const { return s.in[0] * s.in[1] * pitch() * NR<T>; }

  // Where the pixels of a channel stand in its padded plane.
  void list_places(int64_t* places) const {
    for (int64_t line = 0; line < s.in[0] * s.in[1]; line++) for (int64_t x = 0; x < s.in[2]; x++) *places++ = line * pitch() + s.padding[2] + x;
  }
  void turn_source(const T* source, int64_t channels, const int64_t* places, T* images) const {
    parallel_for(blocks() * channels, grain_for(plane()), [&](int64_t begin, int64_t end) {
      std::memset((void*)(images + begin * plane()), 0, (end - begin) * plane() * sizeof(T));
      for (int64_t task = begin; task < end; task++)
        turn_channel(source + (task / channels * NR<T> * channels + task % channels) * s.in_size(), channels * s.in_size(), images_of(task / channels), s.in_size(),
                     images + task * plane(), NR<T>, places);
    });
  }

  // Adds what rows [first, last) of depth z say: `grads` are m turned channels; `columns` says where each channel and tap of a row of the kernel begins.
  void lines(int64_t z, int64_t first, int64_t last, const T* grads, int64_t m, const T* images, const int64_t* columns, T* acc) const {
    const int64_t width = s.in_channels * s.kernel[2], line = pitch() * NR<T>, out_line = s.out[2] * NR<T>;
    int64_t from, to;
    pass.inside(0, z, s.in[0], from, to);
    for (int64_t a = from; a < to; a++) for (int64_t b = 0; b < s.kernel[1]; b++) {
      const int64_t y = max_of(first, ceil_div(max_of(0, s.padding[1] - b), s.stride[1])), end = min_of(last, ceil_div(s.in[1] + s.padding[1] - b, s.stride[1]));
      if (y >= end) continue;
      const LaneRuns<T> runs{s.out[2] * NV, end - y, s.out_size() * NR<T>, out_line, s.stride[1] * line};
      const T* source = images + ((z * s.stride[0] - s.padding[0] + a) * s.in[1] + y * s.stride[1] - s.padding[1] + b) * line;
      for (int64_t j = 0; j < width; j += LANE_N)
        dot_lanes_for<T>(m, min_of(LANE_N, width - j))(runs, grads + (z * s.out[1] + y) * out_line, source, columns + j,
                                                       acc + ((a * s.kernel[1] + b) * width + j) * LANE_M * W);
    }
  }

  // The gradients of output channels [oc, oc + m) from one block of images, to sums[m][k].
  bool tile(const T* grad, const T* images, int64_t block, int64_t m, const int64_t* columns, T* sums) const {
    const int64_t size = s.out_size(), k = s.in_channels * s.taps, image_stride = s.groups * s.out_channels * size;
    Scratch turned(m * size * NR<T> * (int64_t)sizeof(T)), acc((k * LANE_M + W) * W * (int64_t)sizeof(T));
    if (!turned.data || !acc.data) return false;
    std::memset(acc.data, 0, acc.bytes);
    for (int64_t i = 0; i < m; i++)
      turn_channel(grad + block * NR<T> * image_stride + i * size, image_stride, images_of(block), size, turned.as<T>() + i * size * NR<T>, NR<T>);
    const int64_t step = max_of(1, LINES / (m * s.out[2] * NR<T>));
    for (int64_t z = 0; z < s.out[0]; z++) for (int64_t y = 0; y < s.out[1]; y += step)
      lines(z, y, min_of(s.out[1], y + step), turned.as<T>(), m, images, columns, acc.as<T>());
    T across[W];
    int64_t v = 0;
    for (int64_t row = 0; row < k; row += s.in_channels * s.kernel[2])
      for (int64_t c = 0; c < s.in_channels; c++) for (int64_t e = 0; e < s.kernel[2]; e++) for (int64_t i = 0; i < LANE_M; i++, v++) {
        if (v % W == 0) sum_lanes(acc.as<T>() + v * W, across);
        if (i < m) sums[i * k + row / s.in_channels + c * s.taps + e] = across[v % W];
      }
    return true;
  }

  // result[group][out channel][k].
  bool run(const T* grad, const T* source, T* result) const {
    const int64_t k = s.in_channels * s.taps, weights = s.out_channels * k, channels = s.groups * s.in_channels, width = s.in_channels * s.kernel[2];
    const int64_t m = ceil_div(s.out_channels, ceil_div(s.out_channels, LANE_M)), tiles = ceil_div(s.out_channels, m);
    Scratch images(blocks() * channels * plane() * (int64_t)sizeof(T)), sums(blocks() * s.groups * weights * (int64_t)sizeof(T));
    Scratch places(s.in_size() * 8), columns(width * 8);
    if (!images.data || !sums.data || !places.data || !columns.data) return false;
    list_places(places.as<int64_t>());
    for (int64_t j = 0; j < width; j++) columns.as<int64_t>()[j] = j / s.kernel[2] * plane() + j % s.kernel[2] * NR<T>;
    turn_source(source, channels, places.as<int64_t>(), images.as<T>());
    bool fine = true;
    parallel_for(blocks() * s.groups * tiles, grain_for(m * k * s.out_size() * NV), [&](int64_t begin, int64_t end) {
      for (int64_t task = begin; task < end; task++) {
        const int64_t b = task / tiles / s.groups, g = task / tiles % s.groups, oc = task % tiles * m;
        if (!tile(grad + (g * s.out_channels + oc) * s.out_size(), images.as<T>() + (b * s.groups + g) * s.in_channels * plane(), b,
                  min_of(m, s.out_channels - oc), columns.as<int64_t>(), sums.as<T>() + (b * s.groups + g) * weights + oc * k)) fine = false;
      }
    });
    for (int64_t i = 0; i < s.groups * weights; i++) {
      result[i] = 0;
      for (int64_t b = 0; b < blocks(); b++) result[i] += sums.as<T>()[b * s.groups * weights + i];
    }
    return fine;
  }
};

// result[channel of the output][channel][tap] from `parts` sums [channel of the output][tap][channel].
template <class T, class Src> void add_parts(const ConvShape& s, int64_t parts, const T* sums, Src* result) {
  const int64_t rows = s.groups * s.out_channels, k = s.in_channels * s.taps;
  parallel_for(rows, grain_for(k * parts), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) for (int64_t c = 0; c < s.in_channels; c++) for (int64_t tap = 0; tap < s.taps; tap++) {
      T sum = 0;
      for (int64_t part = 0; part < parts; part++) sum += sums[(part * rows + row) * k + tap * s.in_channels + c];
      result[row * k + c * s.taps + tap] = (Src)sum;
    }
  });
}

// Splits the images, `images` at once, and where they are too few also the output channels, into one part a thread; `add` makes the result of the parts'
// sums, `taps` for each pair of channels.
template <class T, class Src, class Method, class Add> bool run_parts(Call& c, const ConvShape& s, const Method& method, int64_t images, int64_t taps, Add&& add) {
  const int64_t parts = min_of(num_threads(), ceil_div(s.batch, images)), step = ceil_div(ceil_div(s.batch, images), parts) * images;
  const int64_t splits = max_of(1, min_of(ceil_div(s.out_channels, DOT_M), num_threads() / parts)), width = ceil_div(s.out_channels, splits);
  const int64_t tasks = s.groups * splits * parts, weights = s.out_channels * s.in_channels * taps;
  Scratch sums(s.groups * parts * weights * (int64_t)sizeof(T));
  if (!sums.data) return false;
  std::memset(sums.data, 0, sums.bytes);
  bool fine = true;
  parallel_for(tasks, grain_for(s.batch * s.groups * weights * s.out_size() / tasks / 16), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t part = task / (s.groups * splits), g = task / splits % s.groups, from = task % splits * width;
      if (!method.run(c.t[2].as<Src>(), c.t[1].as<Src>(), g, part * step, min_of(s.batch, (part + 1) * step), from, min_of(s.out_channels, from + width),
                      sums.as<T>() + (part * s.groups + g) * weights)) fine = false;
    }
  });
  add(s, parts, sums.as<T>(), c.t[0].as<Src>());
  return fine;
}

template <class T, class Src> bool conv_grad_weight_planes(Call& c, const ConvShape& s, int64_t images) {
  const int64_t k = s.in_channels * s.taps;
  const Planes in = forward_planes(s, images);
  Planes out{s.out_channels, images, {s.out[0], s.out[1], s.out[2]}, {in.extent[0], in.extent[1], in.extent[2]}, {1, 1, 1}, {0, 0, 0}, {1, 1, 1}, Simd<T>::width};
  Scratch offsets(k * 8), by_channel(k * 8);
  if (!offsets.data || !by_channel.data) return false;
  forward_offsets(s, in, by_channel.as<int64_t>());
  for (int64_t i = 0; i < k; i++) offsets.as<int64_t>()[i % s.taps * s.in_channels + i / s.taps] = by_channel.as<int64_t>()[i];
  const int64_t used = (images - 1) * in.plane() + in.flat(s.out[0] - 1, s.out[1] - 1, s.out[2] - 1) + 1;
  const WeightGradient<T, Src> gradient{s, in, out, offsets.as<int64_t>(), k, ceil_div(used, Simd<T>::width) * Simd<T>::width};
  return run_parts<T, Src>(c, s, gradient, images, s.taps, add_parts<T, Src>);
}

template <class T, class Src> bool conv_grad_weight_typed(Call& c, const ConvShape& s) {
  const int64_t images = images_per_task(s.batch, s.out_size());
  const WideGradient<T, Src> wide(s, images);
  if constexpr (std::is_same<T, Src>::value) {
    const LaneGradient<T> lanes(s);
    if (lanes.pays() && (s.in_channels <= FEW_CHANNELS || !wide.pays())) return lanes.run(c.t[1].as<T>(), c.t[2].as<T>(), c.t[0].as<T>());
  }
  if (wide.pays()) {
    const WinogradGradient<T, Src> winograd(s);
    if (winograd.pays() && is_moderate<T>(c.t[1].as<Src>(), c.t[1].numel()) && is_moderate<T>(c.t[2].as<Src>(), c.t[2].numel()))
      return run_parts<T, Src>(c, s, winograd, 1, POINTS, add_winograd<T, Src>);
    return run_parts<T, Src>(c, s, wide, images, s.taps, add_parts<T, Src>);
  }
  return conv_grad_weight_planes<T, Src>(c, s, images);
}

// Gradient of the weight of conv_forward.
// t: grad_weight [OC, IC/groups, ...], grad_out [N, OC, ...], input [N, IC, ...]; contiguous floats. params as in conv_forward.
void conv_grad_weight(Call& c) {
  const ConvShape s = conv_shape(c, c.t[1], c.t[2], c.t[0]);
  if (c.t[0].numel() == 0) return;
  if (c.t[1].numel() == 0) { std::memset(c.t[0].data, 0, c.t[0].numel() * itemsize(c.t[0].dtype)); return; }
  bool fine = true;
  switch (c.t[0].dtype) {
    case F32: fine = conv_grad_weight_typed<float, float>(c, s); break;
    case F64: fine = conv_grad_weight_typed<double, double>(c, s); break;
    case F16: fine = conv_grad_weight_typed<float, Half>(c, s); break;
    case BF16: fine = conv_grad_weight_typed<float, BFloat>(c, s); break;
    default: break;
  }
  if (!fine) c.fail(OUT_OF_MEMORY);
}

}}  // namespace tt::TT_ISA
