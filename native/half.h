// float16 and bfloat16 as bits, without branches, so that loops over them vectorise.
#pragma once
#include <cstdint>
#include <cstring>

namespace tt {

template <class To, class From> inline To bit_cast(From x) { To r; memcpy(&r, &x, sizeof r); return r; }

struct f16 { uint16_t bits; };
struct bf16 { uint16_t bits; };

inline float to_float(f16 h) {
  uint32_t sign = (uint32_t)(h.bits & 0x8000) << 16, magnitude = h.bits & 0x7fff;
  uint32_t finite = bit_cast<uint32_t>(bit_cast<float>(magnitude << 13) * 0x1p112f);
  uint32_t special = magnitude << 13 | 0x7f800000;
  return bit_cast<float>(sign | (magnitude >= 0x7c00 ? special : finite));
}

inline float to_float(bf16 h) { return bit_cast<float>((uint32_t)h.bits << 16); }

inline f16 to_f16(float x) {
  uint32_t u = bit_cast<uint32_t>(x), sign = u >> 16 & 0x8000, a = u & 0x7fffffff;
  uint32_t normal = (a + 0xc8000fff + (a >> 13 & 1)) >> 13;
  uint32_t tiny = bit_cast<uint32_t>(bit_cast<float>(a) + 0.5f) - 0x3f000000;
  uint32_t r = a < 0x38800000 ? tiny : normal;
  r = a >= 0x477ff000 ? 0x7c00 : r;
  r = a > 0x7f800000 ? 0x7e00 : r;
  return {(uint16_t)(sign | r)};
}

inline bf16 to_bf16(float x) {
  uint32_t u = bit_cast<uint32_t>(x);
  uint32_t rounded = (u + 0x7fff + (u >> 16 & 1)) >> 16;
  return {(uint16_t)((u & 0x7fffffff) > 0x7f800000 ? 0x7fc0 : rounded)};
}

// Float to integer as x86 does it, without undefined behaviour: truncation, and the lowest integer for NaN and what does not fit.
template <class I, class F> inline I to_integer(F x) {
  constexpr F limit = sizeof(I) == 8 ? (F)0x1p63 : (F)0x1p31;
  bool fits = x >= -limit && x < limit;
  I result = (I)(fits ? x : 0);
  return fits ? result : (I)(-limit);
}
inline int64_t to_i64(double x) { return to_integer<int64_t>(x); }
inline int64_t to_i64(float x) { return to_integer<int64_t>(x); }

}  // namespace tt
