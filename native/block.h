// The block interpreter: runs a Code over tiles of at most BLOCK elements, whose registers stay in the L1 cache.
#pragma once
#include "internal.h"
#include "r_common.h"
#include "simd.h"

namespace tt::TT_ISA {

using LoadFn = void (*)(void* reg, const char* data, int64_t row_stride, int64_t col_stride, int64_t rows, int64_t cols);
using StoreFn = void (*)(char* data, const void* reg, int64_t row_stride, int64_t col_stride, int64_t rows, int64_t cols);

extern const LoadFn load_fns[10];   // by dtype, into its compute type
extern const StoreFn store_fns[10];
extern const LoadFn load_raw[4];    // by log2 of the element size
extern const StoreFn store_raw[4];
StepFn step(Op op, Reg type, int aux);
inline int log2_size(int dtype) { return __builtin_ctzll((uint64_t)itemsize(dtype)); }

// Whether memory holds what the register would, so that it can stand in for it.
inline bool same_layout(const Port& p) {
  if (p.raw) return true;
  return p.dtype == F32 || p.dtype == F64 || p.dtype == I64 || p.dtype == BOOL;
}

struct Operand {
  char* data;
  int64_t row_stride, col_stride;
};

inline bool aligned(const Port& p, const char* data) { return (uintptr_t)data % (uintptr_t)itemsize(p.dtype) == 0; }
// Whether rows × cols elements at x lie as in a register.
inline bool dense(const Port& p, const Operand& x, int64_t rows, int64_t cols) {
  const int64_t size = itemsize(p.dtype);
  return aligned(p, x.data) && x.col_stride == size && (rows == 1 || x.row_stride == size * cols);
}

void fill_register(void* reg, Reg type, double hi, double lo, int64_t n);

// The registers of one thread while it runs one Code.
struct Machine {
  const Code& code;
  char** slot;
  char* file;

  // nullptr slots: no memory.
  Machine(const Code& c, char* memory) : code(c), slot((char**)memory), file(memory + slots_bytes(c)) {
    for (size_t s = 0; s < c.slots.size(); s++) slot[s] = file + c.offsets[s];
  }
  static int64_t slots_bytes(const Code& c) { return ((int64_t)c.slots.size() * 8 + 4095) / 4096 * 4096; }
  static int64_t bytes(const Code& c) { return slots_bytes(c) + c.file_bytes + 64; }

  void fill_uniforms(const Param* params, int64_t n) {
    for (auto& u : code.uniforms) {
      double hi = u.param < 0 ? u.hi : params[u.param].hi, lo = u.param < 0 ? u.lo : params[u.param].lo;
      fill_register(slot[u.slot], code.slots[u.slot], hi, lo, n < BLOCK ? n : BLOCK);
    }
  }

  void load(int i, const Operand& x, int64_t rows, int64_t cols) {
    const Port& port = code.inputs[i];
    if (same_layout(port) && dense(port, x, rows, cols)) {
      slot[i] = x.data;
      return;
    }
    slot[i] = file + code.offsets[i];
    LoadFn fn = port.raw ? load_raw[log2_size(port.dtype)] : load_fns[port.dtype];
    fn(slot[i], x.data, x.row_stride, x.col_stride, rows, cols);
  }

  void store(int o, const Operand& x, int64_t rows, int64_t cols) {
    const Port& port = code.outputs[o];
    if (slot[port.slot] == x.data) return;
    StoreFn fn = port.raw ? store_raw[log2_size(port.dtype)] : store_fns[port.dtype];
    fn(x.data, slot[port.slot], x.row_stride, x.col_stride, rows, cols);
  }
};

// Where a tile lies, for `index`: the coordinate of its first element by collapsed dim.
struct Place {
  int64_t at[MAX_DIMS];
};

void run_steps(Machine& m, const Launch& k, const Place& place, int row_dim, int col_dim, int64_t rows, int64_t cols);

// How the index space is cut into tiles of rows × cols of its two innermost dims.
struct Tiling {
  int row_dim, col_dim;            // -1: no such dim
  int64_t height, width;           // of the index space along them
  int64_t rows, cols;              // of a tile
};
// Tiles have at most `block` elements.
Tiling choose_tiling(const Launch& k, int64_t block);

inline int64_t grain_tiles(double cost, int64_t tile_elements) {
  double tiles = 65536.0 / cost / (double)tile_elements;
  return tiles < 1 ? 1 : (int64_t)tiles;
}

}  // namespace tt::TT_ISA
