// Pooling over windows and adaptive pooling. One to three spatial dims; missing ones have size 1.
#include "r_common.h"

namespace tt { namespace TT_ISA {

struct PoolShape {
  int64_t planes, in[3], out[3], kernel[3], stride[3], padding[3], dilation[3];
  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const { return out[0] * out[1] * out[2]; }
};

// `per_dim` params a spatial dim, from param `first` on: kernel, stride, padding, dilation (as many as there are).
static PoolShape pool_shape(const Call& c, const View& in, const View& out, int first, int per_dim) {
  PoolShape s{};
  const int n = in.ndim - 2;
  s.planes = in.size[0] * in.size[1];
  for (int d = 0; d < 3; d++) {
    const int v = d - (3 - n);
    int64_t p[4] = {1, 1, 0, 1};
    if (v >= 0) for (int i = 0; i < per_dim; i++) p[i] = c.i(first + v * per_dim + i);
    s.in[d] = v < 0 ? 1 : in.size[v + 2];
    s.out[d] = v < 0 ? 1 : out.size[v + 2];
    s.kernel[d] = max_of(1, p[0]); s.stride[d] = max_of(1, p[1]); s.padding[d] = p[2]; s.dilation[d] = max_of(1, p[3]);
  }
  return s;
}

// The range of window positions inside [0, n): positions start, start + dilation, ….
struct Range { int64_t begin, end; };
static Range inside(const PoolShape& s, int d, int64_t o) {
  const int64_t start = o * s.stride[d] - s.padding[d], step = s.dilation[d];
  const int64_t begin = start < 0 ? start + ceil_div(-start, step) * step : start;
  return {begin, min_of(s.in[d], start + (s.kernel[d] - 1) * step + 1)};
}

template <class T, class F> void for_planes(const PoolShape& s, int64_t cost, F&& body) {
  parallel_for(s.planes, grain_for(cost), [&](int64_t begin, int64_t end) { for (int64_t p = begin; p < end; p++) body(p); });
}

// Takes one tap into the running maxima of n outputs (a multiple of the vector width; what lies behind the row is padding).
template <class A, class I> void max_tap(const A* __restrict x, int64_t n, I at, I step, A* __restrict best, I* __restrict where) {
  for (int64_t o = 0; o < n; o++) {
    const A v = x[o];
    const bool take = (v > best[o]) | (v != v);
    best[o] = take ? v : best[o];
    where[o] = take ? at + (I)o * step : where[o];
  }
}

// One row of outputs, tap by tap, so that the taps of neighbouring outputs are compared together. Input rows are first padded and split by stride
// phases, so that every tap is contiguous.
template <class T, class I> struct MaxPoolRows {
  using A = Acc<T>;
  const PoolShape& s;
  int64_t n, phase;   // rounded outputs of a row, and elements of a phase
  A lowest = std::is_integral<T>::value ? (A)std::numeric_limits<T>::min() : (A)-std::numeric_limits<double>::infinity();
  A *best, *rows;
  I* where;
  int64_t* taps;     // where each tap begins in `rows`

  static int64_t rounded(int64_t x) { return ceil_div(x, 16) * 16; }
  static int64_t phase_size(const PoolShape& s) { return rounded(s.out[2]) + (s.kernel[2] - 1) * s.dilation[2] / s.stride[2]; }
  static int64_t bytes(const PoolShape& s) { return (rounded(s.out[2]) * 2 + phase_size(s) * min_of(s.stride[2], (s.kernel[2] - 1) * s.dilation[2] + 1) + s.kernel[2]) * 8; }
  MaxPoolRows(const PoolShape& shape, char* space)
      : s(shape), n(rounded(s.out[2])), phase(phase_size(s)), best((A*)space), rows((A*)(space + n * 16 + s.kernel[2] * 8)), where((I*)(space + n * 8)),
        taps((int64_t*)(space + n * 16)) {
    for (int64_t k = 0; k < s.kernel[2]; k++) taps[k] = k * s.dilation[2] % s.stride[2] * phase + k * s.dilation[2] / s.stride[2];
  }

  // `room`: elements that may be read from `in` on. Where every window lies inside the row, whatever follows the row serves as padding.
  void split(const T* in, int64_t room) const {
    const int64_t step = s.stride[2], reach = (s.kernel[2] - 1) * s.dilation[2], phases = min_of(step, reach + 1);
    const bool inner = s.padding[2] == 0 && (s.out[2] - 1) * step + reach < s.in[2] && phases - 1 + (phase - 1) * step < room;
    for (int64_t f = 0; f < phases; f++) {
      A* to = rows + f * phase;
      const int64_t first = f - s.padding[2], from = first < 0 ? min_of(phase, ceil_div(-first, step)) : 0;
      const int64_t end = inner ? phase : first >= s.in[2] ? from : max_of(from, min_of(phase, (s.in[2] - 1 - first) / step + 1));
      for (int64_t x = 0; x < from; x++) to[x] = lowest;
      if (step == 1) for (int64_t x = from; x < end; x++) to[x] = (A)in[first + x];
      else if (step == 2) for (int64_t x = from; x < end; x++) to[x] = (A)in[first + 2 * x];
      else for (int64_t x = from; x < end; x++) to[x] = (A)in[first + x * step];
      for (int64_t x = end; x < phase; x++) to[x] = lowest;
    }
  }

  void run(const T* in, int64_t oz, int64_t oy, T* value, int64_t* index) const {
    const Range rz = inside(s, 0, oz), ry = inside(s, 1, oy);
    const I step = (I)s.stride[2], row = (I)((rz.begin * s.in[1] + ry.begin) * s.in[2] - s.padding[2]);
    for (int64_t o = 0; o < n; o++) { best[o] = lowest; where[o] = row + (I)o * step; }
    for (int64_t o = 0; o < s.out[2] && o * step < s.padding[2]; o++) where[o] = row + (I)(s.padding[2] + inside(s, 2, o).begin);
    for (int64_t z = rz.begin; z < rz.end; z += s.dilation[0]) for (int64_t y = ry.begin; y < ry.end; y += s.dilation[1]) {
      const int64_t line = (z * s.in[1] + y) * s.in[2];
      split(in + line, s.in_size() - line);
      for (int64_t k = 0; k < s.kernel[2]; k++) max_tap<A, I>(rows + taps[k], n, (I)(line + k * s.dilation[2] - s.padding[2]), step, best, where);
    }
    for (int64_t o = 0; o < s.out[2]; o++) value[o] = (T)best[o];
    if (index) for (int64_t o = 0; o < s.out[2]; o++) index[o] = where[o];
  }
};

// Windows of 2 × 2 side by side, of floats: first the larger of every two neighbours, over several rows at once, then of every two rows. Rows are
// written as whole vectors, whose ends the next row covers.
template <class T> struct MaxPoolPairs {
  using A = Acc<T>;
  using I = typename std::conditional<sizeof(A) == 8, int64_t, int32_t>::type;
  static constexpr int LANES = VECTOR_BYTES / (int)sizeof(A);
  using V = Simd<A>;
  using M = Simd<I>;
  const PoolShape& s;
  int64_t width, rows;  // outputs of a row, rows of outputs at once
  A *best, *values, *half;  // of pairs; outputs, or their gradients; gradients of the larger ones of pairs
  I *second, *places;       // whether the second of a pair is the larger one; positions

  static bool fits(const PoolShape& s) {
    return s.in_size() < 0x7fffffff && s.in[0] == 1 && s.kernel[0] == 1 && s.in[2] == 2 * s.out[2] && s.in[1] >= 2 * s.out[1] && s.out[2] <= 4096 &&
           s.kernel[1] == 2 && s.kernel[2] == 2 && s.stride[1] == 2 && s.stride[2] == 2 && s.padding[1] == 0 && s.padding[2] == 0 && s.dilation[1] == 1 &&
           s.dilation[2] == 1;
  }
  static int64_t rows_at_once(const PoolShape& s) { return max_of(1, 256 / s.out[2]); }
  static int64_t capacity(const PoolShape& s) { return rows_at_once(s) * 2 * s.out[2] + 2 * LANES; }
  static int64_t bytes(const PoolShape& s) { return capacity(s) * 5 * (int64_t)sizeof(A); }
  MaxPoolPairs(const PoolShape& shape, char* space) : s(shape), width(s.out[2]), rows(rows_at_once(s)), best((A*)space) {
    const int64_t room = capacity(s);
    values = best + room;
    half = values + room;
    second = (I*)(half + room);
    places = second + room;
  }

  // `lines` rows of outputs, of several planes where nothing lies between them.
  void run(const T* in, T* value, int64_t* index, int64_t lines) const {
    for (int64_t y = 0; y < lines; y += rows) {
      const int64_t n = min_of(rows, lines - y), first = 2 * y * s.in[2];
      neighbours(in + first, n * 2 * width, best, second);
      for (int64_t r = 0; r < n; r++) for (int64_t x = 0; x < width; x += LANES) {
        const int64_t at = 2 * r * width + x;
        combine(at, values + r * width + x);
        if (index) locate(at, (I)(first + 2 * at), places + r * width + x);
      }
      convert(values, n * width, value + y * width);
      if (index) convert(places, n * width, index + y * width);
    }
  }
  void run_backward(const T* in, const T* grad, T* to, int64_t lines) const {
    for (int64_t y = 0; y < lines; y += rows) {
      const int64_t n = min_of(rows, lines - y), first = 2 * y * s.in[2];
      neighbours(in + first, n * 2 * width, best, second);
      convert(grad + y * width, n * width, values);
      for (int64_t r = 0; r < n; r++) {
        for (int64_t x = 0; x < width; x += LANES) give<false>(2 * r * width + x, values + r * width + x, half + 2 * r * width + x);
        for (int64_t x = 0; x < width; x += LANES) give<true>(2 * r * width + x, values + r * width + x, half + (2 * r + 1) * width + x);
      }
      spread(half, second, n * 2 * width, to + first);
    }
  }

 private:
  static void neighbours(const T* __restrict in, int64_t n, A* __restrict best, I* __restrict second) {
    for (int64_t i = 0; i < n; i++) {
      const A a = (A)in[2 * i], b = (A)in[2 * i + 1];
      const bool take = (b > a) | (b != b);
      best[i] = take ? b : a;
      second[i] = take;
    }
  }
  // Which of LANES pairs from `at` on are smaller than those of the row below.
  typename M::V below(int64_t at) const {
    const auto a = V::load(best + at), b = V::load(best + at + width);
    return (b > a) | (b != b);
  }
  void combine(int64_t at, A* value) const { V::store(value, below(at) ? V::load(best + at + width) : V::load(best + at)); }
  void locate(int64_t at, I first, I* place) const {
    typename M::V lane;
    for (int i = 0; i < LANES; i++) lane[i] = 2 * i;
    M::store(place, lane + first + (below(at) ? M::load(second + at + width) + (I)(2 * width) : M::load(second + at)));
  }
  template <bool Below> void give(int64_t at, const A* grad, A* to) const {
    const auto g = V::load(grad), none = V::set(0);
    V::store(to, Below ? (below(at) ? g : none) : (below(at) ? none : g));
  }
  static void spread(const A* __restrict g, const I* __restrict second, int64_t n, T* __restrict to) {
    for (int64_t i = 0; i < n; i++) {
      to[2 * i] = (T)(second[i] ? A(0) : g[i]);
      to[2 * i + 1] = (T)(second[i] ? g[i] : A(0));
    }
  }
  template <class From, class To> static void convert(const From* __restrict from, int64_t n, To* __restrict to) {
    for (int64_t i = 0; i < n; i++) to[i] = (To)from[i];
  }
};

// Calls body(pairs, first plane, planes), for several planes at once if `together`.
template <class T, class F> void each_planes_of_pairs(Call& c, const PoolShape& s, bool together, F&& body) {
  const int64_t group = together ? max_of(1, 1024 / s.out_size()) : 1;
  parallel_for(ceil_div(s.planes, group), grain_for(s.out_size() * group * 4), [&](int64_t begin, int64_t end) {
    Scratch scratch(MaxPoolPairs<T>::bytes(s));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    const MaxPoolPairs<T> pairs(s, scratch.as<char>());
    for (int64_t p = begin * group; p < min_of(s.planes, end * group); p += group) body(pairs, p, min_of(group, s.planes - p));
  });
}
template <class T> void max_pool_pairs(Call& c, const PoolShape& s) {
  int64_t* index = c.t[1].data ? c.t[1].as<int64_t>() : nullptr;
  each_planes_of_pairs<T>(c, s, !index && s.in[1] == 2 * s.out[1], [&](const MaxPoolPairs<T>& pairs, int64_t p, int64_t planes) {
    const int64_t at = p * s.out_size();
    pairs.run(c.t[2].as<T>() + p * s.in_size(), c.t[0].as<T>() + at, index ? index + at : nullptr, planes * s.out[1]);
  });
}
template <class T> void max_pool_pairs_backward(Call& c, const PoolShape& s) {
  const int64_t used = 2 * s.out[1] * s.in[2];
  each_planes_of_pairs<T>(c, s, used == s.in_size(), [&](const MaxPoolPairs<T>& pairs, int64_t p, int64_t planes) {
    T* to = c.t[0].as<T>() + p * s.in_size();
    pairs.run_backward(c.t[2].as<T>() + p * s.in_size(), c.t[1].as<T>() + p * s.out_size(), to, planes * s.out[1]);
    std::memset((void*)(to + planes * used), 0, (planes * s.in_size() - planes * used) * sizeof(T));
  });
}

template <class T, class I> void max_pool_planes(Call& c, const PoolShape& s) {
  parallel_for(s.planes, grain_for(s.out_size() * s.kernel[0] * s.kernel[1] * s.kernel[2]), [&](int64_t begin, int64_t end) {
    Scratch scratch(MaxPoolRows<T, I>::bytes(s));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    const MaxPoolRows<T, I> rows(s, scratch.as<char>());
    for (int64_t p = begin; p < end; p++) for (int64_t z = 0; z < s.out[0]; z++) for (int64_t y = 0; y < s.out[1]; y++) {
      const int64_t at = p * s.out_size() + (z * s.out[1] + y) * s.out[2];
      rows.run(c.t[2].as<T>() + p * s.in_size(), z, y, c.t[0].as<T>() + at, c.t[1].data ? c.t[1].as<int64_t>() + at : nullptr);
    }
  });
}

// The gradient by comparing again, row by row.
template <class T, class I> void max_pool_planes_backward(Call& c, const PoolShape& s) {
  parallel_for(s.planes, grain_for(s.out_size() * s.kernel[0] * s.kernel[1] * s.kernel[2]), [&](int64_t begin, int64_t end) {
    const int64_t row = ceil_div(s.out[2], 8) * 8;
    Scratch scratch(MaxPoolRows<T, I>::bytes(s) + row * (int64_t)(sizeof(T) + 8));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    int64_t* at = scratch.as<int64_t>();
    T* values = (T*)(at + row);
    const MaxPoolRows<T, I> rows(s, (char*)(values + row));
    std::memset((void*)(c.t[0].as<T>() + begin * s.in_size()), 0, (end - begin) * s.in_size() * sizeof(T));
    for (int64_t p = begin; p < end; p++) for (int64_t z = 0; z < s.out[0]; z++) for (int64_t y = 0; y < s.out[1]; y++) {
      const T* grad = c.t[1].as<T>() + p * s.out_size() + (z * s.out[1] + y) * s.out[2];
      T* to = c.t[0].as<T>() + p * s.in_size();
      rows.run(c.t[2].as<T>() + p * s.in_size(), z, y, values, at);
      for (int64_t o = 0; o < s.out[2]; o++) to[at[o]] = (T)(to[at[o]] + grad[o]);
    }
  });
}

// Maximum over windows; NaN wins, then the first maximum.
// t: out [N, C, ...], indices [N, C, ...] int64 or null (flat position within a plane), input [N, C, ...]; contiguous, real dtypes.
// params for each spatial dim: kernel, stride, padding (at most half the kernel), dilation. The sizes of `out` decide about ceil_mode;
// every window must meet the input.
void max_pool(Call& c) {
  const PoolShape s = pool_shape(c, c.t[2], c.t[0], 0, 4);
  if (c.t[0].numel() == 0) return;
  if (c.t[0].dtype <= BF16 && MaxPoolPairs<float>::fits(s)) TT_DISPATCH_FLOAT(c.t[0].dtype, max_pool_pairs<T>(c, s))
  else if (s.in_size() < 0x7fffffff) TT_DISPATCH_REAL(c.t[0].dtype, max_pool_planes<T, int32_t>(c, s))
  else TT_DISPATCH_REAL(c.t[0].dtype, max_pool_planes<T, int64_t>(c, s))
}

// Gradient of max_pool, which finds the maxima again.
// t: grad_input, grad_out, input; contiguous floats. params as in max_pool.
void max_pool_backward(Call& c) {
  const PoolShape s = pool_shape(c, c.t[2], c.t[1], 0, 4);
  if (c.t[0].numel() == 0) return;
  if (MaxPoolPairs<float>::fits(s)) TT_DISPATCH_FLOAT(c.t[0].dtype, max_pool_pairs_backward<T>(c, s))
  else if (s.in_size() < 0x7fffffff) TT_DISPATCH_FLOAT(c.t[0].dtype, max_pool_planes_backward<T, int32_t>(c, s))
  else TT_DISPATCH_FLOAT(c.t[0].dtype, max_pool_planes_backward<T, int64_t>(c, s))
}

// Adds grad_out at the positions `indices` of each plane (gradient of max_pool; max_unpool when indices are distinct).
// t: grad_input [P, I] (filled here), grad_out [P, O], indices [P, O] int64; contiguous. params: 1 to set instead of add.
// Fails with INDEX_OUT_OF_RANGE.
void pool_scatter(Call& c) {
  const int64_t planes = c.t[0].size[0], in = c.t[0].size[1], out = c.t[1].size[1];
  const bool set = c.nparams > 0 && c.i(0);
  const int64_t* indices = c.t[2].as<int64_t>();
  for (int64_t i = 0; i < planes * out; i++)
    if (indices[i] < 0 || indices[i] >= in) return c.fail(INDEX_OUT_OF_RANGE, indices[i], i, in);
  TT_DISPATCH_ALL(c.t[0].dtype, parallel_for(planes, grain_for(in + out), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) {
      T* to = c.t[0].as<T>() + p * in;
      const T* from = c.t[1].as<T>() + p * out;
      const int64_t* at = indices + p * out;
      std::memset((void*)to, 0, in * sizeof(T));
      if (set) for (int64_t i = 0; i < out; i++) to[at[i]] = from[i];
      else for (int64_t i = 0; i < out; i++) to[at[i]] = (T)(to[at[i]] + from[i]);
    }
  }))
}

// Gathers input at the positions `indices` of each plane (second derivative of max_pool, gradient of max_unpool).
// t: out [P, O], input [P, I], indices [P, O] int64; contiguous. Fails with INDEX_OUT_OF_RANGE.
void pool_gather(Call& c) {
  const int64_t planes = c.t[0].size[0], out = c.t[0].size[1], in = c.t[1].size[1];
  const int64_t* indices = c.t[2].as<int64_t>();
  for (int64_t i = 0; i < planes * out; i++)
    if (indices[i] < 0 || indices[i] >= in) return c.fail(INDEX_OUT_OF_RANGE, indices[i], i, in);
  TT_DISPATCH_SIZE(itemsize(c.t[0].dtype), parallel_for(planes, grain_for(out), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * out; i < end * out; i++) c.t[0].as<T>()[i] = c.t[1].as<T>()[i / out * in + indices[i]];
  }))
}

// The window of an average: what is summed, and by what the sum is divided.
struct AverageWindow { Range r[3]; double divisor; };
static AverageWindow average_window(const PoolShape& s, const int64_t* o, bool include_pad, int64_t override_divisor) {
  AverageWindow w;
  int64_t padded = 1, real = 1;
  for (int d = 0; d < 3; d++) {
    const int64_t start = o[d] * s.stride[d] - s.padding[d], end = min_of(start + s.kernel[d], s.in[d] + s.padding[d]);
    w.r[d] = {max_of(0, start), min_of(end, s.in[d])};
    padded *= end - start;
    real *= w.r[d].end - w.r[d].begin;
  }
  w.divisor = (double)(override_divisor ? override_divisor : include_pad ? padded : real);
  return w;
}
// The window of an adaptive pool.
static AverageWindow adaptive_window(const PoolShape& s, const int64_t* o) {
  AverageWindow w{{}, 1};
  for (int d = 0; d < 3; d++) {
    w.r[d] = {o[d] * s.in[d] / s.out[d], ceil_div((o[d] + 1) * s.in[d], s.out[d])};
    w.divisor *= (double)(w.r[d].end - w.r[d].begin);
  }
  return w;
}

template <class F> void for_outputs(const PoolShape& s, F&& body) {
  for (int64_t z = 0; z < s.out[0]; z++) for (int64_t y = 0; y < s.out[1]; y++) for (int64_t x = 0; x < s.out[2]; x++) {
    const int64_t o[3] = {z, y, x};
    body(o, (z * s.out[1] + y) * s.out[2] + x);
  }
}
template <class F> void for_window(const PoolShape& s, const AverageWindow& w, F&& body) {
  for (int64_t z = w.r[0].begin; z < w.r[0].end; z++) for (int64_t y = w.r[1].begin; y < w.r[1].end; y++)
    for (int64_t x = w.r[2].begin; x < w.r[2].end; x++) body((z * s.in[1] + y) * s.in[2] + x);
}

template <class T, class W> void average(Call& c, const PoolShape& s, W&& window) {
  for_planes<T>(s, max_of(s.in_size(), s.out_size()), [&](int64_t p) {
    const T* in = c.t[1].as<T>() + p * s.in_size();
    T* out = c.t[0].as<T>() + p * s.out_size();
    for_outputs(s, [&](const int64_t* o, int64_t i) {
      const AverageWindow w = window(o);
      Acc<T> sum = 0;
      for_window(s, w, [&](int64_t at) { sum += (Acc<T>)in[at]; });
      out[i] = (T)(sum / (Acc<T>)w.divisor);
    });
  });
}
template <class T, class W> void average_backward(Call& c, const PoolShape& s, W&& window) {
  using A = Acc<T>;
  const bool direct = std::is_same<T, A>::value;
  for_planes<T>(s, max_of(s.in_size(), s.out_size()), [&](int64_t p) {
    const T* grad = c.t[1].as<T>() + p * s.out_size();
    T* result = c.t[0].as<T>() + p * s.in_size();
    Scratch scratch(direct ? 1 : s.in_size() * (int64_t)sizeof(A));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    A* sums = direct ? (A*)result : scratch.as<A>();
    for (int64_t i = 0; i < s.in_size(); i++) sums[i] = 0;
    for_outputs(s, [&](const int64_t* o, int64_t i) {
      const AverageWindow w = window(o);
      const A g = (A)grad[i] / (A)w.divisor;
      for_window(s, w, [&](int64_t at) { sums[at] += g; });
    });
    if (!direct) for (int64_t i = 0; i < s.in_size(); i++) result[i] = (T)sums[i];
  });
}

#define TT_POOL_DISPATCH(...) switch (c.t[0].dtype) { TT_FLOATS(__VA_ARGS__) TT_CASE(I64, int64_t, __VA_ARGS__) default: break; }

// Mean over windows.
// t: out [N, C, ...], input [N, C, ...]; contiguous floats or int64.
// params: count_include_pad, divisor_override (0: none), then for each spatial dim: kernel, stride, padding.
void avg_pool(Call& c) {
  const PoolShape s = pool_shape(c, c.t[1], c.t[0], 2, 3);
  TT_POOL_DISPATCH(average<T>(c, s, [&](const int64_t* o) { return average_window(s, o, c.i(0) != 0, c.i(1)); }))
}
// Gradient of avg_pool. t: grad_input [N, C, ...], grad_out [N, C, ...]; contiguous. params as in avg_pool.
void avg_pool_backward(Call& c) {
  const PoolShape s = pool_shape(c, c.t[0], c.t[1], 2, 3);
  TT_POOL_DISPATCH(average_backward<T>(c, s, [&](const int64_t* o) { return average_window(s, o, c.i(0) != 0, c.i(1)); }))
}
// Mean over windows floor(o * in / out) … ceil((o + 1) * in / out). t: out [N, C, ...], input [N, C, ...]; contiguous floats. No params.
void adaptive_avg_pool(Call& c) {
  const PoolShape s = pool_shape(c, c.t[1], c.t[0], 0, 0);
  TT_POOL_DISPATCH(average<T>(c, s, [&](const int64_t* o) { return adaptive_window(s, o); }))
}
// Gradient of adaptive_avg_pool. t: grad_input [N, C, ...], grad_out [N, C, ...]; contiguous. No params.
void adaptive_avg_pool_backward(Call& c) {
  const PoolShape s = pool_shape(c, c.t[0], c.t[1], 0, 0);
  TT_POOL_DISPATCH(average_backward<T>(c, s, [&](const int64_t* o) { return adaptive_window(s, o); }))
}
// Maximum over adaptive windows. t: out [N, C, ...], indices [N, C, ...] int64 or null, input [N, C, ...]; contiguous real. No params.
void adaptive_max_pool(Call& c) {
  const PoolShape s = pool_shape(c, c.t[2], c.t[0], 0, 0);
  TT_DISPATCH_REAL(c.t[0].dtype, for_planes<T>(s, max_of(s.in_size(), s.out_size()), [&](int64_t p) {
    const T* in = c.t[2].as<T>() + p * s.in_size();
    for_outputs(s, [&](const int64_t* o, int64_t i) {
      const AverageWindow w = adaptive_window(s, o);
      int64_t best = (w.r[0].begin * s.in[1] + w.r[1].begin) * s.in[2] + w.r[2].begin;
      for_window(s, w, [&](int64_t at) { if (in[at] > in[best] || is_nan(in[at])) best = at; });
      c.t[0].as<T>()[p * s.out_size() + i] = in[best];
      if (c.t[1].data) c.t[1].as<int64_t>()[p * s.out_size() + i] = best;
    });
  }))
}

// Fractional max pooling: windows of the given size begin at floor((i + u) * alpha) - floor(u * alpha), the last at in - kernel.
// t: out [N, C, ...], indices [N, C, ...] int64, input [N, C, ...], samples [N, C, dims] (u for each dim); contiguous floats.
// params for each spatial dim: kernel.
void fractional_max_pool(Call& c) {
  const PoolShape s = pool_shape(c, c.t[2], c.t[0], 0, 1);
  const int n = c.t[0].ndim - 2;
  TT_DISPATCH_FLOAT(c.t[0].dtype, for_planes<T>(s, s.out_size() * s.kernel[0] * s.kernel[1] * s.kernel[2], [&](int64_t p) {
    const T* in = c.t[2].as<T>() + p * s.in_size();
    const T* samples = c.t[3].as<T>() + p * n;
    auto start = [&](int d, int64_t o) -> int64_t {
      if (d < 3 - n) return 0;
      if (s.out[d] == 1 || o == s.out[d] - 1) return s.in[d] - s.kernel[d];
      // PyTorch's samples come in the order x, y(, z); alpha is computed in the element type.
      const Acc<T> u = samples[n == 3 ? d : 2 - d], alpha = (Acc<T>)(s.in[d] - s.kernel[d]) / (Acc<T>)(s.out[d] - 1);
      return (int64_t)((o + u) * alpha) - (int64_t)(u * alpha);
    };
    for_outputs(s, [&](const int64_t* o, int64_t i) {
      AverageWindow w{{}, 1};
      for (int d = 0; d < 3; d++) { const int64_t b = max_of(0, start(d, o[d])); w.r[d] = {b, min_of(s.in[d], b + s.kernel[d])}; }
      int64_t best = (w.r[0].begin * s.in[1] + w.r[1].begin) * s.in[2] + w.r[2].begin;
      for_window(s, w, [&](int64_t at) { if (in[at] > in[best] || is_nan(in[at])) best = at; });
      c.t[0].as<T>()[p * s.out_size() + i] = in[best];
      c.t[1].as<int64_t>()[p * s.out_size() + i] = best;
    });
  }))
}

}}  // namespace tt::TT_ISA
