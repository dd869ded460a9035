// Scaled dot product attention, block by block with a running softmax, so that no T×S matrix ever exists.
//
// Scores are computed transposed, with queries in the lanes of vectors: softmax runs over keys lane by lane, and what it gives is already the packed
// operand of the product with the values.
#include "gemm.h"
#include "r_math.h"

namespace tt { namespace TT_ISA {

constexpr int64_t KEYS_AT_ONCE = 256;
// Queries, and keys, whose gradients are added up together.
constexpr int64_t TOGETHER = 64;

struct Attention {
  int64_t batch, heads, T, S, D, V;
  const View *q, *k, *v, *mask;
  double scale;
  bool causal;
  int64_t base(const View& t, int64_t n) const { return n / heads * t.stride[0] + n % heads * t.stride[1]; }
  // Keys past the last one that query row `last` may see are never touched.
  int64_t visible(int64_t last) const { return causal ? min_of(S, last + 1) : S; }
  // Rows from `row` on of head n.
  template <class T_> Matrix<T_, T_> rows(const View& t, int64_t n, int64_t row) const {
    return {t.as<T_>() + base(t, n) + row * t.stride[2], t.stride[2], t.stride[3]};
  }
};

static Attention plan_attention(const Call& c, const View& q, const View& k, const View& v, const View* mask) {
  return {q.size[0], q.size[1], q.size[2], k.size[2], q.size[3], v.size[3], &q, &k, &v, mask && mask->data ? mask : nullptr, c.d(0), c.i(1) != 0};
}

// Packs x[m, k] as panels for the left side of products; panel i begins at i * k.
template <class T> void pack_left(const Matrix<T, T>& x, int64_t m, int64_t k, T* dst) {
  const int64_t h = panel_rows(m);
  for (int64_t i = 0; i < m; i += h) pack_a(x, i, min_of(h, m - i), 0, k, dst + i * k);
}
// x[m, k] turned, with zeros for lanes past m: dst[p * width + i] = factor * x[i, p].
template <class T> void turn_rows(const Matrix<T, T>& x, int64_t m, int64_t k, T factor, int64_t width, T* dst) {
  for (int64_t p = 0; p < k; p++) {
    for (int64_t i = 0; i < m; i++) dst[p * width + i] = factor * x.at(i, p);
    for (int64_t i = m; i < width; i++) dst[p * width + i] = 0;
  }
}
// x[m, n], rows `ld` apart, turned into rows of `to`.
template <class T> void turn_back(const T* x, int64_t ld, int64_t m, int64_t n, T* to, int64_t to_ld) {
  constexpr int64_t W = Simd<T>::width;
  for (int64_t i = 0; i < m; i += W) for (int64_t j = 0; j < n; j += W) {
    if (i + W <= m && j + W <= n) transpose_block(x + i * ld + j, ld, to + j * to_ld + i, to_ld);
    else for (int64_t r = i; r < min_of(m, i + W); r++) for (int64_t s = j; s < min_of(n, j + W); s++) to[s * to_ld + r] = x[r * ld + s];
  }
}
// Calls body(first row, rows, tile) for the panels of a packed [m, k] times k rows of `cols` columns, ld apart; tiles have `width` columns.
template <class T, class F> void each_product(const T* packed, int64_t m, int64_t k, int64_t from, const T* columns, int64_t count, int64_t ld, int64_t cols, F&& body) {
  alignas(64) T tile[MR * NR<T>];
  const int64_t h = panel_rows(m);
  for (int64_t i = 0; i < m; i += h) {
    const int64_t rows = min_of(h, m - i);
    int64_t width;
    micro_for<T>(rows, cols, width)(count, packed + i * k + from * rows, columns, ld, nullptr, tile);
    body(i, rows, tile, width);
  }
}

// p[j * width + i] = key j · query i for whole panels of the first `cols` of `there` packed keys, and queries in lanes.
template <class T> void keys_times_queries(int64_t depth, const T* packed, int64_t there, int64_t cols, const T* queries, int64_t width, T* p) {
  const int64_t h = panel_rows(there);
  for (int64_t j = 0; j < cols; j += h) {
    int64_t tile_width;
    micro_for<T>(min_of(h, there - j), width, tile_width)(depth, packed + j * depth, queries, width, nullptr, p + j * width);
  }
}

// A block of queries of head n in lanes.
template <class T> struct Queries {
  const Attention& a;
  int64_t n, i0, m, width;  // first query, queries and lanes of the block
  T* queries;

  Queries(const Attention& plan, int64_t head, int64_t first, T* space)
      : a(plan), n(head), i0(first), m(min_of(NR<T>, a.T - first)), width(m <= Simd<T>::width ? Simd<T>::width : NR<T>), queries(space) {}
  void turn() const { turn_rows(a.rows<T>(*a.q, n, i0), m, a.D, (T)a.scale, width, queries); }
  // p[j * width + i] = scale * query i · key j0 + j + mask, -inf where masked out, for j < cols; `packed` are `there` keys from j0 on.
  void compute(const T* packed, int64_t j0, int64_t cols, int64_t there, T* p) const {
    keys_times_queries(a.D, packed, there, cols, queries, width, p);
    if (a.mask) for (int64_t j = 0; j < cols; j++) add_mask(a.base(*a.mask, n) + i0 * a.mask->stride[2] + (j0 + j) * a.mask->stride[3], p + j * width);
    if (a.causal) for (int64_t j = max_of(0, i0 + 1 - j0); j < cols; j++)
      for (int64_t i = 0; i < min_of(width, j0 + j - i0); i++) p[j * width + i] = -std::numeric_limits<T>::infinity();
  }
  void add_mask(int64_t at, T* p) const {
    const int64_t step = a.mask->stride[2];
    if (a.mask->dtype == BOOL) for (int64_t i = 0; i < m; i++) p[i] = a.mask->as<uint8_t>()[at + i * step] ? p[i] : -std::numeric_limits<T>::infinity();
    else for (int64_t i = 0; i < m; i++) p[i] += a.mask->as<T>()[at + i * step];
  }
};

// The forward pass of one thread.
template <class T> struct Attend {
  using S = Simd<T>;
  using V = typename S::V;
  const Attention& a;
  T *keys, *values, *queries, *p, *acc, *high, *sum;

  static int64_t room(const Attention& a) { return a.S * (a.D + a.V) + NR<T> * (a.D + a.V + KEYS_AT_ONCE + 2) + 7 * 64; }
  Attend(const Attention& plan, T* space) : a(plan) {
    auto take = [&](int64_t count) { T* at = space; space += ceil_div(count, 64) * 64; return at; };
    keys = take(a.S * a.D);
    values = take(a.S * a.V);
    queries = take(NR<T> * a.D);
    p = take(NR<T> * KEYS_AT_ONCE);
    acc = take(NR<T> * a.V);
    high = take(NR<T>);
    sum = take(NR<T>);
  }

  void take_head(int64_t n) const {
    for (int64_t j = 0; j < a.S; j += KEYS_AT_ONCE) pack_left(a.rows<T>(*a.k, n, j), min_of(KEYS_AT_ONCE, a.S - j), a.D, keys + j * a.D);
    const Matrix<T, T> v = a.rows<T>(*a.v, n, 0);
    pack_left<T>({v.data, v.cs, v.rs}, a.V, a.S, values);
  }
  // Softmax of `cols` more scores of a vector of queries; returns by what the sums until now shrink.
  V softmax(int64_t cols, int64_t width, T* scores, T* high, T* sum) const {
    const V old = S::load(high), lowest = S::set(-std::numeric_limits<T>::infinity());
    V top = old, total = V{};
    for (int64_t j = 0; j < cols; j++) top = max_v<T>(S::load(scores + j * width), top);
    const V shift = top == lowest ? V{} : top, factor = exp_v(old - shift);
    for (int64_t j = 0; j < cols; j++) {
      const V e = exp_v(S::load(scores + j * width) - shift);
      S::store(scores + j * width, e);
      total += e;
    }
    S::store(high, top);
    S::store(sum, S::load(sum) * factor + total);
    return factor;
  }

  void run(int64_t n, int64_t i0, T* out, T* lse) const {
    const Queries<T> block(a, n, i0, queries);
    block.turn();
    const int64_t m = block.m, width = block.width, end = a.visible(i0 + m - 1);
    for (int64_t i = 0; i < width; i++) { high[i] = -std::numeric_limits<T>::infinity(); sum[i] = 0; }
    std::memset((void*)acc, 0, a.V * width * sizeof(T));
    for (int64_t j0 = 0; j0 < end; j0 += KEYS_AT_ONCE) {
      const int64_t there = min_of(KEYS_AT_ONCE, a.S - j0), cols = min_of(there, end - j0);
      block.compute(keys + j0 * a.D, j0, cols, there, p);
      for (int64_t x = 0; x < width; x += S::width) {
        const V factor = softmax(cols, width, p + x, high + x, sum + x);
        if (j0) for (int64_t v = 0; v < a.V; v++) S::store(acc + v * width + x, S::load(acc + v * width + x) * factor);
      }
      each_product(values, a.V, a.S, j0, p, cols, width, width, [&](int64_t v, int64_t rows, const T* tile, int64_t) { add_lines(tile, rows * width, acc + v * width); });
    }
    for (int64_t x = 0; x < width; x += S::width) {
      const V total = S::load(sum + x), scale = total == 0 ? V{} : 1 / total;
      for (int64_t v = 0; v < a.V; v++) S::store(acc + v * width + x, S::load(acc + v * width + x) * scale);
    }
    turn_back(acc, width, a.V, m, out, a.V);
    for (int64_t i = 0; i < m; i++) lse[i] = (sum[i] == 0 ? T(0) : high[i]) + std::log(sum[i]);
  }
};

template <class T> void attention_forward(Call& c, const Attention& a) {
  const int64_t blocks = ceil_div(a.T, NR<T>), N = a.batch * a.heads;
  parallel_for(N * blocks, grain_for(NR<T> * a.S * (a.D + a.V) / 16), [&](int64_t begin, int64_t end) {
    Scratch scratch(Attend<T>::room(a) * (int64_t)sizeof(T));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    const Attend<T> attend(a, scratch.as<T>());
    for (int64_t task = begin; task < end; task++) {
      const int64_t n = task / blocks, i0 = task % blocks * NR<T>;
      if (task == begin || i0 == 0) attend.take_head(n);
      attend.run(n, i0, c.t[0].as<T>() + (n * a.T + i0) * a.V, c.t[1].as<T>() + n * a.T + i0);
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

template <class T> struct AttentionOperands { T *gq, *gk, *gv; const T *go, *out, *lse; };

// The gradients of one head at a time, in one thread: TOGETHER queries and TOGETHER keys together, queries in lanes. What is added up over queries has keys in
// lanes.
template <class T> struct AttentionGradient {
  using S = Simd<T>;
  using V = typename S::V;
  const Attention& a;
  const AttentionOperands<T>& t;
  int64_t padded;                          // keys, rounded up to lanes
  T *keys, *values, *turned_keys;          // packed: [key, D] and [key, V] block by block, [D, key]
  T *sum_k, *sum_v;                        // gradients of keys [D, padded] and values [V, padded]
  T *queries, *grads, *left_q, *left_go;   // [D, query] and [V, query] in lanes, and packed
  T *p, *dp, *turned_p, *turned_dp;        // [key, query] in lanes, and [query, key]
  T *sum_q, *lse, *delta;

  static int64_t room(const Attention& a) {
    const int64_t padded = ceil_div(a.S, NR<T>) * NR<T>;
    return a.S * (2 * a.D + a.V) + padded * (a.D + a.V) + TOGETHER * (3 * a.D + 2 * a.V + 2 * NR<T> + 2 * TOGETHER + 2) + 16 * 64;
  }
  AttentionGradient(const Attention& plan, const AttentionOperands<T>& operands, T* space) : a(plan), t(operands), padded(ceil_div(a.S, NR<T>) * NR<T>) {
    auto take = [&](int64_t count) { T* at = space; space += ceil_div(count, 64) * 64; return at; };
    keys = take(a.S * a.D); values = take(a.S * a.V); turned_keys = take(a.S * a.D);
    sum_k = take(padded * a.D); sum_v = take(padded * a.V);
    queries = take(TOGETHER * a.D); grads = take(TOGETHER * a.V); left_q = take(TOGETHER * a.D); left_go = take(TOGETHER * a.V);
    p = take(TOGETHER * NR<T>); dp = take(TOGETHER * NR<T>); turned_p = take(TOGETHER * TOGETHER); turned_dp = take(TOGETHER * TOGETHER);
    sum_q = take(TOGETHER * a.D); lse = take(TOGETHER); delta = take(TOGETHER);
  }

  void run(int64_t n) const {
    take_head(n);
    for (int64_t i0 = 0; i0 < a.T; i0 += TOGETHER) query_block(n, i0, min_of(TOGETHER, a.T - i0));
    scale_by((T)a.scale, padded * a.D, sum_k);
    turn_back(sum_k, padded, a.D, a.S, t.gk + n * a.S * a.D, a.D);
    turn_back(sum_v, padded, a.V, a.S, t.gv + n * a.S * a.V, a.V);
  }

 private:
  static void scale_by(T factor, int64_t n, T* x) { for (int64_t i = 0; i < n; i++) x[i] *= factor; }

  void take_head(int64_t n) const {
    for (int64_t j = 0; j < a.S; j += TOGETHER) {
      pack_left(a.rows<T>(*a.k, n, j), min_of(TOGETHER, a.S - j), a.D, keys + j * a.D);
      pack_left(a.rows<T>(*a.v, n, j), min_of(TOGETHER, a.S - j), a.V, values + j * a.V);
    }
    const Matrix<T, T> k = a.rows<T>(*a.k, n, 0);
    pack_left<T>({k.data, k.cs, k.rs}, a.D, a.S, turned_keys);
    std::memset((void*)sum_k, 0, padded * a.D * sizeof(T));
    std::memset((void*)sum_v, 0, padded * a.V * sizeof(T));
  }

  // Queries [i0, i0 + m) of head n.
  void query_block(int64_t n, int64_t i0, int64_t m) const {
    const Matrix<T, T> go{t.go + (n * a.T + i0) * a.V, a.V, 1}, q = a.rows<T>(*a.q, n, i0);
    pack_left<T>({go.data, 1, a.V}, a.V, m, left_go);
    pack_left<T>({q.data, q.cs, q.rs}, a.D, m, left_q);
    std::memset((void*)sum_q, 0, TOGETHER * a.D * sizeof(T));
    for (int64_t i = 0; i < m; i += NR<T>) take_queries(lanes(n, i0, i), go, i);
    for (int64_t j0 = 0, end = a.visible(i0 + m - 1); j0 < end; j0 += TOGETHER) {
      for (int64_t i = 0; i < m; i += NR<T>) weights(lanes(n, i0, i), i, j0);
      const int64_t cols = min_of(TOGETHER, end - j0);
      for (int64_t j = 0; j < cols; j += NR<T>) {
        const int64_t first = a.causal ? max_of(0, j0 + j - i0) : 0;  // query that sees these keys
        add_over_queries(left_go, a.V, first, m, turned_p + j, min_of(NR<T>, cols - j), sum_v + j0 + j);
        add_over_queries(left_q, a.D, first, m, turned_dp + j, min_of(NR<T>, cols - j), sum_k + j0 + j);
      }
    }
    scale_by((T)a.scale, TOGETHER * a.D, sum_q);
    for (int64_t i = 0; i < m; i += NR<T>) {
      const Queries<T> block = lanes(n, i0, i);
      turn_back(sum_q + i * a.D, block.width, a.D, block.m, t.gq + (n * a.T + i0 + i) * a.D, a.D);
    }
  }
  Queries<T> lanes(int64_t n, int64_t i0, int64_t i) const { return {a, n, i0 + i, queries + i * a.D}; }

  // What the queries of `block`, the i-th and following ones, need of the forward pass.
  void take_queries(const Queries<T>& block, const Matrix<T, T>& go, int64_t i) const {
    const int64_t row = block.n * a.T + block.i0;
    block.turn();
    turn_rows<T>({go.data + i * a.V, a.V, 1}, block.m, a.V, T(1), block.width, grads + i * a.V);
    for (int64_t l = 0; l < block.width; l++) {
      // Lanes without a query, and queries that see nothing, get weights of zero.
      lse[i + l] = l < block.m && !std::isinf(t.lse[row + l]) ? t.lse[row + l] : std::numeric_limits<T>::infinity();
      delta[i + l] = l < block.m ? row_dot(t.go + (row + l) * a.V, t.out + (row + l) * a.V, a.V) : T(0);
    }
  }

  // The weights of keys from j0 on and their gradients, to turned_p and turned_dp; and what they add to the gradients of the queries.
  void weights(const Queries<T>& block, int64_t i, int64_t j0) const {
    const int64_t width = block.width, there = min_of(TOGETHER, a.S - j0), cols = min_of(there, a.visible(block.i0 + block.m - 1) - j0);
    if (cols <= 0) return;
    block.compute(keys + j0 * a.D, j0, cols, there, p);
    keys_times_queries(a.V, values + j0 * a.V, there, cols, grads + i * a.V, width, dp);
    for (int64_t j = 0; j < cols; j++) for (int64_t x = 0; x < width; x += S::width) {
      T *weight = p + j * width + x, *grad = dp + j * width + x;
      const V w = exp_v(S::load(weight) - S::load(lse + i + x));
      S::store(weight, w);
      S::store(grad, w * (S::load(grad) - S::load(delta + i + x)));
    }
    each_product(turned_keys, a.D, a.S, j0, dp, cols, width, width,
                 [&](int64_t d, int64_t rows, const T* tile, int64_t) { add_lines(tile, rows * width, sum_q + i * a.D + d * width); });
    turn_back(p, width, cols, width, turned_p + i * TOGETHER, TOGETHER);
    turn_back(dp, width, cols, width, turned_dp + i * TOGETHER, TOGETHER);
  }
  // to[x, key] += packed [x, query] times columns [query, key], over queries [first, m).
  void add_over_queries(const T* packed, int64_t count, int64_t first, int64_t m, const T* columns, int64_t cols, T* to) const {
    each_product(packed, count, m, first, columns + first * TOGETHER, m - first, TOGETHER, cols, [&](int64_t x, int64_t rows, const T* tile, int64_t width) {
      for (int64_t r = 0; r < rows; r++) add_lines(tile + r * width, cols, to + (x + r) * padded);
    });
  }
};

template <class T> void attention_gradient(Call& c, const Attention& a) {
  const AttentionOperands<T> t{c.t[0].as<T>(), c.t[1].as<T>(), c.t[2].as<T>(), c.t[3].as<T>(), c.t[4].as<T>(), c.t[5].as<T>()};
  parallel_for(a.batch * a.heads, grain_for(a.T * a.S * (a.D + a.V) / 8), [&](int64_t begin, int64_t end) {
    Scratch scratch(AttentionGradient<T>::room(a) * (int64_t)sizeof(T));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    const AttentionGradient<T> gradient(a, t, scratch.as<T>());
    for (int64_t n = begin; n < end; n++) gradient.run(n);
  });
}

// Gradients of attention.
// t: grad_q [B, H, T, D], grad_k [B, H, S, D], grad_v [B, H, S, V], grad_out [B, H, T, V], out, lse of the forward (all contiguous), then q, k, v, mask or null
// as in attention. params as in attention.
void attention_backward(Call& c) {
  const Attention a = plan_attention(c, c.t[6], c.t[7], c.t[8], c.ntensors > 9 ? &c.t[9] : nullptr);
  if (c.t[0].dtype == F32) attention_gradient<float>(c, a);
  else if (c.t[0].dtype == F64) attention_gradient<double>(c, a);
}

}}  // namespace tt::TT_ISA
