// Interpolation along one dim (nn.functional.interpolate goes dim by dim) and its transpose, which is the gradient.
#include "r_common.h"
#include "simd.h"

namespace tt { namespace TT_ISA {

enum ResampleMode { NEAREST, NEAREST_EXACT, LINEAR, CUBIC };

struct Resampling {
  int64_t in, out;
  int mode;
  bool align_corners, antialias, transpose;
  double scale;  // the factor that the user gave, or 0
};

template <class A> A cubic_near(A x, A a) { return ((a + 2) * x - (a + 3)) * x * x + 1; }       // |x| <= 1
template <class A> A cubic_far(A x, A a) { return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a; }  // 1 < |x| < 2
template <class A> A filter(bool cubic, A x) {
  x = std::fabs(x);
  if (!cubic) return x < 1 ? 1 - x : A(0);
  return x < 1 ? cubic_near(x, A(-0.5)) : x < 2 ? cubic_far(x, A(-0.5)) : A(0);
}

// Source positions per output position; A is the type that PyTorch computes them in.
template <class A> struct Taps {
  int64_t width;
  int64_t* count;  // the taps of output o are index[o * width + 0 … count[o])
  int64_t* index;
  A* weight;

  static A ratio(const Resampling& r) {
    if (r.align_corners) return r.out > 1 ? (A)(r.in - 1) / (A)(r.out - 1) : A(0);
    return r.scale > 0 ? (A)(1.0 / r.scale) : (A)r.in / (A)r.out;
  }
  static int64_t width_of(const Resampling& r) {
    if (!r.antialias) return r.mode == LINEAR ? 2 : r.mode == CUBIC ? 4 : 1;
    const A s = ratio(r), support = (r.mode == CUBIC ? 2 : 1) * (s >= 1 ? s : A(1));
    return (int64_t)std::ceil(support) * 2 + 1;
  }

  void fill(const Resampling& r) const {
    const A s = ratio(r);
    for (int64_t o = 0; o < r.out; o++) {
      int64_t* at = index + o * width;
      A* w = weight + o * width;
      count[o] = width;
      if (r.antialias) count[o] = smooth(r, s, o, at, w);
      else if (r.mode == NEAREST || r.mode == NEAREST_EXACT) {
        // PyTorch's gradient leaves the given scale aside for equal and doubled sizes.
        if (r.transpose && r.mode == NEAREST && (r.out == r.in || r.out == 2 * r.in)) at[0] = r.out == r.in ? o : o / 2;
        else at[0] = min_of((int64_t)(r.mode == NEAREST ? std::floor((A)o * s) : std::floor(((A)o + A(0.5)) * s)), r.in - 1);
        w[0] = 1;
      } else if (r.mode == LINEAR) linear(r, s, o, at, w);
      else cubic(r, s, o, at, w);
    }
  }

 private:
  static void linear(const Resampling& r, A s, int64_t o, int64_t* at, A* w) {
    A x = r.align_corners ? s * (A)o : s * ((A)o + A(0.5)) - A(0.5);
    if (x < 0) x = 0;
    if (r.in == r.out) x = (A)o;  // PyTorch copies then, whatever the scale
    at[0] = min_of((int64_t)x, r.in - 1);
    at[1] = min_of(at[0] + 1, r.in - 1);
    const A t = x - (A)at[0];
    w[1] = t < 0 ? A(0) : t > 1 ? A(1) : t;
    w[0] = 1 - w[1];
  }
  static void cubic(const Resampling& r, A s, int64_t o, int64_t* at, A* w) {
    const A x = r.align_corners ? s * (A)o : s * ((A)o + A(0.5)) - A(0.5), base = std::floor(x), t = x - base, a = A(-0.75);
    for (int k = 0; k < 4; k++) at[k] = max_of(0, min_of((int64_t)base - 1 + k, r.in - 1));
    w[0] = cubic_far(t + 1, a);
    w[1] = cubic_near(t, a);
    w[2] = cubic_near(1 - t, a);
    w[3] = cubic_far(2 - t, a);
  }
  static int64_t smooth(const Resampling& r, A s, int64_t o, int64_t* at, A* w) {
    const bool bicubic = r.mode == CUBIC;
    const A support = (bicubic ? 2 : 1) * (s >= 1 ? s : A(1)), inverse = s >= 1 ? 1 / s : A(1), center = s * ((A)o + A(0.5));
    const int64_t low = max_of(0, (int64_t)(center - support + A(0.5))), high = min_of(r.in, (int64_t)(center + support + A(0.5)));
    const int64_t n = max_of(0, min_of(high - low, width_of(r)));
    A total = 0;
    for (int64_t k = 0; k < n; k++) {
      at[k] = low + k;
      total += w[k] = filter(bicubic, ((A)(k + low) - center + A(0.5)) * inverse);
    }
    if (total != 0) for (int64_t k = 0; k < n; k++) w[k] /= total;
    return n;
  }
};

// y[o] = sum of weight · x[index] over the taps of o, all being runs of `inner` elements; WIDTH 0 stands for any number of taps.
template <int WIDTH, class T, class A> void gather_taps(const Taps<A>& taps, const T* x, int64_t out, int64_t inner, T* y) {
  for (int64_t o = 0; o < out; o++) {
    const int64_t n = WIDTH ? WIDTH : taps.count[o], *index = taps.index + o * taps.width;
    const A* weight = taps.weight + o * taps.width;
    for (int64_t j = 0; j < inner; j++) {
      A sum = WIDTH ? weight[0] * (A)x[index[0] * inner + j] : A(0);
      for (int64_t k = WIDTH ? 1 : 0; k < n; k++) sum += weight[k] * (A)x[index[k] * inner + j];
      y[o * inner + j] = (T)sum;
    }
  }
}
template <class T> void copy_taps(const int64_t* index, const T* x, int64_t out, int64_t inner, T* y) {
  if (inner == 1) for (int64_t o = 0; o < out; o++) y[o] = x[index[o]];
  else for (int64_t o = 0; o < out; o++) std::memcpy((void*)(y + o * inner), x + index[o] * inner, inner * sizeof(T));
}
template <class T, class A> void gather_line(const Taps<A>& taps, bool fixed, const T* x, int64_t out, int64_t inner, T* y) {
  switch (fixed ? taps.width : 0) {
    case 1: return copy_taps(taps.index, x, out, inner, y);
    case 2: return gather_taps<2>(taps, x, out, inner, y);
    case 4: return gather_taps<4>(taps, x, out, inner, y);
    default: return gather_taps<0>(taps, x, out, inner, y);
  }
}

// The transpose of gather_line: sums[index] += weight · x[o].
template <class T, class A> void scatter_line(const Taps<A>& taps, const T* x, int64_t out, int64_t inner, A* sums) {
  for (int64_t o = 0; o < out; o++) for (int64_t k = 0; k < taps.count[o]; k++) {
    const A weight = taps.weight[o * taps.width + k];
    A* to = sums + taps.index[o * taps.width + k] * inner;
    for (int64_t j = 0; j < inner; j++) to[j] += weight * (A)x[o * inner + j];
  }
}

template <class T, class A> void resample_rows(Call& c, const Resampling& r, const Taps<A>& taps, int64_t outer, int64_t inner) {
  const int64_t from = (r.transpose ? r.out : r.in) * inner, to = (r.transpose ? r.in : r.out) * inner;
  parallel_for(outer, grain_for(max_of(from, to) * 2), [&](int64_t begin, int64_t end) {
    Scratch line(r.transpose ? to * (int64_t)sizeof(A) : 0);
    if (r.transpose && !line.data) return c.fail(OUT_OF_MEMORY);
    A* sums = line.as<A>();
    for (int64_t p = begin; p < end; p++) {
      const T* x = c.t[1].as<T>() + p * from;
      T* y = c.t[0].as<T>() + p * to;
      if (!r.transpose) { gather_line(taps, !r.antialias, x, r.out, inner, y); continue; }
      for (int64_t i = 0; i < to; i++) sums[i] = 0;
      scatter_line(taps, x, r.out, inner, sums);
      for (int64_t i = 0; i < to; i++) y[i] = (T)sums[i];
    }
  });
}

template <class T> void resample_typed(Call& c, const Resampling& r, const Rows& rows) {
  using A = Acc<T>;
  Taps<A> taps{};
  taps.width = Taps<A>::width_of(r);
  Scratch space((r.out * 2 + r.out * taps.width * 2) * 8);
  if (!space.data) return c.fail(OUT_OF_MEMORY);
  taps.count = space.as<int64_t>();
  taps.index = taps.count + r.out;
  taps.weight = (A*)(taps.index + r.out * taps.width);
  taps.fill(r);
  resample_rows<T, A>(c, r, taps, rows.outer, rows.inner);
}

// Resamples one dim.
// t: out, input; contiguous floats, equal sizes but for the dim, which must not be empty.
// params: dim, mode (0 nearest, 1 nearest-exact, 2 linear, 3 cubic), align_corners, scale (the scale_factor to compute with, 0: from the sizes), antialias
// (linear and cubic), transpose (1: the gradient; input then has the size that the forward's output has, out that of its input).
void resample(Call& c) {
  const int d = (int)c.i(0);
  const bool transpose = c.i(5) != 0;
  const Rows rows = rows_of(c.t[0], d);
  const int64_t out = c.t[0].size[d], in = c.t[1].size[d];
  if (out == 0 || in == 0) return;
  const Resampling r{transpose ? out : in, transpose ? in : out, (int)c.i(1), c.i(2) != 0, c.i(4) != 0, transpose, c.d(3)};
  TT_DISPATCH_FLOAT(c.t[0].dtype, resample_typed<T>(c, r, rows);)
}

// Taps of bytes along a dim: output o is the sum of weights[o][k] · input[first[o] + k].
struct ByteTaps {
  const int32_t *first, *weights;
  int64_t width, in, out;
  int precision;
};
// Output o of n lines that lie beside each other: x and y begin at the first of them, `step` leads to their next bytes.
static void weigh_bytes(const ByteTaps& t, int64_t o, const uint8_t* x, int64_t step, int64_t n, uint8_t* y) {
  constexpr int64_t L = lanes<int32_t>;
  const int64_t taps = min_of(t.width, t.in - t.first[o]), whole = n / L * L;
  const int32_t *w = t.weights + o * t.width, half = 1 << (t.precision - 1);
  x += t.first[o] * step;
  for (int64_t j = 0; j < whole; j += L) {
    vi sums = vi{} + half;
    for (int64_t k = 0; k < taps; k++) {
      vi bytes;
      for (int64_t l = 0; l < L; l++) bytes[l] = x[k * step + j + l];
      sums += w[k] * bytes;
    }
    sums >>= t.precision;
    sums = select(sums > 0, sums, vi{});
    sums = select(sums < 255, sums, vi{} + 255);
    TT_SIMD for (int64_t l = 0; l < L; l++) y[j + l] = (uint8_t)sums[l];
  }
  for (int64_t j = whole; j < n; j++) {
    int32_t sum = half;
    for (int64_t k = 0; k < taps; k++) sum += w[k] * x[k * step + j];
    y[j] = (uint8_t)max_of(0, min_of(255, sum >> t.precision));
  }
}

constexpr int64_t SIDE = 16;
typedef uint8_t Bytes __attribute__((vector_size(SIDE)));
#ifdef __clang__
#define TT_LANES(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define TT_LANES(a, b, ...) __builtin_shuffle(a, b, Bytes{__VA_ARGS__})
#endif

// A block of 16 lines of 16 bytes turned; of lines that are not there the last one is read, and none is written.
static void turn_block(const uint8_t* x, int64_t x_line, int64_t x_lines, uint8_t* y, int64_t y_line, int64_t y_lines) {
  Bytes a[SIDE], b[SIDE];
  for (int64_t i = 0; i < SIDE; i++) a[i] = load<Bytes>(x + min_of(i, x_lines - 1) * x_line);
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < SIDE / 2; i++) {
      b[2 * i] = TT_LANES(a[i], a[i + 8], 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
      b[2 * i + 1] = TT_LANES(a[i], a[i + 8], 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    }
    for (int i = 0; i < SIDE; i++) a[i] = b[i];
  }
  for (int64_t i = 0; i < min_of(y_lines, SIDE); i++) store(y + i * y_line, a[i]);
}
#undef TT_LANES

// Up to 16 lines of n bytes beside each other, and back.
static void lines_beside(const uint8_t* x, int64_t line, int64_t lines, int64_t n, uint8_t* y) {
  for (int64_t i = 0; n >= SIDE && i < n; i += SIDE) {
    const int64_t at = min_of(i, n - SIDE);
    turn_block(x + at, line, lines, y + at * SIDE, SIDE, SIDE);
  }
  if (n < SIDE) for (int64_t i = 0; i < n; i++) for (int64_t l = 0; l < lines; l++) y[i * SIDE + l] = x[l * line + i];
}
static void lines_apart(const uint8_t* x, int64_t n, uint8_t* y, int64_t line, int64_t lines) {
  for (int64_t i = 0; n >= SIDE && i < n; i += SIDE) {
    const int64_t at = min_of(i, n - SIDE);
    turn_block(x + at * SIDE, SIDE, SIDE, y + at, line, lines);
  }
  if (n < SIDE) for (int64_t i = 0; i < n; i++) for (int64_t l = 0; l < lines; l++) y[l * line + i] = x[i * SIDE + l];
}

// resample_bytes for lines of neighbours: 16 at once, which are laid beside each other for it.
static void resample_byte_lines(Call& c, const ByteTaps& t) {
  const int64_t all = c.t[0].size[0];
  parallel_for(ceil_div(all, SIDE), grain_for(t.out * t.width * SIDE / 4), [&](int64_t begin, int64_t end) {
    Scratch space((t.in + t.out) * SIDE);
    if (!space.data) return c.fail(OUT_OF_MEMORY);
    uint8_t *x = space.as<uint8_t>(), *y = x + t.in * SIDE;
    for (int64_t p = begin * SIDE; p < min_of(end * SIDE, all); p += SIDE) {
      const int64_t lines = min_of(SIDE, all - p);
      lines_beside(c.t[1].as<uint8_t>() + p * t.in, t.in, lines, t.in, x);
      for (int64_t o = 0; o < t.out; o++) weigh_bytes(t, o, x, SIDE, SIDE, y + o * SIDE);
      lines_apart(y, t.out, c.t[0].as<uint8_t>() + p * t.out, t.out, lines);
    }
  });
}

// Bytes along the middle dim with weights in fixed point, as PyTorch and Pillow compute them.
// t: out [outer, out, inner] uint8, input [outer, in, inner] uint8, first [out] int32 (where the taps of an output begin), weights [out, width]
// int32; contiguous. params: precision (binary places, 1 … 30). Fails with INDEX_OUT_OF_RANGE.
void resample_bytes(Call& c) {
  const ByteTaps t{c.t[2].as<int32_t>(), c.t[3].as<int32_t>(), c.t[3].size[1], c.t[1].size[1], c.t[0].size[1], (int)c.i(0)};
  for (int64_t o = 0; o < t.out; o++)
    if (t.first[o] < 0 || t.first[o] >= t.in) return c.fail(INDEX_OUT_OF_RANGE, (double)t.first[o], (double)o, (double)t.in);
  const int64_t inner = c.t[0].size[2];
  if (inner == 1) return resample_byte_lines(c, t);
  parallel_for(c.t[0].size[0] * t.out, grain_for(inner * t.width / 4), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++)
      weigh_bytes(t, p % t.out, c.t[1].as<uint8_t>() + p / t.out * t.in * inner, inner, inner, c.t[0].as<uint8_t>() + p * inner);
  });
}

}}  // namespace tt::TT_ISA
