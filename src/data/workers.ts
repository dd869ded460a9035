/** The main thread's side of a DataLoader's workers. */
import { RuntimeError } from '../tensor/errors.js';
import type { Failure, Fetch, Ready, Reply, Setup } from './protocol.js';
import { startThread, type Thread } from './thread.js';
import { type Block, moved, unpack } from './transfer.js';

const kinds: Record<string, new (message: string) => Error> = { TypeError, RangeError, SyntaxError, ReferenceError, RuntimeError };

/** The error of a worker, with the stack that it had there. */
function reraised({ name, message, stack }: Failure, id: number): Error {
  const error = new (kinds[name] ?? Error)(`Caught ${name} in DataLoader worker thread ${id}: ${message}\nOriginal stack:\n${stack}`);
  if (!(name in kinds)) error.name = name;
  return error;
}

/** Milliseconds that a thread may take to load its modules before it is ended regardless. */
const LONGEST_START = 10_000;

/** What `promise` gives, or `late` if that takes longer. */
function within<T>(milliseconds: number, promise: Promise<T>, late: () => T): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const alarm = new Promise<void>((ring) => (timer = setTimeout(ring, milliseconds))).then(late);
  return Promise.race([promise, alarm]).finally(() => clearTimeout(timer));
}

/** A batch, or null where the worker's stream has ended. */
export type Delivery = { readonly batch: unknown } | null;

interface Waiting {
  readonly deliver: (reply: Reply) => void;
  readonly fail: (error: Error) => void;
}

/** One thread and what was asked of it. */
class WorkerHandle {
  private readonly thread: Thread;
  private readonly waiting = new Map<number, Waiting>();
  private readonly spare: Block[] = [];
  private tasks = 0;
  private dead: Error | null = null;
  private becomeReady = (): void => {};
  /** A thread that is ended while it loads modules would leave their files open. */
  private readonly ready = new Promise<void>((resolve) => (this.becomeReady = resolve));

  constructor(private readonly setup: Setup) {
    this.thread = startThread({
      onMessage: (message) => this.receive(message as Reply | Ready),
      onEnd: (error) => this.end(error),
    });
    this.thread.post(setup, []);
  }

  fetch(indices: Fetch['indices']): Promise<Reply> {
    if (this.dead) return Promise.reject(this.dead);
    const task = this.tasks++;
    const reply = new Promise<Reply>((deliver, fail) => this.waiting.set(task, { deliver, fail }));
    const spare = this.spare.pop() ?? null;
    const request: Fetch = { kind: 'fetch', task, indices, spare };
    this.thread.post(request, moved(spare));
    return reply;
  }

  reset(): void {
    this.thread.post({ kind: 'reset' }, []);
  }

  hold(alive: boolean): void {
    this.thread.hold(alive);
  }

  async terminate(): Promise<void> {
    this.dead ??= new RuntimeError('the workers of this DataLoader have ended');
    this.hold(true);
    await within(LONGEST_START, this.ready, () => {});
    await this.thread.terminate();
  }

  /** Takes a batch out of a reply, whose memory then serves again. */
  open(reply: Reply): Delivery {
    if (reply.kind === 'error') throw reraised(reply.error, this.setup.id);
    if (reply.kind === 'end') return null;
    const batch = unpack(reply.parcel);
    if (reply.parcel.block) this.spare.push(reply.parcel.block);
    return { batch };
  }

  private receive(reply: Reply | Ready): void {
    if (reply.kind === 'ready') return this.becomeReady();
    this.waiting.get(reply.task)?.deliver(reply);
    this.waiting.delete(reply.task);
  }

  private end(cause: Error): void {
    this.dead ??= new RuntimeError(`DataLoader worker thread ${this.setup.id} ended: ${cause.message}`);
    for (const { fail } of this.waiting.values()) fail(this.dead);
    this.waiting.clear();
    this.becomeReady();
  }
}

interface Task {
  readonly worker: WorkerHandle;
  readonly reply: Promise<Reply>;
}

export interface PoolOptions {
  readonly prefetchFactor: number;
  readonly inOrder: boolean;
  /** Milliseconds to wait for a batch; 0 waits for ever. */
  readonly timeout: number;
}

/** Several workers that fetch in turn and ahead of what is asked for. */
export class WorkerPool {
  private readonly workers: readonly WorkerHandle[];

  constructor(
    setups: readonly Setup[],
    private readonly options: PoolOptions,
  ) {
    this.workers = setups.map((setup) => new WorkerHandle(setup));
  }

  /** One pass: a batch for each of the `indices`, or what the workers' streams give where these are endless nulls. */
  async *pass(indices: Iterator<Fetch['indices']>): AsyncGenerator<unknown, void, undefined> {
    const tasks: Task[] = [];
    const active = new Set(this.workers);
    let turn = 0;
    const launch = (): void => {
      for (let tries = 0; tries < this.workers.length; tries++) {
        const worker = this.workers[turn++ % this.workers.length];
        if (!active.has(worker)) continue;
        const { done, value } = indices.next();
        if (!done) tasks.push(this.launched(worker, value));
        return;
      }
    };
    for (let i = 0; i < this.options.prefetchFactor * this.workers.length; i++) launch();
    try {
      while (tasks.length > 0) {
        const [task, reply] = await this.next(tasks);
        tasks.splice(tasks.indexOf(task), 1);
        const delivery = task.worker.open(reply);
        if (!delivery) active.delete(task.worker);
        launch();
        if (delivery) yield delivery.batch;
      }
    } finally {
      // Where the loop ended before: memory that was sent and never taken would stay.
      for (const { worker, reply } of tasks) reply.then((each) => worker.open(each)).catch(() => {});
    }
  }

  private launched(worker: WorkerHandle, indices: Fetch['indices']): Task {
    const reply = worker.fetch(indices);
    // Where it is never awaited, because the loop ends before, its failure is of no interest.
    reply.catch(() => {});
    return { worker, reply };
  }

  /** Waits for the first of the tasks, or for the quickest. */
  private async next(tasks: readonly Task[]): Promise<[Task, Reply]> {
    const { timeout } = this.options;
    const late = (): never => {
      throw new RuntimeError(`DataLoader timed out after ${timeout / 1000} seconds`);
    };
    const wait = (task: Task): Promise<[Task, Reply]> => task.reply.then((reply) => [task, reply]);
    for (const worker of this.workers) worker.hold(true);
    try {
      const first = this.options.inOrder ? wait(tasks[0]) : Promise.race(tasks.map(wait));
      return await (timeout === 0 ? first : within(timeout, first, late));
    } finally {
      for (const worker of this.workers) worker.hold(false);
    }
  }

  /** Makes the workers begin their streams again. */
  reset(): void {
    for (const worker of this.workers) worker.reset();
  }

  async terminate(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()));
  }
}
