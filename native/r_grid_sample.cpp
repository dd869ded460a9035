// nn.functional.grid_sample in two and three dims, and its gradients.
#include "r_common.h"

namespace tt { namespace TT_ISA {

enum GridMode { BILINEAR, NEAREST_POINT, BICUBIC };
enum GridPadding { ZEROS, BORDER, REFLECTION };

struct GridShape {
  int dims;
  int64_t N, C, in[3], points;  // sizes with the slowest dim first; missing ones are 1
  int mode, padding;
  bool align;
  int64_t in_size() const { return in[0] * in[1] * in[2]; }
};

// A coordinate in pixels with its derivative by the grid value.
template <class A> struct Coordinate { A x, slope; };

template <class A> Coordinate<A> unnormalize(A g, int64_t size, bool align) {
  return align ? Coordinate<A>{(g + 1) / 2 * (A)(size - 1), (A)(size - 1) / 2} : Coordinate<A>{((g + 1) * (A)size - 1) / 2, (A)size / 2};
}
template <class A> Coordinate<A> clip(Coordinate<A> c, int64_t size) {
  const A high = (A)(size - 1);
  if (!(c.x > 0)) return {0, 0};
  if (c.x >= high) return {high, 0};
  return c;
}
template <class A> Coordinate<A> reflect_within(Coordinate<A> c, A low2, A high2) {
  if (low2 == high2) return {0, 0};
  const A low = low2 / 2, span = (high2 - low2) / 2;
  A x = c.x - low, slope = c.slope;
  if (x < 0) { x = -x; slope = -slope; }
  const A extra = std::fmod(x, span), flips = std::floor(x / span);
  if (std::fmod(flips, A(2)) == 0) return {extra + low, slope};
  return {span - extra + low, -slope};
}
template <class A> Coordinate<A> pad_coordinate(Coordinate<A> c, int64_t size, const GridShape& s) {
  if (s.padding == BORDER) c = clip(c, size);
  else if (s.padding == REFLECTION) c = clip(s.align ? reflect_within(c, A(0), (A)(2 * (size - 1))) : reflect_within(c, A(-1), (A)(2 * size - 1)), size);
  if (!(std::fabs(c.x) < A(1e9))) c.x = -100;  // nan and infinities sample the padding
  return c;
}

// The taps of one output point: flat input positions (-1: outside) and weights, with the weights' derivatives by each grid coordinate.
template <class A> struct GridTaps {
  int count = 0;
  int64_t at[16];
  A weight[16], slope[3][16];  // slope[0] belongs to x, the fastest dim
};

template <class A> int64_t flat_position(const GridShape& s, const int64_t* p) {
  for (int d = 0; d < 3; d++) if (p[d] < 0 || p[d] >= s.in[d]) return -1;
  return (p[0] * s.in[1] + p[1]) * s.in[2] + p[2];
}

template <class A> void corner_taps(const GridShape& s, const Coordinate<A>* c, GridTaps<A>& t) {
  int64_t base[3];
  A frac[3];
  for (int d = 0; d < 3; d++) { const A f = std::floor(c[d].x); base[d] = (int64_t)f; frac[d] = c[d].x - f; }
  t.count = 1 << s.dims;
  for (int k = 0; k < t.count; k++) {
    int64_t p[3] = {0, 0, 0};
    A w[3] = {1, 1, 1}, dw[3] = {0, 0, 0};
    for (int i = 0; i < s.dims; i++) {  // bit i of k: the upper neighbour along dim 2 - i
      const int d = 2 - i, up = k >> i & 1;
      p[d] = base[d] + up;
      w[d] = up ? frac[d] : 1 - frac[d];
      dw[d] = (up ? c[d].slope : -c[d].slope);
    }
    t.at[k] = flat_position<A>(s, p);
    t.weight[k] = w[0] * w[1] * w[2];
    for (int i = 0; i < s.dims; i++) { const int d = 2 - i; t.slope[i][k] = dw[d] * w[(d + 1) % 3] * w[(d + 2) % 3]; }
  }
}

template <class A> void cubic_weights(A t, A* w, A* dw) {
  const A a = A(-0.75), x[4] = {t + 1, t, 1 - t, 2 - t};
  for (int k = 0; k < 4; k++) {
    const bool near = k == 1 || k == 2;
    w[k] = near ? ((a + 2) * x[k] - (a + 3)) * x[k] * x[k] + 1 : ((a * x[k] - 5 * a) * x[k] + 8 * a) * x[k] - 4 * a;
    const A slope = near ? (3 * (a + 2) * x[k] - 2 * (a + 3)) * x[k] : (3 * a * x[k] - 10 * a) * x[k] + 8 * a;
    dw[k] = k < 2 ? slope : -slope;
  }
}
// Bicubic: the padding applies to every tap.
template <class A> void bicubic_taps(const GridShape& s, const Coordinate<A>* c, GridTaps<A>& t) {
  A wx[4], dx[4], wy[4], dy[4];
  const A bx = std::floor(c[2].x), by = std::floor(c[1].x);
  cubic_weights(c[2].x - bx, wx, dx);
  cubic_weights(c[1].x - by, wy, dy);
  t.count = 16;
  for (int k = 0; k < 16; k++) {
    const int i = k / 4, j = k % 4;
    const A y = pad_coordinate(Coordinate<A>{by - 1 + (A)i, 1}, s.in[1], s).x, x = pad_coordinate(Coordinate<A>{bx - 1 + (A)j, 1}, s.in[2], s).x;
    const int64_t p[3] = {0, (int64_t)y, (int64_t)x};
    t.at[k] = flat_position<A>(s, p);
    t.weight[k] = wy[i] * wx[j];
    t.slope[0][k] = wy[i] * dx[j] * c[2].slope;
    t.slope[1][k] = dy[i] * wx[j] * c[1].slope;
  }
}

template <class A, class T> void grid_taps(const GridShape& s, const T* grid, GridTaps<A>& t) {
  Coordinate<A> c[3] = {{0, 0}, {0, 0}, {0, 0}};
  for (int i = 0; i < s.dims; i++) {
    const int d = 2 - i;
    c[d] = unnormalize((A)grid[i], s.in[d], s.align);
    if (s.mode != BICUBIC) c[d] = pad_coordinate(c[d], s.in[d], s);
    else if (!(std::fabs(c[d].x) < A(1e9))) c[d] = {-100, 0};
  }
  if (s.mode == BILINEAR) return corner_taps(s, c, t);
  if (s.mode == BICUBIC) return bicubic_taps(s, c, t);
  int64_t p[3];
  for (int d = 0; d < 3; d++) p[d] = (int64_t)std::nearbyint(c[d].x);
  t.count = 1;
  t.at[0] = flat_position<A>(s, p);
  t.weight[0] = 1;
  for (int i = 0; i < 3; i++) t.slope[i][0] = 0;
}

static GridShape grid_shape(const Call& c, const View& in, const View& grid) {
  GridShape s{in.ndim - 2, in.size[0], in.size[1], {1, 1, 1}, 1, (int)c.i(0), (int)c.i(1), c.i(2) != 0};
  for (int i = 0; i < s.dims; i++) { s.in[3 - s.dims + i] = in.size[2 + i]; s.points *= grid.size[1 + i]; }
  return s;
}

// t: out [N, C, ...], input [N, C, ...], grid [N, ..., dims]; contiguous floats, 2 or 3 spatial dims, input's not empty.
// params: mode (0 bilinear, 1 nearest, 2 bicubic: 2 dims only), padding (0 zeros, 1 border, 2 reflection), align_corners.
void grid_sample(Call& c) {
  const GridShape s = grid_shape(c, c.t[1], c.t[2]);
  TT_DISPATCH_FLOAT(c.t[0].dtype, parallel_for(s.N * s.points, grain_for(s.C * 16), [&](int64_t begin, int64_t end) {
    using A = Acc<T>;
    GridTaps<A> taps;
    for (int64_t i = begin; i < end; i++) {
      const int64_t n = i / s.points, p = i % s.points;
      grid_taps<A>(s, c.t[2].as<T>() + i * s.dims, taps);
      for (int64_t ch = 0; ch < s.C; ch++) {
        const T* in = c.t[1].as<T>() + (n * s.C + ch) * s.in_size();
        A sum = 0;
        for (int k = 0; k < taps.count; k++) if (taps.at[k] >= 0) sum += (A)in[taps.at[k]] * taps.weight[k];
        c.t[0].as<T>()[(n * s.C + ch) * s.points + p] = (T)sum;
      }
    }
  }))
}

// Gradients of grid_sample. t: grad_input [N, C, ...] or null, grad_grid [N, ..., dims] or null, grad_out [N, C, ...], input, grid; contiguous. params as above.
void grid_sample_backward(Call& c) {
  const GridShape s = grid_shape(c, c.t[3], c.t[4]);
  if (c.t[0].data) std::memset(c.t[0].data, 0, c.t[0].numel() * itemsize(c.t[0].dtype));
  TT_DISPATCH_FLOAT(c.t[2].dtype, parallel_for(s.N, grain_for(s.points * s.C * 16), [&](int64_t begin, int64_t end) {
    using A = Acc<T>;
    GridTaps<A> taps;
    for (int64_t i = begin * s.points; i < end * s.points; i++) {
      const int64_t n = i / s.points, p = i % s.points;
      grid_taps<A>(s, c.t[4].as<T>() + i * s.dims, taps);
      A slope[3] = {0, 0, 0};
      for (int64_t ch = 0; ch < s.C; ch++) {
        const int64_t plane = (n * s.C + ch) * s.in_size();
        const A g = (A)c.t[2].as<T>()[(n * s.C + ch) * s.points + p];
        for (int k = 0; k < taps.count; k++) if (taps.at[k] >= 0) {
          if (c.t[0].data) { T& to = c.t[0].as<T>()[plane + taps.at[k]]; to = (T)((A)to + g * taps.weight[k]); }
          for (int d = 0; d < s.dims; d++) slope[d] += g * (A)c.t[3].as<T>()[plane + taps.at[k]] * taps.slope[d][k];
        }
      }
      if (c.t[1].data) for (int d = 0; d < s.dims; d++) c.t[1].as<T>()[i * s.dims + d] = (T)slope[d];
    }
  }))
}

}}  // namespace tt::TT_ISA
