/**
 * When to collect: the only file that knows about garbage collection.
 *
 * Memory of a device belongs to JavaScript objects, but the collector does not see how much hangs on them. So every allocation is
 * weighed here, and when what lives and what came since pass the budget, the collector is asked: first for young objects, then for all.
 */

/** Even the smallest buffer has JavaScript objects around it. */
const LEAST_WEIGHT = 256;
const LEAST_BUDGET = 24 * 2 ** 20;
/** What may come between two collections: as much as pays for them, but if they are cheap so little that freed memory is still in the cache. */
const LEAST_ALLOWANCE = 8 * 2 ** 20;
const ALLOWANCE_A_MILLISECOND = 50 * 2 ** 20;

export interface Collector {
  /** Collects young objects; absent where a program cannot ask for it. */
  readonly minor?: () => void;
  readonly full?: () => void;
  /** Frees the buffers whose owners were collected, and returns the weight of the others. */
  readonly sweep: () => number;
  /** Tells the engine of memory outside its heap, where it cannot be asked to collect. */
  readonly external?: (bytes: number) => void;
}

export class MemoryPolicy {
  private live = 0;
  private fresh = 0;
  private budget = LEAST_BUDGET;
  private allowance = LEAST_ALLOWANCE;
  private told = 0;

  constructor(private readonly collector: Collector) {}

  /** Notes an allocation of `bytes`; collects before it where the budget says so. */
  charge(bytes: number): void {
    this.fresh += bytes > LEAST_WEIGHT ? bytes : LEAST_WEIGHT;
    if (this.fresh > this.allowance) this.collect();
  }

  /** Notes that `bytes` were given back by hand. */
  discharge(bytes: number): void {
    this.fresh -= bytes > LEAST_WEIGHT ? bytes : LEAST_WEIGHT;
  }

  private collect(): void {
    const { minor } = this.collector;
    if (!minor) return this.collectWithoutAsking();
    const start = performance.now();
    minor();
    this.sweep();
    if (this.live > 0.75 * this.budget) return this.collectAll();
    const worthwhile = Math.max(LEAST_ALLOWANCE, (performance.now() - start) * ALLOWANCE_A_MILLISECOND);
    this.allowance = Math.min(worthwhile, this.budget - this.live);
  }

  /** Frees all that can be freed, and sets the budget by what is left. */
  collectAll(): void {
    this.collector.full?.();
    this.sweep();
    this.budget = Math.max(LEAST_BUDGET, 2 * this.live);
    this.allowance = this.budget - this.live;
  }

  private sweep(): void {
    this.live = this.collector.sweep();
    this.fresh = 0;
  }

  /** Without `gc`, the engine collects by itself as external memory grows. */
  private collectWithoutAsking(): void {
    this.collector.external?.(this.live + this.fresh - this.told);
    this.told = this.live + this.fresh;
    this.sweep();
    this.allowance = Math.max(LEAST_BUDGET, 0.25 * this.live);
  }
}
