// Fourier transforms of rows.
#include "fft.h"

namespace tt { namespace TT_ISA {

// Rows that are transformed together: enough to fill vectors, few enough to stay in cache.
template <class R> int64_t lanes_for(int64_t n, int64_t rows) {
  int64_t lanes = VECTOR_BYTES / (int64_t)sizeof(R);
  while (lanes > 1 && (lanes > rows || n * lanes * 4 * (int64_t)sizeof(R) > 524288)) lanes /= 2;
  return lanes;
}

template <class R> void load_lanes(const Complex<R>* src, int64_t row_stride, int64_t step, int64_t n, int64_t lanes, Parts<R> x) {
  for (int64_t i = 0; i < n; i++) for (int64_t l = 0; l < lanes; l++) {
    const Complex<R> z = src[l * row_stride + i * step];
    x.re[i * lanes + l] = z.re;
    x.im[i * lanes + l] = z.im;
  }
}
template <class R> void store_lanes(Parts<R> x, Complex<R>* dst, int64_t row_stride, int64_t step, int64_t n, int64_t lanes, R scale) {
  for (int64_t i = 0; i < n; i++) for (int64_t l = 0; l < lanes; l++)
    dst[l * row_stride + i * step] = {x.re[i * lanes + l] * scale, x.im[i * lanes + l] * scale};
}

// Calls body(plan, x, work, first row, lanes) for all rows; x and work have room for the lanes.
template <class R, class F> bool for_row_groups(int64_t rows, int64_t n, bool inverse, F&& body) {
  using Z = Complex<R>;
  Scratch tables(Plan<R>::table_space(n) * (int64_t)sizeof(Z));
  if (!tables.data) return false;
  const Plan<R> plan(n, inverse, tables.as<Z>());
  const int64_t most = lanes_for<R>(n, rows);
  bool fine = true;
  parallel_for(ceil_div(rows, most), grain_for(n * most * 4), [&](int64_t begin, int64_t end) {
    Scratch space(most * (n + Plan<R>::lane_space(n)) * (int64_t)sizeof(Z));
    if (!space.data) { fine = false; return; }
    for (int64_t group = begin; group < end; group++) {
      const int64_t lanes = min_of(most, rows - group * most);
      R* re = space.as<R>();
      body(plan, Parts<R>{re, re + n * lanes}, re + 2 * n * lanes, group * most, lanes);
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
  const bool columns = for_row_groups<R>(n2, n1, inverse, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    load_lanes(in + first, 1, n2, n1, lanes, x);
    plan.run(x, work, lanes);
    for (int64_t k = 0; k < n1; k++) {
      const Z base = roots(k * first);
      Z* to = turned + k * n2 + first;
      for (int64_t l = 0; l < lanes; l++) to[l] = Z(x.re[k * lanes + l], x.im[k * lanes + l]) * (base * lane_roots[k * most + l]);
    }
  });
  return columns && for_row_groups<R>(n1, n2, inverse, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    load_lanes(turned + first * n2, n2, 1, n2, lanes, x);
    plan.run(x, work, lanes);
    store_lanes(x, out + first, 1, n1, n2, lanes, scale);
  });
}

template <class R> bool transform(const Complex<R>* in, Complex<R>* out, int64_t rows, int64_t n, bool inverse, R scale) {
  const int64_t n1 = split_length(n, rows);
  if (n1) {
    for (int64_t r = 0; r < rows; r++) if (!long_row(in + r * n, out + r * n, n, n1, inverse, scale)) return false;
    return true;
  }
  return for_row_groups<R>(rows, n, inverse, [&](const Plan<R>& plan, Parts<R> x, R* work, int64_t first, int64_t lanes) {
    load_lanes(in + first * n, n, 1, n, lanes, x);
    plan.run(x, work, lanes);
    store_lanes(x, out + first * n, n, 1, n, lanes, scale);
  });
}

template <class R> bool fft_complex(Call& c) {
  using Z = Complex<R>;
  return transform<R>(c.t[1].as<Z>(), c.t[0].as<Z>(), c.t[0].size[0], c.t[0].size[1], c.i(0) != 0, (R)c.d(1));
}

// Even lengths: pairs of reals are the parts of a complex row of half the length, whose transform holds those of the even and odd elements.
template <class R> bool fft_real(Call& c) {
  using Z = Complex<R>;
  const int64_t rows = c.t[1].size[0], n = c.t[1].size[1], half = n / 2, width = half + 1;
  const R scale = (R)c.d(0), *in = c.t[1].as<R>();
  Z* out = c.t[0].as<Z>();
  const bool even = n % 2 == 0;
  Scratch row(rows * (even ? half : n) * (int64_t)sizeof(Z)), tables((even ? Roots<R>::space(n) : 1) * (int64_t)sizeof(Z));
  if (!row.data || !tables.data) return false;
  Z* z = row.as<Z>();
  if (!even) {
    for (int64_t i = 0; i < rows * n; i++) z[i] = Z(in[i]);
    if (!transform(z, z, rows, n, false, scale)) return false;
    for (int64_t r = 0; r < rows; r++) for (int64_t k = 0; k < width; k++) out[r * width + k] = z[r * n + k];
    return true;
  }
  if (!transform((const Z*)in, z, rows, half, false, scale)) return false;
  const Roots<R> roots(n, false, tables.as<Z>());
  parallel_for(rows * width, 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t k = i % width;
      const Z *line = z + i / width * half, a = line[k == half ? 0 : k], b = conj(line[k == 0 || k == half ? 0 : half - k]);
      const Z odd = (a - b) * roots(k);
      out[i] = {(a.re + b.re + odd.im) * R(0.5), (a.im + b.im - odd.re) * R(0.5)};
    }
  });
  return true;
}

template <class R> bool fft_to_real(Call& c) {
  using Z = Complex<R>;
  const int64_t rows = c.t[0].size[0], n = c.t[0].size[1], half = n / 2, width = half + 1;
  const R scale = (R)c.d(0);
  const Z* in = c.t[1].as<Z>();
  R* out = c.t[0].as<R>();
  const bool even = n % 2 == 0;
  Scratch row(rows * (even ? half : n) * (int64_t)sizeof(Z)), tables((even ? Roots<R>::space(n) : 1) * (int64_t)sizeof(Z));
  if (!row.data || !tables.data) return false;
  Z* z = row.as<Z>();
  if (!even) {
    for (int64_t r = 0; r < rows; r++) for (int64_t k = 0; k < n; k++)
      z[r * n + k] = k == 0 ? Z(in[r * width].re) : k < width ? in[r * width + k] : conj(in[r * width + n - k]);
    if (!transform(z, z, rows, n, true, scale)) return false;
    for (int64_t i = 0; i < rows * n; i++) out[i] = z[i].re;
    return true;
  }
  const Roots<R> roots(n, true, tables.as<Z>());
  parallel_for(rows * half, 16384, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t k = i % half;
      const Z* line = in + i / half * width;
      const Z a = k ? line[k] : Z(line[0].re), b = k ? conj(line[half - k]) : Z(line[half].re), odd = (a - b) * roots(k);
      z[i] = {a.re + b.re - odd.im, a.im + b.im + odd.re};
    }
  });
  return transform(z, (Z*)out, rows, half, true, scale);
}

static void finish(Call& c, bool fine) { if (!fine) c.fail(OUT_OF_MEMORY); }

// t: out [rows, n], input [rows, n]; contiguous complex; out may be input. params: inverse (the sign of the exponent), scale.
void fft_c2c(Call& c) {
  if (c.t[0].numel()) finish(c, c.t[0].dtype == C64 ? fft_complex<float>(c) : fft_complex<double>(c));
}
// t: out [rows, n / 2 + 1] complex, input [rows, n] real; contiguous. params: scale.
void fft_r2c(Call& c) {
  if (c.t[1].numel()) finish(c, c.t[0].dtype == C64 ? fft_real<float>(c) : fft_real<double>(c));
}
// Inverse of r2c (up to scale): the missing half is the conjugate of the given one. t: out [rows, n] real, input [rows, n / 2 + 1] complex. params: scale.
void fft_c2r(Call& c) {
  if (c.t[0].numel()) finish(c, c.t[0].dtype == F32 ? fft_to_real<float>(c) : fft_to_real<double>(c));
}

}}  // namespace tt::TT_ISA
