// Loops of the block interpreter, made from a function of one element or of one vector.
#pragma once
#include "internal.h"
#include "simd.h"

namespace tt::TT_ISA {

// F::of is a function of elements; the compiler vectorises the loop.
template <class F, class T, class R = T> void unary_step(void* d, const void* a, const void*, const void*, int64_t n) {
  auto r = static_cast<R*>(d);
  auto x = static_cast<const T*>(a);
  TT_SIMD for (int64_t i = 0; i < n; i++) r[i] = F::of(x[i]);
}

template <class F, class T, class R = T> void binary_step(void* d, const void* a, const void* b, const void*, int64_t n) {
  auto r = static_cast<R*>(d);
  auto x = static_cast<const T*>(a);
  auto y = static_cast<const T*>(b);
  TT_SIMD for (int64_t i = 0; i < n; i++) r[i] = F::of(x[i], y[i]);
}

// F::of is a function of vectors of T; the last part of a block goes through zero-filled vectors.
template <class F, class T> void unary_vector_step(void* d, const void* a, const void*, const void*, int64_t n) {
  using V = Vec<T>;
  auto r = static_cast<T*>(d);
  auto x = static_cast<const T*>(a);
  int64_t i = 0;
  for (; i + lanes<T> <= n; i += lanes<T>) store(r + i, F::of(load<V>(x + i)));
  if (i == n) return;
  V last = F::of(load_part<V>(x + i, (n - i) * (int64_t)sizeof(T)));
  memcpy(r + i, &last, (n - i) * sizeof(T));
}

template <class F, class T> void binary_vector_step(void* d, const void* a, const void* b, const void*, int64_t n) {
  using V = Vec<T>;
  auto r = static_cast<T*>(d);
  auto x = static_cast<const T*>(a);
  auto y = static_cast<const T*>(b);
  int64_t i = 0;
  for (; i + lanes<T> <= n; i += lanes<T>) store(r + i, F::of(load<V>(x + i), load<V>(y + i)));
  if (i == n) return;
  int64_t bytes = (n - i) * (int64_t)sizeof(T);
  V last = F::of(load_part<V>(x + i, bytes), load_part<V>(y + i, bytes));
  memcpy(r + i, &last, bytes);
}

StepFn float_math_step(Op op);   // vmath32.cpp
StepFn double_math_step(Op op);  // vmath64.cpp
StepFn special_step(Op op, Reg type);  // special.cpp

}  // namespace tt::TT_ISA
