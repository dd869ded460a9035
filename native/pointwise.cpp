// Pointwise launches, tile by tile.
#include "block.h"
#include "gemm.h"
#include "half.h"
#include <algorithm>
#include <cstdlib>

namespace tt::TT_ISA {

// ---- Moving elements between memory and registers ----

// A T at any address: memory that a program lent need not be aligned.
template <class T> struct __attribute__((packed)) Anywhere { T value; };

template <class D, class S> inline D convert(S x) { return (D)x; }
template <> inline float convert<float, f16>(f16 x) { return to_float(x); }
template <> inline float convert<float, bf16>(bf16 x) { return to_float(x); }
template <> inline f16 convert<f16, float>(float x) { return to_f16(x); }
template <> inline bf16 convert<bf16, float>(float x) { return to_bf16(x); }

// Calls f with a small number as a constant, so that loops which use it become shuffles.
template <class F> inline void with_constant(int64_t n, F&& f) {
  switch (n) {
    case 2: return f(std::integral_constant<int64_t, 2>());
    case 3: return f(std::integral_constant<int64_t, 3>());
    case 4: return f(std::integral_constant<int64_t, 4>());
    default: return f(n);
  }
}

// Rows lie beside each other: what comes together in memory is a column.
template <class S, class D> void load_columns(D* d, const Anywhere<S>* s, int64_t step, int64_t rows, int64_t cols) {
  if (rows <= 4 && rows == step) return with_constant(rows, [=](auto n) {
    TT_SIMD for (int64_t c = 0; c < cols; c++) for (int64_t r = 0; r < n; r++) d[r * cols + c] = convert<D, S>(s[c * n + r].value);
  });
  if (cols <= 4) return with_constant(cols, [=](auto n) {
    TT_SIMD for (int64_t r = 0; r < rows; r++) for (int64_t c = 0; c < n; c++) d[r * n + c] = convert<D, S>(s[c * step + r].value);
  });
  if (step <= 4) return with_constant(step, [=](auto n) {
    for (int64_t r = 0; r < rows; r++) for (int64_t c = 0; c < cols; c++) d[r * cols + c] = convert<D, S>(s[c * n + r].value);
  });
  int64_t turned_rows = 0, turned_cols = 0;
  if constexpr (std::is_same<S, D>::value && sizeof(S) >= 4) {
    using T = std::conditional_t<sizeof(S) == 4, float, double>;
    constexpr int64_t W = Simd<T>::width;
    turned_rows = rows / W * W, turned_cols = cols / W * W;
    for (int64_t c = 0; c < turned_cols; c += W) for (int64_t r = 0; r < turned_rows; r += W)
      transpose_block(reinterpret_cast<const T*>(s + c * step + r), step, reinterpret_cast<T*>(d + r * cols + c), cols);
  }
  for (int64_t c = 0; c < cols; c++) for (int64_t r = c < turned_cols ? turned_rows : 0; r < rows; r++) d[r * cols + c] = convert<D, S>(s[c * step + r].value);
}

template <class S, class D> void load_tile(void* reg, const char* data, int64_t row_stride, int64_t col_stride, int64_t rows, int64_t cols) {
  using From = const Anywhere<S>;
  constexpr int64_t size = sizeof(S);
  D* d = static_cast<D*>(reg);
  if (rows > 1 && row_stride == size && col_stride != size) return load_columns<S, D>(d, reinterpret_cast<From*>(data), col_stride / size, rows, cols);
  for (int64_t r = 0; r < rows; r++, d += cols, data += row_stride) {
    auto s = reinterpret_cast<From*>(data);
    if (col_stride == size) {
      TT_SIMD for (int64_t c = 0; c < cols; c++) d[c] = convert<D, S>(s[c].value);
    } else if (col_stride == 0) {
      D x = convert<D, S>(s->value);
      TT_SIMD for (int64_t c = 0; c < cols; c++) d[c] = x;
    } else if (col_stride == -size) {
      TT_SIMD for (int64_t c = 0; c < cols; c++) d[c] = convert<D, S>(s[-c].value);
    } else {
      with_constant(col_stride / size, [=](auto n) { for (int64_t c = 0; c < cols; c++) d[c] = convert<D, S>(s[c * n].value); });
    }
  }
}

template <class D, class S> void store_tile(char* data, const void* reg, int64_t row_stride, int64_t col_stride, int64_t rows, int64_t cols) {
  using To = Anywhere<D>;
  constexpr int64_t size = sizeof(D);
  auto s = static_cast<const S*>(reg);
  if (rows > 1 && row_stride == size && col_stride != size) {
    for (int64_t c = 0; c < cols; c++) {
      auto d = reinterpret_cast<To*>(data + c * col_stride);
      for (int64_t r = 0; r < rows; r++) d[r].value = convert<D, S>(s[r * cols + c]);
    }
    return;
  }
  for (int64_t r = 0; r < rows; r++, s += cols, data += row_stride) {
    auto d = reinterpret_cast<To*>(data);
    if (col_stride == size) {
      TT_SIMD for (int64_t c = 0; c < cols; c++) d[c].value = convert<D, S>(s[c]);
    } else {
      for (int64_t c = 0; c < cols; c++) reinterpret_cast<To*>(data + c * col_stride)->value = convert<D, S>(s[c]);
    }
  }
}

const LoadFn load_fns[10] = {load_tile<float, float>, load_tile<double, double>, load_tile<f16, float>, load_tile<bf16, float>,
  load_tile<int8_t, int64_t>, load_tile<int16_t, int64_t>, load_tile<int32_t, int64_t>, load_tile<int64_t, int64_t>,
  load_tile<uint8_t, int64_t>, load_tile<uint8_t, uint8_t>};
const StoreFn store_fns[10] = {store_tile<float, float>, store_tile<double, double>, store_tile<f16, float>, store_tile<bf16, float>,
  store_tile<int8_t, int64_t>, store_tile<int16_t, int64_t>, store_tile<int32_t, int64_t>, store_tile<int64_t, int64_t>,
  store_tile<uint8_t, int64_t>, store_tile<uint8_t, uint8_t>};
const LoadFn load_raw[4] = {load_tile<uint8_t, uint8_t>, load_tile<uint16_t, uint16_t>, load_tile<uint32_t, uint32_t>, load_tile<uint64_t, uint64_t>};
const StoreFn store_raw[4] = {store_tile<uint8_t, uint8_t>, store_tile<uint16_t, uint16_t>, store_tile<uint32_t, uint32_t>, store_tile<uint64_t, uint64_t>};

template <class T> void fill(void* reg, T x, int64_t n) {
  T* d = static_cast<T*>(reg);
  TT_SIMD for (int64_t i = 0; i < n; i++) d[i] = x;
}

void fill_register(void* reg, Reg type, double hi, double lo, int64_t n) {
  int64_t integer = (int64_t)((uint64_t)(int64_t)hi << 32) + to_i64(lo);
  switch (type) {
    case Reg::f32: return fill<float>(reg, (float)lo, n);
    case Reg::f64: return fill<double>(reg, lo, n);
    case Reg::i64: return fill<int64_t>(reg, integer, n);
    case Reg::u8: return fill<uint8_t>(reg, integer != 0 || lo != 0, n);
    case Reg::raw16: return fill<uint16_t>(reg, (uint16_t)integer, n);
  }
}

// ---- Running ----

static void fill_index(int64_t* d, const Place& place, int dim, int row_dim, int col_dim, int64_t rows, int64_t cols) {
  if (dim < 0) return fill<int64_t>(d, 0, rows * cols);
  for (int64_t r = 0; r < rows; r++, d += cols) {
    int64_t first = place.at[dim] + (dim == row_dim ? r : 0), step = dim == col_dim;
    for (int64_t c = 0; c < cols; c++) d[c] = first + c * step;
  }
}

static int position_of(const Launch& k, int dim) {
  for (int d = 0; d < k.ndim; d++) if (k.dim[d] == dim) return d;
  return -1;
}

void run_steps(Machine& m, const Launch& k, const Place& place, int row_dim, int col_dim, int64_t rows, int64_t cols) {
  int64_t n = rows * cols;
  for (auto& s : m.code.instrs) {
    if (s.fn) s.fn(m.slot[s.dst], m.slot[s.a], m.slot[s.b], m.slot[s.c], n);
    else fill_index((int64_t*)m.slot[s.dst], place, position_of(k, s.aux), row_dim, col_dim, rows, cols);
  }
}

Tiling choose_tiling(const Launch& k, int64_t block) {
  Tiling t{-1, -1, 1, 1, 1, 1};
  if (k.ndim > 0) t.col_dim = k.ndim - 1, t.width = k.size[t.col_dim];
  if (k.ndim > 1) t.row_dim = k.ndim - 2, t.height = k.size[t.row_dim];
  bool transposed = false;
  if (t.row_dim >= 0)
    for (int o = 0; o < k.noperands; o++) {
      int64_t r = std::abs(k.stride[o][t.row_dim]), c = std::abs(k.stride[o][t.col_dim]);
      transposed |= r && c && r < c;
    }
  // Transposed tiles are square, or as long as that many elements are where the other dim is short.
  auto most = [](int64_t other) { return std::max<int64_t>(32, 1024 / std::max<int64_t>(1, std::min<int64_t>(other, 32))); };
  t.cols = std::min<int64_t>(t.width, transposed ? most(t.height) : block);
  if (t.height > 1) t.rows = std::min<int64_t>(t.height, transposed ? most(t.width) : std::max<int64_t>(1, block / std::max<int64_t>(t.cols, 1)));
  if (!transposed && t.cols < t.width) t.rows = 1;
  t.cols = std::max<int64_t>(t.cols, 1);
  t.rows = std::max<int64_t>(t.rows, 1);
  return t;
}

namespace {

struct Pointwise {
  const Launch& k;
  const Code& code;
  Tiling tiling;
  int inputs, outputs;
  int64_t row_tiles, col_tiles;
  DenseFn compiled = nullptr;
  bool copies;                     // the program only moves its input to its output
  bool may_write[MAX_OPERANDS];    // whether the steps may write straight into an output
  bool invariant[MAX_OPERANDS];    // whether an input is one element for all: its register is filled once

  explicit Pointwise(const Launch& launch) : k(launch), code(launch.program->body), tiling(choose_tiling(launch, BLOCK)) {
    inputs = (int)code.inputs.size();
    outputs = (int)code.outputs.size();
    row_tiles = tiling.rows == tiling.height ? 1 : ceil_div(tiling.height, tiling.rows);
    col_tiles = tiling.cols == tiling.width ? 1 : ceil_div(tiling.width, tiling.cols);
    copies = code.instrs.empty() && outputs == 1 && inputs >= 1 && code.outputs[0].slot == 0;
    for (int o = 0; o < outputs; o++) may_write[o] = safe_to_write(o);
    for (int i = 0; i < inputs; i++) invariant[i] = is_invariant(i);
    compiled = compiled_code();
  }

  bool is_invariant(int i) const {
    if (k.ndim == 0) return false;
    for (int d = 0; d < k.ndim; d++) if (k.stride[i][d] != 0) return false;
    return true;
  }

  // Not if another output shares the register, nor if an input at the same place is read by a later step.
  bool safe_to_write(int o) const {
    if (code.defined_at[o] < 0 || !same_layout(code.outputs[o])) return false;
    for (int other = 0; other < o; other++) if (code.outputs[other].slot == code.outputs[o].slot) return false;
    for (int i = 0; i < inputs; i++)
      if (k.data[i] == k.data[inputs + o] && (code.last_read[i] > code.defined_at[o] || outputs > 1)) return false;
    return true;
  }

  int64_t tiles() const {
    int64_t n = row_tiles * col_tiles;
    for (int d = 0; d < k.ndim - 2; d++) n *= k.size[d];
    return n;
  }

  Operand operand(int o, const Place& place) const {
    Operand x{k.data[o], 0, 0};
    for (int d = 0; d < k.ndim; d++) x.data += place.at[d] * k.stride[o][d];
    if (tiling.col_dim >= 0) x.col_stride = k.stride[o][tiling.col_dim];
    if (tiling.row_dim >= 0) x.row_stride = k.stride[o][tiling.row_dim];
    return x;
  }

  void run_tile(Machine& m, const Place& place) const {
    int64_t rows = tiling.row_dim < 0 ? 1 : std::min(tiling.rows, tiling.height - place.at[tiling.row_dim]);
    int64_t cols = tiling.col_dim < 0 ? 1 : std::min(tiling.cols, tiling.width - place.at[tiling.col_dim]);
    Operand out[MAX_OPERANDS];
    for (int o = 0; o < outputs; o++) {
      const Port& port = code.outputs[o];
      out[o] = operand(inputs + o, place);
      bool direct = may_write[o] && dense(port, out[o], rows, cols);
      if (code.defined_at[o] >= 0) m.slot[port.slot] = direct ? out[o].data : m.file + code.offsets[port.slot];
    }
    for (int i = 0; i < inputs; i++) {
      if (invariant[i] || (code.last_read[i] < 0 && !is_output(i))) continue;
      Operand x = operand(i, place);
      if (copies && copy_tile(x, out[0], rows, cols)) return;
      m.load(i, x, rows, cols);
    }
    run_steps(m, k, place, tiling.row_dim, tiling.col_dim, rows, cols);
    for (int o = 0; o < outputs; o++) m.store(o, out[o], rows, cols);
  }

  bool is_output(int slot) const {
    for (auto& port : code.outputs) if (port.slot == slot) return true;
    return false;
  }

  // Moves a tile straight from memory to memory, where the output's layout is the register's.
  bool copy_tile(const Operand& from, const Operand& to, int64_t rows, int64_t cols) const {
    const Port &in = code.inputs[0], &out = code.outputs[0];
    if (!same_layout(out) || from.data == to.data || !dense(out, to, rows, cols)) return false;
    LoadFn fn = in.raw ? load_raw[log2_size(in.dtype)] : load_fns[in.dtype];
    fn(to.data, from.data, from.row_stride, from.col_stride, rows, cols);
    return true;
  }

  void start(int64_t tile, Place& place) const {
    if (tiling.col_dim >= 0) place.at[tiling.col_dim] = tile % col_tiles * tiling.cols;
    tile /= col_tiles;
    if (tiling.row_dim >= 0) place.at[tiling.row_dim] = tile % row_tiles * tiling.rows;
    tile /= row_tiles;
    for (int d = k.ndim - 3; d >= 0; d--) {
      place.at[d] = tile % k.size[d];
      tile /= k.size[d];
    }
  }

  void advance(Place& place) const {
    if (tiling.col_dim < 0) return;
    if ((place.at[tiling.col_dim] += tiling.cols) < tiling.width) return;
    place.at[tiling.col_dim] = 0;
    if (tiling.row_dim < 0) return;
    if ((place.at[tiling.row_dim] += tiling.rows) < tiling.height) return;
    place.at[tiling.row_dim] = 0;
    for (int d = k.ndim - 3; d >= 0; d--) {
      if (++place.at[d] < k.size[d]) return;
      place.at[d] = 0;
    }
  }

  // Whether every operand is one run of memory that stands in for its register.
  bool is_dense() const {
    if (k.ndim > 1 || code.instrs.empty() || k.program->uses_index) return false;
    for (int o = 0; o < inputs + outputs; o++) {
      if (o < inputs && invariant[o]) continue;
      const Port& port = o < inputs ? code.inputs[o] : code.outputs[o - inputs];
      if (!same_layout(port) || !aligned(port, k.data[o]) || (k.ndim == 1 && k.stride[o][0] != itemsize(port.dtype))) return false;
    }
    return true;
  }

  bool writes_directly() const {
    for (int o = 0; o < outputs; o++) if (!may_write[o]) return false;
    return true;
  }

  // Machine code reads all of an element before it writes: an input may be an output, if no output is another.
  bool fit_for_code() const {
    for (int o = 0; o < outputs; o++) {
      if (code.defined_at[o] < 0) return false;
      for (int other = 0; other < o; other++) if (code.outputs[other].slot == code.outputs[o].slot) return false;
    }
    return is_dense();
  }

  // Machine code for this launch, if it is big enough to be worth it; compiled once.
  DenseFn compiled_code() const {
    if (tiling.width < 4 * BLOCK || !fit_for_code()) return nullptr;
    uint64_t broadcast = 0;
    for (int i = 0; i < inputs && i < 64; i++) broadcast |= (uint64_t)invariant[i] << i;
    for (auto& known : code.compiled) if (known.first == broadcast) return known.second;
    code.compiled.push_back({broadcast, compile_dense(code, broadcast)});
    return code.compiled.back().second;
  }

  void advance_slots(Machine& m, int64_t n) const {
    for (int i = 0; i < inputs; i++) if (!invariant[i]) m.slot[i] += n * itemsize(code.inputs[i].dtype);
    for (int o = 0; o < outputs; o++) m.slot[code.outputs[o].slot] += n * itemsize(code.outputs[o].dtype);
  }

  // Asks for a part of the next block of every output after each step but the last, so that its lines arrive while this one is computed.
  void fetch_ahead(const Machine& m, int part, int parts) const {
    for (auto& port : code.outputs) {
      const int64_t bytes = BLOCK * itemsize(port.dtype);
      const char* next = m.slot[port.slot] + bytes;
      for (int64_t i = bytes * (part - 1) / parts; i < bytes * part / parts; i += 64) __builtin_prefetch(next + i, 1);
    }
  }

  void place_slots(Machine& m, int64_t begin) const {
    for (int i = 0; i < inputs; i++) if (!invariant[i]) m.slot[i] = k.data[i] + begin * itemsize(code.inputs[i].dtype);
    for (int o = 0; o < outputs; o++) m.slot[code.outputs[o].slot] = k.data[inputs + o] + begin * itemsize(code.outputs[o].dtype);
  }

  // Whole vectors by machine code, the rest as a tile.
  void run_compiled(Machine& m, int64_t begin, int64_t end) const {
    place_slots(m, begin);
    int64_t size = reg_size[(int)code.instrs[0].type], n = (end - begin) * size / COMPILED_BYTES * COMPILED_BYTES / size;
    if (n > 0) compiled(m.slot, n * size);
    if (begin + n == end) return;
    Place place{};
    place.at[tiling.col_dim] = begin + n;
    run_tile(m, place);
  }

  void run_dense(Machine& m, int64_t begin, int64_t end) const {
    place_slots(m, begin);
    for (int64_t n; begin < end; begin += n) {
      n = std::min<int64_t>(BLOCK, end - begin);
      const int steps = begin + 2 * BLOCK <= end ? (int)code.instrs.size() : 0;
      int step = 0;
      for (auto& s : code.instrs) {
        s.fn(m.slot[s.dst], m.slot[s.a], m.slot[s.b], m.slot[s.c], n);
        if (++step < steps) fetch_ahead(m, step, steps - 1);
      }
      if (begin + n < end) advance_slots(m, n);
    }
  }

  void run(int64_t begin, int64_t end) const {
    char* memory = register_file(Machine::bytes(code));
    if (!memory) return;
    Machine m(code, memory);
    m.fill_uniforms(k.params, tiling.rows * tiling.cols);
    for (int i = 0; i < inputs; i++) if (invariant[i]) m.load(i, {k.data[i], 0, 0}, 1, tiling.rows * tiling.cols);
    const int64_t from = begin * tiling.cols, to = std::min(tiling.width, end * tiling.cols);
    if (compiled) return run_compiled(m, from, to);
    if (is_dense() && writes_directly()) return run_dense(m, from, to);
    Place place;
    start(begin, place);
    for (int64_t tile = begin; tile < end; tile++) {
      run_tile(m, place);
      advance(place);
    }
  }
};

}  // namespace

void pointwise(const Launch& k) {
  Pointwise p(k);
  int64_t tiles = p.tiles();
  if (tiles == 1) return p.run(0, 1);
  parallel_for(tiles, grain_tiles(p.code.cost, p.tiling.rows * p.tiling.cols), [&](int64_t b, int64_t e) { p.run(b, e); });
}

}  // namespace tt::TT_ISA
