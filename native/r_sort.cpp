// sort, topk, kthvalue, median, mode, unique.
#include "sort.h"

namespace tt { namespace TT_ISA {

static int64_t last_size(const View& v) { return v.ndim ? v.size[v.ndim - 1] : 1; }

// Sorts along the last dim, stable; NaN counts as the greatest.
// t: values or null, indices int64 or null, input; contiguous, one shape, real dtypes. params: descending.
void sort(Call& c) {
  const int64_t n = last_size(c.t[2]), rows = n ? c.t[2].numel() / n : 0;
  const bool descending = c.i(0) != 0;
  if (rows == 0) return;
  TT_DISPATCH_REAL(c.t[2].dtype, for_sort_rows<T>(c, rows, n, [&](auto* items, auto* spare, int64_t r) {
    const T* row = c.t[2].as<T>() + r * n;
    make_items(row, n, descending, items);
    sort_items_parallel(items, n, spare);
    if (c.t[0].data) for (int64_t i = 0; i < n; i++) c.t[0].as<T>()[r * n + i] = row[items[i].index];
    if (c.t[1].data) for (int64_t i = 0; i < n; i++) c.t[1].as<int64_t>()[r * n + i] = items[i].index;
  }))
}

// The k largest or smallest elements of the last dim; NaN counts as the greatest.
// t: values [.., k], indices [.., k] int64, input [.., n]; contiguous, real. params: largest. The result is sorted.
void topk(Call& c) {
  const int64_t n = last_size(c.t[2]), k = last_size(c.t[0]), rows = n ? c.t[2].numel() / n : 0;
  const bool largest = c.i(0) != 0;
  if (rows == 0 || k == 0) return;
  TT_DISPATCH_REAL(c.t[2].dtype, for_sort_rows<T>(c, rows, n, [&](auto* items, auto* spare, int64_t r) {
    const T* row = c.t[2].as<T>() + r * n;
    top_items(row, n, k, largest, items);
    for (int64_t i = 0; i < k; i++) {
      c.t[0].as<T>()[r * k + i] = row[items[i].index];
      c.t[1].as<int64_t>()[r * k + i] = items[i].index;
    }
  }))
}

template <class T, class K> void nth_of_rows(Call& c, K&& rank) {
  const int64_t n = last_size(c.t[2]), rows = n ? c.t[2].numel() / n : 0;
  for_sort_rows<T>(c, rows, n, [&](auto* items, auto* spare, int64_t r) {
    const T* row = c.t[2].as<T>() + r * n;
    make_items(row, n, false, items);
    const int64_t k = rank(row, n);
    select_item(items, n, k);
    c.t[0].as<T>()[r] = row[items[k].index];
    if (c.t[1].data) c.t[1].as<int64_t>()[r] = items[k].index;
  });
}

// The k-th smallest element (from 1) of the last dim. t: values [..], indices [..] int64 or null, input [.., n]; contiguous, real. params: k (1 … n).
void kthvalue(Call& c) {
  TT_DISPATCH_REAL(c.t[2].dtype, nth_of_rows<T>(c, [&](const T*, int64_t) { return c.i(0) - 1; }))
}

// The lower median of the last dim (n > 0); a NaN makes it NaN, unless ignore_nan.
// t: values [..], indices [..] int64 or null, input [.., n]; contiguous, real. params: ignore_nan.
void median(Call& c) {
  const bool ignore = c.i(0) != 0;
  TT_DISPATCH_REAL(c.t[2].dtype, nth_of_rows<T>(c, [&](const T* row, int64_t n) {
    int64_t nans = 0;
    for (int64_t i = 0; i < n; i++) nans += is_nan(row[i]);
    if (nans && !ignore) return n - nans;
    return nans == n ? 0 : (n - nans - 1) / 2;
  }))
}

// The most frequent element of the last dim (n > 0), the smallest where several are; its index is that of its last occurrence.
// t: values [..], indices [..] int64, input [.., n]; contiguous, real. No params.
void mode(Call& c) {
  const int64_t n = last_size(c.t[2]), rows = n ? c.t[2].numel() / n : 0;
  TT_DISPATCH_REAL(c.t[2].dtype, for_sort_rows<T>(c, rows, n, [&](auto* items, auto* spare, int64_t r) {
    const T* row = c.t[2].as<T>() + r * n;
    make_items(row, n, false, items);
    sort_items(items, n, spare);
    int64_t best = 0, best_count = 0;
    for (int64_t i = 0, start = 0; i < n; i++) {
      if (i + 1 < n && items[i + 1].key == items[i].key && !is_nan(row[items[i].index])) continue;
      if (i + 1 - start > best_count) { best_count = i + 1 - start; best = items[i].index; }
      start = i + 1;
    }
    c.t[0].as<T>()[r] = row[best];
    c.t[1].as<int64_t>()[r] = best;
  }))
}

template <class T> bool rows_equal(const T* a, const T* b, int64_t m) {
  for (int64_t j = 0; j < m; j++) if (!(a[j] == b[j])) return false;
  return true;
}

template <class T> int compare_rows(const void* data, int64_t m, int64_t a, int64_t b) {
  const T* x = static_cast<const T*>(data);
  for (int64_t j = 0; j < m; j++) {
    const auto ka = SortKey<T>::of(x[a * m + j]), kb = SortKey<T>::of(x[b * m + j]);
    if (ka != kb) return ka < kb ? -1 : 1;
  }
  return 0;
}

// The stable lexicographic order of rows. t: order [n] int64, input [n, m]; contiguous, real. No params.
void sort_rows(Call& c) {
  const int64_t n = c.t[1].size[0], m = c.t[1].size[1];
  int64_t* order = c.t[0].as<int64_t>();
  for (int64_t i = 0; i < n; i++) order[i] = i;
  int (*compare)(const void*, int64_t, int64_t, int64_t) = nullptr;
  TT_DISPATCH_REAL(c.t[1].dtype, compare = compare_rows<T>)
  if (!compare) return;
  const void* data = c.t[1].data;
  std::sort(order, order + n, [=](int64_t a, int64_t b) {
    const int o = compare(data, m, a, b);
    return o < 0 || (o == 0 && a < b);
  });
}

// How many runs of equal rows there are. t: out [] int64, rows [n, m] (m = 1 for plain elements; contiguous, real). No params.
void unique_count(Call& c) {
  const int64_t n = c.t[1].size[0], m = c.t[1].size[1];
  int64_t count = n > 0;
  TT_DISPATCH_REAL(c.t[1].dtype, for (int64_t i = 1; i < n; i++) count += !rows_equal(c.t[1].as<T>() + (i - 1) * m, c.t[1].as<T>() + i * m, m))
  c.t[0].as<int64_t>()[0] = count;
}

// One row of every run of equal rows, with the run that each row belongs to and the lengths of the runs.
// t: values [count, m], inverse [n] int64 or null, counts [count] int64 or null, rows [n, m], order [n] int64 or null (rows[i] is row order[i] of the
// unsorted input, whose place in `inverse` it fills; must be a permutation); contiguous, real. No params. Fails with INDEX_OUT_OF_RANGE.
void unique_fill(Call& c) {
  const int64_t n = c.t[3].size[0], m = c.t[3].size[1];
  int64_t *inverse = c.t[1].as<int64_t>(), *counts = c.t[2].as<int64_t>();
  const int64_t* order = c.t[4].as<int64_t>();
  if (order) for (int64_t i = 0; i < n; i++) if (order[i] < 0 || order[i] >= n) return c.fail(INDEX_OUT_OF_RANGE, (double)order[i], (double)i, (double)n);
  TT_DISPATCH_REAL(c.t[3].dtype, {
    const T* rows = c.t[3].as<T>();
    int64_t run = -1;
    for (int64_t i = 0; i < n; i++) {
      if (i == 0 || !rows_equal(rows + (i - 1) * m, rows + i * m, m)) {
        if (++run >= c.t[0].size[0]) return;
        if (m) std::memcpy((void*)(c.t[0].as<T>() + run * m), rows + i * m, m * sizeof(T));
        if (counts) counts[run] = 0;
      }
      if (counts) counts[run]++;
      if (inverse) inverse[order ? order[i] : i] = run;
    }
  })
}

}}  // namespace tt::TT_ISA
