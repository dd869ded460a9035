// The face of the library: calls are decoded from the frame, programs registered, the ISA chosen.
//
// A call: f[0] says what to do, the rest are its arguments; afterwards f[0] is the status (0: fine), f[1…] details or results.
//   1 kernel:   program, ndim, noperands, sizes, reduced flags (if the program reduces), (data, strides) an operand, (hi, lo) a param
//   2 routine:  routine, ntensors, nparams, params, (data, dtype, ndim, sizes, strides) a tensor
//   3 register: words of a program (bytecode.ts) -> f[1] its id
//   4 alloc:    bytes -> f[1] address or 0, f[2] how many of its bytes are new pages      5 free: address, bytes
//   6 fetch:    address, bytes (at most 64) -> copied to f[8…]        7 stats -> f[1] live, f[2] cached, f[3] peak
//  12 put:      address, bytes (at most 64) <- copied from f[8…]
//  13 kernels:  program, noperands, count, (hi, lo) a param, then (elements, data of every operand) a launch over contiguous memory
//   8 threads:  n > 0 sets the number -> f[1]                         9 limit: bytes   10 trim   11 copy: to, from, bytes
#include "internal.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

namespace tt {

// The build defines TT_WITH_… for every ISA that it compiles.
#define DECLARE_ISA(name) namespace name { extern const Isa isa; }
DECLARE_ISA(isa_avx512)
DECLARE_ISA(isa_avx2)
DECLARE_ISA(isa_base)
DECLARE_ISA(isa_neon)
DECLARE_ISA(isa_wasm)

namespace {

// The best ISA that was compiled and that this processor has, nullptr if there is none. TYPETORCH_ISA=avx2|base asks for less.
const Isa* choose_isa() {
  [[maybe_unused]] const char* wanted = getenv("TYPETORCH_ISA");
#if defined(__x86_64__)
  __builtin_cpu_init();
  [[maybe_unused]] bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  [[maybe_unused]] bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
                                 __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (wanted && !strcmp(wanted, "avx2")) avx512 = false;
  if (wanted && !strcmp(wanted, "base")) avx512 = avx2 = false;
#endif
#ifdef TT_WITH_isa_avx512
  if (avx512) return &isa_avx512::isa;
#endif
#ifdef TT_WITH_isa_avx2
  if (avx2) return &isa_avx2::isa;
#endif
#ifdef TT_WITH_isa_base
  return &isa_base::isa;
#endif
#ifdef TT_WITH_isa_neon
  return &isa_neon::isa;
#endif
#ifdef TT_WITH_isa_wasm
  return &isa_wasm::isa;
#endif
  return nullptr;
}

const Isa* chosen_isa() {
  static const Isa* chosen = choose_isa();
  return chosen;
}

const Isa& isa() { return *chosen_isa(); }

const char* const routine_names =
#define X(name) #name ","
#include "routines.def"
#undef X
    "";
constexpr int routine_count = 0
#define X(name) +1
#include "routines.def"
#undef X
    ;
const char* const op_names =
#define X(name) #name ","
#include "ops.def"
#undef X
    "";

// What belongs to a thread: several Node workers may use the library at once.
struct Thread {
  double* frame = nullptr;
  int frame_size = 0;
  std::vector<std::unique_ptr<Program>> programs;
  Launch launch;
  Param params[MAX_OPERANDS];
  std::vector<View> views;
  std::vector<int64_t> dims;
  std::vector<double> routine_params;
};

Thread& thread() {
  static thread_local std::unique_ptr<Thread> t(new Thread);
  return *t;
}

struct Reader {
  const double* at;
  const double* end;
  double next() { return at < end ? *at++ : 0; }
  int64_t i() { return (int64_t)next(); }
  char* pointer() { return reinterpret_cast<char*>((uintptr_t)next()); }
};

// ---- Registering a program ----

double cost_of(const Instr& s) {
  switch (s.op) {
    case Op::exp: case Op::exp2: case Op::expm1: case Op::log: case Op::log2: case Op::log10: case Op::log1p: return 4;
    case Op::sin: case Op::cos: case Op::tanh: case Op::erf: case Op::div: case Op::sqrt: return 6;
    case Op::tan: case Op::asin: case Op::acos: case Op::atan: case Op::sinh: case Op::cosh: case Op::asinh: case Op::acosh: case Op::atanh:
    case Op::erfc: case Op::pow: case Op::atan2: case Op::rem: case Op::idiv: return 20;
    case Op::erfinv: case Op::lgamma: case Op::digamma: case Op::igamma: case Op::igammac: case Op::zeta: return 100;
    default: return 1;
  }
}

void note_reads(Code& code, int at, int slot) {
  if (slot < (int)code.inputs.size()) code.last_read[slot] = at;
}

void place_slots(Code& code) {
  int64_t at = 0;
  for (Reg type : code.slots) {
    code.offsets.push_back(at);
    at += (int64_t)BLOCK * reg_size[(int)type];
  }
  code.file_bytes = at;
}

bool valid(const Code& code) {
  int n = (int)code.slots.size();
  auto ok = [n](int slot) { return slot >= 0 && slot < n; };
  for (auto& port : code.inputs) if (!ok(port.slot)) return false;
  for (auto& port : code.outputs) if (!ok(port.slot)) return false;
  for (auto& u : code.uniforms) if (!ok(u.slot)) return false;
  for (auto& s : code.instrs) if (!ok(s.dst) || !ok(s.a) || !ok(s.b) || !ok(s.c) || (!s.fn && s.op != Op::index)) return false;
  return code.inputs.size() + code.outputs.size() <= (size_t)MAX_OPERANDS;
}

// Words: nslots types; ninputs (dtype, raw); nuniforms (slot, param, hi, lo); ninstrs (op, type, aux, dst, a, b, c); noutputs (slot, dtype, raw).
bool read_code(Reader& in, Code& code) {
  for (int64_t n = in.i(); n > 0 && in.at < in.end; n--) code.slots.push_back((Reg)in.i());
  int64_t inputs = in.i();
  for (int i = 0; i < inputs && in.at < in.end; i++) {
    int dtype = (int)in.i();
    code.inputs.push_back({i, dtype, (int)in.i()});
  }
  for (int64_t n = in.i(); n > 0 && in.at < in.end; n--) {
    int slot = (int)in.i(), param = (int)in.i();
    double hi = in.next();
    code.uniforms.push_back({slot, param, hi, in.next()});
  }
  code.last_read.assign(code.inputs.size(), -1);
  for (int64_t n = in.i(); n > 0 && in.at < in.end; n--) {
    Instr s;
    s.op = (Op)in.i();
    s.type = (Reg)in.i();
    s.aux = (int)in.i();
    s.dst = (int)in.i();
    s.a = (int)in.i();
    s.b = (int)in.i();
    s.c = (int)in.i();
    s.fn = s.op == Op::index ? nullptr : isa().step(s.op, s.type, s.aux);
    int at = (int)code.instrs.size();
    note_reads(code, at, s.a);
    note_reads(code, at, s.b);
    note_reads(code, at, s.c);
    code.cost += cost_of(s) * reg_size[(int)s.type] / 4;
    code.instrs.push_back(s);
  }
  for (int64_t n = in.i(); n > 0 && in.at < in.end; n--) {
    int slot = (int)in.i(), dtype = (int)in.i();
    code.outputs.push_back({slot, dtype, (int)in.i()});
  }
  for (auto& out : code.outputs) {
    int at = -1;
    for (size_t k = 0; k < code.instrs.size(); k++) if (code.instrs[k].dst == out.slot) at = (int)k;
    code.defined_at.push_back(at);
  }
  place_slots(code);
  return valid(code);
}

void register_program(Thread& t) {
  double* f = t.frame;
  Reader in{f + 1, f + t.frame_size};
  auto p = std::make_unique<Program>();
  p->nparams = (int)in.i();
  p->reduce = (Reduce)in.i();
  p->reduce_type = (Reg)in.i();
  p->uses_index = in.i() != 0;
  bool fine = read_code(in, p->body) && (p->reduce == Reduce::none || read_code(in, p->epilogue));
  fine = fine && p->nparams <= MAX_OPERANDS && p->body.inputs.size() + p->epilogue.outputs.size() <= (size_t)MAX_OPERANDS;
  if (!fine) { f[0] = BAD_VALUE; return; }
  t.programs.push_back(std::move(p));
  f[0] = OK;
  f[1] = (double)(t.programs.size() - 1);
}

// ---- Launching a kernel ----

int64_t magnitude(int64_t x) { return x < 0 ? -x : x; }

// Whether dim a must lie outside dim b: judged by the outputs' strides first, then by the inputs'.
bool lies_outside(const Launch& k, int first_output, int a, int b) {
  for (int pass = 0; pass < 2; pass++) {
    int begin = pass ? 0 : first_output, end = pass ? first_output : k.noperands;
    for (int o = begin; o < end; o++) {
      int64_t x = magnitude(k.stride[o][a]), y = magnitude(k.stride[o][b]);
      if (x && y && x != y) return x > y;
    }
  }
  return false;
}

// The same for reductions: the inputs decide, and what they read with stride 0 lies outside.
bool lies_outside_reduced(const Launch& k, int first_output, int a, int b) {
  for (int o = 0; o < first_output; o++) {
    int64_t x = magnitude(k.stride[o][a]), y = magnitude(k.stride[o][b]);
    if (x && y && x != y) return x > y;
  }
  return false;
}

void swap_dims(Launch& k, int a, int b) {
  std::swap(k.size[a], k.size[b]);
  std::swap(k.reduced[a], k.reduced[b]);
  std::swap(k.dim[a], k.dim[b]);
  for (int o = 0; o < k.noperands; o++) std::swap(k.stride[o][a], k.stride[o][b]);
}

void remove_dim(Launch& k, int d) {
  for (int e = d; e + 1 < k.ndim; e++) swap_dims(k, e, e + 1);
  k.ndim--;
}

bool mergeable(const Launch& k, int outer, int inner) {
  if (k.reduced[outer] != k.reduced[inner]) return false;
  for (int o = 0; o < k.noperands; o++)
    if (k.stride[o][outer] != k.stride[o][inner] * k.size[inner]) return false;
  return true;
}

void collapse(Launch& k, int first_output) {
  bool reduces = k.program->reduce != Reduce::none;
  for (int d = k.ndim - 1; d >= 0; d--) if (k.size[d] == 1) remove_dim(k, d);
  for (int i = 1; i < k.ndim; i++)
    for (int d = i; d > 0; d--) {
      bool outside = reduces ? lies_outside_reduced(k, first_output, d, d - 1) : lies_outside(k, first_output, d, d - 1);
      if (!outside) break;
      swap_dims(k, d, d - 1);
    }
  if (k.program->uses_index) return;
  for (int d = k.ndim - 2; d >= 0; d--)
    if (mergeable(k, d, d + 1)) {
      k.size[d + 1] *= k.size[d];
      remove_dim(k, d);
    }
}

int64_t bytes_of(const Port& port) { return itemsize(port.dtype); }

void run_kernel(Thread& t) {
  double* f = t.frame;
  Reader in{f + 1, f + t.frame_size};
  Launch& k = t.launch;
  uint64_t id = (uint64_t)in.i();
  k.ndim = (int)in.i();
  k.noperands = (int)in.i();
  if (id >= t.programs.size() || k.ndim > MAX_DIMS || k.ndim < 0) { f[0] = BAD_VALUE; return; }
  const Program& p = *t.programs[id];
  bool reduces = p.reduce != Reduce::none;
  const Code& last = reduces ? p.epilogue : p.body;
  int inputs = (int)p.body.inputs.size();
  if (k.noperands != inputs + (int)last.outputs.size()) { f[0] = BAD_VALUE; return; }
  k.program = &p;
  for (int d = 0; d < k.ndim; d++) {
    k.size[d] = in.i();
    k.dim[d] = d;
    k.reduced[d] = false;
  }
  bool empty = false;
  for (int d = 0; d < k.ndim; d++) {
    if (reduces) k.reduced[d] = in.next() != 0;
    if (k.size[d] == 0 && !k.reduced[d]) empty = true;
  }
  for (int o = 0; o < k.noperands; o++) {
    int64_t size = bytes_of(o < inputs ? p.body.inputs[o] : last.outputs[o - inputs]);
    k.data[o] = in.pointer();
    for (int d = 0; d < k.ndim; d++) k.stride[o][d] = in.i() * size;
  }
  for (int i = 0; i < p.nparams; i++) {
    t.params[i].hi = in.next();
    t.params[i].lo = in.next();
  }
  k.params = t.params;
  f[0] = OK;
  if (empty) return;
  if (!reduces) for (int d = 0; d < k.ndim; d++) if (k.size[d] == 0) return;
  if (k.ndim > 0) collapse(k, inputs);
  if (!reduces) isa().pointwise(k);
  else if (!isa().reduce(k)) f[0] = OUT_OF_MEMORY;
}

// One program over many pieces of contiguous memory, such as the parameters of a model: cut into parts, which the threads share.
struct Pieces {
  const Program& program;
  int noperands;
  const Param* params;
  const double* pieces;            // elements and addresses of each
  std::vector<int64_t> first_part;  // of each piece, and how many there are
  static constexpr int64_t PART = 16384;

  int64_t elements(size_t i) const { return (int64_t)pieces[i * (noperands + 1)]; }
  int64_t itemsize_of(int o) const {
    const int inputs = (int)program.body.inputs.size();
    return bytes_of(o < inputs ? program.body.inputs[o] : program.body.outputs[o - inputs]);
  }
  void run(int64_t begin, int64_t end) const {
    size_t i = std::upper_bound(first_part.begin(), first_part.end(), begin) - first_part.begin() - 1;
    for (; begin < end; i++) {
      const int64_t stop = std::min(end, first_part[i + 1]);
      if (stop > begin) run_piece(i, (begin - first_part[i]) * PART, std::min(elements(i), (stop - first_part[i]) * PART));
      begin = stop;
    }
  }
  void run_piece(size_t i, int64_t from, int64_t to) const {
    Launch k;
    k.program = &program;
    k.ndim = 1;
    k.noperands = noperands;
    k.size[0] = to - from;
    k.reduced[0] = false;
    k.dim[0] = 0;
    k.params = params;
    for (int o = 0; o < noperands; o++) {
      k.stride[o][0] = itemsize_of(o);
      k.data[o] = reinterpret_cast<char*>((uintptr_t)pieces[i * (noperands + 1) + 1 + o]) + from * k.stride[o][0];
    }
    isa().pointwise(k);
  }
};

void run_kernels(Thread& t) {
  double* f = t.frame;
  Reader in{f + 1, f + t.frame_size};
  const uint64_t id = (uint64_t)in.i();
  const int noperands = (int)in.i();
  const size_t count = (size_t)in.i();
  if (id >= t.programs.size()) { f[0] = BAD_VALUE; return; }
  const Program& p = *t.programs[id];
  if (p.reduce != Reduce::none || noperands != (int)(p.body.inputs.size() + p.body.outputs.size())) { f[0] = BAD_VALUE; return; }
  for (int i = 0; i < p.nparams; i++) {
    t.params[i].hi = in.next();
    t.params[i].lo = in.next();
  }
  if (count > (size_t)(in.end - in.at) / (noperands + 1)) { f[0] = BAD_VALUE; return; }
  Pieces work{p, noperands, t.params, in.at, {0}};
  for (size_t i = 0; i < count; i++) work.first_part.push_back(work.first_part.back() + (work.elements(i) + Pieces::PART - 1) / Pieces::PART);
  f[0] = OK;
  parallel_for(work.first_part.back(), 2, [&](int64_t begin, int64_t end) { work.run(begin, end); });
}

// ---- Launching a routine ----

void run_routine(Thread& t) {
  double* f = t.frame;
  Reader in{f + 1, f + t.frame_size};
  uint64_t id = (uint64_t)in.i();
  int ntensors = (int)in.i(), nparams = (int)in.i();
  if (id >= (uint64_t)routine_count) { f[0] = BAD_VALUE; return; }
  t.routine_params.assign(in.at, in.at + nparams);
  in.at += nparams;
  t.views.resize(ntensors);
  t.dims.resize((size_t)ntensors * 2 * MAX_DIMS);
  for (int i = 0; i < ntensors; i++) {
    int64_t* dims = t.dims.data() + (size_t)i * 2 * MAX_DIMS;
    View& v = t.views[i];
    v.data = in.pointer();
    v.dtype = (int)in.i();
    v.ndim = (int)in.i();
    v.size = dims;
    v.stride = dims + MAX_DIMS;
    if (v.ndim < 0 || v.ndim > MAX_DIMS) { f[0] = BAD_VALUE; return; }
    for (int d = 0; d < 2 * v.ndim; d++) dims[d < v.ndim ? d : MAX_DIMS + d - v.ndim] = in.i();
  }
  Call call{t.routine_params.data(), nparams, t.views.data(), ntensors, 0, {0, 0, 0, 0}};
  isa().routines[id](call);
  f[0] = call.status;
  if (call.status) memcpy(f + 1, call.detail, sizeof call.detail);
}

void alloc(double* f) {
  bool fresh = false;
  void* p = pool_alloc((int64_t)f[1], &fresh);
  f[2] = fresh ? f[1] : 0;
  f[1] = (double)(uintptr_t)p;
  f[0] = OK;
}

void report_stats(double* f) {
  PoolStats s = pool_stats();
  f[0] = OK;
  f[1] = (double)s.live;
  f[2] = (double)s.cached;
  f[3] = (double)s.peak;
}

char* address(double x) { return reinterpret_cast<char*>((uintptr_t)x); }

}  // namespace

char* register_file(int64_t bytes) {
  struct Memory {
    char* data = nullptr;
    int64_t size = 0;
    ~Memory() { free(data); }
  };
  static thread_local Memory memory;
  if (memory.size >= bytes) return memory.data;
  free(memory.data);
  memory.size = (bytes + 4095) / 4096 * 4096;
  memory.data = static_cast<char*>(aligned_alloc(4096, memory.size));
  if (!memory.data) memory.size = 0;
  return memory.data;
}

}  // namespace tt

using namespace tt;

extern "C" {

double* tt_new_frame(int doubles) {
  auto frame = static_cast<double*>(calloc(doubles, sizeof(double)));
  tt_set_frame(frame, doubles);
  return frame;
}

void tt_set_frame(double* frame, int doubles) {
  thread().frame = frame;
  thread().frame_size = doubles;
}

void tt_call() {
  if (!chosen_isa()) return;
  Thread& t = thread();
  double* f = t.frame;
  switch ((int)f[0]) {
    case 1: return run_kernel(t);
    case 2: return run_routine(t);
    case 3: return register_program(t);
    case 4: return alloc(f);
    case 5: pool_free(address(f[1]), (int64_t)f[2]); f[0] = OK; return;
    case 6: memcpy(f + 8, address(f[1]), (size_t)f[2]); f[0] = OK; return;
    case 7: return report_stats(f);
    case 8:
      if (f[1] > 0) set_num_threads((int)f[1]);
      f[1] = num_threads();
      f[0] = OK;
      return;
    case 9: pool_set_limit((int64_t)f[1]); f[0] = OK; return;
    case 10: pool_trim(); f[0] = OK; return;
    case 11: memmove(address(f[1]), address(f[2]), (size_t)f[3]); f[0] = OK; return;
    case 12: memcpy(address(f[1]), f + 8, (size_t)f[2]); f[0] = OK; return;
    case 13: return run_kernels(t);
    default: f[0] = BAD_VALUE;
  }
}

const char* tt_names(int what) { return what == 0 ? routine_names : what == 1 ? op_names : chosen_isa() ? isa().name : ""; }

}
