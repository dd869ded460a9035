// Reductions: tiles of values come from the program and are folded into accumulators; the epilogue turns those into outputs.
//
// The two innermost dims make tiles; each of them is kept or reduced. Items are what is kept (outside and along the tile's kept dims,
// a tile's width at a time), the loop of an item is what is reduced. Few items with a long loop are cut into slices of fixed length,
// folded in order, so that results do not depend on the number of threads.
#include "accumulate.h"
#include "block.h"
#include <algorithm>
#include <atomic>
#include <type_traits>

namespace tt::TT_ISA {
namespace {

// A walk over the tiles that some dims make: outer dims first, then steps along the tile's own dims.
struct Walk {
  int dims[MAX_DIMS];
  int64_t counts[MAX_DIMS], steps[MAX_DIMS];
  int n = 0;
  void add(int dim, int64_t size, int64_t step) {
    dims[n] = dim;
    counts[n] = ceil_div(size, step);
    steps[n++] = step;
  }
  int64_t total() const {
    int64_t t = 1;
    for (int i = 0; i < n; i++) t *= counts[i];
    return t;
  }
  void seek(int64_t at, Place& place) const {
    for (int i = n - 1; i >= 0; i--) {
      place.at[dims[i]] = at % counts[i] * steps[i];
      at /= counts[i];
    }
  }
  void advance(Place& place) const {
    for (int i = n - 1; i >= 0; i--) {
      if ((place.at[dims[i]] += steps[i]) < counts[i] * steps[i]) return;
      place.at[dims[i]] = 0;
    }
  }
};

// Sums of floats gather in `low` and move to doubles every so often; sums of doubles move to a second double.
constexpr int FLUSH = 32;

template <Reduce R, class T> struct Accumulator {
  static constexpr bool two_levels = R == Reduce::sum && (sizeof(T) == 4 || (sizeof(T) == 8 && std::numeric_limits<T>::has_infinity));
  using High = std::conditional_t<two_levels, double, T>;
};

template <Reduce R, class T> struct Reduction {
  using High = typename Accumulator<R, T>::High;
  static constexpr bool two_levels = Accumulator<R, T>::two_levels;
  const Launch& k;
  const Code &body, &epilogue;
  Tiling tiling;
  bool rows_kept, cols_kept;
  int inputs, outputs;
  Walk items, loop;
  int64_t slices, slice_tiles;

  explicit Reduction(const Launch& launch) : k(launch), body(launch.program->body), epilogue(launch.program->epilogue), tiling(choose_tiling(launch, block_of(launch))) {
    inputs = (int)body.inputs.size();
    outputs = (int)epilogue.outputs.size();
    rows_kept = tiling.row_dim < 0 || !k.reduced[tiling.row_dim];
    cols_kept = tiling.col_dim < 0 || !k.reduced[tiling.col_dim];
    for (int d = 0; d < k.ndim; d++) {
      int64_t step = d == tiling.col_dim ? tiling.cols : d == tiling.row_dim ? tiling.rows : 1;
      (k.reduced[d] ? loop : items).add(d, k.size[d], step);
    }
    cut_into_slices();
  }

  // Values that are read in place need no registers, so that their tiles may be longer; what is kept of a tile must fit a register.
  static int64_t block_of(const Launch& k) {
    const Code& body = k.program->body;
    int last = k.ndim - 1;
    if (last < 0 || !body.instrs.empty() || body.inputs.size() != 1 || body.outputs[0].slot != 0 || !same_layout(body.inputs[0]) || !aligned(body.inputs[0], k.data[0])) return BLOCK;
    const int64_t size = itemsize(body.inputs[0].dtype), n = k.size[last];
    const bool lines_touch = last == 0 || k.stride[0][last - 1] == size * n;
    if (!k.reduced[last] || k.stride[0][last] != size || !(lines_touch || n >= BLOCK)) return BLOCK;
    const int64_t most = std::min<int64_t>(8, std::max<int64_t>(1, n)) * BLOCK;
    return lines_touch ? most : std::min(n, most);
  }

  int64_t tile_elements() const { return tiling.rows * tiling.cols; }
  int64_t width() const { return (rows_kept ? tiling.rows : 1) * (cols_kept ? tiling.cols : 1); }

  void cut_into_slices() {
    int64_t tiles = loop.total();
    int64_t smallest = std::max<int64_t>(1, 32768 / tile_elements());
    slices = items.total() >= 16 ? 1 : std::clamp<int64_t>(tiles / smallest, 1, 16);
    slice_tiles = std::max<int64_t>(1, ceil_div(tiles, slices));
    slices = std::max<int64_t>(1, ceil_div(tiles, slice_tiles));
  }

  Operand operand(int o, const Place& place) const {
    Operand x{k.data[o], 0, 0};
    for (int d = 0; d < k.ndim; d++) x.data += place.at[d] * k.stride[o][d];
    if (tiling.col_dim >= 0) x.col_stride = k.stride[o][tiling.col_dim];
    if (tiling.row_dim >= 0) x.row_stride = k.stride[o][tiling.row_dim];
    return x;
  }

  int64_t rows_at(const Place& place) const { return tiling.row_dim < 0 ? 1 : std::min(tiling.rows, tiling.height - place.at[tiling.row_dim]); }
  int64_t cols_at(const Place& place) const { return tiling.col_dim < 0 ? 1 : std::min(tiling.cols, tiling.width - place.at[tiling.col_dim]); }

  // `pending` counts what `low` took in since it was last flushed.
  void fold_tile(const T* x, int64_t rows, int64_t cols, T* low, High* high, int& pending) const {
    if (pending >= FLUSH) flush(low, high, pending);
    pending++;
    if (cols_kept && rows_kept) return fold_each<R, T>(low, x, rows * cols);
    if (cols_kept) {
      for (int64_t r = 0; r < rows; r++, pending++) {
        if (pending > FLUSH) flush(low, high, pending);
        fold_each<R, T>(low, x + r * cols, cols);
      }
    } else if (rows_kept) {
      for (int64_t r = 0; r < rows; r++) low[r] = Fold<R, T>::of(low[r], fold_row<R, T>(x + r * cols, cols));
    } else {
      low[0] = Fold<R, T>::of(low[0], fold_row<R, T>(x, rows * cols));
    }
  }

  void flush(T* low, High* high, int& pending) const {
    pending = 0;
    if constexpr (two_levels) {
      int64_t n = width();
      TT_SIMD for (int64_t i = 0; i < n; i++) high[i] += (double)low[i];
      std::fill(low, low + n, Fold<R, T>::identity());
    }
  }

  // Folds tiles [begin, end) of the item's loop into `high`, starting from the identity.
  void fold(Machine& m, Place& place, int64_t begin, int64_t end, T* low, High* high) const {
    int64_t n = width();
    std::fill(high, high + n, (High)Fold<R, High>::identity());
    std::fill(low, low + n, Fold<R, T>::identity());
    if (begin < end) loop.seek(begin, place);
    int result = body.outputs[0].slot;
    int pending = 0;
    for (int64_t tile = begin; tile < end; tile++) {
      int64_t rows = rows_at(place), cols = cols_at(place);
      for (int i = 0; i < inputs; i++)
        if (body.last_read[i] >= 0 || i == result) m.load(i, operand(i, place), rows, cols);
      run_steps(m, k, place, tiling.row_dim, tiling.col_dim, rows, cols);
      fold_tile(reinterpret_cast<const T*>(m.slot[result]), rows, cols, low, high, pending);
      loop.advance(place);
    }
    if constexpr (two_levels) flush(low, high, pending);
    else std::copy(low, low + n, high);
  }

  // Runs the epilogue on the accumulators of the item at `place` (whose reduced coordinates must be 0).
  void finish(Machine& m, const Place& place, const High* high) const {
    int64_t rows = rows_kept ? rows_at(place) : 1, cols = cols_kept ? cols_at(place) : 1;
    T* acc = reinterpret_cast<T*>(m.slot[0]);
    for (int64_t i = 0; i < rows * cols; i++) acc[i] = (T)high[i];
    run_steps(m, k, place, -1, -1, rows, cols);
    for (int o = 0; o < outputs; o++) {
      Operand x = operand(inputs + o, place);
      m.store(o, x, rows, cols);
    }
  }

  void clear_reduced(Place& place) const {
    for (int i = 0; i < loop.n; i++) place.at[loop.dims[i]] = 0;
  }

  int64_t low_bytes() const { return ceil_div(width() * (int64_t)sizeof(T), 64) * 64; }
  int64_t high_bytes() const { return ceil_div(width() * (int64_t)sizeof(High), 64) * 64; }
  int64_t body_bytes() const { return ceil_div(Machine::bytes(body), 64) * 64; }
  int64_t epilogue_bytes() const { return ceil_div(Machine::bytes(epilogue), 64) * 64; }

  bool run_items(int64_t begin, int64_t end) const {
    char* memory = register_file(body_bytes() + epilogue_bytes() + low_bytes() + high_bytes());
    if (!memory) return false;
    Machine m(body, memory), last(epilogue, memory + body_bytes());
    T* low = reinterpret_cast<T*>(memory + body_bytes() + epilogue_bytes());
    High* high = reinterpret_cast<High*>((char*)low + low_bytes());
    m.fill_uniforms(k.params, tile_elements());
    last.fill_uniforms(k.params, width());
    Place place{};
    for (int64_t item = begin; item < end; item++) {
      items.seek(item, place);
      fold(m, place, 0, loop.total(), low, high);
      clear_reduced(place);
      finish(last, place, high);
    }
    return true;
  }

  // Slices first, each into its own accumulators of `partial`; then they are folded in order.
  bool run_slices(char* partial) const {
    int64_t total = loop.total(), n = width();
    std::atomic<bool> fine{true};
    parallel_for(items.total() * slices, 1, [&](int64_t begin, int64_t end) {
      char* memory = register_file(body_bytes() + low_bytes());
      if (!memory) { fine = false; return; }
      Machine m(body, memory);
      T* low = reinterpret_cast<T*>(memory + body_bytes());
      m.fill_uniforms(k.params, tile_elements());
      Place place{};
      for (int64_t part = begin; part < end; part++) {
        int64_t first = part % slices * slice_tiles;
        items.seek(part / slices, place);
        fold(m, place, first, std::min(total, first + slice_tiles), low, (High*)(partial + part * high_bytes()));
      }
    });
    char* memory = fine ? register_file(epilogue_bytes()) : nullptr;
    if (!memory) return false;
    Machine last(epilogue, memory);
    last.fill_uniforms(k.params, n);
    Place place{};
    for (int64_t item = 0; item < items.total(); item++) {
      auto high = (High*)(partial + item * slices * high_bytes());
      for (int64_t s = 1; s < slices; s++) fold_each<R, High>(high, (High*)(partial + (item * slices + s) * high_bytes()), n);
      items.seek(item, place);
      finish(last, place, high);
    }
    return true;
  }

  bool run() const {
    if (slices > 1) {
      Scratch partial(items.total() * slices * high_bytes());
      return partial.data && run_slices(partial.as<char>());
    }
    std::atomic<bool> fine{true};
    double elements = (double)tile_elements() * (double)std::max<int64_t>(1, loop.total());
    int64_t grain = std::max<int64_t>(1, (int64_t)(65536 / body.cost / elements));
    parallel_for(items.total(), grain, [&](int64_t b, int64_t e) { if (!run_items(b, e)) fine = false; });
    return fine;
  }
};

template <Reduce R> bool reduce_as(const Launch& k) {
  switch (k.program->reduce_type) {
    case Reg::f32: return Reduction<R, float>(k).run();
    case Reg::f64: return Reduction<R, double>(k).run();
    case Reg::i64: return Reduction<R, int64_t>(k).run();
    case Reg::u8: return Reduction<R, uint8_t>(k).run();
    default: return false;
  }
}

}  // namespace

bool reduce(const Launch& k) {
  switch (k.program->reduce) {
    case Reduce::sum: return reduce_as<Reduce::sum>(k);
    case Reduce::prod: return reduce_as<Reduce::prod>(k);
    case Reduce::max: return reduce_as<Reduce::max>(k);
    case Reduce::min: return reduce_as<Reduce::min>(k);
    default: return false;
  }
}

}  // namespace tt::TT_ISA
