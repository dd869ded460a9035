// Arithmetic, comparison, bits and casts, for every register type. src/ir/evaluate.ts defines what they mean.
#include "steps.h"
#include "block.h"
#include "half.h"
#include <cmath>

namespace tt::TT_ISA {
namespace {

#define UNARY(name, expression) struct name { template <class T> static inline auto of(T x) { return expression; } }
#define BINARY(name, expression) struct name { template <class T> static inline auto of(T x, T y) { return expression; } }

// Floats.
UNARY(Neg, (T)-x);
UNARY(Abs, std::fabs(x));
UNARY(Floor, std::floor(x));
UNARY(Ceil, std::ceil(x));
UNARY(Trunc, std::trunc(x));
UNARY(Round, std::nearbyint(x));
UNARY(Sqrt, std::sqrt(x));
UNARY(Same, x);
BINARY(Add, (T)(x + y));
BINARY(Sub, (T)(x - y));
BINARY(Mul, (T)(x * y));
BINARY(Div, (T)(x / y));
BINARY(TruncDiv, std::trunc(x / y));
BINARY(Fmod, std::fmod(x, y));
BINARY(Min, (x < y || x != x) ? x : y);
BINARY(Max, (x > y || x != x) ? x : y);
BINARY(Lt, (uint8_t)(x < y));
BINARY(Le, (uint8_t)(x <= y));
BINARY(Eq, (uint8_t)(x == y));
BINARY(Ne, (uint8_t)(x != y));

// int64, through uint64 so that overflow wraps.
using U = uint64_t;
UNARY(NegInt, (int64_t)(0 - (U)x));
UNARY(AbsInt, x < 0 ? (int64_t)(0 - (U)x) : x);
UNARY(NotInt, ~x);
BINARY(AddInt, (int64_t)((U)x + (U)y));
BINARY(SubInt, (int64_t)((U)x - (U)y));
BINARY(MulInt, (int64_t)((U)x * (U)y));
BINARY(DivInt, y == 0 ? 0 : y == -1 ? (int64_t)(0 - (U)x) : x / y);
BINARY(RemInt, y == 0 || y == -1 ? 0 : x % y);
BINARY(And, (T)(x & y));
BINARY(Or, (T)(x | y));
BINARY(Xor, (T)(x ^ y));
BINARY(Shl, (U)y < 64 ? (int64_t)((U)x << ((U)y & 63)) : 0);
BINARY(Shr, (U)y < 64 ? x >> ((U)y & 63) : x >> 63);

int64_t power(int64_t x, int64_t n) {
  if (n < 0) return x == 1 ? 1 : x == -1 ? (n & 1 ? -1 : 1) : 0;
  U base = (U)x, result = 1;
  for (; n; n >>= 1, base *= base) if (n & 1) result *= base;
  return (int64_t)result;
}
struct PowInt { static int64_t of(int64_t x, int64_t n) { return power(x, n); } };

// bool.
UNARY(NotBool, (uint8_t)(x ^ 1));
BINARY(LtBool, (uint8_t)((x ^ 1) & y));
BINARY(LeBool, (uint8_t)((x ^ 1) | y));
BINARY(EqBool, (uint8_t)(x ^ y ^ 1));

template <class T> void where_step(void* d, const void* a, const void* b, const void* c, int64_t n) {
  auto r = static_cast<T*>(d);
  auto m = static_cast<const uint8_t*>(a);
  auto x = static_cast<const T*>(b);
  auto y = static_cast<const T*>(c);
  TT_SIMD for (int64_t i = 0; i < n; i++) r[i] = m[i] ? x[i] : y[i];
}

// ---- Casts ----

template <class T> struct To {
  template <class S> static inline T of(S x) { return (T)x; }
};
struct ToInt { template <class S> static inline int64_t of(S x) { return to_i64(x); } };
struct ToBool { template <class S> static inline uint8_t of(S x) { return x != 0; } };
template <class N> struct Wrap {
  static inline int64_t of(int64_t x) { return (int64_t)(N)x; }
  static inline int64_t of(float x) { return (int64_t)(N)to_integer<int32_t>(x); }
  static inline int64_t of(double x) { return (int64_t)(N)to_integer<int32_t>(x); }
};
struct RoundF16 { template <class S> static inline float of(S x) { return to_float(to_f16((float)x)); } };
struct RoundBF16 { template <class S> static inline float of(S x) { return to_float(to_bf16((float)x)); } };

template <class S> StepFn cast_step(int dtype) {
  switch (dtype) {
    case F32: return unary_step<To<float>, S, float>;
    case F64: return unary_step<To<double>, S, double>;
    case F16: return unary_step<RoundF16, S, float>;
    case BF16: return unary_step<RoundBF16, S, float>;
    case BOOL: return unary_step<ToBool, S, uint8_t>;
  }
  if constexpr (sizeof(S) == 1) return unary_step<To<int64_t>, S, int64_t>;
  else switch (dtype) {
    case I8: return unary_step<Wrap<int8_t>, S, int64_t>;
    case I16: return unary_step<Wrap<int16_t>, S, int64_t>;
    case I32: return unary_step<Wrap<int32_t>, S, int64_t>;
    case U8: return unary_step<Wrap<uint8_t>, S, int64_t>;
    case I64: if constexpr (sizeof(S) == 8 && (S)0.5 == 0) return unary_step<Same, S, int64_t>; else return unary_step<ToInt, S, int64_t>;
  }
  return nullptr;
}

// ---- Bits ----

struct BitsF32 { static inline int64_t of(float x) { return bit_cast<int32_t>(x); } };
struct BitsF64 { static inline int64_t of(double x) { return bit_cast<int64_t>(x); } };
struct FromBitsF32 { static inline float of(int64_t x) { return bit_cast<float>((int32_t)x); } };
struct FromBitsF64 { static inline double of(int64_t x) { return bit_cast<double>(x); } };

template <class T> StepFn float_step(Op op) {
  switch (op) {
    case Op::neg: return unary_step<Neg, T>;
    case Op::abs: return unary_step<Abs, T>;
    case Op::floor: return unary_step<Floor, T>;
    case Op::ceil: return unary_step<Ceil, T>;
    case Op::trunc: return unary_step<Trunc, T>;
    case Op::round: return unary_step<Round, T>;
    case Op::sqrt: return unary_step<Sqrt, T>;
    case Op::add: return binary_step<Add, T>;
    case Op::sub: return binary_step<Sub, T>;
    case Op::mul: return binary_step<Mul, T>;
    case Op::div: return binary_step<Div, T>;
    case Op::idiv: return binary_step<TruncDiv, T>;
    case Op::rem: return binary_step<Fmod, T>;
    case Op::min: return binary_step<Min, T>;
    case Op::max: return binary_step<Max, T>;
    case Op::lt: return binary_step<Lt, T, uint8_t>;
    case Op::le: return binary_step<Le, T, uint8_t>;
    case Op::eq: return binary_step<Eq, T, uint8_t>;
    case Op::ne: return binary_step<Ne, T, uint8_t>;
    case Op::where: return where_step<T>;
    default: return nullptr;
  }
}

StepFn int_step(Op op, int aux) {
  using T = int64_t;
  switch (op) {
    case Op::neg: return unary_step<NegInt, T>;
    case Op::abs: return unary_step<AbsInt, T>;
    case Op::floor: case Op::ceil: case Op::trunc: case Op::round: return unary_step<Same, T>;
    case Op::not_: return unary_step<NotInt, T>;
    case Op::add: return binary_step<AddInt, T>;
    case Op::sub: return binary_step<SubInt, T>;
    case Op::mul: return binary_step<MulInt, T>;
    case Op::idiv: return binary_step<DivInt, T>;
    case Op::rem: return binary_step<RemInt, T>;
    case Op::pow: return binary_step<PowInt, T>;
    case Op::min: return binary_step<Min, T>;
    case Op::max: return binary_step<Max, T>;
    case Op::lt: return binary_step<Lt, T, uint8_t>;
    case Op::le: return binary_step<Le, T, uint8_t>;
    case Op::eq: return binary_step<Eq, T, uint8_t>;
    case Op::ne: return binary_step<Ne, T, uint8_t>;
    case Op::and_: return binary_step<And, T>;
    case Op::or_: return binary_step<Or, T>;
    case Op::xor_: return binary_step<Xor, T>;
    case Op::shl: return binary_step<Shl, T>;
    case Op::shr: return binary_step<Shr, T>;
    case Op::where: return where_step<T>;
    case Op::cast: return cast_step<T>(aux);
    case Op::fromBits: return aux == F64 ? unary_step<FromBitsF64, T, double> : unary_step<FromBitsF32, T, float>;
    default: return nullptr;
  }
}

// Arithmetic on bool is that of integers, then != 0.
StepFn bool_step(Op op, int aux) {
  using T = uint8_t;
  switch (op) {
    case Op::neg: case Op::abs: case Op::floor: case Op::ceil: case Op::trunc: case Op::round: return unary_step<Same, T>;
    case Op::not_: return unary_step<NotBool, T>;
    case Op::add: case Op::or_: case Op::max: return binary_step<Or, T>;
    case Op::mul: case Op::and_: case Op::min: return binary_step<And, T>;
    case Op::sub: case Op::xor_: case Op::ne: return binary_step<Xor, T>;
    case Op::lt: return binary_step<LtBool, T>;
    case Op::le: return binary_step<LeBool, T>;
    case Op::eq: return binary_step<EqBool, T>;
    case Op::where: return where_step<T>;
    case Op::cast: return cast_step<T>(aux);
    default: return nullptr;
  }
}

}  // namespace

// The loop of an op on registers of `type` (of `where`: the type of its values), or nullptr where there is none.
StepFn step(Op op, Reg type, int aux) {
  StepFn fn = nullptr;
  switch (type) {
    case Reg::f32:
      if (op == Op::cast) return cast_step<float>(aux);
      if (op == Op::bits) return unary_step<BitsF32, float, int64_t>;
      fn = float_math_step(op);
      if (!fn) fn = float_step<float>(op);
      break;
    case Reg::f64:
      if (op == Op::cast) return cast_step<double>(aux);
      if (op == Op::bits) return unary_step<BitsF64, double, int64_t>;
      fn = float_step<double>(op);
      if (!fn) fn = double_math_step(op);
      break;
    case Reg::i64: return int_step(op, aux);
    case Reg::u8: return bool_step(op, aux);
    case Reg::raw16: return nullptr;
  }
  return fn ? fn : special_step(op, type);
}

}  // namespace tt::TT_ISA
