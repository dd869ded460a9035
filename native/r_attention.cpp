// Scaled dot product attention, block by block with a running softmax, so that no T×S matrix ever exists.
#include "gemm.h"
#include "r_math.h"

namespace tt { namespace TT_ISA {

constexpr int64_t QUERY_BLOCK = 128, KEY_BLOCK = 512;

struct Attention {
  int64_t batch, heads, T, S, D, V;
  const View *q, *k, *v, *mask;
  double scale;
  bool causal;
  int64_t base(const View& t, int64_t n) const { return n / heads * t.stride[0] + n % heads * t.stride[1]; }
  // Keys past the last one that query row `last` may see are never touched.
  int64_t visible(int64_t last) const { return causal ? min_of(S, last + 1) : S; }
};

static Attention plan_attention(const Call& c, const View& q, const View& k, const View& v, const View* mask) {
  return {q.size[0], q.size[1], q.size[2], k.size[2], q.size[3], v.size[3], &q, &k, &v, mask && mask->data ? mask : nullptr, c.d(0), c.i(1) != 0};
}

// scores[m, n] = scale * Q[i0 …] · K[j0 …]ᵀ + mask, -inf where masked out.
template <class T> bool block_scores(const Attention& a, int64_t n, int64_t i0, int64_t m, int64_t j0, int64_t cols, T* scores) {
  const T *q = a.q->as<T>() + a.base(*a.q, n) + i0 * a.q->stride[2], *k = a.k->as<T>() + a.base(*a.k, n) + j0 * a.k->stride[2];
  Epilogue<T> e{scores, KEY_BLOCK, 1};
  e.alpha = (T)a.scale;
  if (!gemm(m, cols, a.D, Matrix<T, T>{q, a.q->stride[2], a.q->stride[3]}, Matrix<T, T>{k, a.k->stride[3], a.k->stride[2]}, e)) return false;
  const T minus_inf = -std::numeric_limits<T>::infinity();
  if (a.mask) for (int64_t i = 0; i < m; i++) {
    const int64_t at = a.base(*a.mask, n) + (i0 + i) * a.mask->stride[2] + j0 * a.mask->stride[3], step = a.mask->stride[3];
    T* row = scores + i * KEY_BLOCK;
    if (a.mask->dtype == BOOL) for (int64_t j = 0; j < cols; j++) row[j] = a.mask->as<uint8_t>()[at + j * step] ? row[j] : minus_inf;
    else for (int64_t j = 0; j < cols; j++) row[j] += a.mask->as<T>()[at + j * step];
  }
  if (a.causal) for (int64_t i = 0; i < m; i++)
    for (int64_t j = max_of(0, i0 + i + 1 - j0); j < cols; j++) scores[i * KEY_BLOCK + j] = minus_inf;
  return true;
}

template <class T> bool attend(const Attention& a, int64_t n, int64_t i0, T* out, int64_t out_stride, T* lse, T* scratch) {
  const int64_t m = min_of(QUERY_BLOCK, a.T - i0), end = a.visible(i0 + m - 1);
  T *scores = scratch, *high = scores + QUERY_BLOCK * KEY_BLOCK, *sum = high + QUERY_BLOCK, *acc = sum + QUERY_BLOCK;
  for (int64_t i = 0; i < m; i++) { high[i] = -std::numeric_limits<T>::infinity(); sum[i] = 0; }
  for (int64_t x = 0; x < m * a.V; x++) acc[x] = 0;
  for (int64_t j0 = 0; j0 < end; j0 += KEY_BLOCK) {
    const int64_t cols = min_of(KEY_BLOCK, end - j0);
    if (!block_scores(a, n, i0, m, j0, cols, scores)) return false;
    for (int64_t i = 0; i < m; i++) {
      T* row = scores + i * KEY_BLOCK;
      const T block = row_max(row, cols), top = block > high[i] ? block : high[i];
      const T shift = std::isinf(top) && top < 0 ? T(0) : top, factor = std::exp(high[i] - shift);
      sum[i] = sum[i] * factor + row_exp(row, cols, shift, row);
      high[i] = top;
      if (factor != 1) for (int64_t x = 0; x < a.V; x++) acc[i * a.V + x] *= factor;
    }
    Epilogue<T> e{acc, a.V, 1};
    e.input = acc; e.input_rs = a.V; e.input_cs = 1; e.beta = 1;
    const T* v = a.v->as<T>() + a.base(*a.v, n) + j0 * a.v->stride[2];
    if (!gemm(m, a.V, cols, Matrix<T, T>{scores, KEY_BLOCK, 1}, Matrix<T, T>{v, a.v->stride[2], a.v->stride[3]}, e)) return false;
  }
  for (int64_t i = 0; i < m; i++) {
    const T scale = sum[i] == 0 ? T(0) : 1 / sum[i];
    for (int64_t x = 0; x < a.V; x++) out[i * out_stride + x] = acc[i * a.V + x] * scale;
    lse[i] = (sum[i] == 0 ? T(0) : high[i]) + std::log(sum[i]);
  }
  return true;
}

template <class T> void attention_forward(Call& c, const Attention& a) {
  const int64_t blocks = ceil_div(a.T, QUERY_BLOCK), N = a.batch * a.heads;
  parallel_for(N * blocks, grain_for(QUERY_BLOCK * a.S * (a.D + a.V) / 16), [&](int64_t begin, int64_t end) {
    Scratch scratch((QUERY_BLOCK * (KEY_BLOCK + 2 + a.V)) * (int64_t)sizeof(T));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    for (int64_t task = begin; task < end; task++) {
      const int64_t n = task / blocks, i0 = task % blocks * QUERY_BLOCK;
      if (!attend(a, n, i0, c.t[0].as<T>() + (n * a.T + i0) * a.V, a.V, c.t[1].as<T>() + n * a.T + i0, scratch.as<T>())) c.fail(OUT_OF_MEMORY);
    }
  });
}

// softmax(scale * q kᵀ + mask) v; rows in which everything is masked out give 0.
// t: out [B, H, T, V], lse [B, H, T] (both contiguous), q [B, H, T, D], k [B, H, S, D], v [B, H, S, V], mask [B, H, T, S] or null (bool, or q's dtype and
// added); any strides (0 where broadcast), float32 or float64. params: scale, causal (row i sees keys 0 … i).
void attention(Call& c) {
  const Attention a = plan_attention(c, c.t[2], c.t[3], c.t[4], c.ntensors > 5 ? &c.t[5] : nullptr);
  if (c.t[0].dtype == F32) attention_forward<float>(c, a);
  else if (c.t[0].dtype == F64) attention_forward<double>(c, a);
}

template <class T> struct AttentionGradient {
  const Attention& a;
  Call& c;
  T *gq, *gk, *gv;
  const T *out, *lse, *go;

  // c[m, n] += alpha * a[m, k] b[k, n]
  static bool add_product(int64_t m, int64_t n, int64_t k, Matrix<T, T> x, Matrix<T, T> y, T* result, int64_t ld, T alpha) {
    Epilogue<T> e{result, ld, 1};
    e.alpha = alpha;
    e.input = result; e.input_rs = ld; e.input_cs = 1; e.beta = 1;
    return gemm(m, n, k, x, y, e);
  }

  bool block(int64_t n, int64_t i0, int64_t j0, T* p, T* dp) const {
    const int64_t m = min_of(QUERY_BLOCK, a.T - i0), cols = min_of(KEY_BLOCK, a.S - j0), row0 = n * a.T + i0;
    const View &q = *a.q, &k = *a.k, &v = *a.v;
    const T *qi = q.as<T>() + a.base(q, n) + i0 * q.stride[2], *kj = k.as<T>() + a.base(k, n) + j0 * k.stride[2];
    const T *vj = v.as<T>() + a.base(v, n) + j0 * v.stride[2], *goi = go + row0 * a.V;
    if (!block_scores(a, n, i0, m, j0, cols, p)) return false;
    for (int64_t i = 0; i < m; i++) {
      T* row = p + i * KEY_BLOCK;
      if (std::isinf(lse[row0 + i])) for (int64_t j = 0; j < cols; j++) row[j] = 0;
      else row_exp(row, cols, lse[row0 + i], row);
    }
    if (!add_product(cols, a.V, m, {p, 1, KEY_BLOCK}, {goi, a.V, 1}, gv + (n * a.S + j0) * a.V, a.V, 1)) return false;
    if (!gemm(m, cols, a.V, Matrix<T, T>{goi, a.V, 1}, Matrix<T, T>{vj, v.stride[3], v.stride[2]}, Epilogue<T>{dp, KEY_BLOCK, 1})) return false;
    for (int64_t i = 0; i < m; i++) {
      const T delta = row_dot(goi + i * a.V, out + (row0 + i) * a.V, a.V);
      for (int64_t j = 0; j < cols; j++) dp[i * KEY_BLOCK + j] = p[i * KEY_BLOCK + j] * (dp[i * KEY_BLOCK + j] - delta);
    }
    return add_product(m, a.D, cols, {dp, KEY_BLOCK, 1}, {kj, k.stride[2], k.stride[3]}, gq + row0 * a.D, a.D, (T)a.scale) &&
           add_product(cols, a.D, m, {dp, 1, KEY_BLOCK}, {qi, q.stride[2], q.stride[3]}, gk + (n * a.S + j0) * a.D, a.D, (T)a.scale);
  }

  void run() const {
    const int64_t N = a.batch * a.heads;
    std::memset(gq, 0, N * a.T * a.D * sizeof(T));
    std::memset(gk, 0, N * a.S * a.D * sizeof(T));
    std::memset(gv, 0, N * a.S * a.V * sizeof(T));
    parallel_for(N, grain_for(a.T * a.S * (a.D + a.V) / 8), [&](int64_t begin, int64_t end) {
      Scratch scratch(2 * QUERY_BLOCK * KEY_BLOCK * (int64_t)sizeof(T));
      if (!scratch.data) return c.fail(OUT_OF_MEMORY);
      for (int64_t n = begin; n < end; n++) for (int64_t i0 = 0; i0 < a.T; i0 += QUERY_BLOCK) {
        const int64_t last = a.visible(min_of(a.T, i0 + QUERY_BLOCK) - 1);
        for (int64_t j0 = 0; j0 < last; j0 += KEY_BLOCK)
          if (!block(n, i0, j0, scratch.as<T>(), scratch.as<T>() + QUERY_BLOCK * KEY_BLOCK)) return c.fail(OUT_OF_MEMORY);
      }
    });
  }
};

// Gradients of attention.
// t: grad_q [B, H, T, D], grad_k [B, H, S, D], grad_v [B, H, S, V], grad_out [B, H, T, V], out, lse of the forward (all contiguous), then q, k, v, mask or null
// as in attention. params as in attention.
void attention_backward(Call& c) {
  const Attention a = plan_attention(c, c.t[6], c.t[7], c.t[8], c.ntensors > 9 ? &c.t[9] : nullptr);
  switch (c.t[0].dtype) {
    case F32: AttentionGradient<float>{a, c, c.t[0].as<float>(), c.t[1].as<float>(), c.t[2].as<float>(), c.t[4].as<float>(), c.t[5].as<float>(), c.t[3].as<float>()}.run(); break;
    case F64: AttentionGradient<double>{a, c, c.t[0].as<double>(), c.t[1].as<double>(), c.t[2].as<double>(), c.t[4].as<double>(), c.t[5].as<double>(), c.t[3].as<double>()}.run(); break;
    default: break;
  }
}

}}  // namespace tt::TT_ISA
