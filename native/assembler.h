// Writes x86-64 instructions: the few that loops over vectors need, for AVX2 or AVX-512.
#pragma once
#include "jit_body.h"
#include <cstring>
#include <initializer_list>

namespace tt {

constexpr int RAX = 0, RCX = 1, RSP = 4, RSI = 6, RDI = 7, RIP = -1;

// A vector register, or memory at base + displacement, at base + rcx + displacement, or (base RIP) at an address of the code's own block.
struct Operand {
  int reg = -1, base = 0;
  bool indexed = false;
  int32_t displacement = 0;
  bool in_register() const { return reg >= 0; }
};

class Assembler {
 public:
  Assembler(bool avx512, uint8_t* block, int64_t begin, int64_t end) : avx512(avx512), block(block), at(block + begin), end(block + end - 64) {}

  bool full() const { return at > end; }
  int32_t position() const { return (int32_t)(at - block); }
  void bytes(std::initializer_list<int> list) { for (int b : list) *at++ = (uint8_t)b; }
  void word(int32_t x) {
    memcpy(at, &x, 4);
    at += 4;
  }
  void patch(int32_t where, int32_t x) { memcpy(block + where, &x, 4); }

  // The instruction with its three operands: `reg` and `vvvv` are registers, 0 where it has none. `mask`: a register of AVX-512's.
  void vector(const Instruction& in, int reg, int vvvv, const Operand& rm, int mask = 0) {
    const int low = rm.in_register() ? rm.reg : rm.base == RIP ? 0 : rm.base;
    if (avx512) {
      bytes({0x62, (~reg & 8) << 4 | (~low & 16) << 2 | (~low & 8) << 2 | (~reg & 16) | in.map});
      bytes({in.wide << 7 | (~vvvv & 15) << 3 | 4 | in.prefix, 0x40 | (~vvvv & 16) >> 1 | mask});
    } else {
      bytes({0xc4, (~reg & 8) << 4 | 0x40 | (~low & 8) << 2 | in.map, in.wide << 7 | (~vvvv & 15) << 3 | 4 | in.prefix});
    }
    bytes({in.opcode});
    const bool has_immediate = in.immediate >= 0;
    if (rm.in_register()) bytes({0xc0 | (reg & 7) << 3 | (rm.reg & 7)});
    else address(reg, rm, has_immediate ? 1 : 0);
    if (has_immediate) bytes({in.immediate});
  }
  void load(int reg, const Operand& from) { vector({1, 0, 0x10}, reg, 0, from); }
  void store(int reg, const Operand& to) { vector({1, 0, 0x11}, reg, 0, to); }

  // register = slot[index]; rdi holds the slots.
  void load_pointer(int reg, int index) {
    bytes({0x48 | (reg >> 3) << 2, 0x8b, 0x87 | (reg & 7) << 3});
    word(index * 8);
  }
  void prefetch_for_write(const Operand& m) {
    if (m.base >> 3) bytes({0x41});
    bytes({0x0f, 0x0d});
    address(1, m, 0);
  }
  void jump_if_less(int32_t target) {
    bytes({0x0f, 0x8c});
    word(target - (position() + 4));
  }

 private:
  const bool avx512;
  uint8_t *block, *at, *end;

  void address(int reg, const Operand& m, int bytes_after) {
    const int field = (reg & 7) << 3;
    if (m.base == RIP) {
      bytes({field | 5});
      word(m.displacement - (position() + 4 + bytes_after));
    } else {
      bytes({0x80 | field | 4, (m.indexed ? RCX : RSP) << 3 | (m.base & 7)});  // rsp as an index means none
      word(m.displacement);
    }
  }
};

}  // namespace tt
