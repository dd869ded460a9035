// Convolution of small images: where planes would compute many pixels that lie between the rows of the output, the wanted ones are gathered
// into packed columns instead, over all images, and multiplied block by block.
#pragma once
#include "conv_planes.h"

namespace tt { namespace TT_ISA {

constexpr int64_t GATHER_COLUMNS = 512;

// Whether a pass over (count) pixels of each image is better gathered: planes waste a quarter or more, and every gathered column is used often.
inline bool worth_gathering(const Planes& p, const int64_t* count, int64_t m, int64_t k, int64_t tile) {
  const int64_t wanted = count[0] * count[1] * count[2], columns = p.flat(count[0] - 1, count[1] - 1, count[2] - 1) + 1;
  return m >= 48 && k >= 64 && 4 * ceil_div(columns, tile) * tile >= 5 * wanted;
}

// Copies `cols` elements of a row, which lie together in runs of a multiple of L, to dst.
template <class T, int L> void gather_runs(const T* row, const int64_t* pixels, int64_t cols, T* dst) {
  for (int64_t c = 0; c < cols; c += L) __builtin_memcpy(dst + c, row + pixels[c], L * sizeof(T));
}

// A panel of `cols` columns: element p * NR + j is the tap at offsets[p] of the pixel at pixels[j].
template <class T> void gather_panel(const T* planes, const int64_t* offsets, int64_t k, const int64_t* pixels, int64_t cols, int64_t run, T* dst) {
  auto copy = run % 16 == 0 ? gather_runs<T, 16> : run % 8 == 0 ? gather_runs<T, 8> : run % 4 == 0 ? gather_runs<T, 4> : gather_runs<T, 1>;
  for (int64_t p = 0; p < k; p++, dst += NR<T>) {
    copy(planes + offsets[p], pixels, cols, dst);
    for (int64_t j = cols; j < NR<T>; j++) dst[j] = 0;
  }
}

// sums[i][j] += panel rows of `weights` (of k taps in all, from tap `from` on) times packed columns.
template <class T> struct GatheredProduct {
  const T* weights;
  int64_t m, k;
  T* sums;

  void block(const T* columns, int64_t from, int64_t kc, int64_t n) const {
    const int64_t h = panel_rows(m), panels = ceil_div(m, h), tiles = ceil_div(n, NR<T>);
    parallel_for(panels, grain_for(h * kc * n), [&](int64_t begin, int64_t end) {
      alignas(64) T tile[MR * NR<T>];
      for (int64_t i = begin; i < end; i++) for (int64_t t = 0; t < tiles; t++) {
        const int64_t rows = min_of(h, m - i * h), cols = min_of(NR<T>, n - t * NR<T>);
        int64_t width;
        auto kernel = micro_for<T>(rows, cols, width);
        kernel(kc, weights + i * h * k + from * rows, columns + t * NR<T> * kc, NR<T>, nullptr, tile);
        for (int64_t r = 0; r < rows; r++) add(tile + r * width, cols, sums + (i * h + r) * GATHER_COLUMNS + t * NR<T>, from == 0);
      }
    });
  }
  static void add(const T* __restrict tile, int64_t n, T* __restrict to, bool first) {
    if (first) __builtin_memcpy(to, tile, n * sizeof(T));
    else for (int64_t x = 0; x < n; x++) to[x] += tile[x];
  }
};

// Where the columns lie in the planes: image by image, pixel by pixel.
template <class Pass> void list_pixels(const Planes& p, const Pass& pass, int64_t images, int64_t* pixels) {
  for (int64_t i = 0; i < images; i++)
    for (int64_t z = 0; z < pass.count[0]; z++) for (int64_t y = 0; y < pass.count[1]; y++) for (int64_t x = 0; x < pass.count[2]; x++)
      *pixels++ = i * p.plane() + p.flat(z, y, x);
}

// One pass over all images, whose planes are filled; `weights` are packed panels of m rows.
template <class T, class Pass, class Store>
bool conv_gathered(const Planes& p, const Pass& pass, const T* planes, const T* weights, int64_t m, const Store& store, int64_t images, int64_t channel) {
  const int64_t run = pass.count[2], n = images * pass.count[0] * pass.count[1] * run, kc_max = min_of(pass.k, KC<T>);
  Scratch pixels(n * 8), packed(GATHER_COLUMNS * kc_max * (int64_t)sizeof(T)), sums(m * GATHER_COLUMNS * (int64_t)sizeof(T));
  if (!pixels.data || !packed.data || !sums.data) return false;
  list_pixels(p, pass, images, pixels.as<int64_t>());
  const GatheredProduct<T> product{weights, m, pass.k, sums.as<T>()};
  // Blocks end where runs end, so that every panel starts with one.
  const int64_t step = GATHER_COLUMNS / run * run;
  for (int64_t j = 0; j < n; j += step) {
    const int64_t nc = min_of(step, n - j);
    for (int64_t from = 0; from < pass.k; from += kc_max) {
      const int64_t kc = min_of(kc_max, pass.k - from);
      parallel_for(ceil_div(nc, NR<T>), grain_for(NR<T> * kc), [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end; t++)
          gather_panel(planes, pass.offsets + from, kc, pixels.as<int64_t>() + j + t * NR<T>, min_of(NR<T>, nc - t * NR<T>), NR<T> % run ? 1 : run,
                       packed.as<T>() + t * NR<T> * kc);
      });
      product.block(packed.as<T>(), from, kc, nc);
    }
    for (int64_t r = 0; r < m; r++) for (int64_t x = 0; x < nc; x += run) store.row(sums.as<T>() + r * GATHER_COLUMNS + x, pass, (j + x) / run, channel + r);
  }
  return true;
}

}}  // namespace tt::TT_ISA
