// Discrete Fourier transforms of rows: Stockham passes of radix 2, 3, 4, 5 and small primes; Bluestein's algorithm for the rest.
#include "r_common.h"

namespace tt { namespace TT_ISA {

constexpr double TWO_PI = 6.28318530717958647692;
constexpr int MAX_RADIX = 31;

template <class R> Complex<R> root_of_unity(int64_t k, int64_t n, bool inverse) {
  const double angle = TWO_PI * (double)(k % n) / (double)n;
  return {(R)std::cos(angle), (R)(inverse ? std::sin(angle) : -std::sin(angle))};
}

// The lengths that a transform is split into, and its twiddle factors. `chirp` is used where n has a large prime factor.
template <class R> struct Plan {
  static constexpr int radix_order[] = {4, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31};
  using Z = Complex<R>;
  int64_t n = 1, padded = 0;   // padded: the power of two of Bluestein's convolution, or 0
  int radices[64], count = 0;
  bool inverse = false;
  Z *roots = nullptr, *chirp = nullptr, *kernel = nullptr;

  static int64_t padded_length(int64_t n) {
    int64_t p = 1;
    while (p < 2 * n - 1) p *= 2;
    return p;
  }
  static bool splits(int64_t n) {
    for (int p = 2; p <= MAX_RADIX; p++) while (n % p == 0) n /= p;
    return n == 1;
  }
  // Elements of working memory for a row, and of tables.
  static int64_t row_space(int64_t n) { return splits(n) ? n : 2 * padded_length(n); }
  static int64_t table_space(int64_t n) { return splits(n) ? n : 2 * padded_length(n) + n; }

  void factor(int64_t length) {
    for (int p : radix_order) while (length % p == 0) { radices[count++] = p; length /= p; }
  }
  void make_roots(int64_t length, Z* table, bool inv) {
    roots = table;
    for (int64_t k = 0; k < length; k++) table[k] = root_of_unity<R>(k, length, inv);
  }

  Plan(int64_t length, bool inv, Z* tables) : n(length), inverse(inv) {
    if (splits(n)) { factor(n); make_roots(n, tables, inv); return; }
    padded = padded_length(n);
    factor(padded);
    make_roots(padded, tables, false);
    kernel = tables + padded;
    chirp = kernel + padded;
    for (int64_t k = 0, square = 0; k < n; square = (square + 2 * k + 1) % (2 * n), k++) chirp[k] = root_of_unity<R>(square, 2 * n, inv);
  }
  // The transform of the conjugate chirp, needed once per plan; `spare` has `padded` elements.
  void prepare(Z* spare) {
    if (!padded) return;
    for (int64_t k = 0; k < padded; k++) kernel[k] = Z(0);
    for (int64_t k = 0; k < n; k++) {
      const Z z{chirp[k].re, -chirp[k].im};
      kernel[k] = z;
      if (k) kernel[padded - k] = z;
    }
    passes(kernel, spare, padded, false);
  }

  // x = DFT(x); `work` has row_space(n) elements.
  void run(Z* x, Z* work) const {
    if (!padded) { passes(x, work, n, inverse); return; }
    Z *a = work, *spare = work + padded;
    for (int64_t k = 0; k < n; k++) a[k] = x[k] * chirp[k];
    for (int64_t k = n; k < padded; k++) a[k] = Z(0);
    passes(a, spare, padded, false);
    for (int64_t k = 0; k < padded; k++) { const Z z = a[k] * kernel[k]; a[k] = {z.re, -z.im}; }  // conjugated: the forward passes invert
    passes(a, spare, padded, false);
    const R scale = R(1) / (R)padded;
    for (int64_t k = 0; k < n; k++) x[k] = Z(a[k].re * scale, -a[k].im * scale) * chirp[k];
  }


 private:
  void passes(Z* x, Z* y, int64_t length, bool inv) const {
    Z *from = x, *to = y;
    int64_t rest = length, stride = 1;
    for (int f = 0; f < count; f++) {
      const int r = radices[f];
      const int64_t m = rest / r, step = length / rest;
      switch (r) {
        case 2: pass2(from, to, m, stride, step); break;
        case 3: pass3(from, to, m, stride, step, inv); break;
        case 4: pass4(from, to, m, stride, step, inv); break;
        default: pass_any(from, to, m, stride, step, r, length, inv);
      }
      Z* t = from; from = to; to = t;
      rest = m;
      stride *= r;
    }
    if (from != x) std::memcpy((void*)x, from, length * sizeof(Z));
  }

  void pass2(const Z* x, Z* y, int64_t m, int64_t s, int64_t step) const {
    for (int64_t p = 0; p < m; p++) {
      const Z w = roots[p * step];
      const Z *a = x + s * p, *b = a + s * m;
      Z *u = y + s * 2 * p, *v = u + s;
      for (int64_t q = 0; q < s; q++) { u[q] = a[q] + b[q]; v[q] = (a[q] - b[q]) * w; }
    }
  }
  void pass3(const Z* x, Z* y, int64_t m, int64_t s, int64_t step, bool inv) const {
    const R k = (R)(inv ? 0.86602540378443864676 : -0.86602540378443864676);
    for (int64_t p = 0; p < m; p++) {
      const Z w1 = roots[p * step], w2 = roots[2 * p * step];
      const Z *a = x + s * p, *b = a + s * m, *c = b + s * m;
      Z* u = y + s * 3 * p;
      for (int64_t q = 0; q < s; q++) {
        const Z sum = b[q] + c[q], diff = b[q] - c[q], mid = a[q] - sum * R(0.5), turn{-diff.im * k, diff.re * k};
        u[q] = a[q] + sum;
        u[q + s] = (mid + turn) * w1;
        u[q + 2 * s] = (mid - turn) * w2;
      }
    }
  }
  void pass4(const Z* x, Z* y, int64_t m, int64_t s, int64_t step, bool inv) const {
    for (int64_t p = 0; p < m; p++) {
      const Z w1 = roots[p * step], w2 = roots[2 * p * step], w3 = roots[3 * p * step];
      const Z *a = x + s * p, *b = a + s * m, *c = b + s * m, *d = c + s * m;
      Z* u = y + s * 4 * p;
      for (int64_t q = 0; q < s; q++) {
        const Z e = a[q] + c[q], f = a[q] - c[q], g = b[q] + d[q], h = b[q] - d[q], turn = inv ? Z(-h.im, h.re) : Z(h.im, -h.re);
        u[q] = e + g;
        u[q + s] = (f + turn) * w1;
        u[q + 2 * s] = (e - g) * w2;
        u[q + 3 * s] = (f - turn) * w3;
      }
    }
  }
  void pass_any(const Z* x, Z* y, int64_t m, int64_t s, int64_t step, int r, int64_t length, bool inv) const {
    Z w[MAX_RADIX], in[MAX_RADIX];
    for (int j = 0; j < r; j++) w[j] = roots[j * (length / r)];
    for (int64_t p = 0; p < m; p++) for (int64_t q = 0; q < s; q++) {
      for (int i = 0; i < r; i++) in[i] = x[q + s * (p + m * i)];
      for (int j = 0; j < r; j++) {
        Z sum = in[0];
        for (int i = 1; i < r; i++) sum += in[i] * w[i * j % r];
        y[q + s * ((int64_t)r * p + j)] = sum * roots[j * p * step];
      }
    }
  }
};

// Runs body(plan, row space, row) for every row; row space has n + row_space(n) elements.
template <class R, class F> void for_fft_rows(Call& c, int64_t rows, int64_t n, bool inverse, F&& body) {
  using Z = Complex<R>;
  if (n == 0 || rows == 0) return;
  const int64_t space = n + Plan<R>::row_space(n);
  Scratch tables((Plan<R>::table_space(n) + space) * (int64_t)sizeof(Z));
  if (!tables.data) return c.fail(OUT_OF_MEMORY);
  Plan<R> plan(n, inverse, tables.as<Z>());
  plan.prepare(tables.as<Z>() + Plan<R>::table_space(n));
  parallel_for(rows, grain_for(n * 8), [&](int64_t begin, int64_t end) {
    Scratch work(space * (int64_t)sizeof(Z));
    if (!work.data) return c.fail(OUT_OF_MEMORY);
    for (int64_t r = begin; r < end; r++) body(plan, work.as<Z>(), r);
  });
}

template <class R> void fft_complex(Call& c) {
  using Z = Complex<R>;
  const int64_t n = c.t[0].size[1];
  const R scale = (R)c.d(1);
  for_fft_rows<R>(c, c.t[0].size[0], n, c.i(0) != 0, [&](const Plan<R>& plan, Z* work, int64_t r) {
    Z* out = c.t[0].as<Z>() + r * n;
    if (out != c.t[1].as<Z>() + r * n) std::memcpy((void*)out, c.t[1].as<Z>() + r * n, n * sizeof(Z));
    plan.run(out, work);
    if (scale != 1) for (int64_t i = 0; i < n; i++) out[i] = out[i] * scale;
  });
}
template <class R> void fft_real(Call& c) {
  using Z = Complex<R>;
  const int64_t n = c.t[1].size[1], half = n / 2 + 1;
  const R scale = (R)c.d(0);
  for_fft_rows<R>(c, c.t[1].size[0], n, false, [&](const Plan<R>& plan, Z* work, int64_t r) {
    for (int64_t i = 0; i < n; i++) work[i] = Z(c.t[1].as<R>()[r * n + i]);
    plan.run(work, work + n);
    for (int64_t i = 0; i < half; i++) c.t[0].as<Z>()[r * half + i] = work[i] * scale;
  });
}
template <class R> void fft_to_real(Call& c) {
  using Z = Complex<R>;
  const int64_t n = c.t[0].size[1], half = n / 2 + 1;
  const R scale = (R)c.d(0);
  for_fft_rows<R>(c, c.t[0].size[0], n, true, [&](const Plan<R>& plan, Z* work, int64_t r) {
    const Z* in = c.t[1].as<Z>() + r * half;
    for (int64_t i = 0; i < half; i++) work[i] = in[i];
    work[0].im = 0;
    if (n % 2 == 0) work[n / 2].im = 0;
    for (int64_t i = half; i < n; i++) work[i] = Z(in[n - i].re, -in[n - i].im);
    plan.run(work, work + n);
    for (int64_t i = 0; i < n; i++) c.t[0].as<R>()[r * n + i] = work[i].re * scale;
  });
}

// t: out [rows, n], input [rows, n]; contiguous complex; out may be input. params: inverse (the sign of the exponent), scale.
void fft_c2c(Call& c) { if (c.t[0].dtype == C64) fft_complex<float>(c); else fft_complex<double>(c); }
// t: out [rows, n / 2 + 1] complex, input [rows, n] real; contiguous. params: scale.
void fft_r2c(Call& c) { if (c.t[0].dtype == C64) fft_real<float>(c); else fft_real<double>(c); }
// Inverse of r2c (up to scale): the missing half is the conjugate of the given one. t: out [rows, n] real, input [rows, n / 2 + 1] complex. params: scale.
void fft_c2r(Call& c) { if (c.t[0].dtype == F32) fft_to_real<float>(c); else fft_to_real<double>(c); }

}}  // namespace tt::TT_ISA
