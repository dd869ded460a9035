// Convolution: forward and gradient of the input. See conv_planes.h, conv_gather.h, conv_lanes.h and conv_winograd.h for the methods.
#include "conv_gather.h"
#include "conv_winograd.h"

namespace tt { namespace TT_ISA {

// One pass writes the output pixels q * step + start, q < count, from the taps listed in `offsets`.
struct ConvPass { int64_t count[3], start[3], step[3], k; int64_t* offsets; };

// Where results go: [image][channel][pixel], plus bias, through the activation.
template <class Dst, class T> struct ConvStore {
  Dst* out;
  const Dst* bias;
  int64_t size[3], image_stride;
  bool relu;

  // Whole vectors, the last one overlapping the one before it.
  void vectors(const T* tile, int64_t n, T* dst, T b) const {
    using S = Simd<T>;
    const bool clamp = relu;
    for (int64_t x = 0;; x += S::width) {
      if (x + S::width > n) x = n - S::width;
      auto v = S::load(tile + x) + b;
      S::store(dst + x, clamp ? (v < T(0) ? S::set(0) : v) : v);
      if (x + S::width == n) return;
    }
  }

  void segment(const T* tile, int64_t n, Dst* dst, int64_t step, int64_t channel) const {
    const T b = bias ? (T)bias[channel] : T(0);
    if constexpr (std::is_same<T, Dst>::value)
      if (step == 1 && n >= Simd<T>::width) return vectors(tile, n, dst, b);
    for (int64_t x = 0; x < n; x++) {
      const T v = tile[x] + b;
      dst[x * step] = (Dst)(relu && v < 0 ? T(0) : v);
    }
  }

  // Row `line` of the pixels of a pass, counted over images, of one channel.
  void row(const T* values, const ConvPass& pass, int64_t line, int64_t channel) const {
    const int64_t y = line % pass.count[1], z = line / pass.count[1] % pass.count[0], image = line / pass.count[1] / pass.count[0];
    const int64_t oz = z * pass.step[0] + pass.start[0], oy = y * pass.step[1] + pass.start[1];
    Dst* dst = out + image * image_stride + channel * size[0] * size[1] * size[2] + (oz * size[1] + oy) * size[2] + pass.start[2];
    segment(values, pass.count[2], dst, pass.step[2], channel);
  }

  // Columns [f, f + cols) of the tile, of which those inside the output are kept.
  void tile(const T* t, int64_t ld, const Planes& p, const ConvPass& pass, int64_t image, int64_t channel, int64_t rows, int64_t f, int64_t cols) const {
    const int64_t channel_size = size[0] * size[1] * size[2], pitch = p.extent[2];
    if (pitch == size[2] && p.extent[1] == size[1] && pass.count[2] == pitch && pass.count[1] == size[1] && pass.step[0] == 1) {  // nothing to leave out
      Dst* dst = out + image * image_stride + channel * channel_size + f;
      for (int64_t r = 0; r < rows; r++) segment(t + r * ld, cols, dst + r * channel_size, 1, channel + r);
      return;
    }
    for (int64_t col = 0; col < cols;) {
      const int64_t x = (f + col) % pitch, line = (f + col) / pitch, y = line % p.extent[1], z = line / p.extent[1];
      const int64_t len = min_of(cols - col, pitch - x);
      if (x < pass.count[2] && y < pass.count[1]) {
        const int64_t oz = z * pass.step[0] + pass.start[0], oy = y * pass.step[1] + pass.start[1], ox = x * pass.step[2] + pass.start[2];
        Dst* dst = out + image * image_stride + channel * channel_size + (oz * size[1] + oy) * size[2] + ox;
        for (int64_t r = 0; r < rows; r++) segment(t + r * ld + col, min_of(len, pass.count[2] - x), dst + r * channel_size, pass.step[2], channel + r);
      }
      col += len;
    }
  }
};

// How the columns of planes are cut into tiles: one a row where that wastes no more than tiles across rows do.
template <class T> struct Tiling {
  bool by_row;
  int64_t columns, step, width;
  Tiling(const Planes& p, const int64_t* count) {
    by_row = count[2] <= NR<T> && p.extent[2] > NR<T> - Simd<T>::width / 2;
    columns = p.flat(count[0] - 1, count[1] - 1, count[2] - 1) + 1;
    step = by_row ? p.extent[2] : NR<T>;
    width = by_row ? count[2] : NR<T>;
  }
  // Columns that an image takes, with those that are left out of the result.
  int64_t computed() const { return ceil_div(columns, step) * (width <= Simd<T>::width ? Simd<T>::width : NR<T>); }
};

// Multiplies row panels [from, to) of the packed weights with the planes of some images.
template <class T, class Dst>
void conv_product(const Planes& p, const ConvPass& pass, const T* planes, const T* weights, int64_t m, int64_t from, int64_t to,
                  const ConvStore<Dst, T>& store, int64_t image, int64_t images, int64_t channel) {
  const int64_t h = panel_rows(m);
  const Tiling<T> tiling(p, pass.count);
  const int64_t columns = tiling.columns, step = tiling.step;
  alignas(64) T tile[MR * NR<T>];
  auto run = [&](int64_t i, int64_t img, int64_t f) {
    const int64_t rows = min_of(h, m - i * h), cols = min_of(tiling.width, columns - f);
    int64_t width;
    auto kernel = micro_for<T>(rows, cols, width);
    kernel(pass.k, weights + i * h * pass.k, planes + img * p.plane() + f, 0, pass.offsets, tile);
    store.tile(tile, width, p, pass, image + img, channel + i * h, rows, f, cols);
  };
  const bool small = (to - from) * h * pass.k * (int64_t)sizeof(T) <= 262144;
  if (small) for (int64_t img = 0; img < images; img++) for (int64_t f = 0; f < columns; f += step) for (int64_t i = from; i < to; i++) run(i, img, f);
  else for (int64_t i = from; i < to; i++) for (int64_t img = 0; img < images; img++) for (int64_t f = 0; f < columns; f += step) run(i, img, f);
}

// As conv_run, by gathered columns; `p` holds all images.
template <class T, class Src>
bool conv_run_gathered(const Planes& p, const ConvPass* passes, int npasses, T* const* weights, int64_t m, int64_t groups, int64_t batch, const Src* source,
                       const ConvStore<Src, T>& store) {
  const int64_t channel_size = p.channels * p.source[0] * p.source[1] * p.source[2];
  Scratch planes((p.count() + 2 * NR<T>) * (int64_t)sizeof(T));
  if (!planes.data) return false;
  for (int64_t g = 0; g < groups; g++) {
    fill_planes(p, source + g * channel_size, groups * channel_size, batch, planes.as<T>());
    for (int i = 0; i < npasses; i++)
      if (!conv_gathered(p, passes[i], planes.as<T>(), weights[i] + g * m * passes[i].k, m, store, batch, g * m)) return false;
  }
  return true;
}

// Runs all passes for every group and image. `weights[pass]` holds the packed weights of all groups.
template <class T, class Src>
bool conv_run(Planes p, const ConvPass* passes, int npasses, T* const* weights, int64_t m, int64_t groups, int64_t batch, const Src* source,
              const ConvStore<Src, T>& store, int64_t work) {
  if (p.images == batch && batch > 1 && worth_gathering(p, passes[0].count, m, passes[0].k, NR<T>))
    return conv_run_gathered(p, passes, npasses, weights, m, groups, batch, source, store);
  const int64_t image_groups = ceil_div(batch, p.images), panels = ceil_div(m, panel_rows(m));
  const int64_t parts = image_groups * groups >= num_threads() || work < 100000 ? 1 : min_of(panels, ceil_div(num_threads(), image_groups * groups));
  const int64_t source_size = p.source[0] * p.source[1] * p.source[2], step = ceil_div(panels, parts);
  bool fine = true;
  parallel_for(image_groups * groups * parts, grain_for(work / max_of(1, image_groups * groups * parts) / 16), [&](int64_t begin, int64_t end) {
    Scratch scratch((p.count() + 2 * NR<T>) * (int64_t)sizeof(T));
    if (!scratch.data) { fine = false; return; }
    for (int64_t task = begin; task < end; task++) {
      const int64_t part = task % parts, g = task / parts % groups, image = task / parts / groups * p.images;
      const int64_t images = min_of(p.images, batch - image), from = part * step, to = min_of(panels, from + step);
      const int64_t image_stride = groups * p.channels * source_size;
      const Src* from_image = source + image * image_stride + g * p.channels * source_size;
      const T* planes = scratch.as<T>();
      bool copied = true;
      if constexpr (std::is_same<T, Src>::value)
        if (is_source(p) && (batch * groups - image * groups - g - 1) * p.channels * source_size >= 2 * NR<T>) {  // a vector may reach beyond the image
          planes = from_image;
          copied = false;
        }
      if (copied) fill_planes(p, from_image, image_stride, images, scratch.as<T>());
      for (int i = 0; i < npasses; i++)
        conv_product<T, Src>(p, passes[i], planes, weights[i] + g * m * passes[i].k, m, from, to, store, image, images, g * m);
    }
  });
  return fine;
}

// The columns that one pass takes without lanes; gathered ones cost a sixth more than their number.
template <class T> int64_t computed_columns(const Planes& p, const int64_t* count, int64_t m, int64_t k) {
  if (worth_gathering(p, count, m, k, NR<T>)) return count[0] * count[1] * count[2] * 7 / 6;
  return Tiling<T>(p, count).computed();
}
// The operands of the forward pass in lanes.
template <class T> LaneConv<T> forward_in_lanes(Call& c, const ConvShape& s, bool relu) {
  return {s.batch, s.groups, s.in_channels, s.out_channels, {s.in[0], s.in[1], s.in[2]}, {s.out[0], s.out[1], s.out[2]},
          {s.kernel[0], s.kernel[1], s.kernel[2]}, c.t[1].as<T>(), c.t[2].as<T>(), s.in_channels * s.taps, s.taps, c.t[0].as<T>(),
          c.ntensors > 3 ? c.t[3].as<T>() : nullptr, relu};
}

template <class T, class Src> bool conv_forward_typed(Call& c, const ConvShape& s, bool relu) {
  const int64_t k = s.in_channels * s.taps, flat = s.out_size();
  Planes p = forward_planes(s, images_per_task(s.batch, flat));
  if constexpr (std::is_same<T, Src>::value && std::is_floating_point<T>::value) {
    const LanePass pass = forward_lanes(s);
    const auto lanes = forward_in_lanes<T>(c, s, relu);
    const int64_t columns = computed_columns<T>(p, s.out, s.out_channels, k) * s.taps;
    if (!is_dilated(s) && winograd_pays(lanes, pass, columns) && winograd_fits(lanes)) return conv_winograd(lanes, pass);
    if (!is_dilated(s) && lanes_pay(lanes, &pass, 1, columns)) return conv_lanes(lanes, &pass, 1);
  }
  if (worth_gathering(p, s.out, s.out_channels, k, NR<T>)) p.images = s.batch;
  Scratch offsets(k * 8), packed((s.groups * s.out_channels * k + 64) * (int64_t)sizeof(T));
  if (!offsets.data || !packed.data) return false;
  forward_offsets(s, p, offsets.as<int64_t>());
  const int64_t h = panel_rows(s.out_channels);
  parallel_for(s.groups, grain_for(s.out_channels * k), [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; g++) {
      const Matrix<T, Src> w{c.t[2].as<Src>() + g * s.out_channels * k, k, 1};
      for (int64_t i = 0; i < s.out_channels; i += h) pack_a(w, i, min_of(h, s.out_channels - i), 0, k, packed.as<T>() + (g * s.out_channels + i) * k);
    }
  });
  const ConvPass pass{{s.out[0], s.out[1], s.out[2]}, {0, 0, 0}, {1, 1, 1}, k, offsets.as<int64_t>()};
  const ConvStore<Src, T> store{c.t[0].as<Src>(), c.ntensors > 3 ? c.t[3].as<Src>() : nullptr, {s.out[0], s.out[1], s.out[2]},
                                s.groups * s.out_channels * s.out_size(), relu};
  T* weights = packed.as<T>();
  return conv_run<T, Src>(p, &pass, 1, &weights, s.out_channels, s.groups, s.batch, c.t[1].as<Src>(), store, s.batch * s.groups * s.out_channels * k * flat);
}

// Fills the part of `out` that no tap reaches.
template <class Src> void fill_bias(const ConvShape& s, Src* out, const Src* bias, bool relu, int64_t channels, int64_t size) {
  for (int64_t i = 0; i < s.batch * channels; i++) {
    Src b = bias ? bias[i % channels] : Src(0);
    if (relu && b < 0) b = Src(0);
    for (int64_t x = 0; x < size; x++) out[i * size + x] = b;
  }
}

#define TT_CONV_DISPATCH(dtype, ...) \
  switch (dtype) { \
    case F32: { using T = float; using Src = float; __VA_ARGS__; break; } \
    case F64: { using T = double; using Src = double; __VA_ARGS__; break; } \
    case F16: { using T = float; using Src = Half; __VA_ARGS__; break; } \
    case BF16: { using T = float; using Src = BFloat; __VA_ARGS__; break; } \
    case I64: { using T = uint64_t; using Src = int64_t; __VA_ARGS__; break; } \
    default: break; \
  }

// out = act(conv(input, weight) + bias), 1 to 3 spatial dims (cross-correlation, zero padding).
// t: out [N, OC, ...], input [N, IC, ...], weight [OC, IC/groups, ...], bias [OC] or null; contiguous, one dtype (floats or int64).
// params: groups, activation (0 none, 1 relu), then stride, padding (in front), dilation of each spatial dim. The sizes of `out` say how
// far the padding behind reaches.
void conv_forward(Call& c) {
  const ConvShape s = conv_shape(c, c.t[0], c.t[1], c.t[2]);
  if (c.t[0].numel() == 0) return;
  bool fine = true, relu = c.i(1) != 0;
  const bool empty = s.in_channels * s.taps == 0;
  TT_CONV_DISPATCH(c.t[0].dtype,
    if (empty) fill_bias<Src>(s, c.t[0].as<Src>(), c.ntensors > 3 ? c.t[3].as<Src>() : nullptr, relu, s.groups * s.out_channels, s.out_size());
    else fine = conv_forward_typed<T, Src>(c, s, relu))
  if (!fine) c.fail(OUT_OF_MEMORY);
}

static int64_t floor_div(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }
// Whether `tap` reaches the input pixels q * stride + phase along dim d; it does so from the output pixels q + shift.
static bool reaches(const ConvShape& s, int d, int64_t phase, int64_t tap, int64_t& shift) {
  const int64_t at = phase + s.padding[d] - tap * s.dilation[d];
  shift = floor_div(at, s.stride[d]);
  return shift * s.stride[d] == at;
}

// The planes of grad_out that all phases read.
static Planes gradient_planes(const ConvShape& s) {
  Planes p{};
  p.channels = s.out_channels;
  p.images = images_per_task(s.batch, s.in_size());
  for (int d = 0; d < 3; d++) {
    const int64_t low = floor_div(s.padding[d] - (s.kernel[d] - 1) * s.dilation[d], s.stride[d]);
    const int64_t high = floor_div(s.stride[d] - 1 + s.padding[d], s.stride[d]);
    p.source[d] = s.out[d];
    p.step[d] = p.phases[d] = 1;
    p.origin[d] = low;
    p.extent[d] = ceil_div(s.in[d], s.stride[d]) + high - low;
  }
  return p;
}

// Lists the taps of phase (a, b, e) as offsets for every output channel, and their places in the kernel.
static int64_t phase_taps(const ConvShape& s, const Planes& p, const int64_t* phase, int64_t* offsets, int64_t* places) {
  int64_t n = 0, sz, sy, sx;
  for (int64_t a = 0; a < s.kernel[0]; a++) if (reaches(s, 0, phase[0], a, sz))
    for (int64_t b = 0; b < s.kernel[1]; b++) if (reaches(s, 1, phase[1], b, sy))
      for (int64_t e = 0; e < s.kernel[2]; e++) if (reaches(s, 2, phase[2], e, sx)) {
        offsets[n] = p.flat(sz - p.origin[0], sy - p.origin[1], sx - p.origin[2]);
        places[n++] = (a * s.kernel[1] + b) * s.kernel[2] + e;
      }
  for (int64_t c = s.out_channels - 1; c >= 0; c--) for (int64_t t = n - 1; t >= 0; t--) offsets[c * n + t] = c * p.channel_stride() + offsets[t];
  return n;
}

// Panels of the transposed weights: row i is an input channel, column (oc, t) the t-th tap of the phase.
template <class T, class Src>
void pack_transposed(const ConvShape& s, const Src* w, const int64_t* places, int64_t n, T* packed) {
  const int64_t h = panel_rows(s.in_channels);
  for (int64_t g = 0; g < s.groups; g++, w += s.out_channels * s.in_channels * s.taps)
    for (int64_t i = 0; i < s.in_channels; i += h) for (int64_t oc = 0; oc < s.out_channels; oc++) for (int64_t t = 0; t < n; t++)
      for (int64_t r = i; r < min_of(i + h, s.in_channels); r++) *packed++ = (T)w[(oc * s.in_channels + r) * s.taps + places[t]];
}

// The pass over the input pixels of one phase, which reads the output: taps that reach it lie `stride` apart, the last one first.
inline LanePass phase_lanes(const ConvShape& s, const int64_t* phase) {
  LanePass pass{};
  for (int d = 0; d < 3; d++) {
    pass.count[d] = ceil_div(s.in[d] - phase[d], s.stride[d]);
    pass.start[d] = phase[d];
    pass.step[d] = s.stride[d];
    pass.advance[d] = 1;
    pass.stride[d] = -s.stride[d];
    int64_t shift;
    for (int64_t tap = 0; tap < s.kernel[d]; tap++) if (reaches(s, d, phase[d], tap, shift)) {
      pass.taps[d]++;
      pass.first[d] = tap;
      pass.shift[d] = shift;
    }
  }
  return pass;
}
template <class T> LaneConv<T> gradient_in_lanes(Call& c, const ConvShape& s, bool relu) {
  return {s.batch, s.groups, s.out_channels, s.in_channels, {s.out[0], s.out[1], s.out[2]}, {s.in[0], s.in[1], s.in[2]},
          {s.kernel[0], s.kernel[1], s.kernel[2]}, c.t[1].as<T>(), c.t[2].as<T>(), s.taps, s.in_channels * s.taps, c.t[0].as<T>(),
          c.ntensors > 3 ? c.t[3].as<T>() : nullptr, relu};
}
// The gradient in lanes, where that pays; `done` says whether it did.
template <class T> bool gradient_by_lanes(Call& c, const ConvShape& s, const Planes& p, bool relu, bool& done) {
  const int64_t steps[3] = {min_of(s.stride[0], s.in[0]), min_of(s.stride[1], s.in[1]), min_of(s.stride[2], s.in[2])}, n = steps[0] * steps[1] * steps[2];
  done = false;
  if (is_dilated(s) || n > 64) return true;
  LanePass passes[64];
  int64_t columns = 0;
  for (int64_t i = 0; i < n; i++) {
    const int64_t phase[3] = {i / steps[2] / steps[1], i / steps[2] % steps[1], i % steps[2]};
    passes[i] = phase_lanes(s, phase);
    columns += computed_columns<T>(p, passes[i].count, s.in_channels, s.out_channels * passes[i].all_taps()) * passes[i].all_taps();
  }
  const auto conv = gradient_in_lanes<T>(c, s, relu);
  done = true;
  if (n == 1 && winograd_pays(conv, passes[0], columns) && winograd_fits(conv)) return conv_winograd(conv, passes[0]);
  done = lanes_pay(conv, passes, n, columns);
  return !done || conv_lanes(conv, passes, n);
}

template <class T, class Src> bool conv_grad_input_typed(Call& c, const ConvShape& s, bool relu) {
  Planes p = gradient_planes(s);
  if constexpr (std::is_same<T, Src>::value && std::is_floating_point<T>::value) {
    bool done;
    const bool fine = gradient_by_lanes<T>(c, s, p, relu, done);
    if (done || !fine) return fine;
  }
  const int64_t first[3] = {ceil_div(s.in[0], s.stride[0]), ceil_div(s.in[1], s.stride[1]), ceil_div(s.in[2], s.stride[2])};
  if (worth_gathering(p, first, s.in_channels, s.out_channels, NR<T>)) p.images = s.batch;
  const int64_t k = s.out_channels * s.taps, steps[3] = {min_of(s.stride[0], s.in[0]), min_of(s.stride[1], s.in[1]), min_of(s.stride[2], s.in[2])};
  const int64_t npasses = steps[0] * steps[1] * steps[2], all = s.groups * s.in_channels * k;
  Scratch offsets((k + s.taps) * 8 * npasses), places(s.taps * 8), packed((all * npasses + 64) * (int64_t)sizeof(T));
  Scratch list(npasses * (int64_t)sizeof(ConvPass)), pointers(npasses * 8);
  if (!offsets.data || !places.data || !packed.data || !list.data || !pointers.data) return false;
  Src* out = c.t[0].as<Src>();
  const Src* bias = c.ntensors > 3 ? c.t[3].as<Src>() : nullptr;
  int used = 0;
  bool gaps = false;
  for (int64_t i = 0; i < npasses; i++) {
    const int64_t phase[3] = {i / steps[2] / steps[1], i / steps[2] % steps[1], i % steps[2]};
    ConvPass pass{{}, {phase[0], phase[1], phase[2]}, {s.stride[0], s.stride[1], s.stride[2]}, 0, offsets.as<int64_t>() + used * (k + s.taps)};
    for (int d = 0; d < 3; d++) pass.count[d] = ceil_div(s.in[d] - phase[d], s.stride[d]);
    const int64_t n = phase_taps(s, p, phase, pass.offsets, places.as<int64_t>());
    pass.k = n * s.out_channels;
    if (pass.k == 0) { gaps = true; continue; }
    T* weights = packed.as<T>() + used * all;
    pack_transposed<T, Src>(s, c.t[2].as<Src>(), places.as<int64_t>(), n, weights);
    list.as<ConvPass>()[used] = pass;
    pointers.as<T*>()[used++] = weights;
  }
  if (gaps) fill_bias<Src>(s, out, bias, relu, s.groups * s.in_channels, s.in_size());
  if (!used) return true;
  const ConvStore<Src, T> store{out, bias, {s.in[0], s.in[1], s.in[2]}, s.groups * s.in_channels * s.in_size(), relu};
  return conv_run<T, Src>(p, list.as<ConvPass>(), used, pointers.as<T*>(), s.in_channels, s.groups, s.batch, c.t[1].as<Src>(), store,
                          s.batch * all * s.out_size());
}

// Gradient of the input of conv_forward; also the forward of a transposed convolution (then with a bias).
// t: grad_input [N, IC, ...], grad_out [N, OC, ...], weight [OC, IC/groups, ...], bias [IC] or null; contiguous. params as in conv_forward.
void conv_grad_input(Call& c) {
  const ConvShape s = conv_shape(c, c.t[1], c.t[0], c.t[2]);
  if (c.t[0].numel() == 0) return;
  bool fine = true, relu = c.i(1) != 0;
  const bool empty = c.t[1].numel() == 0 || s.taps == 0;
  TT_CONV_DISPATCH(c.t[0].dtype,
    if (empty) fill_bias<Src>(s, c.t[0].as<Src>(), c.ntensors > 3 ? c.t[3].as<Src>() : nullptr, relu, s.groups * s.in_channels, s.in_size());
    else fine = conv_grad_input_typed<T, Src>(c, s, relu))
  if (!fine) c.fail(OUT_OF_MEMORY);
}

}}  // namespace tt::TT_ISA
