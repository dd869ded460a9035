// The packed, cache-blocked matrix product that matmul, convolution, attention and linalg share.
//
// A is packed into panels of up to MR rows (element p*rows + i), B into panels of NR columns (element p*NR + j); a microkernel keeps
// one tile of C in registers. T is float, double, uint32_t or uint64_t; complex matrices are packed as real ones of twice the size.
#pragma once
#include <utility>
#include "r_common.h"

namespace tt { namespace TT_ISA {

#if defined(__AVX512F__)
constexpr int MR = 14;
#elif defined(__aarch64__)
constexpr int MR = 12;
#elif defined(__wasm__)
constexpr int MR = 4;  // V8 has fifteen vector registers, and a product needs one
#else
constexpr int MR = 6;
#endif
constexpr int NV = 2;
template <class T> constexpr int NR = NV * Simd<T>::width;
// A panel of MR × KC elements fills most of the first-level cache.
template <class T> constexpr int KC = MR > 6 ? (sizeof(T) == 4 ? 384 : 256) : (sizeof(T) == 4 ? 1024 : 512);
template <class T> constexpr int NC = 8 * 32;

template <class T> using MicroFn = void (*)(int64_t, const T*, const T*, int64_t, const int64_t*, T*);
// The microkernel for `rows` rows and `cols` columns; its tile has `width` columns. acc[i][j] = sum over p of a[p*M + i] * row(p)[j], where
// row(p) = b + p*ldb, or b + offsets[p] if there are offsets.
template <class T> MicroFn<T> micro_for(int64_t rows, int64_t cols, int64_t& width);

// Panel height that splits m rows evenly.
inline int64_t panel_rows(int64_t m) { return ceil_div(m, ceil_div(m, MR)); }

// A strided matrix of Src, read as T. Complex ones are read as (re, im) pairs along columns (`left`) or as 2×2 blocks (`right`).
template <class T, class Src> struct Matrix {
  const Src* data;
  int64_t rs, cs;
  T at(int64_t i, int64_t j) const { return (T)data[i * rs + j * cs]; }
};
template <class T, class R> struct ComplexLeft {
  const R* data;
  int64_t rs, cs;
  T at(int64_t i, int64_t j) const { return data[(i * rs + (j >> 1) * cs) * 2 + (j & 1)]; }
};
template <class T, class R> struct ComplexRight {
  const R* data;
  int64_t rs, cs;
  T at(int64_t i, int64_t j) const {
    const R* z = data + ((i >> 1) * rs + (j >> 1) * cs) * 2;
    return (i & 1) ? ((j & 1) ? z[0] : -z[1]) : z[j & 1];
  }
};

// Swaps what lies off the diagonal: lanes with bit B of x and lanes without it of y.
template <class T, int B, size_t... L> void swap_lanes(typename Simd<T>::V& x, typename Simd<T>::V& y, std::index_sequence<L...>) {
  constexpr int W = Simd<T>::width;
  const auto a = x, b = y;
#if defined(__clang__) || __GNUC__ >= 12
  x = __builtin_shufflevector(a, b, (int)(L & B ? W + L - B : L)...);
  y = __builtin_shufflevector(a, b, (int)(L & B ? W + L : L + B)...);
#else
  using Index = typename std::conditional<sizeof(T) == 4, int32_t, int64_t>::type;
  x = __builtin_shuffle(a, b, typename Simd<Index, W>::V{(Index)(L & B ? W + L - B : L)...});
  y = __builtin_shuffle(a, b, typename Simd<Index, W>::V{(Index)(L & B ? W + L : L + B)...});
#endif
}

// The vectors of a V×V block turned: lane i of a[j] becomes lane j of a[i]. Inlined, since they would pass through memory otherwise.
template <class T, int B = 1> __attribute__((always_inline)) inline void transpose_vectors(typename Simd<T>::V* a) {
  constexpr int W = Simd<T>::width;
#pragma GCC unroll 16
  for (int i = 0; i < W; i++) if (!(i & B)) swap_lanes<T, B>(a[i], a[i + B], std::make_index_sequence<W>{});
  if constexpr (2 * B < W) transpose_vectors<T, 2 * B>(a);
}
// A V×V block: element (i, j) of the source, lines i contiguous, goes to dst[j * stride + i].
template <class T> void transpose_block(const T* src, int64_t line, T* dst, int64_t stride) {
  using S = Simd<T>;
  typename S::V a[S::width];
  for (int i = 0; i < S::width; i++) a[i] = S::load(src + i * line);
  transpose_vectors<T>(a);
  for (int i = 0; i < S::width; i++) S::store(dst + i * stride, a[i]);
}
// The same for fewer lines: rows are written as whole vectors whose ends the next row covers, but for the last one.
template <class T> void transpose_lines(const T* src, int64_t line, int64_t lines, T* dst, int64_t stride) {
  using S = Simd<T>;
  typename S::V a[S::width];
  for (int64_t i = 0; i < S::width; i++) a[i] = S::load(src + min_of(i, lines - 1) * line);
  transpose_vectors<T>(a);
  for (int i = 0; i < S::width - 1; i++) S::store(dst + i * stride, a[i]);
  __builtin_memcpy(dst + (S::width - 1) * stride, &a[S::width - 1], min_of(lines, S::width) * sizeof(T));
}

// Packs `lines` × k elements into dst[p * lines_padded + i]; `at(i, p)` reads one.
template <class T, class Src>
void pack_lines(const Src* src, int64_t line_stride, int64_t k_stride, int64_t lines, int64_t k, T* dst, int64_t ld) {
  if constexpr (std::is_same<T, Src>::value) {
    if (line_stride == 1) {
      int64_t p = 0;
      // Whole vectors, whose ends the next rows cover, as long as they end in the panel.
      if (lines < Simd<T>::width && k_stride >= Simd<T>::width)
        for (; p + 1 < k && (k - p) * ld >= Simd<T>::width; p++, src += k_stride, dst += ld) Simd<T>::store(dst, Simd<T>::load(src));
      for (; p < k; p++, src += k_stride, dst += ld) {
        if (lines == NR<T> && ld == NR<T>) __builtin_memcpy(dst, src, NR<T> * sizeof(T));
        else for (int64_t i = 0; i < lines; i++) dst[i] = src[i];
      }
      return;
    }
    if (k_stride == 1) {
      constexpr int W = Simd<T>::width;
      int64_t i = 0;
      for (; i + W <= lines; i += W) {
        int64_t p = 0;
        for (; p + W <= k; p += W) transpose_block(src + i * line_stride + p, line_stride, dst + p * ld + i, ld);
        for (; p < k; p++) for (int64_t l = i; l < i + W; l++) dst[p * ld + l] = src[l * line_stride + p];
      }
      if (i == 0 && lines >= 4) {
        int64_t p = 0;
        const int64_t last = 2 * ld >= W ? k : k - W;  // the next to last row of a block must end in the panel
        for (; p + W <= last; p += W) transpose_lines(src + p, line_stride, lines, dst + p * ld, ld);
        for (; p < k; p++) for (int64_t l = 0; l < lines; l++) dst[p * ld + l] = src[l * line_stride + p];
        return;
      }
      for (; i + 4 <= lines; i += 4) {
        const Src* s = src + i * line_stride;
        for (int64_t p = 0; p < k; p++) for (int l = 0; l < 4; l++) dst[p * ld + i + l] = s[l * line_stride + p];
      }
      for (; i < lines; i++) for (int64_t p = 0; p < k; p++) dst[p * ld + i] = src[i * line_stride + p];
      return;
    }
  }
  for (int64_t p = 0; p < k; p++, dst += ld) for (int64_t i = 0; i < lines; i++) dst[i] = (T)src[i * line_stride + p * k_stride];
}

// Rows [i, i + rows) and columns [p, p + k) of A as one panel.
template <class T, class Src> void pack_a(const Matrix<T, Src>& a, int64_t i, int64_t rows, int64_t p, int64_t k, T* dst) {
  pack_lines(a.data + i * a.rs + p * a.cs, a.rs, a.cs, rows, k, dst, rows);
}
template <class T, class A> void pack_a(const A& a, int64_t i, int64_t rows, int64_t p, int64_t k, T* dst) {
  for (int64_t q = 0; q < k; q++) for (int64_t r = 0; r < rows; r++) *dst++ = a.at(i + r, p + q);
}
// Rows [p, p + k) and columns [j, j + cols) of B as one panel of NR columns, the rest zero.
template <class T> void clear_columns(T* dst, int64_t k, int64_t cols) {
  if (cols < NR<T>) for (int64_t p = 0; p < k; p++) for (int64_t j = cols; j < NR<T>; j++) dst[p * NR<T> + j] = 0;
}
template <class T, class Src> void pack_b(const Matrix<T, Src>& b, int64_t p, int64_t k, int64_t j, int64_t cols, T* dst) {
  pack_lines(b.data + p * b.rs + j * b.cs, b.cs, b.rs, cols, k, dst, NR<T>);
  clear_columns(dst, k, cols);
}
template <class T, class B> void pack_b(const B& b, int64_t p, int64_t k, int64_t j, int64_t cols, T* dst) {
  for (int64_t q = 0; q < k; q++) for (int64_t c = 0; c < cols; c++) dst[q * NR<T> + c] = b.at(p + q, j + c);
  clear_columns(dst, k, cols);
}

// The elements of B packed whole: panels of NR columns and k rows each.
template <class T> int64_t packed_size(int64_t k, int64_t n) { return ceil_div(n, NR<T>) * NR<T> * k + 64; }
template <class T> void pack_whole(const Matrix<T, T>& b, int64_t k, int64_t n, T* dst) {
  parallel_for(ceil_div(n, NR<T>), grain_for(NR<T> * k), [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j++) pack_b(b, 0, k, j * NR<T>, min_of(NR<T>, n - j * NR<T>), dst + j * NR<T> * k);
  });
}

template <class T> void add_lines(const T* __restrict tile, int64_t n, T* __restrict to) {
  for (int64_t x = 0; x < n; x++) to[x] += tile[x];
}
// What becomes of a finished tile: C = act(alpha * tile + beta * input), the activation after the last block of k.
template <class T> struct Epilogue {
  T* c;
  int64_t rs, cs;
  T alpha = 1, beta = 0;
  const T* input = nullptr;
  int64_t input_rs = 0, input_cs = 0;
  bool relu = false;

  void store(const T* tile, int64_t ld, int64_t i, int64_t j, int64_t rows, int64_t cols, bool first, bool last) const {
    for (int64_t r = 0; r < rows; r++, tile += ld) {
      T* out = c + (i + r) * rs + j * cs;
      if (cs != 1) row(tile, out, cs, i + r, j, cols, first, last);
      else if (cols == NR<T>) row(tile, out, 1, i + r, j, NR<T>, first, last);
      else row(tile, out, 1, i + r, j, cols, first, last);
    }
  }

 private:
  // Locals, because a store through `out` might change members; inlined, so that whole rows of tiles have no loop.
  __attribute__((always_inline)) void row(const T* __restrict t, T* __restrict out, int64_t os, int64_t i, int64_t j, int64_t cols, bool first, bool last) const {
    const T a = alpha, b = beta;
    if (!first) for (int64_t x = 0; x < cols; x++) out[x * os] += a * t[x];
    else if (!input && a == 1 && os == 1) __builtin_memcpy(out, t, cols * sizeof(T));
    else if (!input) for (int64_t x = 0; x < cols; x++) out[x * os] = a * t[x];
    else add_input(t, out, os, input + i * input_rs + j * input_cs, input_cs, a, b, cols);
    if (relu && last) for (int64_t x = 0; x < cols; x++) out[x * os] = out[x * os] < 0 ? T(0) : out[x * os];
  }
  // `in` may be `out` itself.
  static void add_input(const T* __restrict t, T* out, int64_t os, const T* in, int64_t is, T a, T b, int64_t cols) {
    if (os == 1 && is == 1) for (int64_t x = 0; x < cols; x++) out[x] = a * t[x] + b * in[x];
    else for (int64_t x = 0; x < cols; x++) out[x * os] = a * t[x] + b * in[x * is];
  }
};

// One tile of C through `e`; row p of B stands at b + p * ldb.
template <class T>
void run_tile(int64_t k, const T* a, const T* b, int64_t ldb, const Epilogue<T>& e, int64_t i, int64_t j, int64_t rows, int64_t cols, bool first, bool last) {
  alignas(64) T tile[MR * NR<T>];
  int64_t width;
  auto kernel = micro_for<T>(rows, cols, width);
  if (e.cs == 1) for (int64_t r = 0; r < rows; r++) {
    const T* line = e.c + (i + r) * e.rs + j;
    __builtin_prefetch(line, 1);
    __builtin_prefetch(line + cols - 1, 1);
  }
  kernel(k, a, b, ldb, nullptr, tile);
  e.store(tile, width, i, j, rows, cols, first, last);
}

// C[m, n] = A[m, k] · B[k, n] through `e`. Returns false where scratch memory ran out. Defined, for the types listed there, in r_gemm.cpp.
template <class T, class A, class B> bool gemm(int64_t m, int64_t n, int64_t k, const A& a, const B& b, const Epilogue<T>& e);

}}  // namespace tt::TT_ISA
