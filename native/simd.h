// Vectors of the ISA that is being compiled, by GCC's and Clang's vector extensions. Included by per-ISA files only.
#pragma once
#include "abi.h"
#include <cstring>

#ifndef TT_ISA
#define TT_ISA isa_base
#endif
#ifndef TT_VECTOR_BYTES
#define TT_VECTOR_BYTES 16
#endif

#if defined(__clang__)
#define TT_SIMD _Pragma("clang loop vectorize(assume_safety)")
#else
#define TT_SIMD _Pragma("GCC ivdep")
#endif

namespace tt::TT_ISA {

template <class T> struct VectorOf;
#define TT_VECTOR(T) \
  template <> struct VectorOf<T> { typedef T type __attribute__((vector_size(TT_VECTOR_BYTES))); }
TT_VECTOR(float);
TT_VECTOR(double);
TT_VECTOR(int32_t);
TT_VECTOR(int64_t);
TT_VECTOR(uint8_t);
#undef TT_VECTOR
template <class T> using Vec = typename VectorOf<T>::type;
template <class T> constexpr int lanes = TT_VECTOR_BYTES / (int)sizeof(T);

using vf = Vec<float>;
using vd = Vec<double>;
using vi = Vec<int32_t>;
using vl = Vec<int64_t>;
typedef float vfh __attribute__((vector_size(TT_VECTOR_BYTES / 2)));
typedef int32_t vih __attribute__((vector_size(TT_VECTOR_BYTES / 2)));

template <class V> inline V load(const void* p) { V v; memcpy(&v, p, sizeof v); return v; }
template <class V> inline V load_part(const void* p, int64_t bytes) { V v{}; memcpy(&v, p, bytes); return v; }
template <class V> inline void store(void* p, V v) { memcpy(p, &v, sizeof v); }
template <class To, class From> inline To bits(From v) { static_assert(sizeof(To) == sizeof(From)); To r; memcpy(&r, &v, sizeof r); return r; }

template <class M, class V> inline V select(M mask, V yes, V no) { return mask ? yes : no; }

}  // namespace tt::TT_ISA
