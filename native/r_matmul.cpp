// Matrix products.
#include "gemm.h"

namespace tt { namespace TT_ISA {

// One product of a batch: pointers to its matrices.
struct Product { char *out, *a, *b, *input; };

// Everything that the products of a batch have in common.
struct Matmul {
  int64_t m, n, k, batch;
  int64_t out_rs, out_cs, a_rs, a_cs, b_rs, b_cs, in_rs = 0, in_cs = 0;
  int ndim;                  // with m and n
  int64_t size[MAX_DIMS];    // batch sizes
  int64_t stride[4][MAX_DIMS];
  char* data[4];
  int64_t item;
  double alpha[2], beta[2];
  bool relu;

  Product at(int64_t index) const {
    char* p[4] = {data[0], data[1], data[2], data[3]};
    for (int d = ndim - 3; d >= 0; d--) {
      int64_t i = index % size[d];
      index /= size[d];
      for (int o = 0; o < 4; o++) p[o] += i * stride[o][d] * item;
    }
    return {p[0], p[1], p[2], p[3]};
  }
};

// Joins the innermost batch dim with the rows where all of them share one B.
static bool fold_batch(Matmul& g) {
  if (g.ndim < 3) return false;
  const int d = g.ndim - 3;
  const bool one_row = g.m == 1;
  if (g.stride[2][d] != 0 || g.n == 1) return false;
  int64_t* rs[4] = {&g.out_rs, &g.a_rs, &g.b_rs, &g.in_rs};
  for (int o = 0; o < 4; o++)
    if (o != 2 && g.data[o] && !one_row && g.stride[o][d] != *rs[o] * g.m) return false;
  for (int o = 0; o < 4; o++) if (o != 2 && one_row) *rs[o] = g.stride[o][d];
  g.m *= g.size[d];
  g.batch = g.size[d] ? g.batch / g.size[d] : 0;
  g.ndim--;
  return true;
}

static Matmul plan_matmul(Call& c) {
  Matmul g{};
  const View& out = c.t[0];
  g.ndim = out.ndim;
  g.m = out.size[g.ndim - 2]; g.n = out.size[g.ndim - 1]; g.k = c.t[1].size[g.ndim - 1];
  g.item = itemsize(out.dtype);
  g.batch = 1;
  for (int d = 0; d < g.ndim - 2; d++) g.batch *= g.size[d] = out.size[d];
  for (int o = 0; o < 4; o++) {
    g.data[o] = o < c.ntensors ? c.t[o].data : nullptr;
    if (g.data[o]) for (int d = 0; d < g.ndim; d++) g.stride[o][d] = c.t[o].stride[d];
  }
  int64_t* rs[] = {&g.out_rs, &g.a_rs, &g.b_rs, &g.in_rs};
  int64_t* cs[] = {&g.out_cs, &g.a_cs, &g.b_cs, &g.in_cs};
  for (int o = 0; o < 4; o++) { *rs[o] = g.stride[o][g.ndim - 2]; *cs[o] = g.stride[o][g.ndim - 1]; }
  g.alpha[0] = c.d(0); g.beta[0] = c.d(1); g.relu = c.i(2) != 0;
  g.alpha[1] = c.nparams > 3 ? c.d(3) : 0; g.beta[1] = c.nparams > 4 ? c.d(4) : 0;
  while (fold_batch(g)) {}
  return g;
}

// out[j] = sum over p of a[p] * B[p, j] for one row, without packing.
template <class T, class R> void row_times_matrix(int64_t k, const T* a, int64_t as, const T* b, int64_t rs, int64_t cs, int64_t begin, int64_t end, R&& finish) {
  constexpr int W = Simd<T>::width, L = 4 * W;
  using S = Simd<T>;
  if (rs == 1 && as == 1) {  // columns are contiguous: dot products
    for (int64_t j = begin; j < end; j++) {
      const T* col = b + j * cs;
      typename S::V acc[4] = {};
      int64_t p = 0;
      for (; p + L <= k; p += L) for (int u = 0; u < 4; u++) acc[u] += S::load(a + p + u * W) * S::load(col + p + u * W);
      for (; p + W <= k; p += W) acc[0] += S::load(a + p) * S::load(col + p);
      typename S::V s = (acc[0] + acc[1]) + (acc[2] + acc[3]);
      T sum = 0;
      for (int u = 0; u < W; u++) sum += s[u];
      for (; p < k; p++) sum += a[p] * col[p];
      finish(j, sum);
    }
    return;
  }
  int64_t j = begin;
  if (cs == 1) for (; j + L <= end; j += L) {
    typename S::V acc[4] = {};
    const T* row = b + j;
    for (int64_t p = 0; p < k; p++, row += rs) for (int u = 0; u < 4; u++) acc[u] += a[p * as] * S::load(row + u * W);
    for (int u = 0; u < L; u++) finish(j + u, acc[u / W][u % W]);
  }
  for (; j < end; j++) {
    T sum = 0;
    for (int64_t p = 0; p < k; p++) sum += a[p * as] * b[p * rs + j * cs];
    finish(j, sum);
  }
}

template <class T> void small_product(const Matmul& g, const Product& p, const Epilogue<T>& e) {
  alignas(64) T row[NR<T>];
  const T *a = (const T*)p.a, *b = (const T*)p.b;
  for (int64_t i = 0; i < g.m; i++) {
    for (int64_t j0 = 0; j0 < g.n; j0 += NR<T>) {
      const int64_t cols = min_of(NR<T>, g.n - j0);
      for (int64_t j = 0; j < cols; j++) row[j] = 0;
      for (int64_t q = 0; q < g.k; q++) {
        const T x = a[i * g.a_rs + q * g.a_cs], *line = b + q * g.b_rs + j0 * g.b_cs;
        if (g.b_cs == 1) for (int64_t j = 0; j < cols; j++) row[j] += x * line[j];
        else for (int64_t j = 0; j < cols; j++) row[j] += x * line[j * g.b_cs];
      }
      e.store(row, NR<T>, i, j0, 1, cols, true, true);
    }
  }
}

template <class T> void row_product(const Matmul& g, const Product& p, const Epilogue<T>& e) {
  parallel_for(g.n, grain_for(max_of(1, g.k / 4)), [&](int64_t begin, int64_t end) {
    row_times_matrix((int64_t)g.k, (const T*)p.a, g.a_cs, (const T*)p.b, g.b_rs, g.b_cs, begin, end,
                     [&](int64_t j, T sum) { e.store(&sum, 1, 0, j, 1, 1, true, true); });
  });
}

// One product of float, double or unsigned integers, written through the epilogue.
template <class T> bool direct_product(const Matmul& g, const Product& p) {
  Epilogue<T> e{(T*)p.out, g.out_rs, g.out_cs, (T)(std::is_integral<T>::value ? (T)(int64_t)g.alpha[0] : (T)g.alpha[0]),
                (T)(std::is_integral<T>::value ? (T)(int64_t)g.beta[0] : (T)g.beta[0]), (const T*)p.input, g.in_rs, g.in_cs, g.relu};
  const bool is_dots = (g.m == 1 || g.n == 1) && g.k >= 16 && g.a_cs == 1 && g.b_rs == 1;
  if (g.m * g.n * g.k <= 2048 && !is_dots) { small_product(g, p, e); return true; }
  if (g.m == 1) { row_product(g, p, e); return true; }
  if (g.n < g.m && (g.n == 1 || (g.n <= MR && g.out_cs != 1))) {  // the transposed product has the better shape
    Matmul t = g;
    t.m = g.n; t.n = g.m;
    t.a_rs = g.b_cs; t.a_cs = g.b_rs; t.b_rs = g.a_cs; t.b_cs = g.a_rs;
    Epilogue<T> te = e;
    te.rs = e.cs; te.cs = e.rs; te.input_rs = e.input_cs; te.input_cs = e.input_rs;
    if (t.m == 1) { row_product(t, Product{p.out, p.b, p.a, p.input}, te); return true; }
    return gemm(t.m, t.n, t.k, Matrix<T, T>{(const T*)p.b, t.a_rs, t.a_cs}, Matrix<T, T>{(const T*)p.a, t.b_rs, t.b_cs}, te);
  }
  return gemm(g.m, g.n, g.k, Matrix<T, T>{(const T*)p.a, g.a_rs, g.a_cs}, Matrix<T, T>{(const T*)p.b, g.b_rs, g.b_cs}, e);
}

// Products whose sums need a wider type than the elements have: into scratch, then converted.
template <class T, class Wide> bool widened_product(const Matmul& g, const Product& p) {
  Scratch scratch(g.m * g.n * (int64_t)sizeof(Wide));
  if (!scratch.data) return false;
  Wide* product = scratch.as<Wide>();
  if (!gemm(g.m, g.n, g.k, Matrix<Wide, T>{(const T*)p.a, g.a_rs, g.a_cs}, Matrix<Wide, T>{(const T*)p.b, g.b_rs, g.b_cs}, Epilogue<Wide>{product, g.n, 1}))
    return false;
  const Wide alpha = (Wide)(typename std::conditional<std::is_integral<Wide>::value, int64_t, double>::type)g.alpha[0];
  const Wide beta = (Wide)(typename std::conditional<std::is_integral<Wide>::value, int64_t, double>::type)g.beta[0];
  for (int64_t i = 0; i < g.m; i++) for (int64_t j = 0; j < g.n; j++) {
    Wide x = alpha * product[i * g.n + j];
    if (p.input) x += beta * (Wide)((const T*)p.input)[i * g.in_rs + j * g.in_cs];
    if (g.relu && !std::is_integral<Wide>::value) x = x < 0 ? Wide(0) : x;
    ((T*)p.out)[i * g.out_rs + j * g.out_cs] = (T)x;
  }
  return true;
}

template <class R> bool complex_product(const Matmul& g, const Product& p) {
  using Z = Complex<R>;
  Scratch scratch(g.m * g.n * (int64_t)sizeof(Z));
  if (!scratch.data) return false;
  Z* product = scratch.as<Z>();
  if (!gemm(g.m, 2 * g.n, 2 * g.k, ComplexLeft<R, R>{(const R*)p.a, g.a_rs, g.a_cs}, ComplexRight<R, R>{(const R*)p.b, g.b_rs, g.b_cs},
            Epilogue<R>{(R*)product, 2 * g.n, 1})) return false;
  const Z alpha{(R)g.alpha[0], (R)g.alpha[1]}, beta{(R)g.beta[0], (R)g.beta[1]};
  for (int64_t i = 0; i < g.m; i++) for (int64_t j = 0; j < g.n; j++) {
    Z x = product[i * g.n + j];
    if (!(alpha == Z(1))) x = alpha * x;
    if (p.input) x += beta * ((const Z*)p.input)[i * g.in_rs + j * g.in_cs];
    ((Z*)p.out)[i * g.out_rs + j * g.out_cs] = x;
  }
  return true;
}

static bool one_product(int dtype, const Matmul& g, const Product& p) {
  switch (dtype) {
    case F32: return direct_product<float>(g, p);
    case F64: return direct_product<double>(g, p);
    case I32: return direct_product<uint32_t>(g, p);
    case I64: return direct_product<uint64_t>(g, p);
    case F16: return widened_product<Half, float>(g, p);
    case BF16: return widened_product<BFloat, float>(g, p);
    case I8: return widened_product<int8_t, uint32_t>(g, p);
    case I16: return widened_product<int16_t, uint32_t>(g, p);
    case U8: case BOOL: return widened_product<uint8_t, uint32_t>(g, p);
    case C64: return complex_product<float>(g, p);
    default: return complex_product<double>(g, p);
  }
}

// out = act(alpha * a @ b + beta * input).
// t: out [..., m, n], a [..., m, k], b [..., k, n], input [..., m, n] or null (missing: beta is ignored). One dtype (any but bool), the
//    same ndim >= 2, batch dims expanded to out's; any strides (0 where broadcast), out without overlap. out may be input, if strides agree.
// params: alpha, beta, activation (0 none, 1 relu; float types only), then for complex the imaginary parts of alpha and beta (default 0).
void matmul(Call& c) {
  const Matmul g = plan_matmul(c);
  const int dtype = c.t[0].dtype;
  if (g.m == 0 || g.n == 0 || g.batch == 0) return;
  bool fine = true;
  auto run = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) if (!one_product(dtype, g, g.at(i))) fine = false;
  };
  if (g.batch == 1 || (g.batch < num_threads() && g.m * g.n * g.k > 100000)) run(0, g.batch);
  else parallel_for(g.batch, max_of(1, 200000 / max_of(1, g.m * g.n * g.k)), [&](int64_t begin, int64_t end) { run(begin, end); });
  if (!fine) c.fail(OUT_OF_MEMORY);
}

// out = sum of a * b over two vectors (no conjugation). t: out [], a [n], b [n], any strides. No params.
void dot(Call& c) {
  const View &a = c.t[1], &b = c.t[2];
  const int64_t one[2] = {1, 1}, sa[2] = {1, a.size[0]}, sta[2] = {0, a.stride[0]}, sb[2] = {b.size[0], 1}, stb[2] = {b.stride[0], 0};
  const View views[3] = {{c.t[0].data, c.t[0].dtype, 2, one, one}, {a.data, a.dtype, 2, sa, sta}, {b.data, b.dtype, 2, sb, stb}};
  const double params[3] = {1, 0, 0};
  Call inner{params, 3, views, 3, 0, {}};
  matmul(inner);
  if (inner.status) c.fail(inner.status);
}

}}  // namespace tt::TT_ISA
