// Normalisation: layer_norm, group_norm, batch_norm. Statistics are kept in the accumulating type (float32 for 16-bit floats).
#include "r_math.h"

namespace tt { namespace TT_ISA {

// Mean and sum of squared deviations, in two passes over doubles' worth of care: sums per lane, then over lanes.
template <class T> void moments(const T* x, int64_t n, Acc<T>& mean, Acc<T>& squares) {
  using A = Acc<T>;
  if constexpr (std::is_same<A, T>::value) {
    using S = Simd<A>;
    const A m = n ? row_total(x, n) / (A)n : A(0);
    squares = row_sum<A>(n, [&](int64_t i) { auto d = S::load(x + i) - m; return d * d; }, [&](int64_t i) { return (x[i] - m) * (x[i] - m); });
    mean = m;
  } else {
    A sum = 0, sq = 0;
    for (int64_t i = 0; i < n; i++) sum += (A)x[i];
    mean = n ? sum / n : A(0);
    for (int64_t i = 0; i < n; i++) sq += ((A)x[i] - mean) * ((A)x[i] - mean);
    squares = sq;
  }
}

template <class T> void normalize_row(T* y, const T* x, const T* w, const T* b, int64_t n, Acc<T> mean, Acc<T> rstd) {
  using A = Acc<T>;
  if (w && b) for (int64_t i = 0; i < n; i++) y[i] = (T)(((A)x[i] - mean) * rstd * (A)w[i] + (A)b[i]);
  else for (int64_t i = 0; i < n; i++) y[i] = (T)(((A)x[i] - mean) * rstd * (w ? (A)w[i] : A(1)) + (b ? (A)b[i] : A(0)));
}

// y = x̂ * weight + bias per row, x̂ = (x - mean) * rstd, rstd = 1 / sqrt(var + eps).
// t: y [rows, n], mean [rows], rstd [rows], x [rows, n], weight [n] or null, bias [n] or null; contiguous floats, mean and rstd float32 where
// x has 16 bits. params: eps.
void layer_norm(Call& c) {
  const int64_t rows = c.t[0].size[0], n = c.t[0].size[1];
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    using A = Acc<T>;
    const A eps = (A)c.d(0);
    const T *w = c.t[4].as<T>(), *b = c.t[5].as<T>();
    parallel_for(rows, grain_for(n * 3), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        const T* x = c.t[3].as<T>() + r * n;
        T* y = c.t[0].as<T>() + r * n;
        A mean, squares;
        moments(x, n, mean, squares);
        const A rstd = 1 / std::sqrt(squares / (A)n + eps);
        c.t[1].as<A>()[r] = mean;
        c.t[2].as<A>()[r] = rstd;
        normalize_row(y, x, w, b, n, mean, rstd);
      }
    });
  })
}

// The gradient of x̂'s input from g = grad_y * weight: rstd * (g - mean(g) - x̂ * mean(g * x̂)).
template <class T, class W> void normalized_backward(T* gx, const T* gy, const T* x, int64_t n, Acc<T> mean, Acc<T> rstd, W weight) {
  using A = Acc<T>;
  constexpr int LANES = 16;
  A sums[LANES] = {}, dots[LANES] = {}, sum = 0, dot = 0;
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) for (int l = 0; l < LANES; l++) {
    const A g = (A)gy[i + l] * weight(i + l);
    sums[l] += g;
    dots[l] += g * ((A)x[i + l] - mean);
  }
  for (; i < n; i++) { const A g = (A)gy[i] * weight(i); sum += g; dot += g * ((A)x[i] - mean); }
  for (int l = 0; l < LANES; l++) { sum += sums[l]; dot += dots[l]; }
  sum /= (A)n;
  dot *= rstd / (A)n;
  for (i = 0; i < n; i++) gx[i] = (T)(rstd * ((A)gy[i] * weight(i) - sum - ((A)x[i] - mean) * rstd * dot));
}

// Gradients of layer_norm.
// t: grad_x [rows, n] or null, grad_weight [n] or null, grad_bias [n] or null, grad_y [rows, n], x [rows, n], mean [rows], rstd [rows],
// weight [n] or null; contiguous, dtypes as in layer_norm. No params.
void layer_norm_backward(Call& c) {
  const int64_t rows = c.t[3].size[0], n = c.t[3].size[1];
  TT_DISPATCH_FLOAT(c.t[3].dtype, {
    using A = Acc<T>;
    const T *gy = c.t[3].as<T>(), *x = c.t[4].as<T>(), *w = c.t[7].as<T>();
    const A *mean = c.t[5].as<A>(), *rstd = c.t[6].as<A>();
    if (c.t[0].data) parallel_for(rows, grain_for(n * 4), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++)
        normalized_backward(c.t[0].as<T>() + r * n, gy + r * n, x + r * n, n, mean[r], rstd[r], [w](int64_t i) { return w ? (A)w[i] : A(1); });
    });
    if (c.t[1].data || c.t[2].data) parallel_for(n, grain_for(rows * 2), [&](int64_t begin, int64_t end) {
      constexpr int64_t B = 256;
      for (int64_t j = begin; j < end; j += B) {
        A gw[B] = {};
        A gb[B] = {};
        const int64_t m = min_of(B, end - j);
        for (int64_t r = 0; r < rows; r++) for (int64_t i = 0; i < m; i++) {
          const A g = (A)gy[r * n + j + i];
          gb[i] += g;
          gw[i] += g * ((A)x[r * n + j + i] - mean[r]) * rstd[r];
        }
        for (int64_t i = 0; i < m; i++) {
          if (c.t[1].data) c.t[1].as<T>()[j + i] = (T)gw[i];
          if (c.t[2].data) c.t[2].as<T>()[j + i] = (T)gb[i];
        }
      }
    });
  })
}

// y = x̂ * weight[channel] + bias[channel], normalised over each group of channels.
// t: y [N, C, L], mean [N, groups], rstd [N, groups], x [N, C, L], weight [C] or null, bias [C] or null. params: groups, eps.
void group_norm(Call& c) {
  const int64_t N = c.t[0].size[0], C = c.t[0].size[1], L = c.t[0].size[2], G = c.i(0), D = G ? C / G : 0;
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    using A = Acc<T>;
    const A eps = (A)c.d(1);
    const T *w = c.t[4].as<T>(), *b = c.t[5].as<T>();
    parallel_for(N * G, grain_for(D * L * 3), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) {
        A mean, squares;
        moments(c.t[3].as<T>() + r * D * L, D * L, mean, squares);
        const A rstd = 1 / std::sqrt(squares / (A)(D * L) + eps);
        c.t[1].as<A>()[r] = mean;
        c.t[2].as<A>()[r] = rstd;
        for (int64_t k = 0; k < D; k++) {
          const int64_t ch = r % G * D + k;
          const A scale = rstd * (w ? (A)w[ch] : A(1)), shift = (b ? (A)b[ch] : A(0)) - mean * scale;
          const T* x = c.t[3].as<T>() + (r * D + k) * L;
          T* y = c.t[0].as<T>() + (r * D + k) * L;
          for (int64_t i = 0; i < L; i++) y[i] = (T)((A)x[i] * scale + shift);
        }
      }
    });
  })
}

// Gradients of group_norm.
// t: grad_x [N, C, L] or null, grad_weight [C] or null, grad_bias [C] or null, grad_y [N, C, L], x [N, C, L], mean [N, groups],
// rstd [N, groups], weight [C] or null. params: groups.
void group_norm_backward(Call& c) {
  const int64_t N = c.t[3].size[0], C = c.t[3].size[1], L = c.t[3].size[2], G = c.i(0), D = G ? C / G : 0;
  TT_DISPATCH_FLOAT(c.t[3].dtype, {
    using A = Acc<T>;
    const T *gy = c.t[3].as<T>(), *x = c.t[4].as<T>(), *w = c.t[7].as<T>();
    const A *mean = c.t[5].as<A>(), *rstd = c.t[6].as<A>();
    if (c.t[0].data) parallel_for(N * G, grain_for(D * L * 4), [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++)
        normalized_backward(c.t[0].as<T>() + r * D * L, gy + r * D * L, x + r * D * L, D * L, mean[r], rstd[r],
                            [w, first = r % G * D, L](int64_t i) { return w ? (A)w[first + i / L] : A(1); });
    });
    if (c.t[1].data || c.t[2].data) for (int64_t ch = 0; ch < C; ch++) {
      A gw = 0;
      A gb = 0;
      for (int64_t s = 0; s < N; s++) {
        const int64_t g = s * G + ch / D, at = (s * C + ch) * L;
        for (int64_t i = 0; i < L; i++) { gb += (A)gy[at + i]; gw += (A)gy[at + i] * ((A)x[at + i] - mean[g]) * rstd[g]; }
      }
      if (c.t[1].data) c.t[1].as<T>()[ch] = (T)gw;
      if (c.t[2].data) c.t[2].as<T>()[ch] = (T)gb;
    }
  })
}

// Mean and biased variance of every channel.
// t: mean [C], var [C] (float32 where x has 16 bits, else x's dtype), x [N, C, L]; contiguous floats. No params.
void batch_norm_stats(Call& c) {
  const int64_t N = c.t[2].size[0], C = c.t[2].size[1], L = c.t[2].size[2];
  TT_DISPATCH_FLOAT(c.t[2].dtype, {
    using A = Acc<T>;
    parallel_for(C, grain_for(N * L * 2), [&](int64_t begin, int64_t end) {
      for (int64_t ch = begin; ch < end; ch++) {
        A sum = 0, sq = 0, part, rest;
        for (int64_t s = 0; s < N; s++) { moments(c.t[2].as<T>() + (s * C + ch) * L, L, part, rest); sum += part; }
        const A mean = sum / (A)N;
        for (int64_t s = 0; s < N; s++) {
          const T* x = c.t[2].as<T>() + (s * C + ch) * L;
          for (int64_t i = 0; i < L; i++) { const A d = (A)x[i] - mean; sq += d * d; }
        }
        c.t[0].as<A>()[ch] = mean;
        c.t[1].as<A>()[ch] = sq / (A)(N * L);
      }
    });
  })
}

// y = (x - mean) * invstd * weight + bias per channel.
// t: y [N, C, L], x [N, C, L], mean [C], invstd [C] (types as in batch_norm_stats), weight [C] or null, bias [C] or null. No params.
void batch_norm_apply(Call& c) {
  const int64_t N = c.t[0].size[0], C = c.t[0].size[1], L = c.t[0].size[2];
  TT_DISPATCH_FLOAT(c.t[0].dtype, parallel_for(N * C, grain_for(L), [&](int64_t begin, int64_t end) {
    using A = Acc<T>;
    for (int64_t r = begin; r < end; r++) {
      const int64_t ch = r % C;
      const A scale = c.t[3].as<A>()[ch] * (c.t[4].data ? (A)c.t[4].as<T>()[ch] : A(1)), mean = c.t[2].as<A>()[ch];
      const A shift = c.t[5].data ? (A)c.t[5].as<T>()[ch] : A(0);
      const T* x = c.t[1].as<T>() + r * L;
      T* y = c.t[0].as<T>() + r * L;
      for (int64_t i = 0; i < L; i++) y[i] = (T)(((A)x[i] - mean) * scale + shift);
    }
  }))
}

// Gradients of batch_norm.
// t: grad_x [N, C, L] or null, grad_weight [C] or null, grad_bias [C] or null, grad_y [N, C, L], x [N, C, L], mean [C], invstd [C],
// weight [C] or null. params: training (then mean and invstd are x's own, and depend on it).
void batch_norm_backward(Call& c) {
  const int64_t N = c.t[3].size[0], C = c.t[3].size[1], L = c.t[3].size[2];
  const bool training = c.i(0) != 0;
  TT_DISPATCH_FLOAT(c.t[3].dtype, parallel_for(C, grain_for(N * L * 4), [&](int64_t begin, int64_t end) {
    using A = Acc<T>;
    for (int64_t ch = begin; ch < end; ch++) {
      const A mean = c.t[5].as<A>()[ch], invstd = c.t[6].as<A>()[ch], w = c.t[7].data ? (A)c.t[7].as<T>()[ch] : A(1);
      A sum = 0, dot = 0;
      for (int64_t s = 0; s < N; s++) {
        const T *gy = c.t[3].as<T>() + (s * C + ch) * L, *x = c.t[4].as<T>() + (s * C + ch) * L;
        A row = 0, part = 0;
        for (int64_t i = 0; i < L; i++) { row += (A)gy[i]; part += (A)gy[i] * ((A)x[i] - mean); }
        sum += row;
        dot += part;
      }
      if (c.t[1].data) c.t[1].as<T>()[ch] = (T)(dot * invstd);
      if (c.t[2].data) c.t[2].as<T>()[ch] = (T)sum;
      if (!c.t[0].data) continue;
      const A g = training ? sum / (A)(N * L) : A(0), k = training ? dot * invstd * invstd / (A)(N * L) : A(0), scale = invstd * w;
      for (int64_t s = 0; s < N; s++) {
        const int64_t at = (s * C + ch) * L;
        const T *gy = c.t[3].as<T>() + at, *x = c.t[4].as<T>() + at;
        T* gx = c.t[0].as<T>() + at;
        for (int64_t i = 0; i < L; i++) gx[i] = (T)(((A)gy[i] - g - ((A)x[i] - mean) * k) * scale);
      }
    }
  }))
}

}}  // namespace tt::TT_ISA
