// Convolution as shifted planes: the padded source is copied once, split by stride phases, so that every tap of the kernel reads the
// same flat index at a fixed offset and the product needs no im2col. Up to three spatial dims; missing ones have size 1.
#pragma once
#include "gemm.h"

namespace tt { namespace TT_ISA {

struct ConvShape {
  int64_t batch, in_channels, out_channels, groups, taps;  // channels of one group
  int64_t in[3], out[3], kernel[3], stride[3], padding[3], dilation[3];
  int64_t in_size() const { return in[0] * in[1] * in[2]; }
  int64_t out_size() const { return out[0] * out[1] * out[2]; }
};

// params: groups, activation, then stride, padding, dilation of each spatial dim.
inline ConvShape conv_shape(const Call& c, const View& out, const View& in, const View& weight) {
  ConvShape s{};
  s.batch = in.size[0];
  s.groups = max_of(1, c.i(0));
  s.in_channels = in.size[1] / s.groups;
  s.out_channels = out.size[1] / s.groups;
  const int n = in.ndim - 2;
  for (int d = 0; d < 3; d++) {
    const int v = d - (3 - n);
    s.in[d] = v < 0 ? 1 : in.size[v + 2];
    s.out[d] = v < 0 ? 1 : out.size[v + 2];
    s.kernel[d] = v < 0 ? 1 : weight.size[v + 2];
    s.stride[d] = v < 0 ? 1 : max_of(1, c.i(2 + 3 * v));
    s.padding[d] = v < 0 ? 0 : c.i(3 + 3 * v);
    s.dilation[d] = v < 0 ? 1 : max_of(1, c.i(4 + 3 * v));
  }
  s.taps = s.kernel[0] * s.kernel[1] * s.kernel[2];
  return s;
}

// Planes of one group: element [channel][phase][image][z][y][x] is source pixel (z,y,x) * step + phase + origin, zero outside.
struct Planes {
  int64_t channels, images, source[3], extent[3], step[3], origin[3], phases[3];
  int64_t gap;  // zeros behind each channel
  int64_t plane() const { return extent[0] * extent[1] * extent[2]; }
  int64_t channel_stride() const { return phases[0] * phases[1] * phases[2] * images * plane() + gap; }
  int64_t count() const { return channels * channel_stride(); }
  int64_t phase_offset(int64_t a, int64_t b, int64_t c) const { return ((a * phases[1] + b) * phases[2] + c) * images * plane(); }
  int64_t flat(int64_t z, int64_t y, int64_t x) const { return (z * extent[1] + y) * extent[2] + x; }
};

template <class T, class Src> void fill_row(const Src* src, int64_t n, int64_t start, int64_t step, T* dst, int64_t count) {
  int64_t x = 0, at = start;
  for (; x < count && at < 0; x++, at += step) dst[x] = 0;
  const int64_t end = at < n ? min_of(count, x + (n - at + step - 1) / step) : x;
  if (step == 1) for (; x < end; x++, at++) dst[x] = (T)src[at];
  else for (; x < end; x++, at += step) dst[x] = (T)src[at];
  for (; x < count; x++) dst[x] = 0;
}

// Whether the planes of one image are the image itself.
inline bool is_source(const Planes& p) {
  bool same = p.images == 1 && p.gap == 0;
  for (int d = 0; d < 3; d++) same = same && p.extent[d] == p.source[d] && p.step[d] == 1 && p.origin[d] == 0 && p.phases[d] == 1;
  return same;
}

// Fills `p` from images whose channels lie `source size` apart; image i begins at src + i * image_stride.
template <class T, class Src> void fill_planes(const Planes& p, const Src* src, int64_t image_stride, int64_t images, T* dst) {
  const int64_t size = p.source[0] * p.source[1] * p.source[2];
  for (int64_t c = 0; c < p.channels; c++) {
    for (int64_t a = 0; a < p.phases[0]; a++) for (int64_t b = 0; b < p.phases[1]; b++) for (int64_t e = 0; e < p.phases[2]; e++)
      for (int64_t i = 0; i < p.images; i++) for (int64_t z = 0; z < p.extent[0]; z++) for (int64_t y = 0; y < p.extent[1]; y++, dst += p.extent[2]) {
        const int64_t sz = z * p.step[0] + a + p.origin[0], sy = y * p.step[1] + b + p.origin[1];
        if (i >= images || sz < 0 || sz >= p.source[0] || sy < 0 || sy >= p.source[1]) { std::memset((void*)dst, 0, p.extent[2] * sizeof(T)); continue; }
        fill_row(src + i * image_stride + c * size + (sz * p.source[1] + sy) * p.source[2], p.source[2], e + p.origin[2], p.step[2], dst, p.extent[2]);
      }
    for (int64_t x = 0; x < p.gap; x++) *dst++ = 0;
  }
}

// The planes that a forward convolution (and its weight gradient) reads.
inline Planes forward_planes(const ConvShape& s, int64_t images) {
  Planes p{};
  p.channels = s.in_channels;
  p.images = images;
  for (int d = 0; d < 3; d++) {
    const int64_t reach = (s.kernel[d] - 1) * s.dilation[d];
    p.source[d] = s.in[d];
    p.step[d] = s.stride[d];
    p.origin[d] = -s.padding[d];
    p.phases[d] = min_of(s.stride[d], reach + 1);
    p.extent[d] = s.out[d] + reach / s.stride[d];
  }
  return p;
}

// offsets[c * taps + tap] of a forward convolution.
inline void forward_offsets(const ConvShape& s, const Planes& p, int64_t* offsets) {
  for (int64_t c = 0; c < s.in_channels; c++)
    for (int64_t a = 0; a < s.kernel[0]; a++) for (int64_t b = 0; b < s.kernel[1]; b++) for (int64_t e = 0; e < s.kernel[2]; e++) {
      const int64_t z = a * s.dilation[0], y = b * s.dilation[1], x = e * s.dilation[2];
      *offsets++ = c * p.channel_stride() + p.phase_offset(z % s.stride[0], y % s.stride[1], x % s.stride[2]) +
                   p.flat(z / s.stride[0], y / s.stride[1], x / s.stride[2]);
    }
}

// Images in one task: enough that a packed weight panel is used often, few enough that every thread has some.
inline int64_t images_per_task(int64_t batch, int64_t flat) {
  const int64_t wanted = max_of(1, 768 / max_of(1, flat));
  return max_of(1, min_of(wanted, ceil_div(batch, num_threads())));
}

}}  // namespace tt::TT_ISA
