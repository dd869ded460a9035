// im2col and col2im: nn.functional.unfold and fold.
#include "r_common.h"

namespace tt { namespace TT_ISA {

struct FoldShape { int64_t N, C, H, W, kh, kw, oh, ow, sh, sw, ph, pw, dh, dw; };
static FoldShape fold_shape(const Call& c, const View& image) {
  FoldShape f{image.size[0], image.size[1], image.size[2], image.size[3], c.i(0), c.i(1), 0, 0, max_of(1, c.i(2)), max_of(1, c.i(3)), c.i(4), c.i(5), c.i(6), c.i(7)};
  f.oh = (f.H + 2 * f.ph - f.dh * (f.kh - 1) - 1) / f.sh + 1;
  f.ow = (f.W + 2 * f.pw - f.dw * (f.kw - 1) - 1) / f.sw + 1;
  return f;
}
// body(image row, column row, first x) for every row of every tap inside the image; column x of the row is image pixel first + x * stride.
template <class F> void for_taps(const FoldShape& f, int64_t plane, F&& body) {
  for (int64_t a = 0; a < f.kh; a++) for (int64_t b = 0; b < f.kw; b++) for (int64_t y = 0; y < f.oh; y++)
    body((plane * f.kh * f.kw + a * f.kw + b) * f.oh * f.ow + y * f.ow, y * f.sh - f.ph + a * f.dh, b * f.dw - f.pw);
}

// t: columns [N, C * kh * kw, L], image [N, C, H, W]; contiguous, any dtype. params: kh, kw, stride h, w, padding h, w, dilation h, w.
void im2col(Call& c) {
  const FoldShape f = fold_shape(c, c.t[1]);
  TT_DISPATCH_ALL(c.t[0].dtype, parallel_for(f.N * f.C, grain_for(f.kh * f.kw * f.oh * f.ow), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) for_taps(f, p, [&](int64_t at, int64_t y, int64_t x0) {
      T* to = c.t[0].as<T>() + at;
      const T* from = c.t[1].as<T>() + (p * f.H + y) * f.W + x0;
      const bool inside = y >= 0 && y < f.H;
      const int64_t first = inside ? min_of(f.ow, ceil_div(max_of(0, -x0), f.sw)) : f.ow, last = min_of(f.ow, ceil_div(max_of(0, f.W - x0), f.sw));
      for (int64_t x = 0; x < first; x++) to[x] = T(0);
      if (f.sw == 1) for (int64_t x = first; x < last; x++) to[x] = from[x];
      else for (int64_t x = first; x < last; x++) to[x] = from[x * f.sw];
      for (int64_t x = max_of(first, last); x < f.ow; x++) to[x] = T(0);
    });
  }))
}
// Adds overlapping columns up. t: image [N, C, H, W] (filled here), columns [N, C * kh * kw, L]; contiguous, any dtype but bool. params as in im2col.
void col2im(Call& c) {
  const FoldShape f = fold_shape(c, c.t[0]);
  std::memset(c.t[0].data, 0, c.t[0].numel() * itemsize(c.t[0].dtype));
  TT_DISPATCH_ALL(c.t[0].dtype, parallel_for(f.N * f.C, grain_for(f.kh * f.kw * f.oh * f.ow), [&](int64_t begin, int64_t end) {
    for (int64_t p = begin; p < end; p++) for_taps(f, p, [&](int64_t at, int64_t y, int64_t x0) {
      if (y < 0 || y >= f.H) return;
      const T* from = c.t[1].as<T>() + at;
      T* to = c.t[0].as<T>() + (p * f.H + y) * f.W;
      for (int64_t x = 0; x < f.ow; x++) {
        const int64_t ix = x0 + x * f.sw;
        if (ix >= 0 && ix < f.W) to[ix] = (T)(to[ix] + from[x]);
      }
    });
  }))
}

}}  // namespace tt::TT_ISA
