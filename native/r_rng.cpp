// Random numbers, equal to those of PyTorch's CPU generator for the same state (mt19937.h). The first operand is the output (contiguous),
// the second the state; numbers are drawn in row-major order.
#include "mt19937.h"
#include "r_math.h"

namespace tt { namespace TT_ISA {

static int64_t param64(const Call& c, int k) { return (int64_t)((uint64_t)(int64_t)c.d(k) << 32) + (int64_t)c.d(k + 1); }

// t: state. params: seed (its low 32 bits are used, as PyTorch does).
void rng_seed(Call& c) { Generator(c.t[0]).seed((uint32_t)(uint64_t)c.d(0)); }

// n uniform numbers of [0, 1): 53 bits of two draws for double, 24 of one for float.
static void fill_uniform(Generator& g, double* out, int64_t n) { for (int64_t i = 0; i < n; i++) out[i] = g.uniform(); }
static void fill_uniform(Generator& g, float* out, int64_t n) {
  uint32_t block[624];
  for (int64_t i = 0; i < n; i += 624) {
    const int64_t m = min_of(624, n - i);
    g.fill(block, m);
    for (int64_t j = 0; j < m; j++) out[i + j] = (float)(int32_t)(block[j] & 0xffffff) * 0x1p-24f;
  }
}

// Uniform on [from, to); what rounding lifts to `to` becomes `from`. t: out (floats), state. params: from, to.
void rng_uniform(Call& c) {
  Generator g(c.t[1]);
  const int64_t n = c.t[0].numel();
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    using A = Acc<T>;
    T* out = c.t[0].as<T>();
    const A from = (A)c.d(0), to = (A)c.d(1), width = to - from;
    const T least = (T)from, beyond = (T)to;
    A block[512];
    for (int64_t i = 0; i < n; i += 512) {
      const int64_t m = min_of(512, n - i);
      fill_uniform(g, block, m);
      for (int64_t j = 0; j < m; j++) {
        const T x = (T)(from == 0 && width == 1 ? block[j] : std::fma(block[j], width, from));
        out[i + j] = (A)x == (A)beyond ? least : x;
      }
    }
  })
}

static inline float fused(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return std::fma(a, b, c);
#else
  return a * b + c;
#endif
}

// Logarithm, sine and cosine of Cephes (single precision), step by step as in PyTorch's kernel for AVX2, so that all bits of normals agree.
static inline float cephes_log(float u) {
  const int32_t bits = bit_cast<int32_t>(u);
  const float mantissa = bit_cast<float>((bits & 0x7fffff) | 0x3f000000);
  const bool low = mantissa < 0.707106781186547524f;
  const float e = (float)((bits >> 23) - 126 - low), x = mantissa - 1 + (low ? mantissa : 0.0f), z = x * x;
  float y = 7.0376836292e-2f;
  static constexpr float rest[] = {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f};
#pragma GCC unroll 8
  for (float c : rest) y = fused(y, x, c);
  y = fused(-0.5f, z, fused(y * x, z, e * -2.12194440e-4f));
  return fused(e, 0.693359375f, x + y);
}
static inline void cephes_sincos(float angle, float& sine, float& cosine) {
  const int32_t octant = ((int32_t)(angle * 1.27323954473516f) + 1) & ~1;
  const float k = (float)octant, x = fused(k, -3.77489497744594108e-8f, fused(k, -2.4187564849853515625e-4f, fused(k, -0.78515625f, angle))), z = x * x;
  const float c = fused(fused(fused(2.443315711809948e-5f, z, -1.388731625493765e-3f), z, 4.166664568298827e-2f) * z, z, -0.5f * z) + 1;
  const float s = fused(fused(fused(-1.9515295891e-4f, z, 8.3321608736e-3f), z, -1.6666654611e-1f) * z, x, x);
  const bool swap = octant & 2;
  sine = bit_cast<float>(bit_cast<int32_t>(swap ? c : s) ^ (octant & 4) << 29);
  cosine = bit_cast<float>(bit_cast<int32_t>(swap ? s : c) ^ (~(octant - 2) & 4) << 29);
}

// Turns a block of 8 + 8 uniforms into normals, as PyTorch lays them out.
static void normal_block(float* x, float mean, float std) {
  float radius[8], sine[8], cosine[8];
  for (int j = 0; j < 8; j++) radius[j] = std::sqrt(-2 * cephes_log(1 - x[j]));
  for (int j = 0; j < 8; j++) cephes_sincos(6.28318530717958647692f * x[j + 8], sine[j], cosine[j]);
  for (int j = 0; j < 8; j++) {
    x[j] = fused(radius[j] * cosine[j], std, mean);
    x[j + 8] = fused(radius[j] * sine[j], std, mean);
  }
}
static void normal_block(double* x, double mean, double std) {
  for (int j = 0; j < 8; j++) {
    const double radius = std::sqrt(-2 * std::log(1 - x[j])), theta = 2.0 * 3.14159265358979323846 * x[j + 8];
    x[j] = radius * std::cos(theta) * std + mean;
    x[j + 8] = radius * std::sin(theta) * std + mean;
  }
}

// A rest of fewer than 16 is made by drawing the last 16 again; its first draws are spent all the same, but for 16-bit types (`frugal`).
template <class T> void fill_normal(Generator& g, T* out, int64_t n, T mean, T std, bool frugal) {
  fill_uniform(g, out, frugal ? n / 16 * 16 : n);
  parallel_for(n / 16, 512, [&](int64_t begin, int64_t end) { for (int64_t i = begin; i < end; i++) normal_block(out + i * 16, mean, std); });
  if (n % 16 == 0) return;
  fill_uniform(g, out + n - 16, 16);
  normal_block(out + n - 16, mean, std);
}

// Normal. 16 elements and more are made in blocks of 16, unless `serial` (PyTorch: where the tensor is not contiguous).
// t: out (floats), state. params: mean, std, serial.
void rng_normal(Call& c) {
  Generator g(c.t[1]);
  const int64_t n = c.t[0].numel();
  const double mean = c.d(0), std = c.d(1);
  const bool serial = n < 16 || (c.nparams > 2 && c.i(2));
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    T* out = c.t[0].as<T>();
    if (serial) for (int64_t i = 0; i < n; i++) out[i] = (T)std::fma(g.normal(), std, mean);
    else if constexpr (std::is_same<T, Acc<T>>::value) fill_normal(g, out, n, (T)mean, (T)std, false);
    else {
      Scratch wide(n * 4);
      if (!wide.data) return c.fail(OUT_OF_MEMORY);
      fill_normal(g, wide.as<float>(), n, (float)mean, (float)std, true);
      for (int64_t i = 0; i < n; i++) out[i] = (T)wide.as<float>()[i];
    }
  })
}

// One double per element from `draw`.
template <class F> void fill_each(Call& c, F&& draw) {
  const int64_t n = c.t[0].numel();
  TT_DISPATCH_REAL(c.t[0].dtype, for (int64_t i = 0; i < n; i++) c.t[0].as<T>()[i] = (T)draw();)
}

// t: out (floats), state. params: mean, std of the logarithm.
void rng_log_normal(Call& c) {
  Generator g(c.t[1]);
  fill_each(c, [&] { return std::exp(std::fma(g.normal(), c.d(1), c.d(0))); });
}
// t: out (floats), state. params: median, sigma.
void rng_cauchy(Call& c) {
  Generator g(c.t[1]);
  fill_each(c, [&] { return c.d(0) + c.d(1) * std::tan(3.14159265358979323846 * (g.uniform() - 0.5)); });
}
// t: out (floats), state. params: lambda.
void rng_exponential(Call& c) {
  Generator g(c.t[1]);
  fill_each(c, [&] { return -1.0 / c.d(0) * std::log1p(-g.uniform()); });
}
// Trials up to the first success. t: out (real), state. params: p.
void rng_geometric(Call& c) {
  Generator g(c.t[1]);
  fill_each(c, [&] { return std::ceil(std::log(g.uniform()) / std::log1p(-c.d(0))); });
}
// t: out (real), state. params: p.
void rng_bernoulli(Call& c) {
  Generator g(c.t[1]);
  fill_each(c, [&] { return (double)(g.uniform() < c.d(0)); });
}
// t: out (real), state, p (out's shape, contiguous floats). Two draws an element for float64 p, else one. No params.
void rng_bernoulli_tensor(Call& c) {
  Generator g(c.t[1]);
  const int64_t n = c.t[0].numel();
  const View& p = c.t[2];
  int64_t i = 0;
  if (p.dtype == F64) return fill_each(c, [&] { return (double)(g.uniform() < p.as<double>()[i++]); });
  TT_DISPATCH_FLOAT(p.dtype, { const T* probability = p.as<T>(); fill_each(c, [&] { return (double)(g.uniform_float() < (float)probability[i++]); }); })
  (void)n;
}

// Integers base … base + range - 1. t: out (real), state. params: base (hi, lo), range (hi, lo; unsigned).
void rng_randint(Call& c) {
  Generator g(c.t[1]);
  const int64_t base = param64(c, 0), n = c.t[0].numel();
  const uint64_t range = (uint64_t)param64(c, 2);
  if (range == 0) return c.fail(BAD_VALUE);
  const int dtype = c.t[0].dtype;
  const bool wide = range >= 1ull << 28;  // PyTorch: % of a 32-bit draw would be too skewed
  TT_DISPATCH_REAL(dtype, {
    T* out = c.t[0].as<T>();
    if (wide) for (int64_t i = 0; i < n; i++) out[i] = (T)(int64_t)(g.random64() % range + (uint64_t)base);
    else for (int64_t i = 0; i < n; i++) out[i] = (T)(int64_t)((uint64_t)g.random() % range + (uint64_t)base);
  })
}

// random_() without bounds: all non-negative integers of the type, up to 2^mantissa for floats. t: out (real), state. params: 1 for all
// 64-bit integers (random_(from = the least int64)).
void rng_random(Call& c) {
  Generator g(c.t[1]);
  const int64_t n = c.t[0].numel();
  const bool full = c.nparams > 0 && c.i(0);
  const int dtype = c.t[0].dtype;
  TT_DISPATCH_REAL(dtype, {
    T* out = c.t[0].as<T>();
    if (full) for (int64_t i = 0; i < n; i++) out[i] = (T)(int64_t)g.random64();
    else if constexpr (std::is_same<T, double>::value) for (int64_t i = 0; i < n; i++) out[i] = (double)(g.random64() % ((1ull << 53) + 1));
    else if constexpr (std::is_same<T, int64_t>::value) for (int64_t i = 0; i < n; i++) out[i] = (int64_t)(g.random64() & (~0ull >> 1));
    else if constexpr (std::is_integral<T>::value) {
      const uint32_t size = dtype == BOOL ? 2 : (uint32_t)std::numeric_limits<T>::max() + 1;
      for (int64_t i = 0; i < n; i++) out[i] = (T)(g.random() % size);
    } else {
      const uint32_t size = (1u << (dtype == F32 ? 24 : dtype == F16 ? 11 : 8)) + 1;
      for (int64_t i = 0; i < n; i++) out[i] = (T)(float)(g.random() % size);
    }
  })
}

// A random permutation of 0 … n - 1. t: out [n] int64, state. No params.
void rng_randperm(Call& c) {
  Generator g(c.t[1]);
  int64_t* out = c.t[0].as<int64_t>();
  const int64_t n = c.t[0].numel();
  for (int64_t i = 0; i < n; i++) out[i] = i;
  for (int64_t i = 0; i < n - 1; i++) {
    const int64_t z = n < 0xffffffffll / 20 ? (int64_t)((uint64_t)g.random() % (uint64_t)(n - i)) : (int64_t)(g.random64() % (uint64_t)(n - i));
    const int64_t t = out[i];
    out[i] = out[i + z];
    out[i + z] = t;
  }
}

// Samples with replacement from rows of weights.
// t: out [rows, samples] int64, state, weights [rows, n] (float32 or float64, not negative, sum > 0); contiguous. No params.
// Fails with BAD_VALUE (2: sum not positive, 3: negative or NaN, 4: infinite; row).
void rng_multinomial(Call& c) {
  Generator g(c.t[1]);
  const int64_t rows = c.t[2].size[0], n = c.t[2].size[1], samples = c.t[0].size[1];
  Scratch scratch(n * 8);
  if (!scratch.data) return c.fail(OUT_OF_MEMORY);
  TT_DISPATCH_FLOAT(c.t[2].dtype, {
    using A = Acc<T>;
    A* cumulative = scratch.as<A>();
    for (int64_t r = 0; r < rows; r++) {
      A sum = 0;
      for (int64_t j = 0; j < n; j++) {
        const A w = (A)c.t[2].as<T>()[r * n + j];
        if (!(w >= 0)) return c.fail(BAD_VALUE, 3, (double)r);
        if (std::isinf(w)) return c.fail(BAD_VALUE, 4, (double)r);
        cumulative[j] = sum += w;
      }
      if (!(sum > 0)) return c.fail(BAD_VALUE, 2, (double)r);
      for (int64_t j = 0; j < n; j++) cumulative[j] /= sum;
      for (int64_t s = 0; s < samples; s++) {
        const double u = g.uniform();
        int64_t low = 0, high = n;
        while (low < high) {
          const int64_t mid = low + (high - low) / 2;
          if ((double)cumulative[mid] < u) low = mid + 1;
          else high = mid;
        }
        c.t[0].as<int64_t>()[r * samples + s] = min_of(low, n - 1);
      }
    }
  })
}

// Small rates multiply uniforms; large ones use Hörmann's transformed rejection (1993).
static double sample_poisson(Generator& g, double lambda) {
  if (lambda == 0) return 0;
  if (lambda < 10) {
    const double limit = std::exp(-lambda);
    double product = 1;
    for (int64_t k = 0;; k++) {
      product *= g.uniform();
      if (!(product > limit)) return (double)k;
    }
  }
  const double root = std::sqrt(lambda), log_lambda = std::log(lambda), b = 0.931 + 2.53 * root, a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), vr = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = g.uniform() - 0.5, v = g.uniform(), us = 0.5 - std::fabs(u);
    const double k = std::floor((2 * a / us + b) * u + lambda + 0.43);
    if (us >= 0.07 && v <= vr) return k;
    if (k < 0 || (us < 0.013 && v > us)) continue;
    if (std::log(v) + std::log(inverse_alpha) - std::log(a / (us * us) + b) <= -lambda + k * log_lambda - std::lgamma(k + 1)) return k;
  }
}
// t: out (floats), state, rate (out's shape and dtype, contiguous). No params. Fails with BAD_VALUE where a rate is negative, NaN or infinite.
void rng_poisson(Call& c) {
  Generator g(c.t[1]);
  const int64_t n = c.t[0].numel();
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    for (int64_t i = 0; i < n; i++) {
      const double rate = (double)(Acc<T>)c.t[2].as<T>()[i];
      if (!(rate >= 0) || std::isinf(rate)) return c.fail(BAD_VALUE, rate, (double)i);
    }
    for (int64_t i = 0; i < n; i++) c.t[0].as<T>()[i] = (T)sample_poisson(g, (double)(Acc<T>)c.t[2].as<T>()[i]);
  })
}

}}  // namespace tt::TT_ISA
