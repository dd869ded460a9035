// Fourier transforms of rows.
#include "fft.h"
#include "gemm.h"

namespace tt { namespace TT_ISA {

// Rows that are transformed together: enough to fill vectors, few enough to stay in cache.
template <class R> int64_t lanes_for(int64_t n, int64_t rows) {
  int64_t lanes = VECTOR_BYTES / (int64_t)sizeof(R);
  while (lanes > 1 && (lanes > rows || n * lanes * 4 * (int64_t)sizeof(R) > 524288)) lanes /= 2;
  return lanes;
}

// Element i of row l lies at src[l * row_stride + i * step]. Rows that lie side by side are read in a loop of their own, which compilers vectorise.
template <class R> void load_lanes(const Complex<R>* src, int64_t row_stride, int64_t step, int64_t begin, int64_t n, int64_t lanes, Parts<R> x) {
  for (int64_t i = begin; i < n; i++) {
    const Complex<R>* __restrict from = src + i * step;
    R *__restrict re = x.re + i * lanes, *__restrict im = x.im + i * lanes;
    if (row_stride == 1) {
      for (int64_t l = 0; l < lanes; l++) { re[l] = from[l].re; im[l] = from[l].im; }
    } else for (int64_t l = 0; l < lanes; l++) { re[l] = from[l * row_stride].re; im[l] = from[l * row_stride].im; }
  }
}
template <class R> void store_lanes(Parts<R> x, Complex<R>* dst, int64_t row_stride, int64_t step, int64_t begin, int64_t n, int64_t lanes, R scale) {
  for (int64_t i = begin; i < n; i++) {
    Complex<R>* __restrict to = dst + i * step;
    const R *__restrict re = x.re + i * lanes, *__restrict im = x.im + i * lanes;
    if (row_stride == 1) {
      for (int64_t l = 0; l < lanes; l++) to[l] = {re[l] * scale, im[l] * scale};
    } else for (int64_t l = 0; l < lanes; l++) to[l * row_stride] = {re[l] * scale, im[l] * scale};
  }
}

// The same for contiguous rows, a vector of which is transposed at once where there are as many lanes.
template <class R> void load_rows(const Complex<R>* src, int64_t n, int64_t lanes, Parts<R> x) {
  constexpr int W = Simd<R>::width;
  int64_t i = 0;
  if (lanes == W) for (R tile[W * W]; i + W / 2 <= n; i += W / 2) {
    transpose_block((const R*)(src + i), 2 * n, tile, W);
    for (int j = 0; j < W; j++) __builtin_memcpy((j % 2 ? x.im : x.re) + (i + j / 2) * W, tile + j * W, W * sizeof(R));
  }
  load_lanes(src, n, 1, i, n, lanes, x);
}
template <class R> void store_rows(Parts<R> x, Complex<R>* dst, int64_t n, int64_t row_stride, int64_t lanes, R scale) {
  using S = Simd<R>;
  constexpr int W = S::width;
  int64_t i = 0;
  if (lanes == W) for (R tile[W * W]; i + W / 2 <= n; i += W / 2) {
    for (int j = 0; j < W; j++) S::store(tile + j * W, S::load((j % 2 ? x.im : x.re) + (i + j / 2) * W) * scale);
    transpose_block(tile, W, (R*)(dst + i), 2 * row_stride);
  }
  store_lanes(x, dst, row_stride, 1, i, n, lanes, scale);
}

// Calls body(plan, x, work, first row, lanes) for all outer * inner rows, those of a group from one `inner`; x has room for n + 1 elements of each lane.
template <class R, class F> bool for_row_groups(int64_t outer, int64_t inner, int64_t n, bool inverse, F&& body) {
  using Z = Complex<R>;
  Scratch tables(Plan<R>::table_space(n) * (int64_t)sizeof(Z));
  if (!tables.data) return false;
  const Plan<R> plan(n, inverse, tables.as<Z>());
  const int64_t most = lanes_for<R>(n, inner), groups = ceil_div(inner, most);
  bool fine = true;
  parallel_for(outer * groups, grain_for(n * most * 4), [&](int64_t begin, int64_t end) {
    Scratch space(most * (n + 1 + Plan<R>::lane_space(n)) * (int64_t)sizeof(Z));
    if (!space.data) { fine = false; return; }
    for (int64_t group = begin; group < end; group++) {
      const int64_t first = group % groups * most, lanes = min_of(most, inner - first);
      R* re = space.as<R>();
      body(plan, Parts<R>{re, re + (n + 1) * lanes}, re + 2 * (n + 1) * lanes, group / groups * inner + first, lanes);
    }
  });
  return fine;
}

// The divisor of n nearest below √n, or 0 if the transform of a single row of length n had better stay whole.
inline int64_t split_length(int64_t n, int64_t rows) {
  if (n < 32768 || rows >= 2 * num_threads() || !Plan<float>::splits(n)) return 0;
  int64_t d = (int64_t)std::sqrt((double)n);
  while (d >= 64 && n % d) d--;
  return d >= 64 ? d : 0;
}

// A long row as a matrix of n1 rows and n2 columns: transforms of the columns, twiddles, transforms of the rows, written transposed.
template <class R> bool long_row(const Complex<R>* in, Complex<R>* out, int64_t n, int64_t n1, bool inverse, R scale) {
  using Z = Complex<R>;
  const int64_t n2 = n / n1, most = lanes_for<R>(n1, n2);
  Scratch middle(n * (int64_t)sizeof(Z)), tables((Roots<R>::space(n) + n1 * most) * (int64_t)sizeof(Z));
  if (!middle.data || !tables.data) return false;
  const Roots<R> roots(n, inverse, tables.as<Z>());
  Z *turned = middle.as<Z>(), *lane_roots = tables.as<Z>() + Roots<R>::space(n);
  for (int64_t k = 0; k < n1; k++) for (int64_t l = 0; l < most; l++) lane_roots[k * most + l] = roots(k * l);
  const bool columns = for_row_groups<R>(1, n2, n1, inverse, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    load_lanes(in + first, 1, n2, 0, n1, lanes, x);
    plan.run(x, work, lanes);
    for (int64_t k = 0; k < n1; k++) {
      const Z base = roots(k * first);
      Z* to = turned + k * n2 + first;
      for (int64_t l = 0; l < lanes; l++) to[l] = Z(x.re[k * lanes + l], x.im[k * lanes + l]) * (base * lane_roots[k * most + l]);
    }
  });
  return columns && for_row_groups<R>(1, n1, n2, inverse, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    load_rows(turned + first * n2, n2, lanes, x);
    plan.run(x, work, lanes);
    store_lanes(x, out + first, 1, n1, 0, n2, lanes, scale);
  });
}

template <class R> bool transform(const Complex<R>* in, Complex<R>* out, int64_t rows, int64_t n, bool inverse, R scale) {
  const int64_t n1 = split_length(n, rows);
  if (n1) {
    for (int64_t r = 0; r < rows; r++) if (!long_row(in + r * n, out + r * n, n, n1, inverse, scale)) return false;
    return true;
  }
  return for_row_groups<R>(1, rows, n, inverse, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    load_rows(in + first * n, n, lanes, x);
    plan.run(x, work, lanes);
    store_rows(x, out + first * n, n, n, lanes, scale);
  });
}

// Transforms along the middle dim of [outer, n, inner]: rows lie side by side.
template <class R> bool columns(const Complex<R>* in, Complex<R>* out, int64_t outer, int64_t n, int64_t inner, bool inverse, R scale) {
  return for_row_groups<R>(outer, inner, n, inverse, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    const int64_t at = first / inner * n * inner + first % inner;
    load_lanes(in + at, 1, inner, 0, n, lanes, x);
    plan.run(x, work, lanes);
    store_lanes(x, out + at, 1, inner, 0, n, lanes, scale);
  });
}

template <class R> bool fft_complex(Call& c) {
  using Z = Complex<R>;
  const int64_t outer = c.t[0].size[0], n = c.t[0].size[1], inner = c.t[0].size[2];
  const Z* in = c.t[1].as<Z>();
  Z* out = c.t[0].as<Z>();
  if (inner == 1) return transform<R>(in, out, outer, n, c.i(0) != 0, (R)c.d(1));
  return columns<R>(in, out, outer, n, inner, c.i(0) != 0, (R)c.d(1));
}

// The spectrum of a real row of even length n from the transform z of its n / 2 pairs: element k from z[k] and z[n / 2 - k].
template <class V, class R> void unpack_pair(V ar, V ai, V br, V bi, Complex<R> w, R scale, V& re, V& im) {
  const V dr = ar - br, di = ai + bi, odd_re = dr * w.re - di * w.im, odd_im = dr * w.im + di * w.re;
  re = (ar + br + odd_im) * scale;
  im = (ai - bi - odd_re) * scale;
}

// The same the other way round, up to a factor of 2.
template <class V, class R> void pack_pair(V ar, V ai, V br, V bi, Complex<R> w, V& re, V& im) {
  const V dr = ar - br, di = ai + bi, odd_re = dr * w.re - di * w.im, odd_im = dr * w.im + di * w.re;
  re = ar + br - odd_im;
  im = ai - bi + odd_re;
}

// Replaces elements k and half - k of all lanes, for 0 <= k <= half / 2, by f(that element, the other, w_k).
template <class R, class F> void for_pairs(Parts<R> x, int64_t half, int64_t lanes, const Roots<R>& roots, F&& f) {
  using P = Plan<R>;
  for (int64_t k = 0; k <= half / 2; k++) {
    const int64_t a = k * lanes, b = (half - k) * lanes;
    const Complex<R> w = roots(k), v = roots(half - k);
    P::for_columns(lanes, [&](auto type, int64_t l) {
      using V = decltype(type);
      const V ar = P::template get<V>(x.re + a + l), ai = P::template get<V>(x.im + a + l);
      const V br = P::template get<V>(x.re + b + l), bi = P::template get<V>(x.im + b + l);
      V re, im;
      f(br, bi, ar, ai, v, re, im);
      P::template put<V>(x.re + b + l, re);
      P::template put<V>(x.im + b + l, im);
      f(ar, ai, br, bi, w, re, im);
      P::template put<V>(x.re + a + l, re);
      P::template put<V>(x.im + a + l, im);
    });
  }
}

// Elements [width, n) of rows whose first n / 2 + 1 are there: conjugates of those.
template <class R> void mirror(Complex<R>* row, int64_t half, int64_t width, int64_t n) {
  for (int64_t k = half + 1; k < width; k++) row[k] = conj(row[n - k]);
}

// One long row, or few: transformed as a whole.
template <class R> bool long_real_rows(const R* in, Complex<R>* out, int64_t rows, int64_t n, int64_t width, R scale) {
  using Z = Complex<R>;
  const int64_t half = n / 2;
  Scratch space(rows * half * (int64_t)sizeof(Z)), tables(Roots<R>::space(n) * (int64_t)sizeof(Z));
  if (!space.data || !tables.data) return false;
  const Z* z = space.as<Z>();
  if (!transform((const Z*)in, space.as<Z>(), rows, half, false, scale)) return false;
  const Roots<R> roots(n, false, tables.as<Z>());
  for (int64_t r = 0; r < rows; r++, z += half, out += width) {
    parallel_for(half + 1, 16384, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; k++) {
        const Z a = z[k == half ? 0 : k], b = z[k == 0 || k == half ? 0 : half - k];
        unpack_pair(a.re, a.im, b.re, b.im, roots(k), R(0.5), out[k].re, out[k].im);
      }
    });
    mirror(out, half, width, n);
  }
  return true;
}

// Even lengths: pairs of reals are the parts of a complex row of half the length, whose transform holds those of the even and odd elements.
template <class R> bool fft_real(Call& c) {
  using Z = Complex<R>;
  const int64_t rows = c.t[1].size[0], n = c.t[1].size[1], half = n / 2, width = c.t[0].size[1];
  const R scale = (R)c.d(0), *in = c.t[1].as<R>();
  Z* out = c.t[0].as<Z>();
  if (n % 2) {
    Scratch row(rows * n * (int64_t)sizeof(Z));
    if (!row.data) return false;
    Z* z = row.as<Z>();
    for (int64_t i = 0; i < rows * n; i++) z[i] = Z(in[i]);
    if (!transform(z, z, rows, n, false, scale)) return false;
    for (int64_t r = 0; r < rows; r++) for (int64_t k = 0; k < width; k++) out[r * width + k] = z[r * n + k];
    return true;
  }
  if (split_length(half, rows)) return long_real_rows(in, out, rows, n, width, scale);
  Scratch tables(Roots<R>::space(n) * (int64_t)sizeof(Z));
  if (!tables.data) return false;
  const Roots<R> roots(n, false, tables.as<Z>());
  return for_row_groups<R>(1, rows, half, false, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    load_rows((const Z*)in + first * half, half, lanes, x);
    plan.run(x, work, lanes);
    std::memcpy(x.re + half * lanes, x.re, lanes * sizeof(R));
    std::memcpy(x.im + half * lanes, x.im, lanes * sizeof(R));
    for_pairs(x, half, lanes, roots, [](auto ar, auto ai, auto br, auto bi, Z w, auto& re, auto& im) { unpack_pair(ar, ai, br, bi, w, R(0.5), re, im); });
    store_rows(x, out + first * width, half + 1, width, lanes, scale);
    for (int64_t l = 0; l < lanes; l++) mirror(out + (first + l) * width, half, width, n);
  });
}

template <class R> bool long_rows_to_real(const Complex<R>* in, R* out, int64_t rows, int64_t n, R scale) {
  using Z = Complex<R>;
  const int64_t half = n / 2;
  Scratch space(rows * half * (int64_t)sizeof(Z)), tables(Roots<R>::space(n) * (int64_t)sizeof(Z));
  if (!space.data || !tables.data) return false;
  const Roots<R> roots(n, true, tables.as<Z>());
  for (int64_t r = 0; r < rows; r++) {
    const Z* line = in + r * (half + 1);
    Z* z = space.as<Z>() + r * half;
    parallel_for(half, 16384, [&](int64_t begin, int64_t end) {
      for (int64_t k = begin; k < end; k++) {
        const Z a = k ? line[k] : Z(line[0].re), b = k ? line[half - k] : Z(line[half].re);
        pack_pair(a.re, a.im, b.re, b.im, roots(k), z[k].re, z[k].im);
      }
    });
  }
  return transform(space.as<Z>(), (Z*)out, rows, half, true, scale);
}

template <class R> bool fft_to_real(Call& c) {
  using Z = Complex<R>;
  const int64_t rows = c.t[0].size[0], n = c.t[0].size[1], half = n / 2, width = half + 1;
  const R scale = (R)c.d(0);
  const Z* in = c.t[1].as<Z>();
  R* out = c.t[0].as<R>();
  if (n % 2) {
    Scratch row(rows * n * (int64_t)sizeof(Z));
    if (!row.data) return false;
    Z* z = row.as<Z>();
    for (int64_t r = 0; r < rows; r++) for (int64_t k = 0; k < n; k++)
      z[r * n + k] = k == 0 ? Z(in[r * width].re) : k < width ? in[r * width + k] : conj(in[r * width + n - k]);
    if (!transform(z, z, rows, n, true, scale)) return false;
    for (int64_t i = 0; i < rows * n; i++) out[i] = z[i].re;
    return true;
  }
  if (split_length(half, rows)) return long_rows_to_real(in, out, rows, n, scale);
  Scratch tables(Roots<R>::space(n) * (int64_t)sizeof(Z));
  if (!tables.data) return false;
  const Roots<R> roots(n, true, tables.as<Z>());
  return for_row_groups<R>(1, rows, half, true, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    load_rows(in + first * width, width, lanes, x);
    std::memset(x.im, 0, lanes * sizeof(R));
    std::memset(x.im + half * lanes, 0, lanes * sizeof(R));
    for_pairs(x, half, lanes, roots, [](auto ar, auto ai, auto br, auto bi, Z w, auto& re, auto& im) { pack_pair(ar, ai, br, bi, w, re, im); });
    plan.run(x, work, lanes);
    store_rows(x, (Z*)out + first * half, half, half, lanes, scale);
  });
}

static void finish(Call& c, bool fine) { if (!fine) c.fail(OUT_OF_MEMORY); }

// Along the middle dim. t: out and input [outer, n, inner]; contiguous complex; out may be input. params: inverse (the sign of the exponent), scale.
void fft_c2c(Call& c) {
  if (c.t[0].numel()) finish(c, c.t[0].dtype == C64 ? fft_complex<float>(c) : fft_complex<double>(c));
}
// t: out [rows, n / 2 + 1] or the whole spectrum [rows, n] complex, input [rows, n] real; contiguous. params: scale.
void fft_r2c(Call& c) {
  if (c.t[1].numel()) finish(c, c.t[0].dtype == C64 ? fft_real<float>(c) : fft_real<double>(c));
}
// Inverse of r2c (up to scale): the missing half is the conjugate of the given one. t: out [rows, n] real, input [rows, n / 2 + 1] complex. params: scale.
void fft_c2r(Call& c) {
  if (c.t[0].numel()) finish(c, c.t[0].dtype == F32 ? fft_to_real<float>(c) : fft_to_real<double>(c));
}

}}  // namespace tt::TT_ISA
