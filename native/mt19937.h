// The generator behind PyTorch's CPU Generator: mt19937, with the second normal of each Box-Muller pair kept for the next call.
//
// Its state is an int32 tensor of 628 words that TypeScript owns: 624 words of mt19937, the number of words already used (624 after
// seeding), whether a normal is kept, and that normal as the low and high word of a double.
#pragma once
#include "r_common.h"

namespace tt { namespace TT_ISA {

class Generator {
 public:
  static constexpr int WORDS = 624, STATE_SIZE = 628;
  explicit Generator(const View& state) : words(state.as<uint32_t>()) {
    if (words[WORDS] > WORDS) words[WORDS] = WORDS;  // a state that was tampered with must not lead us out of bounds
  }

  void seed(uint32_t s) {
    words[0] = s;
    for (uint32_t i = 1; i < WORDS; i++) words[i] = 1812433253u * (words[i - 1] ^ (words[i - 1] >> 30)) + i;
    words[WORDS] = WORDS;
    words[WORDS + 1] = 0;
  }

  uint32_t random() {
    if (words[WORDS] >= WORDS) refill();
    return temper(words[words[WORDS]++]);
  }
  uint64_t random64() {
    const uint64_t high = random();
    return high << 32 | random();
  }
  void fill(uint32_t* out, int64_t n) {
    while (n > 0) {
      if (words[WORDS] >= WORDS) refill();
      const int64_t count = min_of(n, WORDS - (int64_t)words[WORDS]);
      const uint32_t* from = words + words[WORDS];
      for (int64_t i = 0; i < count; i++) out[i] = temper(from[i]);
      words[WORDS] += (uint32_t)count;
      out += count;
      n -= count;
    }
  }

  double uniform() { return (double)(random64() & ((1ull << 53) - 1)) * 0x1p-53; }
  float uniform_float() { return (float)(random() & 0xffffff) * 0x1p-24f; }

  // One standard normal by Box-Muller in double; the second of the pair is kept.
  double normal() {
    if (words[WORDS + 1]) {
      words[WORDS + 1] = 0;
      return bit_cast<double>((uint64_t)words[WORDS + 3] << 32 | words[WORDS + 2]);
    }
    const double u1 = uniform(), u2 = uniform();
    const double r = std::sqrt(-2.0 * std::log1p(-u2)), theta = 2.0 * 3.14159265358979323846 * u1;
    const uint64_t kept = bit_cast<uint64_t>(r * std::sin(theta));
    words[WORDS + 1] = 1;
    words[WORDS + 2] = (uint32_t)kept;
    words[WORDS + 3] = (uint32_t)(kept >> 32);
    return r * std::cos(theta);
  }

 private:
  uint32_t* words;

  static uint32_t temper(uint32_t y) {
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
  }
  static uint32_t twist(uint32_t u, uint32_t v) { return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ ((0u - (v & 1)) & 0x9908b0dfu); }
  void refill() {
    constexpr int M = 397;
    uint32_t* w = words;
    for (int i = 0; i < WORDS - M; i++) w[i] = w[i + M] ^ twist(w[i], w[i + 1]);
    for (int i = WORDS - M; i < WORDS - 1; i++) w[i] = w[i + M - WORDS] ^ twist(w[i], w[i + 1]);
    w[WORDS - 1] = w[M - 1] ^ twist(w[WORDS - 1], w[0]);
    words[WORDS] = 0;
  }
};

}}  // namespace tt::TT_ISA
