// Selecting and writing by index along one dim, gather and scatter, linear indices.
#include "walk.h"
#include <atomic>

namespace tt { namespace TT_ISA {

// The position of the first index outside [low, size), or -1.
static int64_t first_outside(const int64_t* index, int64_t n, int64_t low, int64_t size) {
  for (int64_t i = 0; i < n; i++) if (index[i] < low || index[i] >= size) return i;
  return -1;
}
static bool indices_fit(Call& c, const View& index, int64_t size) {
  const int64_t bad = first_outside(index.as<int64_t>(), index.numel(), 0, size);
  if (bad >= 0) c.fail(INDEX_OUT_OF_RANGE, (double)index.as<int64_t>()[bad], (double)bad, (double)size);
  return bad < 0;
}

static void prefetch_lines(const char* p, int64_t bytes, bool to_write) {
  for (int64_t i = 0; i < bytes; i += 64) {
    if (to_write) __builtin_prefetch(p + i, 1);
    else __builtin_prefetch(p + i, 0);
  }
}

// Rows [begin, end) of out, each of `bytes`: row index[i % n] of the i / n-th of `in`'s parts of `dim` rows. Rows that come soon are fetched ahead.
static void copy_rows(char* out, const char* in, const int64_t* index, int64_t n, int64_t dim, int64_t bytes, int64_t begin, int64_t end) {
  const int64_t ahead = bytes > 8192 ? 0 : max_of(1, 4096 / bytes);
  for (int64_t at = begin; at < end;) {
    const char* part = in + at / n * dim * bytes;
    const int64_t first = at % n, last = min_of(n, first + end - at);
    for (int64_t i = first; i < last; i++, at++) {
      if (ahead && i + ahead < last) {
        prefetch_lines(part + index[i + ahead] * bytes, bytes, false);
        prefetch_lines(out + (at + ahead) * bytes, bytes, true);
      }
      std::memcpy(out + at * bytes, part + index[i] * bytes, bytes);
    }
  }
}

// Whether most indices follow the one before them.
static bool has_runs(const int64_t* index, int64_t n) {
  int64_t breaks = 0;
  for (int64_t i = 1; i < n; i++) breaks += index[i] != index[i - 1] + 1;
  return breaks < n / 8;
}
// copy_rows, but whole runs of rows at once: run[i] rows lie one after the other from index[i] on.
static void copy_runs(char* out, const char* in, const int64_t* index, const int64_t* run, int64_t n, int64_t dim, int64_t bytes, int64_t begin, int64_t end) {
  for (int64_t at = begin; at < end;) {
    const int64_t i = at % n, count = min_of(run[i], end - at);
    std::memcpy(out + at * bytes, in + (at / n * dim + index[i]) * bytes, count * bytes);
    at += count;
  }
}

// out[.., i, ..] = input[.., index[i], ..].
// t: out, input, index [n] int64; contiguous, any dtype. params: dim. Fails with INDEX_OUT_OF_RANGE (negative indices too).
void index_select(Call& c) {
  const int d = (int)c.i(0);
  const Rows r = rows_of(c.t[1], d);
  const int64_t n = c.t[2].numel(), *index = c.t[2].as<int64_t>(), bytes = r.inner * itemsize(c.t[0].dtype);
  if (!indices_fit(c, c.t[2], r.dim) || !bytes) return;
  char* out = c.t[0].data;
  const char* in = c.t[1].data;
  const bool runs = has_runs(index, n);
  Scratch lengths(runs ? n * 8 : 8);
  if (!lengths.data) return c.fail(OUT_OF_MEMORY);
  int64_t* run = lengths.as<int64_t>();
  for (int64_t i = n - 1; runs && i >= 0; i--) run[i] = i + 1 < n && index[i + 1] == index[i] + 1 ? run[i + 1] + 1 : 1;
  parallel_for(r.outer * n, grain_for(bytes / 8 + 2), [&](int64_t begin, int64_t end) {
    if (runs) return copy_runs(out, in, index, run, n, r.dim, bytes, begin, end);
    TT_DISPATCH_SIZE(bytes, {
      for (int64_t at = begin; at < end;) {
        const int64_t first = at % n, last = min_of(n, first + end - at);
        const T* part = (const T*)in + at / n * r.dim;
        for (int64_t i = first; i < last; i++) ((T*)out)[at++] = part[index[i]];
      }
      return;
    })
    copy_rows(out, in, index, n, r.dim, bytes, begin, end);
  });
}

// step: of `from`, 0 where it is one element.
template <class T> void combine_row(T* to, const T* from, int64_t step, int64_t n, int mode, T alpha) {
  if (mode == SET) for (int64_t j = 0; j < n; j++) to[j] = from[j * step];
  else if (mode == ADD && step == 1) for (int64_t j = 0; j < n; j++) to[j] = (T)(to[j] + from[j] * alpha);
  else if (mode == ADD) for (int64_t j = 0; j < n; j++) to[j] = (T)(to[j] + from[0] * alpha);
  else for (int64_t j = 0; j < n; j++) to[j] = combine(mode, to[j], from[j * step]);
}

template <class T> void index_combine(Call& c, const Rows& r, int mode, bool include_self, T alpha, int64_t* counts) {
  const int64_t n = c.t[1].numel(), *index = c.t[1].as<int64_t>();
  const View& source = c.t[2];
  T* self = c.t[0].as<T>();
  const T* src = source.as<T>();
  const bool scalar = source.numel() == 1 && r.outer * n * r.inner != 1;
  auto row = [&](int64_t o, int64_t i) { return self + (o * r.dim + index[i]) * r.inner; };
  if (!include_self) for (int64_t o = 0; o < r.outer; o++) for (int64_t i = 0; i < n; i++) for (int64_t j = 0; j < r.inner; j++) row(o, i)[j] = neutral<T>(mode);
  auto part = [&](int64_t begin, int64_t end, int64_t first, int64_t last) {
    for (int64_t o = begin; o < end; o++) for (int64_t i = 0; i < n; i++) {
      const T* from = scalar ? src : src + (o * n + i) * r.inner + first;
      combine_row(row(o, i) + first, from, scalar ? 0 : 1, last - first, mode, alpha);
    }
  };
  // Rows may meet at one place, columns cannot.
  if (r.outer >= r.inner) parallel_for(r.outer, grain_for(n * r.inner), [&](int64_t begin, int64_t end) { part(begin, end, 0, r.inner); });
  else parallel_for(r.inner, max_of(64, grain_for(n * r.outer)), [&](int64_t first, int64_t last) { part(0, r.outer, first, last); });
  if (mode != MEAN) return;
  for (int64_t i = 0; i < r.dim; i++) counts[i] = include_self;
  for (int64_t i = 0; i < n; i++) counts[index[i]]++;
  for (int64_t o = 0; o < r.outer; o++) for (int64_t i = 0; i < r.dim; i++) if (counts[i] > 1)
    for (int64_t j = 0; j < r.inner; j++) self[(o * r.dim + i) * r.inner + j] = divide_count(self[(o * r.dim + i) * r.inner + j], counts[i]);
}

// self[.., index[i], ..] = combine(self[.., index[i], ..], source[.., i, ..]), in the order of i: index_copy, index_add, index_fill, index_reduce,
// and with dim 0 of a [R, inner] view also put and index_put.
// t: self (in place), index [n] int64, source (self's shape with n along the dim, or one element); contiguous, any dtype.
// params: dim, mode (0 set, 1 add, 2 mul, 3 amin, 4 amax, 5 mean), include_self (0: the old values are left out), alpha (of add, default 1).
// Fails with INDEX_OUT_OF_RANGE.
void index_write(Call& c) {
  const Rows r = rows_of(c.t[0], c.i(0));
  const int mode = (int)c.i(1);
  const bool include = mode < MUL || c.i(2) != 0;
  const double alpha = c.nparams > 3 ? c.d(3) : 1;
  if (!indices_fit(c, c.t[1], r.dim)) return;
  Scratch counts(mode == MEAN ? r.dim * 8 : 8);
  if (!counts.data) return c.fail(OUT_OF_MEMORY);
  if (c.t[0].dtype == BOOL && mode == ADD) {
    return index_combine<uint8_t>(c, r, AMAX, true, 1, nullptr);
  }
  TT_DISPATCH_ALL(c.t[0].dtype, index_combine<T>(c, r, mode, include, (T)alpha, counts.as<int64_t>()))
}

// out[i][j][k] = input[i][index[i][j][k]][k] (for dim 1 of 3).
// t: out (index's shape, contiguous), input (any strides), index int64 (any strides); same ndim, any dtype. params: dim.
// Fails with INDEX_OUT_OF_RANGE.
void gather(Call& c) {
  const View &out = c.t[0], &in = c.t[1], &index = c.t[2];
  if (out.numel() == 0) return;
  const int d = (int)c.i(0), n = out.ndim;
  const int64_t size = n ? in.size[d] : 1, step = n ? in.stride[d] : 0;
  int64_t in_stride[MAX_DIMS];
  for (int i = 0; i < n; i++) in_stride[i] = i == d ? 0 : in.stride[i];
  const Walk<2> walk(n, index.size, {index.stride, in_stride});
  TT_DISPATCH_SIZE(itemsize(out.dtype), parallel_for(walk.rows, grain_for(walk.length), [&](int64_t begin, int64_t end) {
    walk.run(begin, end, [&](int64_t row, const int64_t* offset) {
      const int64_t* index_row = index.as<int64_t>() + offset[0];
      const T* in_row = in.as<T>() + offset[1];
      T* to = out.as<T>() + row * walk.length;
      uint64_t wrong = 0;
      for (int64_t j = 0; j < walk.length; j++) wrong |= (uint64_t)index_row[j * walk.inner[0]] >= (uint64_t)size;
      for (int64_t j = 0; wrong; j++) {
        const int64_t i = index_row[j * walk.inner[0]];
        if (i < 0 || i >= size) return c.fail(INDEX_OUT_OF_RANGE, (double)i, (double)(row * walk.length + j), (double)size);
      }
      if (walk.inner[0] == 1) for (int64_t j = 0; j < walk.length; j++) to[j] = in_row[j * walk.inner[1] + index_row[j] * step];
      else for (int64_t j = 0; j < walk.length; j++) to[j] = in_row[j * walk.inner[1] + index_row[j * walk.inner[0]] * step];
    });
  }))
}

// body(self element, source element, its place) over the index; the index is known to fit. What differs in another dim than d goes to different places,
// so that threads may share it: rows, or the parts of all rows where d is not the last dim.
template <class T, class F> void scatter_walk(const View& self, const View& index, const View& source, int d, F&& body) {
  int64_t self_stride[MAX_DIMS];
  const int n = index.ndim;
  for (int i = 0; i < n; i++) self_stride[i] = i == d ? 0 : self.stride[i];
  const int64_t step = n ? self.stride[d] : 0;
  const Walk<3> walk(n, index.size, {index.stride, self_stride, source.stride});
  auto part = [&](int64_t first, int64_t last, int64_t begin, int64_t end) {
    walk.run(first, last, [&](int64_t, const int64_t* offset) {
      const int64_t *from = index.as<int64_t>() + offset[0], index_step = walk.inner[0], self_step = walk.inner[1], source_step = walk.inner[2], start = offset[1];
      const T* values = source.as<T>() + offset[2];
      T* to = self.as<T>();
      for (int64_t j = begin; j < end; j++) {
        const int64_t at = start + j * self_step + from[j * index_step] * step;
        body(to[at], values[j * source_step], at);
      }
    });
  };
  if (d == n - 1) parallel_for(walk.rows, grain_for(walk.length), [&](int64_t first, int64_t last) { part(first, last, 0, walk.length); });
  else parallel_for(walk.length, grain_for(walk.rows), [&](int64_t begin, int64_t end) { part(0, walk.rows, begin, end); });
}

// Whether every index lies in [0, size). Whole rows are looked over at once; only where one is wrong it is looked for.
static bool strided_indices_fit(Call& c, const View& index, int64_t size) {
  const Walk<1> walk(index.ndim, index.size, {index.stride});
  std::atomic<bool> fit{true};
  auto wrong = [&](int64_t i) { return (uint64_t)i >= (uint64_t)size; };
  walk.run(0, walk.rows, [&](int64_t, const int64_t* offset) {
    const int64_t *line = index.as<int64_t>() + offset[0], step = walk.inner[0];
    parallel_for(walk.length, 65536, [&](int64_t begin, int64_t end) {
      uint64_t any = 0;
      if (step == 1) for (int64_t j = begin; j < end; j++) any |= wrong(line[j]);
      else for (int64_t j = begin; j < end; j++) any |= wrong(line[j * step]);
      if (any) fit = false;
    });
  });
  if (fit) return true;
  walk.run(0, walk.rows, [&](int64_t row, const int64_t* offset) {
    for (int64_t j = 0; j < walk.length; j++) {
      const int64_t i = index.as<int64_t>()[offset[0] + j * walk.inner[0]];
      if (wrong(i) && !c.status) c.fail(INDEX_OUT_OF_RANGE, (double)i, (double)(row * walk.length + j), (double)size);
    }
  });
  return false;
}

// self[i][index[i][j][k]][k] = combine(.., source[i][j][k]) (for dim 1 of 3), in row-major order of the index.
// t: self (in place, contiguous), index int64 (any strides), source (index's shape or larger, any strides; 0 for a scalar); same ndim, any dtype.
// params: dim, mode (0 set, 1 add, 2 mul, 3 amin, 4 amax, 5 mean), include_self. Fails with INDEX_OUT_OF_RANGE before anything is written.
void scatter(Call& c) {
  const View &self = c.t[0], &index = c.t[1], &source = c.t[2];
  const int d = (int)c.i(0), mode = (int)c.i(1);
  const bool include = mode == SET || c.i(2) != 0;
  const int64_t size = self.ndim ? self.size[d] : 1;
  if (index.numel() == 0) return;
  if (!strided_indices_fit(c, index, size)) return;
  const int64_t n = self.numel();
  Scratch counts(mode == MEAN ? n * 8 : 8);
  if (!counts.data) return c.fail(OUT_OF_MEMORY);
  int64_t* count = counts.as<int64_t>();
  const int how = self.dtype == BOOL && mode == ADD ? AMAX : mode;
  TT_DISPATCH_ALL(self.dtype, {
    if (!include) scatter_walk<T>(self, index, source, d, [&](T& to, T, int64_t) { to = neutral<T>(how); });
    switch (how) {
      case SET: scatter_walk<T>(self, index, source, d, [](T& to, T x, int64_t) { to = x; }); break;
      case ADD: scatter_walk<T>(self, index, source, d, [](T& to, T x, int64_t) { to = (T)(to + x); }); break;
      default: scatter_walk<T>(self, index, source, d, [&](T& to, T x, int64_t) { to = combine(how, to, x); });
    }
    if (mode == MEAN) {
      for (int64_t i = 0; i < n; i++) count[i] = include;
      scatter_walk<T>(self, index, source, d, [&](T&, T, int64_t at) { count[at]++; });
      for (int64_t i = 0; i < n; i++) if (count[i] > 1) self.as<T>()[i] = divide_count(self.as<T>()[i], count[i]);
    }
  })
}

// out = sum over k of wrap(index_k, size_k) * stride_k: the linear offset that several index tensors name together.
// t: out int64 (contiguous), then one int64 index tensor per indexed dim (any strides, expanded to out's shape).
// params: for each of them size, stride. Negative indices count from the end. Fails with INDEX_OUT_OF_RANGE (index, k, size).
void linear_index(Call& c) {
  const View& out = c.t[0];
  std::memset(out.data, 0, out.numel() * 8);
  for (int k = 1; k < c.ntensors && !c.status; k++) {
    const View& index = c.t[k];
    const int64_t size = c.i(2 * k - 2), stride = c.i(2 * k - 1);
    const Walk<1> walk(out.ndim, out.size, {index.stride});
    walk.run(0, walk.rows, [&](int64_t row, const int64_t* offset) {
      for (int64_t j = 0; j < walk.length; j++) {
        const int64_t i = index.as<int64_t>()[offset[0] + j * walk.inner[0]];
        if (i < -size || i >= size) return c.fail(INDEX_OUT_OF_RANGE, (double)i, k - 1, (double)size);
        out.as<int64_t>()[row * walk.length + j] += (i < 0 ? i + size : i) * stride;
      }
    });
  }
}

}}  // namespace tt::TT_ISA
