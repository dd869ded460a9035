// The body of a loop over vectors, as a list of values in the order of their computation: what the code generator (jit.cpp) compiles.
// FloatValue and IntValue stand in for vectors, so that the formulas of vmath32.h can be recorded. A mask is an IntValue of all ones or all zeros.
#pragma once
#include "vmath32.h"
#include <vector>

namespace tt {

enum class Form : uint8_t { input, uniform, constant, unary, binary, shift, compare, blend, choose, fma };

// The part of a VEX or EVEX instruction that says what it does: `map` and `prefix` select the table of opcodes.
struct Instruction {
  uint8_t map, prefix, opcode;
  int immediate = -1;  // -1: none
  bool wide = false;   // the bit W
};

struct Value {
  Form form;
  Instruction instruction;
  int a = -1, b = -1;          // operands
  int c = -1, d = -1;          // blend: c ? b : a; choose: compare(c, d) ? b : a; fma: a * b + c, with the signs of its opcode
  uint64_t bits = 0;           // of a constant; the slot of an input or uniform; the extension of a shift's opcode
  bool fusible = false;        // a product or sum that may be part of an fma
};

enum Opcode : uint8_t { SQRT = 0x51, AND = 0x54, AND_NOT = 0x55, OR = 0x56, XOR = 0x57, ADD = 0x58, MUL = 0x59, SUB = 0x5c, MIN = 0x5d, DIV = 0x5e, MAX = 0x5f, COMPARE = 0xc2 };
enum Predicate { EQUAL = 0, LESS = 1, LESS_EQUAL = 2, UNORDERED = 3, NOT_EQUAL = 4 };
enum Rounding { NEAREST = 8, DOWN = 9, UP = 10, TO_ZERO = 11 };
enum Fma : uint8_t { MUL_ADD = 0x98, MUL_SUB = 0x9a, SUB_MUL = 0x9c };  // a * b + c, a * b - c, c - a * b, in the form 132

struct Body {
  bool is_double;
  bool fusing = false;  // within an elementary function, whose products and sums may be fused
  std::vector<Value> values;
  std::vector<int> outputs;

  explicit Body(bool is_double) : is_double(is_double) {}

  int push(Value v) {
    values.push_back(v);
    return (int)values.size() - 1;
  }
  int leaf(Form form, uint64_t bits) {
    for (size_t i = 0; i < values.size(); i++) if (values[i].form == form && values[i].bits == bits) return (int)i;
    return push({form, {}, -1, -1, -1, -1, bits});
  }
  int unary(Instruction in, int a) { return push({Form::unary, in, a}); }
  int binary(Instruction in, int a, int b, bool fusible = false) { return push({Form::binary, in, a, b, -1, -1, 0, fusible}); }
  Instruction arithmetic(uint8_t opcode, int immediate = -1) const { return {1, (uint8_t)is_double, opcode, immediate, is_double}; }

  void fuse();
  void join_choices();
};

struct FloatValue { Body* body; int id; };
struct IntValue { Body* body; int id; };

// ---- Operators ----

inline FloatValue arithmetic(uint8_t opcode, FloatValue x, FloatValue y) {
  return {x.body, x.body->binary(x.body->arithmetic(opcode), x.id, y.id, x.body->fusing)};
}
inline IntValue compare(Predicate p, FloatValue x, FloatValue y) {
  return {x.body, x.body->push({Form::compare, x.body->arithmetic(COMPARE, p), x.id, y.id})};
}
inline IntValue integer(uint8_t opcode, IntValue x, IntValue y) { return {x.body, x.body->binary({1, 1, opcode}, x.id, y.id)}; }

inline FloatValue constant(Body* body, double c) {
  return {body, body->leaf(Form::constant, body->is_double ? TT_ISA::bits<uint64_t>(c) : TT_ISA::bits<uint32_t>((float)c))};
}
inline IntValue integer_constant(Body* body, int32_t c) { return {body, body->leaf(Form::constant, (uint32_t)c)}; }
inline FloatValue like(FloatValue x, float c) { return constant(x.body, c); }

#define TT_OPERATORS(op, opcode) \
  inline FloatValue operator op(FloatValue x, FloatValue y) { return arithmetic(opcode, x, y); } \
  inline FloatValue operator op(FloatValue x, float y) { return arithmetic(opcode, x, like(x, y)); } \
  inline FloatValue operator op(float x, FloatValue y) { return arithmetic(opcode, like(y, x), y); }
TT_OPERATORS(+, ADD)
TT_OPERATORS(-, SUB)
TT_OPERATORS(*, MUL)
TT_OPERATORS(/, DIV)
#undef TT_OPERATORS

#define TT_OPERATORS(op, opcode) \
  inline IntValue operator op(IntValue x, IntValue y) { return integer(opcode, x, y); } \
  inline IntValue operator op(IntValue x, int32_t y) { return integer(opcode, x, integer_constant(x.body, y)); }
TT_OPERATORS(+, 0xfe)
TT_OPERATORS(-, 0xfa)
TT_OPERATORS(&, 0xdb)
TT_OPERATORS(|, 0xeb)
#undef TT_OPERATORS

inline IntValue shift(IntValue x, int by, int extension) {
  return {x.body, x.body->push({Form::shift, {1, 1, 0x72, by}, x.id, -1, -1, -1, (uint64_t)extension})};
}
inline IntValue operator<<(IntValue x, int by) { return shift(x, by, 6); }
inline IntValue operator>>(IntValue x, int by) { return shift(x, by, 4); }

inline IntValue operator<(FloatValue x, float y) { return compare(LESS, x, like(x, y)); }
inline IntValue operator>=(FloatValue x, float y) { return compare(LESS_EQUAL, like(x, y), x); }
inline IntValue operator==(FloatValue x, float y) { return compare(EQUAL, x, like(x, y)); }
inline IntValue operator==(FloatValue x, FloatValue y) { return compare(EQUAL, x, y); }

// The processor's min and max give the second operand where either is NaN.
inline FloatValue at_least(FloatValue x, float low) { return arithmetic(MAX, like(x, low), x); }
inline FloatValue at_most(FloatValue x, float high) { return arithmetic(MIN, like(x, high), x); }
inline FloatValue to_float(IntValue x) { return {x.body, x.body->unary({1, 0, 0x5b}, x.id)}; }
inline FloatValue select(IntValue mask, FloatValue yes, FloatValue no) {
  return {yes.body, yes.body->push({Form::blend, {}, no.id, yes.id, mask.id})};
}

// Makes fused multiply-adds of fusible products that one fusible sum uses.
inline void Body::fuse() {
  std::vector<int> uses(values.size());
  for (auto& v : values) for (int x : {v.a, v.b, v.c, v.d}) if (x >= 0) uses[x]++;
  for (int x : outputs) uses[x]++;
  auto product = [&](int x) { return values[x].fusible && values[x].instruction.opcode == MUL && uses[x] == 1; };
  for (auto& v : values) {
    const uint8_t opcode = v.instruction.opcode;
    if (!v.fusible || (opcode != ADD && opcode != SUB)) continue;
    const bool first = product(v.a);
    if (!first && !product(v.b)) continue;
    const Value& m = values[first ? v.a : v.b];
    const int addend = first ? v.b : v.a;
    const uint8_t fma = opcode == ADD ? MUL_ADD : first ? MUL_SUB : SUB_MUL;
    v = {Form::fma, {2, 1, fma, -1, is_double}, m.a, m.b, addend};
  }
}

// Lets blends compare for themselves, as AVX-512 does best.
inline void Body::join_choices() {
  for (auto& v : values) {
    if (v.form != Form::blend || values[v.c].form != Form::compare) continue;
    const Value& mask = values[v.c];
    v = {Form::choose, mask.instruction, v.a, v.b, mask.a, mask.b};
  }
}

namespace TT_ISA {
template <> struct IntOf<FloatValue> { using type = IntValue; };
}

}  // namespace tt
