// Rarely used functions, one element at a time, computed in double.
#include "steps.h"
#include "special.h"

namespace tt::TT_ISA {
namespace {

#define ONE(name, expression) struct name { template <class T> static inline T of(T v) { double x = v; return (T)(expression); } }
#define TWO(name, expression) struct name { template <class T> static inline T of(T v, T w) { double x = v, y = w; return (T)(expression); } }

ONE(Asin, std::asin(x));
ONE(Acos, std::acos(x));
ONE(Asinh, std::asinh(x));
ONE(Acosh, std::acosh(x));
ONE(Atanh, std::atanh(x));
ONE(Erf, std::erf(x));
ONE(Erfc, std::erfc(x));
ONE(Erfinv, erfinv(x));
ONE(Lgamma, log_gamma(x));
ONE(Digamma, digamma(x));
TWO(Pow, std::pow(x, y));
TWO(Atan2, std::atan2(x, y));
TWO(Igamma, igamma(x, y));
TWO(Igammac, igammac(x, y));
TWO(Zeta, zeta(x, y));

template <class T> StepFn special(Op op) {
  switch (op) {
    case Op::asin: return unary_step<Asin, T>;
    case Op::acos: return unary_step<Acos, T>;
    case Op::asinh: return unary_step<Asinh, T>;
    case Op::acosh: return unary_step<Acosh, T>;
    case Op::atanh: return unary_step<Atanh, T>;
    case Op::erf: return unary_step<Erf, T>;
    case Op::erfc: return unary_step<Erfc, T>;
    case Op::erfinv: return unary_step<Erfinv, T>;
    case Op::lgamma: return unary_step<Lgamma, T>;
    case Op::digamma: return unary_step<Digamma, T>;
    case Op::pow: return binary_step<Pow, T>;
    case Op::atan2: return binary_step<Atan2, T>;
    case Op::igamma: return binary_step<Igamma, T>;
    case Op::igammac: return binary_step<Igammac, T>;
    case Op::zeta: return binary_step<Zeta, T>;
    default: return nullptr;
  }
}

}  // namespace

StepFn special_step(Op op, Reg type) {
  return type == Reg::f32 ? special<float>(op) : type == Reg::f64 ? special<double>(op) : nullptr;
}

}  // namespace tt::TT_ISA
