// Sorting by keys: every real element maps to an unsigned integer that orders the same way, NaN last, -0 equal to 0.
#pragma once
#include <algorithm>
#include "r_common.h"

namespace tt { namespace TT_ISA {

struct Item32 { uint32_t key, index; };
struct Item64 { uint64_t key; int64_t index; };

template <class T> struct SortKey {
  static constexpr bool wide = sizeof(Acc<T>) == 8;
  using Key = typename std::conditional<wide, uint64_t, uint32_t>::type;
  static Key of(T x) {
    constexpr Key top = Key(1) << (sizeof(Key) * 8 - 1);
    if constexpr (std::is_integral<T>::value) {
      if constexpr (std::is_signed<T>::value) return (Key)x ^ top;
      else return (Key)x;
    } else {
      const auto v = (Acc<T>)x;
      if (v != v) return ~Key(0);
      if (v == 0) return top;
      const Key bits = bit_cast<Key>(v);
      return bits & top ? ~bits : bits | top;
    }
  }
};
// (Key)x of a negative int8_t sign-extends, so the order of all narrow signed types survives.

template <class Item> void merge_sort(Item* a, int64_t n, Item* spare) {
  constexpr int64_t RUN = 16;
  for (int64_t s = 0; s < n; s += RUN) for (int64_t i = s + 1; i < min_of(n, s + RUN); i++) {
    const Item x = a[i];
    int64_t j = i;
    for (; j > s && a[j - 1].key > x.key; j--) a[j] = a[j - 1];
    a[j] = x;
  }
  Item *from = a, *to = spare;
  for (int64_t width = RUN; width < n; width *= 2) {
    for (int64_t s = 0; s < n; s += 2 * width) {
      int64_t i = s, j = min_of(n, s + width), out = s;
      const int64_t ie = j, je = min_of(n, s + 2 * width);
      while (i < ie && j < je) to[out++] = from[j].key < from[i].key ? from[j++] : from[i++];
      while (i < ie) to[out++] = from[i++];
      while (j < je) to[out++] = from[j++];
    }
    Item* t = from; from = to; to = t;
  }
  if (from != a) std::memcpy((void*)a, from, n * sizeof(Item));
}

// Least significant byte first; passes in which all bytes agree are left out.
template <class Item> void radix_sort(Item* a, int64_t n, Item* spare) {
  constexpr int PASSES = sizeof(a->key);
  uint32_t counts[PASSES][256] = {};
  for (int64_t i = 0; i < n; i++) for (int p = 0; p < PASSES; p++) counts[p][(a[i].key >> (8 * p)) & 255]++;
  Item *from = a, *to = spare;
  for (int p = 0; p < PASSES; p++) {
    if (counts[p][(from[0].key >> (8 * p)) & 255] == n) continue;
    int64_t start[256], sum = 0;
    for (int b = 0; b < 256; b++) { start[b] = sum; sum += counts[p][b]; }
    for (int64_t i = 0; i < n; i++) to[start[(from[i].key >> (8 * p)) & 255]++] = from[i];
    Item* t = from; from = to; to = t;
  }
  if (from != a) std::memcpy((void*)a, from, n * sizeof(Item));
}

template <class Item> void sort_items(Item* a, int64_t n, Item* spare) {
  if (n < 24 * (int64_t)sizeof(Item)) merge_sort(a, n, spare);
  else radix_sort(a, n, spare);
}

// A long row is sorted in two halves by two threads, which then merge from both ends.
template <class Item> void sort_items_parallel(Item* a, int64_t n, Item* spare) {
  if (n < 65536 || num_threads() == 1) return sort_items(a, n, spare);
  const int64_t mid = n / 2;
  parallel_for(2, 1, [&](int64_t begin, int64_t end) {
    for (int64_t h = begin; h < end; h++) sort_items(a + h * mid, h ? n - mid : mid, spare + h * mid);
  });
  parallel_for(2, 1, [&](int64_t begin, int64_t end) {
    for (int64_t h = begin; h < end; h++) {
      if (h == 0) {
        for (int64_t out = 0, i = 0, j = mid; out < mid; out++) spare[out] = i < mid && (j >= n || !(a[j].key < a[i].key)) ? a[i++] : a[j++];
      } else {
        for (int64_t out = n - 1, i = mid - 1, j = n - 1; out >= mid; out--) spare[out] = j >= mid && (i < 0 || !(a[j].key < a[i].key)) ? a[j--] : a[i--];
      }
    }
  });
  parallel_for(n, 65536, [&](int64_t begin, int64_t end) { std::memcpy((void*)(a + begin), spare + begin, (end - begin) * sizeof(Item)); });
}

// The items of a row, keys inverted for descending order.
template <class T, class Item> void make_items(const T* row, int64_t n, bool descending, Item* items) {
  for (int64_t i = 0; i < n; i++) {
    const auto key = SortKey<T>::of(row[i]);
    items[i].key = descending ? (decltype(key))~key : key;
    items[i].index = (decltype(items[i].index))i;
  }
}

template <class Item> bool item_before(const Item& a, const Item& b) { return a.key < b.key || (a.key == b.key && a.index < b.index); }
// Puts item k of the sorted order in its place, smaller ones (ties: the earliest) before it.
template <class Item> void select_item(Item* items, int64_t n, int64_t k) {
  if (k < n) std::nth_element(items, items + k, items + n, [](const Item& a, const Item& b) { return item_before(a, b); });
}
template <class Item> void select_sorted(Item* items, int64_t n, int64_t k) {
  select_item(items, n, k);
  std::sort(items, items + k, [](const Item& a, const Item& b) { return item_before(a, b); });
}

constexpr int TOGETHER = 32, FEW = 16;
// Whether one of TOGETHER keys is smaller than the threshold; without branches, so that it becomes vectors.
template <class T, class Key> bool any_below(const T* x, Key flip, Key threshold) {
  Key any = 0;
  for (int j = 0; j < TOGETHER; j++) any |= (Key)(SortKey<T>::of(x[j]) ^ flip) < threshold;
  return any != 0;
}

// Calls take(item) for the elements of a row whose keys lie below the threshold, and for all as long as there is none. `take` may lower it.
template <class Item, class T, class F> void for_items_below(const T* row, int64_t n, bool descending, const Item* const& threshold, F&& take) {
  using Key = typename SortKey<T>::Key;
  const Key flip = descending ? ~Key(0) : 0;
  for (int64_t b = 0; b < n; b += TOGETHER) {
    const int64_t end = min_of(n, b + TOGETHER);
    if (threshold && end - b == TOGETHER && !any_below(row + b, flip, threshold->key)) continue;
    for (int64_t i = b; i < end; i++) {
      const Key key = SortKey<T>::of(row[i]) ^ flip;
      if (!threshold || key < threshold->key) take(Item{key, (decltype(Item::index))i});
    }
  }
}

// The k first items, so few that they stay sorted.
template <class T, class Item> void few_top_items(const T* row, int64_t n, int64_t k, bool descending, Item* items) {
  int64_t count = 0;
  const Item* last = nullptr;
  for_items_below<Item>(row, n, descending, last, [&](Item item) {
    int64_t i = count < k ? count++ : k - 1;
    for (; i > 0 && items[i - 1].key > item.key; i--) items[i] = items[i - 1];
    items[i] = item;
    if (count == k) last = items + k - 1;
  });
}

// The k first items of a row in sorted order, without looking closely at what cannot be among them. `items` has room for max(2k, 64) or n.
template <class T, class Item> void top_items(const T* row, int64_t n, int64_t k, bool descending, Item* items) {
  if (k <= FEW) return few_top_items(row, n, k, descending, items);
  const int64_t room = max_of(2 * k, 64);
  if (n <= 2 * room) {
    make_items(row, n, descending, items);
    return select_sorted(items, n, k);
  }
  int64_t count = 0;
  const Item* last = nullptr;
  for_items_below<Item>(row, n, descending, last, [&](Item item) {
    items[count++] = item;
    if (count < room) return;
    select_item(items, count, k - 1);
    count = k;
    last = items + k - 1;
  });
  select_sorted(items, count, k);
}

// Calls body(items, spare, row) for every row of `rows` × n with room for two copies of the row's items.
template <class T, class F> void for_sort_rows(Call& c, int64_t rows, int64_t n, F&& body) {
  using Item = typename std::conditional<SortKey<T>::wide, Item64, Item32>::type;
  if (n > 0xffffffffll) return c.fail(BAD_VALUE, (double)n);
  auto part = [&](int64_t begin, int64_t end) {
    Scratch scratch(2 * n * (int64_t)sizeof(Item));
    if (!scratch.data) return c.fail(OUT_OF_MEMORY);
    for (int64_t r = begin; r < end; r++) body(scratch.as<Item>(), scratch.as<Item>() + n, r);
  };
  if (rows == 1) part(0, 1);
  else parallel_for(rows, grain_for(n * 16), [&](int64_t begin, int64_t end) { part(begin, end); });
}

}}  // namespace tt::TT_ISA
