// What the ISA-independent core and the per-ISA kernel files share: registered programs, launches, the table of an ISA.
#pragma once
#include "abi.h"
#include <utility>
#include <vector>

namespace tt {

enum class Op : int {
#define X(name) name,
#include "ops.def"
#undef X
  count
};

enum class Reduce : int { none = -1, sum, prod, max, min };

// What a register of the block interpreter holds. Raw16 only moves bits.
enum class Reg : int { f32, f64, i64, u8, raw16 };
constexpr int reg_size[] = {4, 8, 8, 1, 2};

constexpr int BLOCK = 1024;
constexpr int MAX_OPERANDS = 256;

// One step over a block: n elements of d from a, b, c.
using StepFn = void (*)(void* d, const void* a, const void* b, const void* c, int64_t n);

struct Instr {
  Op op;
  Reg type;   // of the first argument
  int aux;    // cast: the dtype; index: the dim
  int dst, a, b, c;
  StepFn fn;
};

struct Uniform { int slot, param; double hi, lo; };  // a register filled with one value: parameter number, or -1 and a constant
struct Port { int slot, dtype, raw; };               // an input or output; raw: only bits are moved

// Machine code for a Code whose operands are dense: elements of `bytes` bytes each, `slot` as in the interpreter.
#if defined(__x86_64__)
#define TT_SYSV __attribute__((sysv_abi))
#else
#define TT_SYSV
#endif
using DenseFn = void (TT_SYSV *)(char* const* slot, int64_t bytes);

// Straight-line code over registers ("slots"): inputs, then uniforms, then results.
struct Code {
  std::vector<Port> inputs, outputs;
  std::vector<Uniform> uniforms;
  std::vector<Reg> slots;
  std::vector<int64_t> offsets;    // of each slot in the register file
  std::vector<Instr> instrs;
  std::vector<int> last_read;      // of each input: the last instruction that reads it
  std::vector<int> defined_at;     // of each output: the instruction that makes it, -1 for an input or uniform
  int64_t file_bytes = 0;
  mutable std::vector<std::pair<uint64_t, DenseFn>> compiled;  // by which inputs are one element for all
  double cost = 1;                 // of one element, in units of a simple load-add-store
};

struct Program {
  Code body, epilogue;             // epilogue only with a reduction; its only input is the accumulator
  Reduce reduce = Reduce::none;
  Reg reduce_type = Reg::f32;
  int nparams = 0;
  bool uses_index = false;
};

struct Param { double hi, lo; };

// One launch after collapsing: strides count bytes, dims go from outer to inner.
struct Launch {
  const Program* program;
  int ndim;
  int noperands;
  int64_t size[MAX_DIMS];
  bool reduced[MAX_DIMS];
  int dim[MAX_DIMS];               // the original number of each dim
  char* data[MAX_OPERANDS];
  int64_t stride[MAX_OPERANDS][MAX_DIMS];
  const Param* params;
};

struct Isa {
  const char* name;
  StepFn (*step)(Op, Reg type, int aux);
  void (*pointwise)(const Launch&);
  bool (*reduce)(const Launch&);
  const RoutineFn* routines;
};

// Machine code that runs `code` on multiples of COMPILED_BYTES (jit.cpp), or nullptr: then the interpreter does. Inputs in `broadcast` are
// one element for all. Operands must have one float type.
constexpr int COMPILED_BYTES = 64;
DenseFn compile_dense(const Code& code, uint64_t broadcast);

char* register_file(int64_t bytes);  // this thread's, at least so big; nullptr when there is no memory

// Memory and threads (pool.cpp, threads.cpp).
void* pool_alloc(int64_t bytes, bool* fresh = nullptr);  // fresh: whether the pages are new
void pool_free(void* p, int64_t bytes);
struct PoolStats { int64_t live, cached, peak; };
PoolStats pool_stats();
void pool_set_limit(int64_t bytes);
void pool_trim();
void set_num_threads(int n);

}  // namespace tt

// The frame (core.cpp).
extern "C" {
double* tt_new_frame(int doubles);
void tt_set_frame(double* frame, int doubles);
void tt_call();
const char* tt_names(int what);  // 0: routines, 1: ops, 2: the ISA; comma-separated
}
