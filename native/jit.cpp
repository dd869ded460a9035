// Machine code for chains of arithmetic over dense operands, where AVX2 is there: values between steps stay in registers, so that a long
// formula costs little more than one pass over memory. Everything else runs in the block interpreter.
#include "internal.h"
#include <algorithm>
#include <cstring>

#if defined(__x86_64__) && (defined(__linux__) || defined(__APPLE__))
#include <sys/mman.h>

namespace tt {
namespace {

constexpr int VECTOR = 32;
constexpr int MAX_VECTORS = 16;      // ymm registers
constexpr int CODE_BYTES = 16 << 10;
// Registers for the operands' addresses; rdi holds the slots, rsi the end, rcx the offset.
constexpr int POINTERS[] = {0 /* rax */, 2, 8, 9, 10, 11, 3 /* rbx */, 5, 12, 13, 14, 15};
constexpr int RAX = 0, RCX = 1, RSI = 6, RDI = 7;

// Opcodes of the map 0F.
enum : uint8_t { LOAD = 0x10, STORE = 0x11, SQRT = 0x51, AND = 0x54, XOR = 0x57, ADD = 0x58, MUL = 0x59, SUB = 0x5c, MIN = 0x5d, DIV = 0x5e, MAX = 0x5f, COMPARE = 0xc2 };

class Assembler {
 public:
  Assembler(uint8_t* begin, bool is_double) : at(begin), begin_(begin), end_(begin + CODE_BYTES - 64), prefix(is_double ? 1 : 0) {}

  bool full() const { return at > end_; }
  int64_t size() const { return at - begin_; }
  uint8_t* here() const { return at; }

  void bytes(std::initializer_list<int> list) { for (int b : list) *at++ = (uint8_t)b; }

  // dst = op(x, y) on ymm registers.
  void op(uint8_t opcode, int dst, int x, int y) { vex(1, prefix, dst, x, y >> 3), bytes({opcode, 0xc0 | (dst & 7) << 3 | (y & 7)}); }
  // dst = op(x, [pointer + rcx]).
  void op_memory(uint8_t opcode, int dst, int x, int pointer) {
    vex(1, prefix, dst, x, pointer >> 3);
    bytes({opcode, 0x44 | (dst & 7) << 3, RCX << 3 | (pointer & 7), 0});
  }
  void load(int dst, int pointer) { op_memory(LOAD, dst, 0, pointer); }
  void store(int src, int pointer) { op_memory(STORE, src, 0, pointer); }
  void compare_unordered(int dst, int x, int y) { op(COMPARE, dst, x, y), bytes({3}); }
  // dst = mask ? y : x.
  void blend(int dst, int x, int y, int mask) {
    vex(3, 1, dst, x, y >> 3);
    bytes({prefix ? 0x4b : 0x4a, 0xc0 | (dst & 7) << 3 | (y & 7), mask << 4});
  }
  // dst = the element at [rax], everywhere.
  void broadcast_rax(int dst) { vex(2, 1, dst, 0, 0), bytes({prefix ? 0x19 : 0x18, (dst & 7) << 3}); }
  // pointer = slot[index].
  void load_pointer(int pointer, int index) {
    bytes({0x48 | (pointer >> 3) << 2, 0x8b, 0x87 | (pointer & 7) << 3});
    int32_t offset = index * 8;
    memcpy(at, &offset, 4);
    at += 4;
  }
  void jump_if_less(uint8_t* target) {
    bytes({0x0f, 0x8c});
    int32_t distance = (int32_t)(target - (at + 4));
    memcpy(at, &distance, 4);
    at += 4;
  }

 private:
  uint8_t *at, *begin_, *end_;
  int prefix;
  // The three-byte VEX prefix; fields R, X, B and vvvv are inverted.
  void vex(int map, int pp, int reg, int vvvv, int b) {
    bytes({0xc4, ((reg >> 3) ^ 1) << 7 | 1 << 6 | (b ^ 1) << 5 | map, ((~vvvv & 15) << 3) | 1 << 2 | pp});
  }
};

int opcode_of(Op op) {
  switch (op) {
    case Op::add: return ADD;
    case Op::sub: return SUB;
    case Op::mul: return MUL;
    case Op::div: return DIV;
    case Op::min: return MIN;
    case Op::max: return MAX;
    case Op::sqrt: return SQRT;
    case Op::neg: return XOR;
    case Op::abs: return AND;
    default: return -1;
  }
}

bool is_unary(Op op) { return op == Op::sqrt || op == Op::neg || op == Op::abs; }

// Instructions define values in slots that later values reuse: a value is the slot until its next definition.
class Compiler {
 public:
  Compiler(const Code& c, uint64_t broadcast, uint8_t* memory, Reg type)
      : code(c), broadcast_(broadcast), out(memory, type == Reg::f64), type(type), home(c.slots.size(), -1), pointer(c.slots.size(), -1) {
    std::fill(owner, owner + MAX_VECTORS, -1);
  }

  bool compile() {
    out.bytes({0x53, 0x55, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57});  // push rbx, rbp, r12 … r15
    if (!load_constants() || !load_pointers()) return false;
    out.bytes({0x31, 0xc9});  // xor ecx, ecx
    uint8_t* loop = out.here();
    for (int at = 0; at < (int)code.instrs.size(); at++) if (!step(at) || out.full()) return false;
    for (auto& port : code.outputs) out.store(home[port.slot], output_pointer[&port - code.outputs.data()]);
    out.bytes({0x48, 0x83, 0xc1, VECTOR, 0x48, 0x39, 0xf1});  // add rcx, 32; cmp rcx, rsi
    out.jump_if_less(loop);
    out.bytes({0xc5, 0xf8, 0x77, 0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5d, 0x5b, 0xc3});  // vzeroupper, pops, ret
    return !out.full();
  }

 private:
  const Code& code;
  uint64_t broadcast_;
  Assembler out;
  Reg type;
  std::vector<int> home;     // the vector register of a slot's present value, -1 if it has none
  std::vector<int> pointer;  // the address register of an input
  std::vector<int> output_pointer;
  int owner[MAX_VECTORS];    // the slot of a register, -1 free, -2 a constant
  int sign = -1, magnitude = -1;
  int next_pointer = 0;

  int take(int slot) {
    for (int r = 0; r < MAX_VECTORS; r++)
      if (owner[r] == -1) {
        owner[r] = slot;
        return r;
      }
    return -1;
  }

  void release(int slot) {
    if (home[slot] < 0 || owner[home[slot]] != slot) return;
    owner[home[slot]] = -1;
    home[slot] = -1;
  }

  bool is_constant(int slot) const { return home[slot] >= 0 && owner[home[slot]] == -2; }

  int uses_after(int slot, int at) const {
    int uses = 0;
    for (int i = at + 1; i < (int)code.instrs.size(); i++) {
      auto& s = code.instrs[i];
      uses += (s.a == slot) + (!is_unary(s.op) && s.b == slot);
      if (s.dst == slot) return uses;
    }
    for (auto& port : code.outputs) uses += port.slot == slot;
    return uses;
  }

  bool hold_constant(int slot) {
    int r = take(-2);
    if (r < 0) return false;
    home[slot] = r;
    out.load_pointer(RAX, slot);
    out.broadcast_rax(r);
    return true;
  }

  bool load_constants() {
    for (auto& u : code.uniforms) if (!hold_constant(u.slot)) return false;
    for (int i = 0; i < (int)code.inputs.size(); i++) if ((broadcast_ >> i & 1) && code.last_read[i] >= 0 && !hold_constant(i)) return false;
    bool negates = std::any_of(code.instrs.begin(), code.instrs.end(), [](const Instr& s) { return s.op == Op::neg; });
    bool takes_abs = std::any_of(code.instrs.begin(), code.instrs.end(), [](const Instr& s) { return s.op == Op::abs; });
    return (!negates || mask(sign, false)) && (!takes_abs || mask(magnitude, true));
  }

  // All ones, shifted by one to the right (the magnitude bits) or to the left end (the sign bit).
  bool mask(int& r, bool keeps_magnitude) {
    r = take(-2);
    if (r < 0) return false;
    int by = keeps_magnitude ? 1 : type == Reg::f64 ? 63 : 31;
    int extension = keeps_magnitude ? 2 : 6;  // vpsrl, vpsll
    out.bytes({0xc4, 0xc1 | ((r >> 3) ^ 1) << 7 | ((r >> 3) ^ 1) << 5, ((~r & 15) << 3) | 5, 0x76, 0xc0 | (r & 7) << 3 | (r & 7)});  // vpcmpeqd r, r, r
    out.bytes({0xc4, 0xc1 | ((r >> 3) ^ 1) << 5, ((~r & 15) << 3) | 5, type == Reg::f64 ? 0x73 : 0x72, 0xc0 | extension << 3 | (r & 7), by});
    return true;
  }

  bool load_pointers() {
    auto next = [&](int slot) {
      int p = next_pointer < (int)(sizeof POINTERS / sizeof *POINTERS) ? POINTERS[next_pointer++] : -1;
      if (p >= 0) out.load_pointer(p, slot);
      return p;
    };
    for (int i = 0; i < (int)code.inputs.size(); i++) {
      if (is_constant(i) || code.last_read[i] < 0) continue;
      if ((pointer[i] = next(i)) < 0) return false;
    }
    for (auto& port : code.outputs) {
      output_pointer.push_back(next(port.slot));
      if (output_pointer.back() < 0) return false;
    }
    return true;
  }

  // The register of an operand, loaded if need be.
  int operand(int slot) {
    if (home[slot] >= 0) return home[slot];
    int r = take(slot);
    if (r < 0 || pointer[slot] < 0) return -1;
    out.load(r, pointer[slot]);
    return home[slot] = r;
  }

  void free_dead(const Instr& s, int at) {
    for (int slot : {s.a, s.b})
      if (uses_after(slot, at) == 0 && !is_constant(slot)) release(slot);
  }

  bool step(int at) {
    const Instr& s = code.instrs[at];
    int opcode = opcode_of(s.op);
    int x = operand(s.a);
    if (x < 0) return false;
    if (is_unary(s.op)) return unary(s, at, opcode, x);
    bool from_memory = home[s.b] < 0 && opcode != MIN && opcode != MAX && uses_after(s.b, at) == 0;
    int y = from_memory ? -1 : operand(s.b);
    if (!from_memory && y < 0) return false;
    if (opcode == MIN || opcode == MAX) return extremum(s, at, opcode, x, y);
    int memory = pointer[s.b];
    free_dead(s, at);
    int d = define(s.dst);
    if (d < 0) return false;
    if (from_memory) out.op_memory((uint8_t)opcode, d, x, memory);
    else out.op((uint8_t)opcode, d, x, y);
    return true;
  }

  int define(int slot) {
    if (!is_constant(slot)) release(slot);
    int r = take(slot);
    if (r >= 0) home[slot] = r;
    return r;
  }

  bool unary(const Instr& s, int at, int opcode, int x) {
    free_dead(s, at);
    int d = define(s.dst);
    if (d < 0) return false;
    if (opcode == SQRT) out.op(SQRT, d, 0, x);
    else out.op((uint8_t)opcode, d, x, s.op == Op::neg ? sign : magnitude);
    return true;
  }

  // The processor's min gives the second operand if either is NaN: a NaN in the first is put back.
  bool extremum(const Instr& s, int at, int opcode, int x, int y) {
    int r = take(-2), is_nan = take(-2);
    if (r < 0 || is_nan < 0) return false;
    out.op((uint8_t)opcode, r, x, y);
    out.compare_unordered(is_nan, x, x);
    out.blend(r, r, x, is_nan);
    owner[is_nan] = -1;
    free_dead(s, at);
    release(s.dst);
    owner[r] = s.dst;
    home[s.dst] = r;
    return true;
  }
};

// The one float type of all values and operands.
bool one_float_type(const Code& code, Reg& type) {
  if (code.instrs.size() < 2 || code.inputs.size() > 64) return false;
  type = code.instrs[0].type;
  if (type != Reg::f32 && type != Reg::f64) return false;
  for (Reg r : code.slots) if (r != type) return false;
  for (auto& s : code.instrs) if (s.type != type || opcode_of(s.op) < 0) return false;
  for (auto& port : code.outputs) if (std::none_of(code.instrs.begin(), code.instrs.end(), [&](const Instr& s) { return s.dst == port.slot; })) return false;
  return true;
}

}  // namespace

DenseFn compile_dense(const Code& code, uint64_t broadcast) {
  Reg type;
  if (!__builtin_cpu_supports("avx2") || !one_float_type(code, type)) return nullptr;
  void* memory = mmap(nullptr, CODE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  Compiler compiler(code, broadcast, static_cast<uint8_t*>(memory), type);
  if (!compiler.compile() || mprotect(memory, CODE_BYTES, PROT_READ | PROT_EXEC)) {
    munmap(memory, CODE_BYTES);
    return nullptr;
  }
  return reinterpret_cast<DenseFn>(memory);
}

}  // namespace tt

#else

namespace tt {
DenseFn compile_dense(const Code&, uint64_t) { return nullptr; }
}  // namespace tt

#endif
