// The thread pool: workers spin briefly for the next job, then sleep. One job at a time; nested or concurrent calls run inline.
// Every thread has a range of its own, the same in each job of one size, so that what it wrote is still in its cache; when it is
// through, it takes parts of the others' ranges.
#include "internal.h"
#ifndef __wasm__
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#endif

namespace tt {

#ifdef __wasm__

void parallel_for_impl(int64_t n, int64_t, void (*body)(void*, int64_t, int64_t), void* context) {
  if (n > 0) body(context, 0, n);
}
int num_threads() { return 1; }
int thread_index() { return 0; }
void set_num_threads(int) {}

#else

namespace {

constexpr int MAX_THREADS = 256;
constexpr int SPINS = 10000;

struct alignas(64) Range {
  std::atomic<int64_t> next;
  int64_t end;
};

struct Job {
  void (*body)(void*, int64_t, int64_t);
  void* context;
  int64_t part;
  int threads, ranges;
  Range range[MAX_THREADS];
};

// Never destroyed: workers may outlive static destructors.
struct Pool {
  std::mutex mutex, owner;
  std::condition_variable wake;
  std::atomic<uint64_t> job_id{0};  // a counter, with the number of workers that may take part in the low 16 bits; 0 of them: closed
  std::atomic<int> active{0};       // workers that may be inside the job
  Job job;
  int workers = 0;
};

Pool& pool() {
  static Pool* p = new Pool;
  return *p;
}

thread_local bool inside = false;
thread_local int index = 0;
// How many threads the jobs of this thread may use: a DataLoader's workers use one, whatever the main thread does.
thread_local int threads = 0;

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// The share of thread `id`: its own range first, then what is left of the others'.
void work(Job& job, int id) {
  for (int turn = 0; turn < job.ranges; turn++) {
    Range& range = job.range[(id + turn) % job.ranges];
    for (int64_t begin; (begin = range.next.fetch_add(job.part)) < range.end;)
      job.body(job.context, begin, begin + job.part < range.end ? begin + job.part : range.end);
  }
}

void worker(int id, uint64_t seen) {
  Pool& p = pool();
  inside = true;
  for (;;) {
    for (int spin = 0; spin < SPINS && p.job_id.load(std::memory_order_acquire) == seen; spin++) pause();
    if (p.job_id.load(std::memory_order_acquire) == seen) {
      std::unique_lock<std::mutex> lock(p.mutex);
      p.wake.wait(lock, [&] { return p.job_id.load() != seen; });
    }
    seen = p.job_id.load(std::memory_order_acquire);
    if (id >= (int)(seen & 0xffff)) continue;
    // The job may have been closed meanwhile: its owner waits for no worker that came too late.
    p.active.fetch_add(1);
    if (p.job_id.load() == seen) {
      threads = p.job.threads;
      index = id + 1;
      work(p.job, index);
    }
    p.active.fetch_sub(1);
  }
}

}  // namespace

int num_threads() {
  if (!threads) set_num_threads((int)std::thread::hardware_concurrency());
  return threads;
}

int thread_index() { return index; }

void set_num_threads(int n) { threads = n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : n; }

void parallel_for_impl(int64_t n, int64_t grain, void (*body)(void*, int64_t, int64_t), void* context) {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  if (n <= grain || num_threads() == 1 || inside) return body(context, 0, n);
  Pool& p = pool();
  std::unique_lock<std::mutex> owner(p.owner, std::try_to_lock);
  if (!owner.owns_lock()) return body(context, 0, n);

  int64_t parts = (n + grain - 1) / grain;
  int helpers = (int)(parts < threads ? parts : threads) - 1;
  const int64_t ranges = helpers + 1, share = (n + ranges - 1) / ranges;
  // Sixteen parts a thread: the last ones to end differ little.
  const int64_t part = (share + 15) / 16;
  p.job.body = body;
  p.job.context = context;
  p.job.threads = threads;
  p.job.part = part > grain ? part : grain;
  p.job.ranges = (int)ranges;
  for (int64_t r = 0; r < ranges; r++) {
    p.job.range[r].next.store(r * share);
    p.job.range[r].end = (r + 1) * share < n ? (r + 1) * share : n;
  }
  {
    std::lock_guard<std::mutex> lock(p.mutex);
    while (p.workers < helpers) {
      std::thread(worker, p.workers, p.job_id.load()).detach();
      p.workers++;
    }
    p.job_id.store(((p.job_id.load() >> 16) + 1) << 16 | helpers);
  }
  p.wake.notify_all();
  inside = true;
  work(p.job, 0);
  inside = false;
  p.job_id.store(p.job_id.load() & ~0xffffull);
  while (p.active.load() > 0) pause();
}

#endif

}  // namespace tt
