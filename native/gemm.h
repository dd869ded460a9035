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
#else
constexpr int MR = 6;
#endif
constexpr int NV = 2;
template <class T> constexpr int NR = NV * Simd<T>::width;
template <class T> constexpr int KC = sizeof(T) == 4 ? 384 : 256;
template <class T> constexpr int NC = 8 * 32;
constexpr int64_t MC_MAX = 4096;

// acc[i][j] = sum over p of a[p*M + i] * row(p)[j], where row(p) = b + p*ldb, or b + offsets[p] if there are offsets.
template <class T, int M, int N>
void micro(int64_t k, const T* a, const T* b, int64_t ldb, const int64_t* offsets, T* tile) {
  using S = Simd<T>;
  typename S::V acc[M][N] = {};
  auto step = [&](const T* row) __attribute__((always_inline)) {
    typename S::V bv[N];
    for (int v = 0; v < N; v++) bv[v] = S::load(row + v * S::width);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
#pragma GCC unroll 4
      for (int v = 0; v < N; v++) acc[i][v] += a[i] * bv[v];
    }
    a += M;
  };
  if (offsets) for (int64_t p = 0; p < k; p++) step(b + offsets[p]);
  else for (int64_t p = 0; p < k; p++, b += ldb) step(b);
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) {
#pragma GCC unroll 4
    for (int v = 0; v < N; v++) S::store(tile + (i * N + v) * S::width, acc[i][v]);
  }
}

template <class T> using MicroFn = void (*)(int64_t, const T*, const T*, int64_t, const int64_t*, T*);
template <class T, int N> MicroFn<T> micro_for(int64_t rows) {
  static constexpr MicroFn<T> table[] = {
    micro<T, 1, N>, micro<T, 2, N>, micro<T, 3, N>, micro<T, 4, N>, micro<T, 5, N>, micro<T, 6, N>,
#if defined(__AVX512F__) || defined(__aarch64__)
    micro<T, 7, N>, micro<T, 8, N>, micro<T, 9, N>, micro<T, 10, N>, micro<T, 11, N>, micro<T, 12, N>,
#endif
#if defined(__AVX512F__)
    micro<T, 13, N>, micro<T, 14, N>,
#endif
  };
  return table[rows - 1];
}
// The microkernel for `rows` rows and `cols` columns; its tile has `width` columns.
template <class T> MicroFn<T> micro_for(int64_t rows, int64_t cols, int64_t& width) {
  bool narrow = cols <= Simd<T>::width;
  width = narrow ? Simd<T>::width : NR<T>;
  return narrow ? micro_for<T, 1>(rows) : micro_for<T, NV>(rows);
}

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

// x0 y0 x1 y1 … of the lower (High = 0) or upper halves of x and y.
template <class T, int High, size_t... L> typename Simd<T>::V interleave(typename Simd<T>::V x, typename Simd<T>::V y, std::index_sequence<L...>) {
  constexpr int W = Simd<T>::width;
  return __builtin_shufflevector(x, y, (int)(High * W / 2 + L / 2 + (L & 1) * W)...);
}

// A V×V block: element (i, j) of the source, lines i contiguous, goes to dst[j * stride + i].
template <class T> void transpose_block(const T* src, int64_t line, T* dst, int64_t stride) {
  using S = Simd<T>;
  constexpr int W = S::width;
  using Lanes = std::make_index_sequence<W>;
  typename S::V a[W], b[W];
  for (int i = 0; i < W; i++) a[i] = S::load(src + i * line);
#pragma GCC unroll 4
  for (int round = 1; round < W; round *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < W / 2; i++) {
      b[2 * i] = interleave<T, 0>(a[i], a[i + W / 2], Lanes{});
      b[2 * i + 1] = interleave<T, 1>(a[i], a[i + W / 2], Lanes{});
    }
#pragma GCC unroll 16
    for (int i = 0; i < W; i++) a[i] = b[i];
  }
  for (int i = 0; i < W; i++) S::store(dst + i * stride, a[i]);
}

// Packs `lines` × k elements into dst[p * lines_padded + i]; `at(i, p)` reads one.
template <class T, class Src>
void pack_lines(const Src* src, int64_t line_stride, int64_t k_stride, int64_t lines, int64_t k, T* dst, int64_t ld) {
  if constexpr (std::is_same<T, Src>::value) {
    if (line_stride == 1) {
      for (int64_t p = 0; p < k; p++, src += k_stride, dst += ld) {
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
      if (cs == 1) row(tile, out, 1, i + r, j, cols, first, last);
      else row(tile, out, cs, i + r, j, cols, first, last);
    }
  }

 private:
  void row(const T* t, T* out, int64_t os, int64_t i, int64_t j, int64_t cols, bool first, bool last) const {
    if (!first) for (int64_t x = 0; x < cols; x++) out[x * os] += alpha * t[x];
    else if (!input && alpha == 1 && os == 1) __builtin_memcpy(out, t, cols * sizeof(T));
    else if (!input) for (int64_t x = 0; x < cols; x++) out[x * os] = alpha * t[x];
    else {
      const T* in = input + i * input_rs + j * input_cs;
      if (input_cs == 1) for (int64_t x = 0; x < cols; x++) out[x * os] = alpha * t[x] + beta * in[x];
      else for (int64_t x = 0; x < cols; x++) out[x * os] = alpha * t[x] + beta * in[x * input_cs];
    }
    if (relu && last) for (int64_t x = 0; x < cols; x++) out[x * os] = out[x * os] < 0 ? T(0) : out[x * os];
  }
};

// Where nothing is left to add up (k == 0), C is beta * input.
template <class T> void gemm_empty(int64_t m, int64_t n, const Epilogue<T>& e) {
  alignas(64) T zero[NR<T>] = {};
  for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < n; j += NR<T>) e.store(zero, NR<T>, i, j, 1, min_of(NR<T>, n - j), true, true);
}

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

// The case m <= MR: B is used once, so each thread packs only the panel it is about to use, or reads B in place.
template <class T, class A, class B> bool gemm_few_rows(int64_t m, int64_t n, int64_t k, const A& a, const B& b, const Epilogue<T>& e) {
  const int64_t kc_max = min_of(k, 128), columns = ceil_div(n, NR<T>), slack = 64;
  Scratch packed((m * k + slack) * (int64_t)sizeof(T));
  if (!packed.data) return false;
  for (int64_t p = 0; p < k; p += kc_max) pack_a(a, 0, m, p, min_of(kc_max, k - p), packed.as<T>() + p * m);
  const int64_t most = ceil_div(columns, min_of(columns, num_threads()));
  bool fine = true;
  parallel_for(columns, max_of(most, grain_for(NR<T> * k)), [&](int64_t begin, int64_t end) {
    Scratch panel(NR<T> * kc_max * (int64_t)sizeof(T));
    if (!panel.data) { fine = false; return; }
    for (int64_t p = 0; p < k; p += kc_max) for (int64_t j = begin; j < end; j++) {
      const int64_t kc = min_of(kc_max, k - p), cols = min_of(NR<T>, n - j * NR<T>);
      const T* rows = panel.as<T>();
      int64_t ld = NR<T>;
      if constexpr (std::is_same<B, Matrix<T, T>>::value)
        if (b.cs == 1 && cols == NR<T>) { rows = b.data + p * b.rs + j * NR<T>; ld = b.rs; }
      if (rows == panel.as<T>()) pack_b(b, p, kc, j * NR<T>, cols, panel.as<T>());
      run_tile(kc, packed.as<T>() + p * m, rows, ld, e, 0, j * NR<T>, m, cols, p == 0, p + kc == k);
    }
  });
  return fine;
}

// C[m, n] = A[m, k] · B[k, n] through `e`. Returns false where scratch memory ran out.
template <class T, class A, class B> bool gemm(int64_t m, int64_t n, int64_t k, const A& a, const B& b, const Epilogue<T>& e) {
  if (m == 0 || n == 0) return true;
  if (k == 0) { gemm_empty(m, n, e); return true; }
  if (m <= MR) return gemm_few_rows(m, n, k, a, b, e);
  const int64_t kc_max = min_of(k, ceil_div(k, ceil_div(k, KC<T>))), nc_max = min_of(ceil_div(n, NR<T>) * NR<T>, NC<T>);
  const int64_t mc_max = min_of(m, MC_MAX), h = panel_rows(mc_max), slack = 64;
  const int64_t a_count = ceil_div(mc_max, h) * h * kc_max + slack;
  Scratch scratch((a_count + nc_max * kc_max + slack) * (int64_t)sizeof(T));
  if (!scratch.data) return false;
  T* packed_a = scratch.as<T>();
  T* packed_b = packed_a + (a_count + 15) / 16 * 16;
  for (int64_t i0 = 0; i0 < m; i0 += mc_max) {
    const int64_t mc = min_of(mc_max, m - i0), panels = ceil_div(mc, h);
    for (int64_t p0 = 0; p0 < k; p0 += kc_max) {
      const int64_t kc = min_of(kc_max, k - p0);
      const bool first = p0 == 0, last = p0 + kc == k;
      parallel_for(panels, grain_for(h * kc), [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; i++) pack_a(a, i0 + i * h, min_of(h, mc - i * h), p0, kc, packed_a + i * h * kc);
      });
      for (int64_t j0 = 0; j0 < n; j0 += nc_max) {
        const int64_t nc = min_of(nc_max, n - j0), columns = ceil_div(nc, NR<T>);
        parallel_for(columns, grain_for(NR<T> * kc), [&](int64_t begin, int64_t end) {
          for (int64_t j = begin; j < end; j++)
            pack_b(b, p0, kc, j0 + j * NR<T>, min_of(NR<T>, nc - j * NR<T>), packed_b + j * NR<T> * kc);
        });
        // Few panels: split the columns instead, so that every thread has work.
        const int64_t parts = panels >= 2 * num_threads() ? 1 : min_of(columns, 2 * num_threads()), step = ceil_div(columns, parts);
        parallel_for(panels * parts, grain_for(h * kc * step), [&](int64_t begin, int64_t end) {
          for (int64_t task = begin; task < end; task++) {
            const int64_t i = task / parts, from = task % parts * step, to = min_of(columns, from + step);
            const int64_t rows = min_of(h, mc - i * h);
            for (int64_t j = from; j < to; j++)
              run_tile(kc, packed_a + i * h * kc, packed_b + j * NR<T> * kc, NR<T>, e, i0 + i * h, j0 + j * NR<T>, rows, min_of(NR<T>, nc - j * NR<T>), first, last);
          }
        });
      }
    }
  }
  return true;
}

}}  // namespace tt::TT_ISA
