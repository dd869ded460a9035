// Masks, nonzero, searches, histograms, and strided copies.
#include "gemm.h"
#include "walk.h"

namespace tt { namespace TT_ISA {

template <class T> bool is_true(T x) {
  if constexpr (IsComplex<T>::value) return x.re != 0 || x.im != 0;
  else return (Acc<T>)x != 0;
}
template <class T> int64_t count_true(const T* x, int64_t n) {
  int64_t count = 0;
  for (int64_t i = 0; i < n; i++) count += is_true(x[i]);
  return count;
}

// The places in [begin, end) where x is true, without branches; `places` has room for one more than there are.
template <class T> int true_places(const T* x, int64_t begin, int64_t end, int64_t* places) {
  int found = 0;
  for (int64_t i = begin; i < end; i++) {
    places[found] = i;
    found += is_true(x[i]);
  }
  return found;
}

// How many elements are not zero. t: out [] int64, input (contiguous, any dtype). No params.
void count_nonzero(Call& c) {
  TT_DISPATCH_ALL(c.t[1].dtype, c.t[0].as<int64_t>()[0] = count_true(c.t[1].as<T>(), c.t[1].numel()))
}

// The coordinates of the elements that are not zero, in row-major order.
// t: out [count, ndim] int64 (count as count_nonzero found it), input (contiguous, any dtype). No params.
void nonzero(Call& c) {
  const View& in = c.t[1];
  const int n = in.ndim;
  int64_t* out = c.t[0].as<int64_t>();
  const int64_t total = in.numel(), last = n ? in.size[n - 1] : 1, rows = last ? total / last : 0;
  int64_t at[MAX_DIMS] = {}, places[257];
  TT_DISPATCH_ALL(in.dtype, for (int64_t row = 0; row < rows; row++) {
    const T* x = in.as<T>() + row * last;
    for (int64_t j0 = 0; j0 < last; j0 += 256) {
      const int found = true_places(x, j0, min_of(last, j0 + 256), places);
      for (int k = 0; k < found; k++) {
        for (int d = 0; d < n - 1; d++) *out++ = at[d];
        if (n) *out++ = places[k];
      }
    }
    for (int d = n - 2; d >= 0 && ++at[d] == in.size[d]; d--) at[d] = 0;
  })
}

// The elements where mask holds, in row-major order.
// t: out [count], input, mask bool (input's shape); contiguous, any dtype. No params.
void masked_select(Call& c) {
  const uint8_t* mask = c.t[2].as<uint8_t>();
  const int64_t n = c.t[1].numel();
  TT_DISPATCH_SIZE(itemsize(c.t[0].dtype), {
    T* out = c.t[0].as<T>();
    const T* in = c.t[1].as<T>();
    for (int64_t i = 0; i < n; i++) if (mask[i]) *out++ = in[i];
  })
}

// Writes the elements of source, in order, where mask holds.
// t: self (in place), mask bool (self's shape), source (any shape); contiguous, any dtype. No params. Fails with BAD_VALUE (needed, given)
// before anything is written.
void masked_scatter(Call& c) {
  const uint8_t* mask = c.t[1].as<uint8_t>();
  const int64_t n = c.t[0].numel(), needed = count_true(mask, n), given = c.t[2].numel();
  if (needed > given) return c.fail(BAD_VALUE, (double)needed, (double)given);
  TT_DISPATCH_SIZE(itemsize(c.t[0].dtype), {
    T* self = c.t[0].as<T>();
    const T* source = c.t[2].as<T>();
    for (int64_t i = 0; i < n; i++) if (mask[i]) self[i] = *source++;
  })
}

// Whether a comes before b in sorted order, NaN last.
template <class T> bool before(T a, T b) { return a < b || (is_nan(b) && !is_nan(a)); }

// Where each value would be inserted into its sorted row: the first place (right = 0) or behind equal ones (right = 1).
// t: out [.., m] int64 or int32, sorted [.., n], values [.., m], sorter [.., n] int64 or null; contiguous, one real dtype. `sorted` has either the same
// leading sizes as `values` or one dim. params: right. Fails with INDEX_OUT_OF_RANGE for a sorter out of range.
void searchsorted(Call& c) {
  const View &sorted = c.t[1], &values = c.t[2];
  const int64_t n = sorted.ndim ? sorted.size[sorted.ndim - 1] : 1, total = values.numel(), m = values.ndim ? max_of(1, values.size[values.ndim - 1]) : 1;
  const bool right = c.i(0) != 0, shared = sorted.ndim <= 1, narrow = c.t[0].dtype == I32;
  const int64_t* sorter = c.t[3].as<int64_t>();
  if (sorter) for (int64_t i = 0; i < c.t[3].numel(); i++) if (sorter[i] < 0 || sorter[i] >= n) return c.fail(INDEX_OUT_OF_RANGE, (double)sorter[i], (double)i, (double)n);
  TT_DISPATCH_REAL(sorted.dtype, parallel_for(total, 2048, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const T value = values.as<T>()[i];
      const T* row = sorted.as<T>() + (shared ? 0 : i / m * n);
      const int64_t* order = sorter ? sorter + (shared ? 0 : i / m * n) : nullptr;
      int64_t low = 0, high = n;
      while (low < high) {
        const int64_t mid = (low + high) / 2;
        const T x = row[order ? order[mid] : mid];
        const bool go = right ? !before<Acc<T>>(value, x) : before<Acc<T>>(x, value);
        if (go) low = mid + 1;
        else high = mid;
      }
      if (narrow) c.t[0].as<int32_t>()[i] = (int32_t)low;
      else c.t[0].as<int64_t>()[i] = low;
    }
  }))
}

// Counts, or sums of weights, of every value. t: out [bins] (int64, or float64/float32 with weights; filled here), input [n] int64, weights [n]
// (out's dtype) or null; contiguous. No params. Fails with INDEX_OUT_OF_RANGE.
void bincount(Call& c) {
  const int64_t bins = c.t[0].numel(), n = c.t[1].numel(), *x = c.t[1].as<int64_t>();
  for (int64_t i = 0; i < n; i++) if (x[i] < 0 || x[i] >= bins) return c.fail(INDEX_OUT_OF_RANGE, (double)x[i], (double)i, (double)bins);
  TT_DISPATCH_REAL(c.t[0].dtype, {
    T* out = c.t[0].as<T>();
    const T* w = c.t[2].as<T>();
    std::memset((void*)out, 0, bins * sizeof(T));
    for (int64_t i = 0; i < n; i++) out[x[i]] = (T)(out[x[i]] + (w ? w[i] : T(1)));
  })
}

// Histogram of equal bins over [min, max]; values outside and NaN are left out.
// t: out [bins] (filled here), input [n], weights [n] or null; contiguous, one float dtype. params: min, max (min < max).
void histc(Call& c) {
  const int64_t bins = c.t[0].numel(), n = c.t[1].numel();
  TT_DISPATCH_FLOAT(c.t[0].dtype, {
    using A = Acc<T>;
    const A low = (A)c.d(0), high = (A)c.d(1);
    T* out = c.t[0].as<T>();
    for (int64_t i = 0; i < bins; i++) out[i] = T(0);
    for (int64_t i = 0; i < n; i++) {
      const A x = (A)c.t[1].as<T>()[i];
      if (!(x >= low && x <= high)) continue;
      const int64_t bin = min_of(bins - 1, (int64_t)((x - low) * (A)bins / (high - low)));
      out[bin] = (T)((A)out[bin] + (c.ntensors > 2 && c.t[2].data ? (A)c.t[2].as<T>()[i] : A(1)));
    }
  })
}

// Merges neighbouring dims that both operands step through alike and drops dims of size 1; returns the new ndim.
static int collapse(const View& a, const View& b, int64_t* size, int64_t* sa, int64_t* sb) {
  int n = 0;
  for (int d = 0; d < a.ndim; d++) {
    if (a.size[d] == 1) continue;
    if (n && sa[n - 1] == a.size[d] * a.stride[d] && sb[n - 1] == a.size[d] * b.stride[d]) {
      size[n - 1] *= a.size[d];
      sa[n - 1] = a.stride[d];
      sb[n - 1] = b.stride[d];
    } else {
      size[n] = a.size[d]; sa[n] = a.stride[d]; sb[n] = b.stride[d];
      n++;
    }
  }
  return n;
}

// out[i * os + j] = in[i + j * is] in square tiles, for copies that change which dim is contiguous.
template <class T> void copy_transposed(T* out, int64_t os, const T* in, int64_t is, int64_t rows, int64_t cols) {
  constexpr int64_t B = 64;
  constexpr int W = VECTOR_BYTES / (int)sizeof(T);
  for (int64_t j0 = 0; j0 < cols; j0 += B) for (int64_t i0 = 0; i0 < rows; i0 += B) {
    if constexpr (sizeof(T) == 4 || sizeof(T) == 8) if (i0 + B <= rows && j0 + B <= cols) {
      for (int64_t i = i0; i < i0 + B; i += W) for (int64_t j = j0; j < j0 + B; j += W) transpose_block(in + i + j * is, is, out + i * os + j, os);
      continue;
    }
    for (int64_t i = i0; i < min_of(rows, i0 + B); i++) for (int64_t j = j0; j < min_of(cols, j0 + B); j++) out[i * os + j] = in[i + j * is];
  }
}

// Copies between two views of one shape and dtype. t: out (any strides, no overlap), input (any strides). No params.
void copy(Call& c) {
  const View &out = c.t[0], &in = c.t[1];
  if (out.numel() == 0) return;
  int64_t size[MAX_DIMS], so[MAX_DIMS], si[MAX_DIMS];
  const int n = collapse(out, in, size, so, si);
  const int64_t item = itemsize(out.dtype);
  if (n == 0) { std::memcpy(out.data, in.data, item); return; }
  if (n == 1 && so[0] == 1 && si[0] == 1) {
    parallel_for(size[0] * item, 1 << 18, [&](int64_t begin, int64_t end) { std::memcpy(out.data + begin, in.data + begin, end - begin); });
    return;
  }
  if (n >= 2 && so[n - 1] == 1 && si[n - 2] == 1 && si[n - 1] != 1) {
    const Walk<2> walk(n - 1, size, {so, si});  // its rows are dim n - 2; each row is one transposition with dim n - 1
    TT_DISPATCH_SIZE(item, walk.run(0, walk.rows, [&](int64_t, const int64_t* offset) {
      parallel_for(walk.length, grain_for(size[n - 1] * 2), [&](int64_t begin, int64_t end) {
        copy_transposed(out.as<T>() + offset[0] + begin * so[n - 2], so[n - 2], in.as<T>() + offset[1] + begin, si[n - 1], end - begin, size[n - 1]);
      });
    }))
    return;
  }
  const Walk<2> walk(n, size, {so, si});
  TT_DISPATCH_SIZE(item, parallel_for(walk.rows, grain_for(walk.length), [&](int64_t begin, int64_t end) {
    walk.run(begin, end, [&](int64_t, const int64_t* offset) {
      T* to = out.as<T>() + offset[0];
      const T* from = in.as<T>() + offset[1];
      if (walk.inner[0] == 1 && walk.inner[1] == 1) std::memcpy((void*)to, from, walk.length * sizeof(T));
      else for (int64_t j = 0; j < walk.length; j++) to[j * walk.inner[0]] = from[j * walk.inner[1]];
    });
  }))
}

}}  // namespace tt::TT_ISA
