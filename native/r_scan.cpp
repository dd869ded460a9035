// Cumulative sums, products, extremes and logsumexp along one dim.
#include "r_common.h"

namespace tt { namespace TT_ISA {

// PyTorch keeps running float sums in double.
template <class T> struct ScanOf { using type = T; };
template <> struct ScanOf<float> { using type = double; };
template <> struct ScanOf<Half> { using type = float; };
template <> struct ScanOf<BFloat> { using type = float; };
template <> struct ScanOf<Complex<float>> { using type = Complex<double>; };
template <class T> using ScanAcc = typename ScanOf<T>::type;

template <class A, class T> A widen(T x) {
  if constexpr (IsComplex<T>::value) return A((typename A::Real)x.re, (typename A::Real)x.im);
  else return (A)x;
}
template <class T, class A> T narrow(A x) {
  if constexpr (IsComplex<T>::value) return T((typename T::Real)x.re, (typename T::Real)x.im);
  else return (T)x;
}

// Four elements at a time, so that the chain of dependent additions is a quarter as long.
template <class T> ScanAcc<T> scan_sum(const T* x, T* out, int64_t n, ScanAcc<T> carry) {
  using A = ScanAcc<T>;
  int64_t i = 0;
  for (; i + 4 <= n; i += 4) {
    const A a = widen<A>(x[i]), b = a + widen<A>(x[i + 1]), d = widen<A>(x[i + 2]), e = d + widen<A>(x[i + 3]);
    const A last = carry + (b + e);
    if (out) {
      out[i] = narrow<T>(carry + a);
      out[i + 1] = narrow<T>(carry + b);
      out[i + 2] = narrow<T>(carry + (b + d));
      out[i + 3] = narrow<T>(last);
    }
    carry = last;
  }
  for (; i < n; i++) {
    carry = carry + widen<A>(x[i]);
    if (out) out[i] = narrow<T>(carry);
  }
  return carry;
}

// One long line: every thread first sums its part, then scans it.
template <class T> void scan_sum_parallel(const T* x, T* out, int64_t n) {
  const int64_t parts = n < 65536 ? 1 : min_of(16, num_threads()), step = ceil_div(n, parts);
  if (parts == 1) { scan_sum(x, out, n, ScanAcc<T>(0)); return; }
  ScanAcc<T> totals[16];
  for (int i = 0; i < 16; i++) totals[i] = ScanAcc<T>(0);
  parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) totals[p] = scan_sum<T>(x + p * step, nullptr, min_of(step, n - p * step), ScanAcc<T>(0));
  });
  parallel_for(parts, 1, [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) {
      ScanAcc<T> carry(0);
      for (int64_t q = 0; q < p; q++) carry = carry + totals[q];
      scan_sum(x + p * step, out + p * step, min_of(step, n - p * step), carry);
    }
  });
}

template <class T, class A, class F> void scan_lines(Call& c, const T* x, T* out, const Rows& r, A init, F&& combine) {
  constexpr int64_t B = 64;
  const int64_t blocks = ceil_div(r.inner, B);
  parallel_for(r.outer * blocks, grain_for(r.dim * min_of(B, r.inner) * 2), [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t from = task % blocks * B, n = min_of(B, r.inner - from), base = task / blocks * r.dim * r.inner + from;
      A acc[B];
      for (int64_t j = 0; j < n; j++) acc[j] = init;
      for (int64_t d = 0; d < r.dim; d++) for (int64_t j = 0; j < n; j++) {
        acc[j] = combine(acc[j], widen<A>(x[base + d * r.inner + j]));
        out[base + d * r.inner + j] = narrow<T>(acc[j]);
      }
    }
  });
}

// t: out, input; contiguous, one dtype (any but bool). params: dim. out may be input.
void cumsum(Call& c) {
  const Rows r = rows_of(c.t[0], c.i(0));
  TT_DISPATCH_ALL(c.t[0].dtype, {
    const T* x = c.t[1].as<T>();
    T* out = c.t[0].as<T>();
    if (r.inner == 1 && r.outer == 1) scan_sum_parallel(x, out, r.dim);
    else if (r.inner == 1) parallel_for(r.outer, grain_for(r.dim * 2), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) scan_sum(x + i * r.dim, out + i * r.dim, r.dim, ScanAcc<T>(0));
    });
    else scan_lines(c, x, out, r, ScanAcc<T>(0), [](auto a, auto b) { return a + b; });
  })
}
void cumprod(Call& c) {
  const Rows r = rows_of(c.t[0], c.i(0));
  TT_DISPATCH_ALL(c.t[0].dtype, scan_lines(c, c.t[1].as<T>(), c.t[0].as<T>(), r, ScanAcc<T>(1), [](auto a, auto b) { return a * b; }))
}

// log(exp(a) + exp(b)), exact for infinities.
template <class A> A log_add_exp(A a, A b) {
  if (a != a || b != b) return a + b;
  const A high = a > b ? a : b, low = a > b ? b : a;
  return high == low && std::isinf(high) ? high : high + std::log1p(std::exp(low - high));
}
// The same for complex numbers: the one with the larger real part, plus log1p(exp(other - it)); imaginary parts are not wrapped.
template <class R> Complex<R> log_add_exp(Complex<R> a, Complex<R> b) {
  if (is_nan(a) || is_nan(b)) return {std::numeric_limits<R>::quiet_NaN(), std::numeric_limits<R>::quiet_NaN()};
  const bool less = a.re < b.re;
  const Complex<R> low = less ? a : b, high = less ? b : a;
  if (low.re == high.re && std::isinf(low.re) && low.re < 0) return low;
  const R size = std::isinf(low.re) && low.re == high.re ? R(1) : std::exp(low.re - high.re), turn = low.im - high.im;
  const R re = size == 0 ? R(0) : size * std::cos(turn), im = size == 0 ? R(0) : size * std::sin(turn);
  return {high.re + std::log1p(2 * re + size * size) / 2, high.im + std::atan2(im, 1 + re)};
}

template <class T> void scan_log(Call& c, const Rows& r) {
  using A = ScanAcc<T>;
  const A none = A(-std::numeric_limits<Real<A>>::infinity());
  scan_lines(c, c.t[1].as<T>(), c.t[0].as<T>(), r, none, [](A a, A b) { return log_add_exp(a, b); });
}
// t: out, input; contiguous floats or complex. params: dim.
void logcumsumexp(Call& c) {
  const Rows r = rows_of(c.t[0], c.i(0));
  switch (c.t[0].dtype) { TT_FLOATS(scan_log<T>(c, r)) TT_COMPLEX(scan_log<T>(c, r)) default: break; }
}

// Running extremes with the positions they came from (the latest of equal ones); NaN stays.
// t: values, indices int64, input; contiguous, one shape, real. params: dim, minimum (0 cummax, 1 cummin).
void cummax(Call& c) {
  const Rows r = rows_of(c.t[0], c.i(0));
  const bool minimum = c.i(1) != 0;
  TT_DISPATCH_REAL(c.t[0].dtype, parallel_for(r.outer * r.inner, grain_for(r.dim * 2), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t base = i / r.inner * r.dim * r.inner + i % r.inner;
      const T* x = c.t[2].as<T>() + base;
      int64_t at = 0;
      for (int64_t d = 0; d < r.dim; d++) {
        const Acc<T> v = x[d * r.inner], best = x[at * r.inner];
        if (is_nan(v) || (!is_nan(best) && (minimum ? v <= best : v >= best))) at = d;
        c.t[0].as<T>()[base + d * r.inner] = x[at * r.inner];
        c.t[1].as<int64_t>()[base + d * r.inner] = at;
      }
    }
  }))
}

}}  // namespace tt::TT_ISA
