// Discrete Fourier transforms of several rows at once: Stockham passes of radix 2, 3, 4 and small primes; Bluestein's algorithm for lengths
// with larger prime factors. Real and imaginary parts lie apart; element i of row l is at i * lanes + l, so that every pass runs along vectors.
#pragma once
#include "r_common.h"

namespace tt { namespace TT_ISA {

constexpr int MAX_RADIX = 31;

// exp(∓2πi k / n); quarter turns are exact.
template <class R> Complex<R> root_of_unity(int64_t k, int64_t n, bool inverse) {
  if (4 * (k % n) % n == 0) {
    constexpr int cosines[4] = {1, 0, -1, 0};
    const int64_t quarter = 4 * (k % n) / n;
    const R sine = (R)cosines[(quarter + 3) % 4];
    return {(R)cosines[quarter], inverse ? sine : -sine};
  }
  const double angle = 6.28318530717958647692 * (double)(k % n) / (double)n;
  return {(R)std::cos(angle), (R)(inverse ? std::sin(angle) : -std::sin(angle))};
}

// exp(∓2πi k / n) for 0 <= k < n from two tables of about √n entries.
template <class R> struct Roots {
  using Z = Complex<R>;
  int64_t step;
  Z *low, *high;
  static int64_t step_of(int64_t n) { return n <= 64 ? n : (int64_t)std::ceil(std::sqrt((double)n)); }
  static int64_t space(int64_t n) { return step_of(n) + n / step_of(n) + 1; }
  Roots(int64_t n, bool inverse, Z* tables) : step(step_of(n)), low(tables), high(tables + step) {
    for (int64_t k = 0; k < step; k++) low[k] = root_of_unity<R>(k, n, inverse);
    for (int64_t k = 0; k <= n / step; k++) high[k] = root_of_unity<R>(k * step, n, inverse);
  }
  Z operator()(int64_t k) const { return k < step ? low[k] : low[k % step] * high[k / step]; }
};

template <class R> struct Parts { R *re, *im; };

template <class R> class Plan {
 public:
  using Z = Complex<R>;
  int64_t n, padded = 0;  // padded: the power of two of Bluestein's convolution, or 0

  static bool splits(int64_t n) {
    for (int p = 2; p <= MAX_RADIX; p++) while (n % p == 0) n /= p;
    return n == 1;
  }
  static int64_t padded_length(int64_t n) {
    int64_t p = 1;
    while (p < 2 * n - 1) p *= 2;
    return p;
  }
  // Complex elements of tables, and of working memory for each lane.
  static int64_t table_space(int64_t n) { return splits(n) ? n : 3 * padded_length(n) + n; }
  static int64_t lane_space(int64_t n) { return splits(n) ? n : 2 * padded_length(n); }

  Plan(int64_t length, bool inv, Z* tables) : n(length), inverse(inv) {
    if (splits(n)) { set_up(n, inv, tables); return; }
    padded = padded_length(n);
    set_up(padded, false, tables);
    kernel = {(R*)(tables + padded), (R*)(tables + padded) + padded};
    chirp = tables + 2 * padded;
    for (int64_t k = 0, square = 0; k < n; square = (square + 2 * k + 1) % (2 * n), k++) chirp[k] = root_of_unity<R>(square, 2 * n, inv);
    std::memset((void*)kernel.re, 0, padded * sizeof(Z));
    for (int64_t k = 0; k < n; k++) {
      kernel.re[k] = chirp[k].re; kernel.im[k] = -chirp[k].im;
      if (k) { kernel.re[padded - k] = chirp[k].re; kernel.im[padded - k] = -chirp[k].im; }
    }
    Z* spare = chirp + n;
    passes(kernel, {(R*)spare, (R*)spare + padded}, padded, 1, false);
  }

  // x = DFT(x) for every lane; `work` has lane_space(n) * lanes complex elements.
  void run(Parts<R> x, R* work, int64_t lanes) const {
    if (!padded) { passes(x, {work, work + n * lanes}, n, lanes, inverse); return; }
    const int64_t size = padded * lanes;
    const Parts<R> a{work, work + size}, spare{work + 2 * size, work + 3 * size};
    for (int64_t k = 0; k < n; k++) multiply(x, a, k, lanes, chirp[k].re, chirp[k].im, 1);
    std::memset(a.re + n * lanes, 0, (size - n * lanes) * sizeof(R));
    std::memset(a.im + n * lanes, 0, (size - n * lanes) * sizeof(R));
    passes(a, spare, padded, lanes, false);
    for (int64_t k = 0; k < padded; k++) multiply(a, a, k, lanes, kernel.re[k], kernel.im[k], -1);  // conjugated, so that the forward passes invert
    passes(a, spare, padded, lanes, false);
    const R scale = R(1) / (R)padded;
    for (int64_t i = 0; i < n * lanes; i++) a.im[i] = -a.im[i];
    for (int64_t k = 0; k < n; k++) multiply(a, x, k, lanes, chirp[k].re * scale, chirp[k].im * scale, 1);
  }

  // Runs f(type, q) over columns [0, s): whole vectors, then fours, then single ones.
  template <class F> static void for_columns(int64_t s, F&& f) {
    using S = Simd<R>;
    int64_t q = 0;
    for (; q + S::width <= s; q += S::width) f(typename S::V{}, q);
    for (; q + 4 <= s; q += 4) f(typename Simd<R, 4>::V{}, q);
    for (; q < s; q++) f(R(0), q);
  }
  template <class V> static V get(const R* p) { V v; __builtin_memcpy(&v, p, sizeof v); return v; }
  template <class V> static void put(R* p, V v) { __builtin_memcpy(p, &v, sizeof v); }

 private:
  int radices[64], count = 0;
  bool inverse;
  Z *roots = nullptr, *chirp = nullptr;
  Parts<R> kernel{};

  void set_up(int64_t length, bool inv, Z* table) {
    static constexpr int order[] = {4, 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31};
    int64_t rest = length;
    for (int p : order) while (rest % p == 0) { radices[count++] = p; rest /= p; }
    roots = table;
    const int64_t quarter = length % 4 == 0 ? length / 4 : length;
    for (int64_t k = 0; k < quarter; k++) table[k] = root_of_unity<R>(k, length, inv);
    for (int64_t k = quarter; k < length; k++) {  // a quarter turn further
      const Z z = table[k - quarter];
      table[k] = inv ? Z(-z.im, z.re) : Z(z.im, -z.re);
    }
  }

  template <class V> static void put_turned(Parts<R> y, int64_t at, V re, V im, Z w) {
    put<V>(y.re + at, re * w.re - im * w.im);
    put<V>(y.im + at, re * w.im + im * w.re);
  }

  static void multiply(Parts<R> x, Parts<R> y, int64_t k, int64_t lanes, R wr, R wi, R sign) {
    for_columns(lanes, [&](auto type, int64_t l) {
      using V = decltype(type);
      const V a = get<V>(x.re + k * lanes + l), b = get<V>(x.im + k * lanes + l);
      put<V>(y.re + k * lanes + l, a * wr - b * wi);
      put<V>(y.im + k * lanes + l, (a * wi + b * wr) * sign);
    });
  }

  void passes(Parts<R> x, Parts<R> y, int64_t length, int64_t lanes, bool inv) const {
    Parts<R> from = x, to = y;
    int64_t rest = length, stride = lanes;
    for (int f = 0; f < count; f++) {
      const int r = radices[f];
      const int64_t m = rest / r, step = length / rest;
      for (int64_t p = 0; p < m; p++) {
        const Parts<R> in{from.re + stride * p, from.im + stride * p}, out{to.re + stride * r * p, to.im + stride * r * p};
        switch (r) {
          case 2: butterfly2(in, out, stride * m, stride, roots[p * step]); break;
          case 3: butterfly3(in, out, stride * m, stride, roots[p * step], roots[2 * p * step], inv); break;
          case 4: butterfly4(in, out, stride * m, stride, roots[p * step], roots[2 * p * step], roots[3 * p * step], inv ? R(-1) : R(1)); break;
          case 5: butterfly5(in, out, stride * m, stride, p * step, inv ? R(-1) : R(1)); break;
          default: butterfly(in, out, stride * m, stride, r, p * step, length / r);
        }
      }
      const Parts<R> t = from;
      from = to;
      to = t;
      rest = m;
      stride *= r;
    }
    if (from.re == x.re) return;
    std::memcpy(x.re, from.re, length * lanes * sizeof(R));
    std::memcpy(x.im, from.im, length * lanes * sizeof(R));
  }

  // Inputs lie d apart, outputs s apart; each of the s columns is one small transform, output j times the twiddle w_j.
  static void butterfly2(Parts<R> x, Parts<R> y, int64_t d, int64_t s, Z w) {
    for_columns(s, [=](auto type, int64_t q) {
      using V = decltype(type);
      const V ar = get<V>(x.re + q), ai = get<V>(x.im + q), br = get<V>(x.re + q + d), bi = get<V>(x.im + q + d);
      put<V>(y.re + q, ar + br);
      put<V>(y.im + q, ai + bi);
      put_turned<V>(y, q + s, ar - br, ai - bi, w);
    });
  }
  static void butterfly3(Parts<R> x, Parts<R> y, int64_t d, int64_t s, Z w1, Z w2, bool inv) {
    const R k = (R)(inv ? 0.86602540378443864676 : -0.86602540378443864676);
    for_columns(s, [=](auto type, int64_t q) {
      using V = decltype(type);
      const V ar = get<V>(x.re + q), ai = get<V>(x.im + q), br = get<V>(x.re + q + d), bi = get<V>(x.im + q + d);
      const V cr = get<V>(x.re + q + 2 * d), ci = get<V>(x.im + q + 2 * d), sr = br + cr, si = bi + ci, tr = (ci - bi) * k, ti = (br - cr) * k;
      const V mr = ar - sr * R(0.5), mi = ai - si * R(0.5);
      put<V>(y.re + q, ar + sr);
      put<V>(y.im + q, ai + si);
      put_turned<V>(y, q + s, mr + tr, mi + ti, w1);
      put_turned<V>(y, q + 2 * s, mr - tr, mi - ti, w2);
    });
  }
  static void butterfly4(Parts<R> x, Parts<R> y, int64_t d, int64_t s, Z w1, Z w2, Z w3, R turn) {
    for_columns(s, [=](auto type, int64_t q) {
      using V = decltype(type);
      const V ar = get<V>(x.re + q), ai = get<V>(x.im + q), br = get<V>(x.re + q + d), bi = get<V>(x.im + q + d);
      const V cr = get<V>(x.re + q + 2 * d), ci = get<V>(x.im + q + 2 * d), dr = get<V>(x.re + q + 3 * d), di = get<V>(x.im + q + 3 * d);
      const V er = ar + cr, ei = ai + ci, fr = ar - cr, fi = ai - ci, gr = br + dr, gi = bi + di, hr = (bi - di) * turn, hi = (dr - br) * turn;
      put<V>(y.re + q, er + gr);
      put<V>(y.im + q, ei + gi);
      put_turned<V>(y, q + s, fr + hr, fi + hi, w1);
      put_turned<V>(y, q + 2 * s, er - gr, ei - gi, w2);
      put_turned<V>(y, q + 3 * s, fr - hr, fi - hi, w3);
    });
  }
  void butterfly5(Parts<R> x, Parts<R> y, int64_t d, int64_t s, int64_t twiddle, R turn) const {
    constexpr double C1 = 0.30901699437494742410, C2 = -0.80901699437494742410, S1 = 0.95105651629515357212, S2 = 0.58778525229247312917;
    const R c1 = (R)C1, c2 = (R)C2, s1 = (R)S1 * turn, s2 = (R)S2 * turn;
    const Z w1 = roots[twiddle], w2 = roots[2 * twiddle], w3 = roots[3 * twiddle], w4 = roots[4 * twiddle];
    for_columns(s, [=](auto type, int64_t q) {
      using V = decltype(type);
      const V ar = get<V>(x.re + q), ai = get<V>(x.im + q), br = get<V>(x.re + q + d), bi = get<V>(x.im + q + d);
      const V cr = get<V>(x.re + q + 2 * d), ci = get<V>(x.im + q + 2 * d), dr = get<V>(x.re + q + 3 * d), di = get<V>(x.im + q + 3 * d);
      const V er = get<V>(x.re + q + 4 * d), ei = get<V>(x.im + q + 4 * d);
      const V pr = br + er, pi = bi + ei, qr = cr + dr, qi = ci + di, mr = br - er, mi = bi - ei, nr = cr - dr, ni = ci - di;
      const V fr = ar + pr * c1 + qr * c2, fi = ai + pi * c1 + qi * c2, gr = ar + pr * c2 + qr * c1, gi = ai + pi * c2 + qi * c1;
      const V hr = mi * s1 + ni * s2, hi = -(mr * s1 + nr * s2), kr = mi * s2 - ni * s1, ki = nr * s1 - mr * s2;
      put<V>(y.re + q, ar + pr + qr);
      put<V>(y.im + q, ai + pi + qi);
      put_turned<V>(y, q + s, fr + hr, fi + hi, w1);
      put_turned<V>(y, q + 2 * s, gr + kr, gi + ki, w2);
      put_turned<V>(y, q + 3 * s, gr - kr, gi - ki, w3);
      put_turned<V>(y, q + 4 * s, fr - hr, fi - hi, w4);
    });
  }
  // Any radix, by its definition.
  void butterfly(Parts<R> x, Parts<R> y, int64_t d, int64_t s, int r, int64_t twiddle, int64_t turn) const {
    for (int j = 0; j < r; j++) {
      Z w[MAX_RADIX];
      for (int i = 0; i < r; i++) w[i] = roots[(int64_t)(i * j % r) * turn] * roots[j * twiddle];
      for_columns(s, [&, x, y](auto type, int64_t q) {
        using V = decltype(type);
        V re = get<V>(x.re + q) * w[0].re - get<V>(x.im + q) * w[0].im, im = get<V>(x.re + q) * w[0].im + get<V>(x.im + q) * w[0].re;
        for (int i = 1; i < r; i++) {
          const V a = get<V>(x.re + q + i * d), b = get<V>(x.im + q + i * d);
          re += a * w[i].re - b * w[i].im;
          im += a * w[i].im + b * w[i].re;
        }
        put<V>(y.re + j * s + q, re);
        put<V>(y.im + j * s + q, im);
      });
    }
  }
};

}}  // namespace tt::TT_ISA
