// Walking several strided operands of one shape together, a row (the last dim) at a time.
#pragma once
#include "r_common.h"

namespace tt { namespace TT_ISA {

template <int N> struct Walk {
  int ndim = 0;                    // of the outer dims
  int64_t rows = 1, length = 1;    // rows, and elements of a row
  int64_t size[MAX_DIMS], stride[N][MAX_DIMS], inner[N];

  Walk(int n, const int64_t* sizes, const int64_t* const (&strides)[N]) {
    if (n > MAX_DIMS) n = MAX_DIMS;
    if (n > 0) length = sizes[n - 1];
    for (int o = 0; o < N; o++) inner[o] = n > 0 ? strides[o][n - 1] : 0;
    for (int d = 0; d < n - 1 && ndim < MAX_DIMS; d++) {  // the second bound tells the compiler what the first line ensures
      size[ndim] = sizes[d];
      rows *= sizes[d];
      for (int o = 0; o < N; o++) stride[o][ndim] = strides[o][d];
      ndim++;
    }
  }

  // body(row, offsets) for rows [begin, end).
  template <class F> void run(int64_t begin, int64_t end, F&& body) const {
    if (length == 0 || begin >= end) return;
    int64_t at[MAX_DIMS], offset[N] = {}, rest = begin;
    for (int d = ndim - 1; d >= 0; d--) {
      at[d] = rest % size[d];
      rest /= size[d];
      for (int o = 0; o < N; o++) offset[o] += at[d] * stride[o][d];
    }
    for (int64_t row = begin; row < end; row++) {
      body(row, offset);
      for (int d = ndim - 1; d >= 0; d--) {
        for (int o = 0; o < N; o++) offset[o] += stride[o][d];
        if (++at[d] < size[d]) break;
        for (int o = 0; o < N; o++) offset[o] -= size[d] * stride[o][d];
        at[d] = 0;
      }
    }
  }
};

// How scatter-like routines combine an element with a new one.
enum Combine { SET, ADD, MUL, AMIN, AMAX, MEAN };
template <class T> T combine(int mode, T old, T x) {
  if constexpr (IsComplex<T>::value) return mode == SET ? x : mode == MUL ? old * x : old + x;
  else {
    using A = Acc<T>;
    const A a = (A)old, b = (A)x;
    switch (mode) {
      case SET: return x;
      case MUL: return (T)(a * b);
      case AMIN: return is_nan(a) || a < b ? old : x;
      case AMAX: return is_nan(a) || a > b ? old : x;
      default: return (T)(a + b);
    }
  }
}
// The value that leaves every other one unchanged.
template <class T> T neutral(int mode) {
  if constexpr (IsComplex<T>::value) return mode == MUL ? T(1) : T(0);
  else if (mode == MUL) return T(1);
  else if (mode == AMIN || mode == AMAX) {
    if constexpr (std::is_integral<T>::value) return mode == AMIN ? std::numeric_limits<T>::max() : std::numeric_limits<T>::min();
    else return T(mode == AMIN ? std::numeric_limits<float>::infinity() : -std::numeric_limits<float>::infinity());
  }
  return T(0);
}
// sum / count as PyTorch's `mean` of scatter: rounded down for integers.
template <class T> T divide_count(T sum, int64_t n) {
  if constexpr (IsComplex<T>::value) return sum / (typename T::Real)n;
  else if constexpr (std::is_integral<T>::value) { const int64_t q = (int64_t)sum / n; return (T)(q * n > (int64_t)sum ? q - 1 : q); }
  else return (T)((Acc<T>)sum / (Acc<T>)n);
}

}}  // namespace tt::TT_ISA
