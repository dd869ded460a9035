// Steps of the elementary functions on floats: the common ones in float, the rest through double.
#include "steps.h"
#include "vmath.h"
#include "vmath32.h"

namespace tt::TT_ISA {
namespace {

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

inline bool any_f(vi mask) {
  int32_t any = 0;
  for (int i = 0; i < lanes<float>; i++) any |= mask[i];
  return any != 0;
}

inline bool any_beyond_f(vf x, float limit) { return any_f(abs_f(x) > limit); }

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
FUNCTION(exp2)
FUNCTION(expm1)
FUNCTION(log)
FUNCTION(log1p)
FUNCTION(tanh)
FUNCTION(erf)
#undef FUNCTION

#define FUNCTION(name) \
  struct name##_d { \
    static inline vf of(vf x) { vd a, b; widen(x, a, b); return narrow(name##_v(a), name##_v(b)); } \
  };
FUNCTION(log2)
FUNCTION(log10)
FUNCTION(sin)
FUNCTION(cos)
FUNCTION(tan)
FUNCTION(atan)
FUNCTION(sinh)
FUNCTION(cosh)
FUNCTION(erfinv)
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

#define FUNCTION(name) \
  struct name##_d { \
    static inline vf of(vf x, vf y) { vd a, b, c, d; widen(x, a, b); widen(y, c, d); return narrow(name##_v(a, c), name##_v(b, d)); } \
  };
FUNCTION(pow)
FUNCTION(atan2)
FUNCTION(rem)
#undef FUNCTION

struct rem_f {
  static inline vf of(vf x, vf y) {
    if (!any_f((abs_f(x / y) >= 0x1p26f) | (abs_f(y) == INFINITY))) return rem_d::of(x, y);
    for (int i = 0; i < lanes<float>; i++) x[i] = std::fmod(x[i], y[i]);
    return x;
  }
};

}  // namespace

StepFn float_math_step(Op op) {
  switch (op) {
    case Op::exp: return unary_vector_step<exp_f, float>;
    case Op::log: return unary_vector_step<log_f, float>;
    case Op::tanh: return unary_vector_step<tanh_f, float>;
    case Op::erf: return unary_vector_step<erf_f, float>;
    case Op::exp2: return unary_vector_step<exp2_f, float>;
    case Op::expm1: return unary_vector_step<expm1_f, float>;
    case Op::log2: return unary_vector_step<log2_d, float>;
    case Op::log10: return unary_vector_step<log10_d, float>;
    case Op::log1p: return unary_vector_step<log1p_f, float>;
    case Op::sin: return unary_vector_step<sin_f, float>;
    case Op::cos: return unary_vector_step<cos_f, float>;
    case Op::tan: return unary_vector_step<tan_d, float>;
    case Op::atan: return unary_vector_step<atan_d, float>;
    case Op::sinh: return unary_vector_step<sinh_d, float>;
    case Op::cosh: return unary_vector_step<cosh_d, float>;
    case Op::erfinv: return unary_vector_step<erfinv_d, float>;
    case Op::pow: return binary_vector_step<pow_d, float>;
    case Op::atan2: return binary_vector_step<atan2_d, float>;
    case Op::rem: return binary_vector_step<rem_f, float>;
    default: return nullptr;
  }
}

}  // namespace tt::TT_ISA
