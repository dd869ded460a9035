// Steps of the elementary functions on floats: the common ones in float, the rest through double.
#include "steps.h"
#include "vmath.h"

namespace tt::TT_ISA {
namespace {

inline vf splat_f(float x) { return x - vf{}; }
inline vf abs_f(vf x) { return bits<vf>(bits<vi>(x) & INT32_MAX); }
inline vf copysign_f(vf magnitude, vf sign) { return bits<vf>((bits<vi>(magnitude) & INT32_MAX) | (bits<vi>(sign) & INT32_MIN)); }
inline vf pow2_f(vi n) { return bits<vf>((n + 127) << 23); }

constexpr float ROUND_MAGIC_F = 0x1.8p23f;

// Cephes' polynomial; halves of the exponent so that denormals and overflow come out right.
inline vf exp_float(vf x) {
  x = select(x < -104.0f, splat_f(-104), x);
  x = select(x > 89.0f, splat_f(89), x);
  vf t = x * 1.44269504088896341f + ROUND_MAGIC_F;
  vf n = t - ROUND_MAGIC_F;
  vf r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  vi k = bits<vi>(t) - bits<int32_t>(ROUND_MAGIC_F);
  vi half = k >> 1;
  return p * pow2_f(half) * pow2_f(k - half);
}

// exp for -87 <= x <= 88.
inline vf exp_moderate(vf x) {
  vf t = x * 1.44269504088896341f + ROUND_MAGIC_F;
  vf n = t - ROUND_MAGIC_F;
  vf r = x - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  vf p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return bits<vf>(bits<vi>(p) + (bits<vi>(t) << 23));
}

inline vf log_float(vf x) {
  vi tiny = x < 0x1p-126f;
  vf y = select(tiny, x * 0x1p25f, x);
  vi i = bits<vi>(y) + (0x3f800000 - 0x3f3504f3);
  vi k = ((i >> 23) & 0x1ff) - 127;
  vf f = bits<vf>((i & 0x007fffff) + 0x3f3504f3) - 1.0f;
  vf e = __builtin_convertvector(k, vf) - select(tiny, splat_f(25), vf{});
  vf p = f * 7.0376836292e-2f - 1.1514610310e-1f;
  p = p * f + 1.1676998740e-1f;
  p = p * f - 1.2420140846e-1f;
  p = p * f + 1.4249322787e-1f;
  p = p * f - 1.6668057665e-1f;
  p = p * f + 2.0000714765e-1f;
  p = p * f - 2.4999993993e-1f;
  p = p * f + 3.3333331174e-1f;
  vf z = f * f;
  vf r = p * f * z - e * 2.12194440e-4f - z * 0.5f + f + e * 0.693359375f;
  r = select(x == INFINITY, x, r);
  r = select(x == 0, splat_f(-INFINITY), r);
  return select(x >= 0, r, splat_f(NAN));
}

inline vf tanh_float(vf x) {
  vf a = abs_f(x), z = x * x;
  vf p = z * -5.70498872745e-3f + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  vf small = p * z * x + x;
  vf large = 1.0f - 2.0f / (exp_moderate(select(a < 10.0f, a + a, splat_f(20))) + 1.0f);
  return select(x == x, select(a < 0.625f, small, copysign_f(large, x)), x);
}

// Norbert Juffa's approximation: a polynomial near 0, 1 - exp(polynomial) beyond.
inline vf erf_float(vf x) {
  vf a = abs_f(x), s = x * x;
  vf r = a * -1.72853470e-5f + 3.83197126e-4f;
  vf u = a * -3.88396438e-3f + 2.42546219e-2f;
  r = r * s + u;
  r = r * a - 1.06777877e-1f;
  r = r * a - 6.34846687e-1f;
  r = r * a - 1.28717512e-1f;
  r = r * a - a;
  vf large = copysign_f(1.0f - exp_moderate(select(a < 4.0f, r, splat_f(-20))), x);
  vf p = s * -5.96761703e-4f + 4.99119423e-3f;
  p = p * s - 2.67681349e-2f;
  p = p * s + 1.12819925e-1f;
  p = p * s - 3.76125336e-1f;
  p = p * s + 1.28379166e-1f;
  vf small = p * x + x;
  return select(x == x, select(a > 0.927734375f, large, small), x);
}

// ---- Angles ----

constexpr float ANGLE_LIMIT_F = 8192;

struct AngleF { vf r; vi n; };  // x = r + n * pi / 2, for |x| <= 8192: three parts of pi / 2 of ten bits, whose products with n are exact

inline AngleF reduce_pi_f(vf x) {
  vf t = x * 0.63661977236758134f + ROUND_MAGIC_F;
  vf n = t - ROUND_MAGIC_F;
  vf r = x - n * 0x1.9200000000000p+0f;
  r = r - n * 0x1.fb00000000000p-12f;
  r = r - n * 0x1.5100000000000p-22f;
  r = r - n * 0x1.0b46120000000p-34f;
  return {r, bits<vi>(t) - bits<int32_t>(ROUND_MAGIC_F)};
}

inline vf sin_kernel_f(vf r) {
  vf z = r * r;
  vf p = z * -1.9515295891e-4f + 8.3321608736e-3f;
  p = p * z - 1.6666654611e-1f;
  return p * z * r + r;
}

inline vf cos_kernel_f(vf r) {
  vf z = r * r;
  vf p = z * 2.443315711809948e-5f - 1.388731625493765e-3f;
  p = p * z + 4.166664568298827e-2f;
  return p * z * z - z * 0.5f + 1.0f;
}

// sin for shift 0, cos for shift 1; |x| <= 8192.
inline vf sin_or_cos_f(vf x, int shift) {
  auto [r, n] = reduce_pi_f(x);
  n += shift;
  vf result = select((n & 1) != 0, cos_kernel_f(r), sin_kernel_f(r));
  return bits<vf>(bits<vi>(result) ^ ((n & 2) << 30));
}

inline bool any_beyond_f(vf x, float limit) {
  vi beyond = abs_f(x) > limit;
  int32_t any = 0;
  for (int i = 0; i < lanes<float>; i++) any |= beyond[i];
  return any != 0;
}

// ---- Through double ----

inline void widen(vf x, vd& low, vd& high) {
  vfh halves[2];
  memcpy(halves, &x, sizeof x);
  low = __builtin_convertvector(halves[0], vd);
  high = __builtin_convertvector(halves[1], vd);
}

inline vf narrow(vd low, vd high) {
  vfh halves[2] = {__builtin_convertvector(low, vfh), __builtin_convertvector(high, vfh)};
  vf x;
  memcpy(&x, halves, sizeof x);
  return x;
}

#define FUNCTION(name) struct name##_f { static inline vf of(vf x) { return name##_float(x); } };
FUNCTION(exp)
FUNCTION(log)
FUNCTION(tanh)
FUNCTION(erf)
#undef FUNCTION

#define FUNCTION(name) \
  struct name##_d { \
    static inline vf of(vf x) { vd a, b; widen(x, a, b); return narrow(name##_v(a), name##_v(b)); } \
  };
FUNCTION(exp2)
FUNCTION(expm1)
FUNCTION(log2)
FUNCTION(log10)
FUNCTION(log1p)
FUNCTION(sin)
FUNCTION(cos)
FUNCTION(tan)
FUNCTION(atan)
FUNCTION(sinh)
FUNCTION(cosh)
#undef FUNCTION

struct sin_f {
  static inline vf of(vf x) {
    if (any_beyond_f(x, ANGLE_LIMIT_F)) return sin_d::of(x);
    return select(x == 0, x, sin_or_cos_f(x, 0));
  }
};
struct cos_f {
  static inline vf of(vf x) { return any_beyond_f(x, ANGLE_LIMIT_F) ? cos_d::of(x) : sin_or_cos_f(x, 1); }
};

struct pow_d {
  static inline vf of(vf x, vf y) {
    vd a, b, c, d;
    widen(x, a, b);
    widen(y, c, d);
    return narrow(pow_v(a, c), pow_v(b, d));
  }
};

}  // namespace

StepFn float_math_step(Op op) {
  switch (op) {
    case Op::exp: return unary_vector_step<exp_f, float>;
    case Op::log: return unary_vector_step<log_f, float>;
    case Op::tanh: return unary_vector_step<tanh_f, float>;
    case Op::erf: return unary_vector_step<erf_f, float>;
    case Op::exp2: return unary_vector_step<exp2_d, float>;
    case Op::expm1: return unary_vector_step<expm1_d, float>;
    case Op::log2: return unary_vector_step<log2_d, float>;
    case Op::log10: return unary_vector_step<log10_d, float>;
    case Op::log1p: return unary_vector_step<log1p_d, float>;
    case Op::sin: return unary_vector_step<sin_f, float>;
    case Op::cos: return unary_vector_step<cos_f, float>;
    case Op::tan: return unary_vector_step<tan_d, float>;
    case Op::atan: return unary_vector_step<atan_d, float>;
    case Op::sinh: return unary_vector_step<sinh_d, float>;
    case Op::cosh: return unary_vector_step<cosh_d, float>;
    case Op::pow: return binary_vector_step<pow_d, float>;
    default: return nullptr;
  }
}

}  // namespace tt::TT_ISA
