// Memory: a pool of blocks in size classes, four a power of two. Freed blocks are kept, so that fresh pages need not be faulted in again.
#include "internal.h"
#include <atomic>
#include <cstdlib>
#ifdef __linux__
#include <sys/mman.h>
#endif

namespace tt {
namespace {

constexpr int CLASSES = 4 * 48;
constexpr int64_t SMALL = 32 << 10;          // blocks up to this are carved from chunks
constexpr int64_t CHUNK = 256 << 10;
#ifdef __wasm__
constexpr int64_t HUGE_PAGE = 64;
#else
constexpr int64_t HUGE_PAGE = 2 << 20;
#endif
constexpr int64_t KEEP = 256ll << 20;        // so much may always be cached

struct Free { Free* next; };

Free* free_list[CLASSES];
int64_t last_used[CLASSES], uses;              // when a class was used last, counted in uses
char* chunk;
int64_t chunk_left;
int64_t live, cached, peak;
int64_t limit = INT64_MAX;
std::atomic_flag lock_flag = ATOMIC_FLAG_INIT;

struct Lock {
  Lock() { while (lock_flag.test_and_set(std::memory_order_acquire)) {} }
  ~Lock() { lock_flag.clear(std::memory_order_release); }
};

// Class c holds blocks of (4 + c % 4) << (c / 4) units of 16 bytes: 64, 80, 96, 112, 128, …; sizes up to 256 step by 64.
int size_class(int64_t bytes) {
  uint64_t units = (uint64_t)(bytes + 63) / 64 * 4;
  if (units < 4) units = 4;
  int shift = 61 - __builtin_clzll(units);
  uint64_t q = units >> shift;
  if (q << shift != units) q++;
  return 4 * shift + (int)(q - 4);
}

int64_t class_bytes(int c) { return ((int64_t)(4 + c % 4) << (c / 4)) * 16; }

#if defined(__linux__) && !defined(__wasm__)
// Pages of their own for large blocks, huge ones where the system gives them. malloc would keep what it skips to align them.
void* map_pages(int64_t bytes) {
  char* p = static_cast<char*>(mmap(nullptr, bytes + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (p == MAP_FAILED) return nullptr;
  const int64_t skipped = -(intptr_t)p & (HUGE_PAGE - 1);
  if (skipped) munmap(p, skipped);
  if (skipped < HUGE_PAGE) munmap(p + skipped + bytes, HUGE_PAGE - skipped);
#ifdef MADV_HUGEPAGE
  madvise(p + skipped, bytes, MADV_HUGEPAGE);
#endif
  return p + skipped;
}
bool is_mapped(int64_t bytes) { return bytes >= 2 * HUGE_PAGE; }
void unmap_pages(void* p, int64_t bytes) { munmap(p, bytes); }
#else
void* map_pages(int64_t) { return nullptr; }
bool is_mapped(int64_t) { return false; }
void unmap_pages(void*, int64_t) {}
#endif

constexpr int64_t PAGE = 4096;
int64_t whole_pages(int64_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

// Aligned size of a class: small classes that are no multiple of 64 are never produced, since units are multiples of 4.
void* system_alloc(int64_t bytes) {
  if (is_mapped(bytes)) return map_pages(whole_pages(bytes));
  return aligned_alloc(64, (bytes + 63) / 64 * 64);
}
void system_free(void* p, int64_t bytes) {
  if (is_mapped(bytes)) unmap_pages(p, whole_pages(bytes));
  else free(p);
}

[[maybe_unused]] void* carve(int64_t bytes) {
  if (chunk_left < bytes) {
    char* fresh = static_cast<char*>(system_alloc(CHUNK));
    if (!fresh) return nullptr;
    chunk = fresh;
    chunk_left = CHUNK;
  }
  void* p = chunk;
  chunk += bytes;
  chunk_left -= bytes;
  return p;
}

// The class of cached blocks that went longest without being used, or -1.
int oldest_class(int kept) {
  int oldest = -1;
  for (int c = 0; c < CLASSES; c++) {
    if (free_list[c] && class_bytes(c) > SMALL && c != kept && (oldest < 0 || last_used[c] < last_used[oldest])) oldest = c;
  }
  return oldest;
}

// Gives cached blocks back, the longest unused first, until at most `most` bytes are cached; but none of class `kept`.
[[maybe_unused]] void release_cached(int64_t most, int kept) {
  while (cached > most) {
    const int c = oldest_class(kept);
    if (c < 0) return;
    while (free_list[c] && cached > most) {
      Free* block = free_list[c];
      free_list[c] = block->next;
      cached -= class_bytes(c);
      system_free(block, class_bytes(c));
    }
  }
}
[[maybe_unused]] void release_cached() { release_cached(0, -1); }

}  // namespace

#ifdef __SANITIZE_ADDRESS__
// Under AddressSanitizer every block comes from the system with its exact size, so that every overrun is seen.
void* pool_alloc(int64_t bytes, bool*) {
  void* p = nullptr;
  if (bytes < 0 || bytes > (1ll << 40) || posix_memalign(&p, 64, bytes ? bytes : 1)) return nullptr;
  Lock lock;
  live += class_bytes(size_class(bytes));
  return p;
}

void pool_free(void* p, int64_t bytes) {
  Lock lock;
  live -= class_bytes(size_class(bytes));
  free(p);
}
#else
void* pool_alloc(int64_t bytes, bool* fresh) {
  if (bytes < 0 || bytes > (1ll << 46)) return nullptr;
  int c = size_class(bytes);
  int64_t size = class_bytes(c);
  Lock lock;
  last_used[c] = ++uses;
  void* p = free_list[c];
  if (fresh) *fresh = !p && size > SMALL;
  if (p) {
    free_list[c] = free_list[c]->next;
    cached -= size;
  } else {
    if (live + cached + size > limit) release_cached();
    if (live + size > limit) return nullptr;
    p = size <= SMALL ? carve(size) : system_alloc(size);
    if (!p && size > SMALL) {
      release_cached();
      p = system_alloc(size);
    }
    if (!p) return nullptr;
  }
  live += size;
  if (live > peak) peak = live;
  return p;
}

void pool_free(void* p, int64_t bytes) {
  int c = size_class(bytes);
  int64_t size = class_bytes(c);
  Lock lock;
  live -= size;
  last_used[c] = ++uses;
  const int64_t room = peak - live, most = KEEP > room ? KEEP : room;  // what was needed once is needed again
  if (size > SMALL && cached + size > most) {
    release_cached(most - size, c);  // what was just used is likelier to be used again
    if (cached + size > most) return system_free(p, size);
  }
  auto block = static_cast<Free*>(p);
  block->next = free_list[c];
  free_list[c] = block;
  cached += size;
}

#endif

PoolStats pool_stats() {
  Lock lock;
  return {live, cached, peak};
}

void pool_set_limit(int64_t bytes) { limit = bytes; }

void pool_trim() {
  Lock lock;
  release_cached();
}

void* scratch_alloc(int64_t bytes) { return pool_alloc(bytes); }
void scratch_free(void* p, int64_t bytes) { pool_free(p, bytes); }

}  // namespace tt
