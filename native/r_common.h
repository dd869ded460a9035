// What the routines share: element types, dispatch on a dtype, SIMD vectors, small arithmetic helpers.
#pragma once
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include "abi.h"

namespace tt { namespace TT_ISA {

#if defined(__AVX512F__)
constexpr int VECTOR_BYTES = 64;
#elif defined(__AVX__)
constexpr int VECTOR_BYTES = 32;
#else
constexpr int VECTOR_BYTES = 16;
#endif

template <class T, int N = VECTOR_BYTES / (int)sizeof(T)> struct Simd {
  typedef T V __attribute__((vector_size(N * sizeof(T))));
  static constexpr int width = N;
  static V load(const T* p) { V v; __builtin_memcpy(&v, p, sizeof v); return v; }
  static void store(T* p, V v) { __builtin_memcpy(p, &v, sizeof v); }
  static V set(T x) { return x - V{}; }
};

inline int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t max_of(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

template <class To, class From> To bit_cast(From x) {
  static_assert(sizeof(To) == sizeof(From), "sizes differ");
  To r; __builtin_memcpy(&r, &x, sizeof r); return r;
}

// float16 and bfloat16: stored in 16 bits, computed in float32, rounded to nearest even.
inline float half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, rest = (uint32_t)(h & 0x7fff) << 13;
  if ((h & 0x7c00) == 0x7c00) return bit_cast<float>(sign | 0x7f800000u | rest);
  return bit_cast<float>(sign | bit_cast<uint32_t>(bit_cast<float>(rest) * 0x1p112f));
}
inline uint16_t float_to_half(float f) {
  uint32_t bits = bit_cast<uint32_t>(f), sign = (bits >> 16) & 0x8000, x = bits & 0x7fffffff;
  if (x >= 0x7f800000) return (uint16_t)(sign | (x > 0x7f800000 ? 0x7e00 : 0x7c00));
  if (x >= 0x47800000) return (uint16_t)(sign | 0x7c00);
  if (x < 0x38800000) return (uint16_t)(sign | (bit_cast<uint32_t>(bit_cast<float>(x) + 0.5f) - 0x3f000000u));
  return (uint16_t)(sign | ((x - 0x38000000 + 0xfff + ((x >> 13) & 1)) >> 13));
}
inline uint16_t float_to_bfloat(float f) {
  uint32_t x = bit_cast<uint32_t>(f);
  if (f != f) return 0x7fc0;
  return (uint16_t)((x + 0x7fff + ((x >> 16) & 1)) >> 16);
}
struct Half {
  uint16_t bits;
  Half() = default;
  Half(float f) : bits(float_to_half(f)) {}
  operator float() const { return half_to_float(bits); }
};
struct BFloat {
  uint16_t bits;
  BFloat() = default;
  BFloat(float f) : bits(float_to_bfloat(f)) {}
  operator float() const { return bit_cast<float>((uint32_t)bits << 16); }
};

template <class R> struct Complex {
  using Real = R;
  R re, im;
  Complex() = default;
  Complex(R r, R i = 0) : re(r), im(i) {}
  Complex operator-() const { return {-re, -im}; }
  Complex operator+(Complex b) const { return {re + b.re, im + b.im}; }
  Complex operator-(Complex b) const { return {re - b.re, im - b.im}; }
  Complex operator*(Complex b) const { return {re * b.re - im * b.im, re * b.im + im * b.re}; }
  Complex operator*(R b) const { return {re * b, im * b}; }
  Complex operator/(R b) const { return {re / b, im / b}; }
  Complex operator/(Complex b) const {  // Smith's method: no overflow in between
    if (std::fabs(b.re) >= std::fabs(b.im)) {
      R q = b.im / b.re, d = b.re + b.im * q;
      return {(re + im * q) / d, (im - re * q) / d};
    }
    R q = b.re / b.im, d = b.re * q + b.im;
    return {(re * q + im) / d, (im * q - re) / d};
  }
  Complex& operator+=(Complex b) { return *this = *this + b; }
  Complex& operator-=(Complex b) { return *this = *this - b; }
  Complex& operator*=(Complex b) { return *this = *this * b; }
  bool operator==(Complex b) const { return re == b.re && im == b.im; }
  bool operator!=(Complex b) const { return !(*this == b); }
};

// AccOf<T>: the type that sums of T are kept in. RealOf<T>: the type of |x|.
template <class T> struct AccOf { using type = T; };
template <> struct AccOf<Half> { using type = float; };
template <> struct AccOf<BFloat> { using type = float; };
template <class T> using Acc = typename AccOf<T>::type;
template <class T> struct RealOf { using type = T; };
template <class R> struct RealOf<Complex<R>> { using type = R; };
template <class T> using Real = typename RealOf<T>::type;
template <class T> struct IsComplex { static constexpr bool value = false; };
template <class R> struct IsComplex<Complex<R>> { static constexpr bool value = true; };

inline float conj(float x) { return x; }
inline double conj(double x) { return x; }
template <class R> Complex<R> conj(Complex<R> x) { return {x.re, -x.im}; }
inline float real_part(float x) { return x; }
inline double real_part(double x) { return x; }
template <class R> R real_part(Complex<R> x) { return x.re; }
inline float norm2(float x) { return x * x; }
inline double norm2(double x) { return x * x; }
template <class R> R norm2(Complex<R> x) { return x.re * x.re + x.im * x.im; }
inline float abs_of(float x) { return std::fabs(x); }
inline double abs_of(double x) { return std::fabs(x); }
template <class R> R abs_of(Complex<R> x) { return std::hypot(x.re, x.im); }

template <class T> bool is_nan(T x) {
  if constexpr (std::is_integral<T>::value) return false;
  else if constexpr (IsComplex<T>::value) return x.re != x.re || x.im != x.im;
  else { auto v = (Acc<T>)x; return v != v; }
}

// Runs the statements with T set to the C++ type of `dtype`.
#define TT_CASE(code, type, ...) case code: { using T = type; __VA_ARGS__; break; }
#define TT_FLOATS(...) TT_CASE(F32, float, __VA_ARGS__) TT_CASE(F64, double, __VA_ARGS__) TT_CASE(F16, Half, __VA_ARGS__) TT_CASE(BF16, BFloat, __VA_ARGS__)
#define TT_INTS(...) TT_CASE(I8, int8_t, __VA_ARGS__) TT_CASE(I16, int16_t, __VA_ARGS__) TT_CASE(I32, int32_t, __VA_ARGS__) TT_CASE(I64, int64_t, __VA_ARGS__) \
  TT_CASE(U8, uint8_t, __VA_ARGS__)
#define TT_COMPLEX(...) TT_CASE(C64, Complex<float>, __VA_ARGS__) TT_CASE(C128, Complex<double>, __VA_ARGS__)
#define TT_DISPATCH_FLOAT(dtype, ...) switch (dtype) { TT_FLOATS(__VA_ARGS__) default: break; }
#define TT_DISPATCH_REAL(dtype, ...) switch (dtype) { TT_FLOATS(__VA_ARGS__) TT_INTS(__VA_ARGS__) TT_CASE(BOOL, uint8_t, __VA_ARGS__) default: break; }
#define TT_DISPATCH_ALL(dtype, ...) switch (dtype) { TT_FLOATS(__VA_ARGS__) TT_INTS(__VA_ARGS__) TT_CASE(BOOL, uint8_t, __VA_ARGS__) TT_COMPLEX(__VA_ARGS__) default: break; }
#define TT_DISPATCH_LINALG(dtype, ...) \
  switch (dtype) { TT_CASE(F32, float, __VA_ARGS__) TT_CASE(F64, double, __VA_ARGS__) TT_COMPLEX(__VA_ARGS__) default: break; }
// By size alone, for routines that only move elements.
struct Bytes16 { uint64_t a, b; };
#define TT_DISPATCH_SIZE(bytes, ...) \
  switch (bytes) { TT_CASE(1, uint8_t, __VA_ARGS__) TT_CASE(2, uint16_t, __VA_ARGS__) TT_CASE(4, uint32_t, __VA_ARGS__) TT_CASE(8, uint64_t, __VA_ARGS__) \
    TT_CASE(16, Bytes16, __VA_ARGS__) default: break; }

// A contiguous tensor seen as outer × dim × inner.
struct Rows { int64_t outer, dim, inner; };
inline Rows rows_of(const View& v, int64_t d) {
  Rows r{1, v.ndim ? v.size[d] : 1, 1};
  for (int i = 0; i < v.ndim; i++) {
    if (i < d) r.outer *= v.size[i];
    if (i > d) r.inner *= v.size[i];
  }
  return r;
}

// How many items of `cost` elementary steps make a part worth a thread.
inline int64_t grain_for(int64_t cost) { return max_of(1, 32768 / max_of(1, cost)); }

}}  // namespace tt::TT_ISA
