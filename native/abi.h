// The plain C face of the native library, the same for the Node addon and for WASM.
//
// A call is written by TypeScript as doubles into one registered frame, then `tt_call()` is called without arguments. Every number
// in a frame is a double (pointers have at most 48 bits); an int64 that need not be safe is a pair hi, lo with value = hi * 2^32 + lo.
#pragma once
#include <cstdint>
#include <cstddef>

namespace tt {

// Codes of src/ir/dtype.ts.
enum DType { F32, F64, F16, BF16, I8, I16, I32, I64, U8, BOOL, C64, C128 };

constexpr int MAX_DIMS = 64;

inline int64_t itemsize(int dtype) {
  constexpr int8_t sizes[] = {4, 8, 2, 2, 1, 2, 4, 8, 1, 1, 8, 16};
  return sizes[dtype];
}

// An operand of a routine: strides count elements, data points to the first element. A missing operand has data == nullptr.
struct View {
  char* data;
  int dtype;
  int ndim;
  const int64_t* size;
  const int64_t* stride;
  int64_t numel() const {
    int64_t n = 1;
    for (int d = 0; d < ndim; d++) n *= size[d];
    return n;
  }
  template <class T> T* as() const { return reinterpret_cast<T*>(data); }
};

// One call of a routine. Params are doubles: `i(k)` reads an integer or boolean, `d(k)` a float.
struct Call {
  const double* params;
  int nparams;
  const View* t;
  int ntensors;
  int status;         // 0: fine; anything else is thrown in TypeScript as RoutineError(status, detail)
  double detail[4];
  int64_t i(int k) const { return (int64_t)params[k]; }
  double d(int k) const { return params[k]; }
  void fail(int code, double a = 0, double b = 0, double c = 0) {
    if (status) return;
    status = code; detail[0] = a; detail[1] = b; detail[2] = c;
  }
};

// Status codes that more than one routine uses.
enum Status { OK = 0, INDEX_OUT_OF_RANGE = 1 /* index, position, size */, SINGULAR = 2 /* batch, column */, NOT_CONVERGED = 3 /* batch */,
              OUT_OF_MEMORY = 4, BAD_VALUE = 5 };

using RoutineFn = void (*)(Call&);

// Runs body(begin, end) over parts of [0, n) on the thread pool; each part has at least `grain` items. Nested calls run inline.
void parallel_for_impl(int64_t n, int64_t grain, void (*body)(void*, int64_t, int64_t), void* context);
template <class F> void parallel_for(int64_t n, int64_t grain, F&& body) {
  parallel_for_impl(n, grain, [](void* f, int64_t b, int64_t e) { (*static_cast<F*>(f))(b, e); }, (void*)&body);
}
int num_threads();
// Which of a job's threads this is: below num_threads().
int thread_index();

// Scratch memory of a routine, from the pool, 64-byte aligned; nullptr when there is none (then fail(OUT_OF_MEMORY)).
void* scratch_alloc(int64_t bytes);
void scratch_free(void* p, int64_t bytes);
struct Scratch {
  void* data; int64_t bytes;
  explicit Scratch(int64_t n) : data(scratch_alloc(n)), bytes(n) {}
  ~Scratch() { if (data) scratch_free(data, bytes); }
  Scratch(const Scratch&) = delete;
  template <class T> T* as() const { return static_cast<T*>(data); }
};

}  // namespace tt

// Every kernel file is compiled once per instruction set, with TT_ISA naming its namespace (isa_avx512, isa_avx2, isa_base, isa_neon,
// isa_wasm); `routines.def` lists the routines, X(name), and each ISA builds one table from it.
