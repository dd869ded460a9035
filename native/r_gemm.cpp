// The blocked matrix product and its microkernels (gemm.h).
#include "gemm.h"

namespace tt { namespace TT_ISA {

constexpr int64_t MC_MAX = 4096;
// In bytes: an A that stays in the second-level cache, and what is packed at once.
constexpr int64_t SMALL = 512 << 10, PACKED = 3 << 20;
// Rows of B that are packed at once where A is small.
template <class T> constexpr int64_t SMALL_KC = sizeof(T) == 4 ? 384 : 256;
// Rows (columns) a thread from which packing all of B (A) costs little beside the product.
constexpr int64_t OWN_ROWS = 128, OWN_COLUMNS = 256;
// Panels of B that one task runs through: 128 columns.
template <class T> constexpr int64_t GROUP = 128 / NR<T>;

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
template <class T> MicroFn<T> micro_for(int64_t rows, int64_t cols, int64_t& width) {
  bool narrow = cols <= Simd<T>::width;
  width = narrow ? Simd<T>::width : NR<T>;
  return narrow ? micro_for<T, 1>(rows) : micro_for<T, NV>(rows);
}

// Where nothing is left to add up (k == 0), C is beta * input.
template <class T> void gemm_empty(int64_t m, int64_t n, const Epilogue<T>& e) {
  alignas(64) T zero[NR<T>] = {};
  for (int64_t i = 0; i < m; i++) for (int64_t j = 0; j < n; j += NR<T>) e.store(zero, NR<T>, i, j, 1, min_of(NR<T>, n - j), true, true);
}

// A packed operand, of which each thread has a copy if `own`: cores that share no cache would have to fetch it from each other.
template <class T> class Packed {
 public:
  Packed(bool own, int64_t size)
      : own(own), size(ceil_div(size, 64) * 64 + 64), copies(own ? num_threads() : 1), memory(copies * this->size * (int64_t)sizeof(T)),
        blocks(copies * (int64_t)sizeof(int64_t)) {
    if (fine()) for (int64_t c = 0; c < copies; c++) blocks.as<int64_t>()[c] = -1;
  }

  const bool own;
  bool fine() const { return memory.data && blocks.data; }
  T* shared() const { return memory.as<T>(); }

  // What the calling thread reads: `pack(to)` fills a copy of its own that does not hold `block` yet.
  template <class Pack> const T* get(int64_t block, const Pack& pack) const {
    if (!own) return shared();
    T* copy = shared() + thread_index() * size;
    int64_t& held = blocks.as<int64_t>()[thread_index()];
    if (held != block) pack(copy);
    held = block;
    return copy;
  }

 private:
  const int64_t size, copies;
  const Scratch memory, blocks;
};

// The case that A is small: each thread packs the panel of B that it is about to use, or reads it in place where A is but one panel.
template <class T, class A, class B> bool gemm_by_columns(int64_t m, int64_t n, int64_t k, const A& a, const B& b, const Epilogue<T>& e) {
  const int64_t h = panel_rows(m), panels = ceil_div(m, h), columns = ceil_div(n, NR<T>);
  const int64_t kc_max = min_of(k, panels == 1 ? 128 : ceil_div(k, ceil_div(k, SMALL_KC<T>))), blocks = ceil_div(k, kc_max);
  const Packed<T> packed(n >= OWN_COLUMNS * num_threads(), panels * h * k);
  if (!packed.fine()) return false;
  auto pack_rows = [&](int64_t begin, int64_t end, T* to) {
    for (int64_t task = begin; task < end; task++) {
      const int64_t p = task / panels * kc_max, i = task % panels, kc = min_of(kc_max, k - p);
      pack_a(a, i * h, min_of(h, m - i * h), p, kc, to + p * panels * h + i * h * kc);
    }
  };
  if (!packed.own) parallel_for(blocks * panels, grain_for(h * kc_max), [&](int64_t begin, int64_t end) { pack_rows(begin, end, packed.shared()); });
  const int64_t range = panels > 1 ? 1 : ceil_div(columns, min_of(columns, num_threads()));
  bool fine = true;
  parallel_for(columns, max_of(range, grain_for(NR<T> * k * panels)), [&](int64_t begin, int64_t end) {
    Scratch panel(NR<T> * kc_max * (int64_t)sizeof(T));
    if (!panel.data) { fine = false; return; }
    const T* left = packed.get(0, [&](T* to) { pack_rows(0, blocks * panels, to); });
    for (int64_t p = 0; p < k; p += kc_max) for (int64_t j = begin; j < end; j++) {
      const int64_t kc = min_of(kc_max, k - p), cols = min_of(NR<T>, n - j * NR<T>);
      const T* rows = panel.as<T>();
      int64_t ld = NR<T>;
      if constexpr (std::is_same<B, Matrix<T, T>>::value)
        if (panels == 1 && b.cs == 1 && cols == NR<T>) { rows = b.data + p * b.rs + j * NR<T>; ld = b.rs; }
      if (rows == panel.as<T>()) pack_b(b, p, kc, j * NR<T>, cols, panel.as<T>());
      for (int64_t i = 0; i < panels; i++)
        run_tile(kc, left + p * panels * h + i * h * kc, rows, ld, e, i * h, j * NR<T>, min_of(h, m - i * h), cols, p == 0, p + kc == k);
    }
  });
  return fine;
}

template <class T, class A, class B> bool gemm(int64_t m, int64_t n, int64_t k, const A& a, const B& b, const Epilogue<T>& e) {
  if (m == 0 || n == 0) return true;
  if (k == 0) { gemm_empty(m, n, e); return true; }
  const bool all_busy = ceil_div(n, NR<T>) >= 4 * num_threads();
  const int64_t in_cache = n >= 2 * m ? min_of(k, SMALL_KC<T>) : k;
  if (m <= MR || (all_busy && m * in_cache * (int64_t)sizeof(T) <= SMALL)) return gemm_by_columns(m, n, k, a, b, e);
  const int64_t mc_max = min_of(m, MC_MAX), h = panel_rows(mc_max), height = ceil_div(mc_max, h) * h;
  const bool own = m >= OWN_ROWS * num_threads();
  const int64_t kc_max = ceil_div(k, ceil_div(k, KC<T>)), nc_max = min_of(ceil_div(n, NR<T>) * NR<T>, own || n <= 2 * NC<T> ? 2 * NC<T> : NC<T>);
  // As many blocks of k are packed together as fit, since threads wait for each other after each packing.
  const int64_t depth = kc_max * min_of(ceil_div(k, kc_max), max_of(1, PACKED / ((height + nc_max) * kc_max * (int64_t)sizeof(T))));
  // Where all columns are at hand, a panel of A is done with before the next one is packed.
  const bool passing = own && n <= nc_max;
  const int64_t pitch = passing ? h : height;
  const Packed<T> left(passing, pitch * depth), right(own, nc_max * depth);
  if (!left.fine() || !right.fine()) return false;
  int64_t block = 0;
  for (int64_t i0 = 0; i0 < m; i0 += mc_max) {
    const int64_t mc = min_of(mc_max, m - i0), panels = ceil_div(mc, h);
    for (int64_t d0 = 0; d0 < k; d0 += depth) {
      const int64_t d = min_of(depth, k - d0);
      auto pack_rows = [&](int64_t begin, int64_t end, T* to) {
        for (int64_t p = 0; p < d; p += kc_max) for (int64_t i = begin; i < end; i++) {
          const int64_t kc = min_of(kc_max, d - p);
          pack_a(a, i0 + i * h, min_of(h, mc - i * h), d0 + p, kc, to + p * pitch + (passing ? 0 : i * h * kc));
        }
      };
      for (int64_t j0 = 0; j0 < n; j0 += nc_max) {
        const int64_t nc = min_of(nc_max, n - j0), columns = ceil_div(nc, NR<T>), lefts = j0 ? 0 : panels, lines = max_of(lefts, columns);
        auto pack_columns = [&](int64_t begin, int64_t end, T* to) {
          for (int64_t p = 0; p < d; p += kc_max) for (int64_t j = begin; j < end; j++) {
            const int64_t kc = min_of(kc_max, d - p);
            pack_b(b, d0 + p, kc, j0 + j * NR<T>, min_of(NR<T>, nc - j * NR<T>), to + p * nc_max + j * NR<T> * kc);
          }
        };
        block++;
        if (!own) parallel_for(lines, grain_for(NR<T> * d), [&](int64_t begin, int64_t end) {
          pack_rows(begin * lefts / lines, end * lefts / lines, left.shared());
          pack_columns(begin * columns / lines, end * columns / lines, right.shared());
        });
        // A task is a panel of A times a few columns of B, which stay in the cache for the next panels.
        const int64_t step = own ? columns : min_of(columns, GROUP<T>), groups = ceil_div(columns, step);
        parallel_for(groups * panels, grain_for(h * d * step), [&](int64_t begin, int64_t end) {
          const T* packed_b = right.get(block, [&](T* to) { pack_columns(0, columns, to); });
          for (int64_t task = begin; task < end; task++) {
            const int64_t i = task % panels, rows = min_of(h, mc - i * h), from = task / panels * step, to = min_of(columns, from + step);
            if (own && !passing && lefts) pack_rows(i, i + 1, left.shared());
            const T* packed_a = left.get(block * MC_MAX + i, [&](T* to) { pack_rows(i, i + 1, to); });
            for (int64_t p = 0; p < d; p += kc_max) {
              const int64_t kc = min_of(kc_max, d - p);
              for (int64_t j = from; j < to; j++)
                run_tile(kc, packed_a + p * pitch + (passing ? 0 : i * h * kc), packed_b + p * nc_max + j * NR<T> * kc, NR<T>, e, i0 + i * h, j0 + j * NR<T>, rows,
                         min_of(NR<T>, nc - j * NR<T>), d0 + p == 0, d0 + p + kc == k);
            }
          }
        });
      }
    }
  }
  return true;
}

template MicroFn<float> micro_for(int64_t, int64_t, int64_t&);
template MicroFn<double> micro_for(int64_t, int64_t, int64_t&);
template MicroFn<uint64_t> micro_for(int64_t, int64_t, int64_t&);

#define TT_GEMM_FROM(T, Src) template bool gemm(int64_t, int64_t, int64_t, const Matrix<T, Src>&, const Matrix<T, Src>&, const Epilogue<T>&);
TT_GEMM_FROM(float, float)
TT_GEMM_FROM(double, double)
TT_GEMM_FROM(uint32_t, uint32_t)
TT_GEMM_FROM(uint64_t, uint64_t)
TT_GEMM_FROM(float, Half)
TT_GEMM_FROM(float, BFloat)
TT_GEMM_FROM(uint32_t, int8_t)
TT_GEMM_FROM(uint32_t, int16_t)
TT_GEMM_FROM(uint32_t, uint8_t)
template bool gemm(int64_t, int64_t, int64_t, const ComplexLeft<float, float>&, const ComplexRight<float, float>&, const Epilogue<float>&);
template bool gemm(int64_t, int64_t, int64_t, const ComplexLeft<double, double>&, const ComplexRight<double, double>&, const Epilogue<double>&);

}}  // namespace tt::TT_ISA
