// Steps of the elementary functions on doubles.
#include "steps.h"
#include "vmath.h"

namespace tt::TT_ISA {
namespace {

#define FUNCTION(name) struct name##_f { static inline vd of(vd x) { return name##_v(x); } };
FUNCTION(exp)
FUNCTION(exp2)
FUNCTION(expm1)
FUNCTION(log)
FUNCTION(log2)
FUNCTION(log10)
FUNCTION(log1p)
FUNCTION(sin)
FUNCTION(cos)
FUNCTION(tan)
FUNCTION(atan)
FUNCTION(sinh)
FUNCTION(cosh)
FUNCTION(tanh)

}  // namespace

StepFn double_math_step(Op op) {
  switch (op) {
    case Op::exp: return unary_vector_step<exp_f, double>;
    case Op::exp2: return unary_vector_step<exp2_f, double>;
    case Op::expm1: return unary_vector_step<expm1_f, double>;
    case Op::log: return unary_vector_step<log_f, double>;
    case Op::log2: return unary_vector_step<log2_f, double>;
    case Op::log10: return unary_vector_step<log10_f, double>;
    case Op::log1p: return unary_vector_step<log1p_f, double>;
    case Op::sin: return unary_vector_step<sin_f, double>;
    case Op::cos: return unary_vector_step<cos_f, double>;
    case Op::tan: return unary_vector_step<tan_f, double>;
    case Op::atan: return unary_vector_step<atan_f, double>;
    case Op::sinh: return unary_vector_step<sinh_f, double>;
    case Op::cosh: return unary_vector_step<cosh_f, double>;
    case Op::tanh: return unary_vector_step<tanh_f, double>;
    default: return nullptr;
  }
}

}  // namespace tt::TT_ISA
