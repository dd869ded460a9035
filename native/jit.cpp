// Machine code for chains of float operations over dense operands, where AVX-512 or AVX2 is there: values between steps stay in registers, so that
// a long formula costs little more than one pass over memory. Everything else runs in the block interpreter.
#include "internal.h"
#include "assembler.h"
#include <algorithm>
#include <climits>

#if defined(__x86_64__) && (defined(__linux__) || defined(__APPLE__))
#include <sys/mman.h>

namespace tt {
namespace {

// What the instruction set offers.
struct Target {
  bool avx512;
  int vector() const { return avx512 ? 64 : 32; }     // bytes
  int registers() const { return avx512 ? 32 : 16; }
  int pinned() const { return avx512 ? 18 : 7; }      // registers for what all turns of the loop share
};

constexpr int REGISTERS = 32;
constexpr int PINNED = -2;
constexpr int MASK = 1;            // the mask register that AVX-512's comparisons write
constexpr int MAX_VALUES = 4000;
constexpr int AHEAD = 8192;        // so far before they are written, outputs are fetched into the cache
// Registers that hold operands' addresses; further ones pass through rax. rdi holds the slots, rsi the end, rcx the offset.
constexpr int POINTERS[] = {2 /* rdx */, 8, 9, 10, 11, 3 /* rbx */, 12, 13, 14, 15};
constexpr int MAX_POINTERS = sizeof POINTERS / sizeof *POINTERS;

// ---- From the interpreter's code to values ----

class Lowering {
 public:
  Lowering(const Target& target, const Code& code, uint64_t broadcast, bool is_double)
      : target(target), code(code), broadcast(broadcast), body(is_double), held(code.slots.size(), -1) {}

  // false: the code has an op without a formula here.
  bool run() {
    for (int i = 0; i < (int)code.inputs.size(); i++) held[i] = body.leaf((broadcast >> i & 1) ? Form::uniform : Form::input, i);
    for (auto& u : code.uniforms) held[u.slot] = u.param < 0 ? constant(&body, u.lo).id : body.leaf(Form::uniform, u.slot);
    for (auto& s : code.instrs) {
      held[s.dst] = value(s);
      if (held[s.dst] < 0 || body.values.size() > MAX_VALUES) return false;
    }
    for (auto& port : code.outputs) body.outputs.push_back(held[port.slot]);
    body.fuse();
    if (target.avx512) body.join_choices();
    return true;
  }

  Body take() { return std::move(body); }

 private:
  const Target target;
  const Code& code;
  uint64_t broadcast;
  Body body;
  std::vector<int> held;  // the value in a slot

  FloatValue real(int slot) { return {&body, held[slot]}; }
  IntValue mask(int slot) { return {&body, held[slot]}; }
  IntValue all_ones() { return {&body, body.leaf(Form::constant, body.is_double ? ~0ull : 0xffffffffull)}; }
  FloatValue sign() { return constant(&body, -0.0); }
  bool is_number(int slot) {
    const Value& v = body.values[held[slot]];
    if (v.form != Form::constant) return false;
    return body.is_double ? !std::isnan(TT_ISA::bits<double>(v.bits)) : !std::isnan(TT_ISA::bits<float>((uint32_t)v.bits));
  }

  int value(const Instr& s) {
    if (s.type == Reg::u8 && s.op != Op::where) return of_masks(s);
    const int simple = of_floats(s);
    return simple >= 0 || body.is_double ? simple : elementary(s);
  }

  int of_masks(const Instr& s) {
    IntValue x = mask(s.a), y = mask(s.b);
    switch (s.op) {
      case Op::and_: case Op::mul: case Op::min: return integer(0xdb, x, y).id;
      case Op::or_: case Op::add: case Op::max: return integer(0xeb, x, y).id;
      case Op::xor_: case Op::ne: case Op::sub: return integer(0xef, x, y).id;
      case Op::not_: return integer(0xef, x, all_ones()).id;
      case Op::cast: return s.aux == (body.is_double ? F64 : F32) ? integer(0xdb, x, {&body, constant(&body, 1).id}).id : -1;
      default: return -1;
    }
  }

  int of_floats(const Instr& s) {
    FloatValue x = real(s.a), y = real(s.b);
    switch (s.op) {
      case Op::add: return (x + y).id;
      case Op::sub: return (x - y).id;
      case Op::mul: return (x * y).id;
      case Op::div: return (x / y).id;
      case Op::min: return extremum(MIN, s);
      case Op::max: return extremum(MAX, s);
      case Op::sqrt: return body.unary(body.arithmetic(SQRT), x.id);
      case Op::neg: return arithmetic(XOR, x, sign()).id;
      case Op::abs: return arithmetic(AND_NOT, sign(), x).id;
      case Op::floor: return rounded(x, DOWN);
      case Op::ceil: return rounded(x, UP);
      case Op::trunc: return rounded(x, TO_ZERO);
      case Op::round: return rounded(x, NEAREST);
      case Op::lt: return compare(LESS, x, y).id;
      case Op::le: return compare(LESS_EQUAL, x, y).id;
      case Op::eq: return compare(EQUAL, x, y).id;
      case Op::ne: return compare(NOT_EQUAL, x, y).id;
      case Op::where: return s.type == Reg::u8 ? -1 : select(mask(s.a), y, real(s.c)).id;
      default: return -1;
    }
  }

  int elementary(const Instr& s) {
    body.fusing = true;
    const int result = elementary_of(s.op, real(s.a));
    body.fusing = false;
    return result;
  }

  static int elementary_of(Op op, FloatValue x) {
    switch (op) {
      case Op::exp: return TT_ISA::exp_float(x).id;
      case Op::exp2: return TT_ISA::exp2_float(x).id;
      case Op::expm1: return TT_ISA::expm1_float(x).id;
      case Op::log: return TT_ISA::log_float(x).id;
      case Op::log1p: return TT_ISA::log1p_float(x).id;
      case Op::tanh: return TT_ISA::tanh_float(x).id;
      case Op::erf: return TT_ISA::erf_float(x).id;
      default: return -1;
    }
  }

  int rounded(FloatValue x, Rounding how) { return body.unary({3, 1, (uint8_t)(body.is_double ? 0x09 : 0x08), how, body.is_double}, x.id); }

  // The processor's min gives the second operand if either is NaN. A constant number goes first; else a NaN in the first is put back.
  int extremum(uint8_t opcode, const Instr& s) {
    FloatValue x = real(s.a), y = real(s.b);
    if (is_number(s.b)) return arithmetic(opcode, y, x).id;
    FloatValue result = arithmetic(opcode, x, y);
    return is_number(s.a) ? result.id : select(compare(UNORDERED, x, x), x, result).id;
  }
};

// ---- From values to machine code ----

class Emitter {
 public:
  Emitter(const Target& target, const Body& body, const Code& code, uint8_t* block, int64_t begin, int64_t end)
      : target(target), body(body), code(code), out(target.avx512, block, begin, end), uses(body.values.size()), reg(body.values.size(), -1), home(body.values.size(), -1), pointers(code.slots.size(), -1) {
    find_uses();
  }

  bool run() {
    out.bytes({0x53, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57, 0x55, 0x48, 0x89, 0xe5});  // push rbx, r12 … r15, rbp; mov rbp, rsp
    out.bytes({0x48, 0x81, 0xec});  // sub rsp, the frame's size
    const int32_t frame = out.position();
    out.word(0);
    out.bytes({0x48, 0x83, 0xe4, 0xc0});  // and rsp, -64
    std::fill(owner, owner + REGISTERS, -1);
    hold_uniforms();
    pin_shared();
    hold_pointers();
    out.bytes({0x31, 0xc9});  // xor ecx, ecx
    const int32_t loop = out.position();
    for (auto& port : code.outputs) prefetch(port.slot);
    for (int done = 0; done < COMPILED_BYTES; done += target.vector()) if (!emit_body(done)) return false;
    out.bytes({0x48, 0x83, 0xc1, COMPILED_BYTES, 0x48, 0x39, 0xf1});  // add rcx; cmp rcx, rsi
    out.jump_if_less(loop);
    out.bytes({0xc5, 0xf8, 0x77, 0x48, 0x89, 0xec, 0x5d});  // vzeroupper; mov rsp, rbp; pop rbp
    out.bytes({0x41, 0x5f, 0x41, 0x5e, 0x41, 0x5d, 0x41, 0x5c, 0x5b, 0xc3});  // pops; ret
    out.patch(frame, frame_bytes + 64);
    return !out.full();
  }

  int64_t size() const { return out.position(); }

 private:
  const Target target;
  const Body& body;
  const Code& code;
  Assembler out;
  std::vector<std::vector<int>> uses;  // of each value: where it is read, in order
  std::vector<int> reg;                // of each value: its register, or -1
  std::vector<int> home;               // of each value: its place in the frame, or -1
  std::vector<int> pointers;           // of each slot: the register of its address, or -1
  int owner[REGISTERS];                // of each register: the value in it, -1 or PINNED
  int frame_bytes = 0;
  int32_t shift = 0;                   // of this copy of the body

  int count() const { return (int)body.values.size(); }

  void find_uses() {
    for (int x : body.outputs) uses[x].push_back(count());
    for (int at = count() - 1; at >= 0; at--) {
      if (uses[at].empty()) continue;
      const Value& v = body.values[at];
      for (int x : {v.a, v.b, v.c, v.d}) if (x >= 0) uses[x].push_back(at);
    }
    for (auto& list : uses) std::reverse(list.begin(), list.end());
  }

  int next_use(int value, int at) const {
    auto it = std::lower_bound(uses[value].begin(), uses[value].end(), at);
    return it == uses[value].end() ? INT_MAX : *it;
  }

  int place_in_frame() {
    frame_bytes += target.vector();
    return frame_bytes - target.vector();
  }

  void hold_uniforms() {
    for (int i = 0; i < count(); i++) {
      if (body.values[i].form != Form::uniform || uses[i].empty()) continue;
      home[i] = place_in_frame();
      out.load_pointer(RAX, (int)body.values[i].bits);
      out.load(0, {-1, RAX});
      out.store(0, in_frame(i));
    }
  }

  // Constants and uniforms stay in registers while there are any to spare.
  void pin_shared() {
    int left = target.pinned();
    for (int i = 0; i < count(); i++) {
      const Form form = body.values[i].form;
      if ((form != Form::constant && form != Form::uniform) || uses[i].empty() || left-- <= 0) continue;
      in_register(i, 0);
      owner[reg[i]] = PINNED;
    }
  }

  void hold_pointers() {
    int next = 0;
    auto hold = [&](int slot) {
      if (next == MAX_POINTERS) return;
      pointers[slot] = POINTERS[next++];
      out.load_pointer(pointers[slot], slot);
    };
    for (auto& port : code.outputs) hold(port.slot);
    for (int i = 0; i < count(); i++) if (body.values[i].form == Form::input && !uses[i].empty()) hold((int)body.values[i].bits);
  }

  void prefetch(int slot) {
    if (pointers[slot] >= 0) out.prefetch_for_write({-1, pointers[slot], true, AHEAD});
  }

  // The memory of a slot, whose address may have to be loaded into rax.
  Operand in_slot(int slot) {
    int base = pointers[slot];
    if (base < 0) out.load_pointer(base = RAX, slot);
    return {-1, base, true, shift};
  }
  Operand in_frame(int value) const { return {-1, RSP, false, home[value]}; }

  // Where a value that is in no register can be read.
  Operand in_memory(int value) {
    const Value& v = body.values[value];
    if (v.form == Form::constant) return {-1, RIP, false, constant_position(value)};
    return v.form == Form::input ? in_slot((int)v.bits) : in_frame(value);
  }

  // Constants lie before the code, in the order of their values.
  int32_t constant_position(int value) const {
    int before = 0;
    for (int i = 0; i < value; i++) before += body.values[i].form == Form::constant;
    return before * target.vector();
  }

  // A register for `value`; where none is free, that of the value which is needed last. What is needed at `at` keeps its own.
  int take(int value, int at) {
    int best = -1, latest = -1;
    for (int r = 0; r < target.registers(); r++) {
      if (owner[r] == PINNED) continue;
      const int next = owner[r] < 0 ? INT_MAX : next_use(owner[r], at);
      if (next > latest) best = r, latest = next;
      if (owner[r] < 0) break;
    }
    if (owner[best] >= 0) evict(owner[best]);
    return assign(value, best);
  }

  int assign(int value, int r) {
    owner[r] = value;
    return reg[value] = r;
  }

  void evict(int value) {
    const Form form = body.values[value].form;
    if (home[value] < 0 && form != Form::constant && form != Form::input) {
      home[value] = place_in_frame();
      out.store(reg[value], in_frame(value));
    }
    release(value);
  }

  void release(int value) {
    owner[reg[value]] = -1;
    reg[value] = -1;
  }

  int in_register(int value, int at) {
    if (reg[value] >= 0) return reg[value];
    const Operand from = in_memory(value);
    const int r = take(value, at);
    out.load(r, from);
    return r;
  }

  // A register, or memory if the value is needed only once more or costs nothing to read there.
  Operand readable(int value, int at) {
    if (reg[value] >= 0) return {reg[value]};
    if (body.values[value].form == Form::input && next_use(value, at + 1) != INT_MAX) return {in_register(value, at)};
    return in_memory(value);
  }

  bool is_dying(int value, int at) const { return next_use(value, at + 1) == INT_MAX && !is_pinned(value); }
  bool is_pinned(int value) const { return reg[value] >= 0 && owner[reg[value]] == PINNED; }

  void release_dying(const Value& v, int at) {
    for (int x : {v.a, v.b, v.c, v.d}) if (x >= 0 && reg[x] >= 0 && is_dying(x, at)) release(x);
  }

  bool emit_body(int32_t displacement) {
    shift = displacement;
    for (int at = 0; at < count(); at++) {
      if (!uses[at].empty()) emit(at);
      if (out.full()) return false;
    }
    for (size_t o = 0; o < body.outputs.size(); o++) {
      const int r = in_register(body.outputs[o], count());
      out.store(r, in_slot(code.outputs[o].slot));
    }
    forget();
    return true;
  }

  // The next copy of the body has the same values, but only what is pinned is where it was.
  void forget() {
    for (int i = 0; i < count(); i++) {
      if (body.values[i].form != Form::uniform) home[i] = -1;
      if (reg[i] >= 0 && !is_pinned(i)) release(i);
    }
  }

  void emit(int at) {
    const Value& v = body.values[at];
    switch (v.form) {
      case Form::input: case Form::uniform: case Form::constant: return;
      case Form::fma: return emit_fma(v, at);
      case Form::unary: {
        const Operand x = readable(v.a, at);
        release_dying(v, at);
        return out.vector(v.instruction, take(at, at + 1), 0, x);
      }
      case Form::shift: {
        const int x = in_register(v.a, at);
        release_dying(v, at);
        return out.vector(v.instruction, (int)v.bits, take(at, at + 1), {x});
      }
      case Form::binary: return emit_binary(v, v.instruction, at);
      case Form::compare: return target.avx512 ? emit_mask(v, at) : emit_binary(v, v.instruction, at);
      case Form::blend: return emit_blend(v, at);
      case Form::choose: return emit_choice(v, at);
    }
  }

  // `opmask` is a register that AVX-512's blends read.
  void emit_binary(const Value& v, Instruction in, int at, int opmask = 0) {
    const int x = in_register(v.a, at);
    const Operand y = readable(v.b, at);
    release_dying(v, at);
    out.vector(in, take(at, at + 1), x, y, opmask);
  }

  void emit_blend(const Value& v, int at) {
    const int mask = in_register(v.c, at);
    if (!target.avx512) return emit_binary(v, {3, 1, (uint8_t)(body.is_double ? 0x4b : 0x4a), mask << 4}, at);
    out.vector({2, 2, 0x39, -1, body.is_double}, MASK, 0, {mask});
    emit_binary(v, blend_by_mask(), at, MASK);
  }

  void emit_choice(const Value& v, int at) {
    const int x = in_register(v.c, at);
    out.vector(v.instruction, MASK, x, readable(v.d, at));
    emit_binary(v, blend_by_mask(), at, MASK);
  }

  Instruction blend_by_mask() const { return {2, 1, 0x65, -1, body.is_double}; }

  // A comparison as a vector of ones and zeros.
  void emit_mask(const Value& v, int at) {
    const int x = in_register(v.a, at);
    out.vector(v.instruction, MASK, x, readable(v.b, at));
    release_dying(v, at);
    out.vector({2, 2, 0x38, -1, body.is_double}, take(at, at + 1), 0, {MASK});
  }

  // d = x * d' + y in one of three forms: the result takes the register of an operand that dies, or of a copy of the first factor.
  void emit_fma(const Value& v, int at) {
    int first = v.a, second = v.b;
    if (reg[first] < 0 && reg[second] >= 0) std::swap(first, second);
    const int x = in_register(first, at);
    if (reg[second] < 0 && reg[v.c] < 0) in_register(v.c, at);
    const Operand y = readable(second, at), z = readable(v.c, at);
    auto free_to_use = [&](const Operand& o, int value, int other, int another) { return o.in_register() && is_dying(value, at) && value != other && value != another; };
    const bool over_z = free_to_use(z, v.c, first, second), over_x = free_to_use({x}, first, second, v.c), over_y = free_to_use(y, second, first, v.c);
    release_dying(v, at);
    if (over_z) return fma(v, 231, assign(at, z.reg), x, y);
    if (!over_x && over_y) return fma(v, 213, assign(at, y.reg), x, z);
    const int d = over_x ? assign(at, x) : take(at, at + 1);
    if (d != x && z.reg == d) return fma(v, 231, d, x, y);
    if (d != x && y.reg == d) return fma(v, 213, d, x, z);
    if (d != x) out.load(d, {x});
    if (y.in_register()) fma(v, 213, d, y.reg, z);
    else fma(v, 132, d, z.reg, y);
  }

  // 132: d = d * rm + other; 213: d = other * d + rm; 231: d = other * rm + d.
  void fma(const Value& v, int form, int d, int other, const Operand& rm) {
    Instruction in = v.instruction;
    in.opcode += form == 213 ? 0x10 : form == 231 ? 0x20 : 0;
    out.vector(in, d, other, rm);
  }
};

// Whether all operands have the one float type of the first output, and only masks another.
bool one_float_type(const Code& code, bool& is_double) {
  if (code.instrs.empty() || code.inputs.size() > 64) return false;
  const Reg type = code.slots[code.outputs[0].slot];
  is_double = type == Reg::f64;
  if (type != Reg::f32 && type != Reg::f64) return false;
  auto differs = [&](int slot) { return code.slots[slot] != type; };
  for (auto& port : code.inputs) if (differs(port.slot)) return false;
  for (auto& port : code.outputs) if (differs(port.slot)) return false;
  for (auto& u : code.uniforms) if (differs(u.slot)) return false;
  return std::all_of(code.slots.begin(), code.slots.end(), [&](Reg r) { return r == type || r == Reg::u8; });
}

int64_t write_constants(const Body& body, int vector, uint8_t* block) {
  int64_t at = 0;
  for (auto& v : body.values) {
    if (v.form != Form::constant) continue;
    const int size = body.is_double ? 8 : 4;
    for (int i = 0; i < vector; i += size) memcpy(block + at + i, &v.bits, size);
    at += vector;
  }
  return at;
}

// The instruction set that kernels use; false: one that is not known here.
bool choose_target(Target& target) {
  const char* isa = tt_names(2);
  target.avx512 = !strcmp(isa, "isa_avx512");
  return target.avx512 || !strcmp(isa, "isa_avx2");
}

}  // namespace

DenseFn compile_dense(const Code& code, uint64_t broadcast) {
  Target target;
  bool is_double;
  if (!choose_target(target) || !one_float_type(code, is_double)) return nullptr;
  Lowering lowering(target, code, broadcast, is_double);
  if (!lowering.run()) return nullptr;
  const Body body = lowering.take();
  const int64_t bytes = 4096 + 160 * (int64_t)body.values.size();
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  auto block = static_cast<uint8_t*>(memory);
  const int64_t begin = write_constants(body, target.vector(), block);
  Emitter emitter(target, body, code, block, begin, bytes);
  if (!emitter.run() || mprotect(memory, bytes, PROT_READ | PROT_EXEC)) {
    munmap(memory, bytes);
    return nullptr;
  }
  return reinterpret_cast<DenseFn>(block + begin);
}

}  // namespace tt

#else

namespace tt {
DenseFn compile_dense(const Code&, uint64_t) { return nullptr; }
}  // namespace tt

#endif
