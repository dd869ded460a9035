/**
 * When to collect: the only file that knows about garbage collection.
 *
 * Memory of a device belongs to JavaScript objects, but the collector does not see how much hangs on them. So every allocation is
 * weighed here, and when what lives and what came since pass the budget, the collector is asked: first for young objects, then for all.
 */

/** Even the smallest buffer has JavaScript objects around it. */
const LEAST_WEIGHT = 256;
const LEAST_BUDGET = 32 * 2 ** 20;
/** What may come between two collections: as much as pays for them, but if they are cheap so little that freed memory is still in the cache. */
const LEAST_ALLOWANCE = 12 * 2 ** 20;
const ALLOWANCE_A_MILLISECOND = 50 * 2 ** 20;
/** The engine takes what survives two young collections for old, and only a full one frees it: where much survives, the next one waits longer. */
const MUCH = 0.3;
const LITTLE = 0.1;
const MOST_PATIENCE = 64;
/** The budget is so many times what lived after full collections. Where these take more than a part of the time it grows: by up to EXTRA, or to AMPLE in all. */
const ROOM = 1.2;
const EXTRA = 112 * 2 ** 20;
const AMPLE = 320 * 2 ** 20;
const DEAR = 0.02;

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
  /** Of `fresh`, what lies in new pages. */
  private paged = 0;
  private budget = LEAST_BUDGET;
  private allowance = LEAST_ALLOWANCE;
  /** What must have come for a collection to pay. */
  private worth = LEAST_ALLOWANCE;
  /** Whether backward passes end now and then, which are better times to collect than any other. */
  private paced = false;
  private patience = 1;
  /** The most that lived after full collections, of late. */
  private needed = 0;
  private extra = 0;
  private waited = false;
  private lastFull = 0;
  private told = 0;

  constructor(private readonly collector: Collector) {}

  /** Notes an allocation of `bytes`; collects before it where the budget says so. */
  charge(bytes: number): void {
    this.fresh += bytes > LEAST_WEIGHT ? bytes : LEAST_WEIGHT;
    if (this.fresh <= this.allowance) return;
    this.paced = false;
    this.collect();
  }

  /** Notes that an allocation took new pages, which cost more than a collection that frees used ones: the next allocation asks for one. */
  mapped(bytes: number): void {
    this.paged += bytes;
    if (this.paged > this.patience * this.worth) this.allowance = 0;
  }

  /** A backward pass is over: what it kept is garbage now. Until the next one, collections wait as long as there is room. */
  passEnded(): void {
    this.paced = true;
    if (this.fresh > this.worth) this.collect();
    else this.allowance = this.room();
  }

  /** Notes that `bytes` were given back by hand. */
  discharge(bytes: number): void {
    this.fresh -= bytes > LEAST_WEIGHT ? bytes : LEAST_WEIGHT;
  }

  private collect(): void {
    const { minor } = this.collector;
    if (!minor) return this.collectWithoutAsking();
    const [start, old, came] = [performance.now(), this.live, this.fresh];
    minor();
    this.sweep();
    const crowded = this.live > 0.5 * (this.needed + this.budget);
    if (crowded && this.waited) return this.collectAll();
    this.waited = crowded;
    const survived = (this.live - old) / came;
    if (survived > MUCH) this.patience = Math.min(2 * this.patience, MOST_PATIENCE);
    else if (survived < LITTLE) this.patience = Math.max(this.patience / 2, 1);
    const cost = (performance.now() - start) * ALLOWANCE_A_MILLISECOND;
    this.worth = Math.max(LEAST_ALLOWANCE, Math.min(cost, 2 * this.worth)); // one slow collection may be an accident
    this.allowance = this.paced ? this.room() : Math.min(this.patience * this.worth, this.room());
  }

  private room(): number {
    return Math.max(this.budget - this.live, this.grace());
  }

  /** What may come before a full collection although the budget is used up: what survived once may be gone then. */
  private grace(): number {
    return Math.min(0.2 * this.budget, EXTRA / 4);
  }

  /** Frees all that can be freed, and sets the budget by what is left now and was left before. */
  collectAll(): void {
    const start = performance.now();
    this.collector.full?.();
    this.waited = false;
    const end = performance.now();
    const share = (end - start) / (end - this.lastFull);
    this.lastFull = end;
    this.sweep();
    const grows = this.live > this.needed;
    this.needed = Math.max(this.live, 0.9 * this.needed);
    if (!grows) this.extra = share > DEAR ? Math.min(this.extra + EXTRA / 4, Math.max(EXTRA, AMPLE - this.needed)) : 0.9 * this.extra;
    this.budget = Math.max(LEAST_BUDGET, ROOM * this.needed, this.needed + this.extra);
    this.allowance = this.budget - this.live;
  }

  private sweep(): void {
    this.live = this.collector.sweep();
    this.fresh = 0;
    this.paged = 0;
  }

  /** Without `gc`, the engine collects by itself as external memory grows. */
  private collectWithoutAsking(): void {
    this.collector.external?.(this.live + this.fresh - this.told);
    this.told = this.live + this.fresh;
    this.sweep();
    this.allowance = Math.max(LEAST_BUDGET, 0.25 * this.live);
  }
}
