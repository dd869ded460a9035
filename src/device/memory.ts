/**
 * When to collect: the only file that knows about garbage collection.
 *
 * Memory of a device belongs to JavaScript objects, but the collector does not see how much hangs on them. So every allocation is
 * weighed here, and when what lives and what came since pass the budget, the collector is asked: first for young objects, then for all.
 */

/** Even the smallest buffer has JavaScript objects around it. */
const LEAST_WEIGHT = 256;
const LEAST_BUDGET = 64 * 2 ** 20;

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
  private told = 0;

  constructor(private readonly collector: Collector) {}

  /** Notes an allocation of `bytes`; collects before it where the budget says so. */
  charge(bytes: number): void {
    this.fresh += bytes > LEAST_WEIGHT ? bytes : LEAST_WEIGHT;
    if (this.live + this.fresh > this.budget) this.collect();
  }

  /** Notes that `bytes` were given back by hand. */
  discharge(bytes: number): void {
    this.fresh -= bytes > LEAST_WEIGHT ? bytes : LEAST_WEIGHT;
  }

  private collect(): void {
    const { minor } = this.collector;
    if (!minor) return this.collectWithoutAsking();
    minor();
    this.sweep();
    if (this.live > 0.75 * this.budget) this.collectAll();
  }

  /** Frees all that can be freed, and sets the budget by what is left. */
  collectAll(): void {
    this.collector.full?.();
    this.sweep();
    this.budget = Math.max(LEAST_BUDGET, 2 * this.live);
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
    this.budget = Math.max(LEAST_BUDGET, 1.25 * this.live);
  }
}
