// Datasets that the workers of test/data/workers.test.ts make for themselves.
import { threadId } from 'node:worker_threads';
import * as torch from '../../../dist/index.js';

const { Dataset, getWorkerInfo, IterableDataset } = torch.utils.data;
const here = import.meta.url;

export class Squares extends Dataset {
  constructor(length) {
    super();
    this.length = length;
  }

  workerSource() {
    return { module: here, export: 'Squares', args: [this.length] };
  }

  at(index) {
    return { x: torch.full([3], index * index), name: `n${index}`, thread: threadId };
  }
}

/** Fails at one index. */
export class Faulty extends Squares {
  constructor(fault) {
    super(20);
    this.fault = fault;
  }

  workerSource() {
    return { module: here, export: 'Faulty', args: [this.fault] };
  }

  at(index) {
    if (index === this.fault) explode(index);
    return index;
  }
}

const explode = (index) => {
  throw new RangeError(`sample ${index} is broken`);
};

/** Ends its thread. */
export class Dying extends Squares {
  constructor() {
    super(4);
  }

  workerSource() {
    return { module: here, export: 'Dying' };
  }

  at() {
    process.exit(3);
  }
}

/** Never gives a sample. */
export class Hanging extends Squares {
  constructor() {
    super(4);
  }

  workerSource() {
    return { module: here, export: 'Hanging' };
  }

  at() {
    return new Promise(() => {});
  }
}

/** The worker's random numbers. */
export class Random extends Squares {
  constructor() {
    super(4);
  }

  workerSource() {
    return { module: here, export: 'Random' };
  }

  at() {
    return torch.rand(1);
  }
}

/** 0 to n - 1, shared among the workers. */
export class Numbers extends IterableDataset {
  constructor(n) {
    super();
    this.n = n;
  }

  workerSource() {
    return { module: here, export: 'makeNumbers', args: [this.n] };
  }

  *[Symbol.iterator]() {
    const { id = 0, numWorkers = 1 } = getWorkerInfo() ?? {};
    for (let i = id; i < this.n; i += numWorkers) yield i;
  }
}
export const makeNumbers = async (n) => new Numbers(n);

/** Takes a while to work out each sample. */
export class Busy extends Squares {
  constructor() {
    super(64);
  }

  workerSource() {
    return { module: here, export: 'Busy' };
  }

  at(index) {
    let x = index;
    for (let i = 0; i < 6_000_000; i++) x = (Math.imul(x, 1664525) + 1013904223) | 0;
    return x;
  }
}

export const sumUp = (samples) => samples.reduce((sum, { x }) => sum + x.sum().item(), 0);
export const init = (id, shift) => void (globalThis.shifted = id + shift);

export class Shifted extends Squares {
  constructor() {
    super(4);
  }

  workerSource() {
    return { module: here, export: 'Shifted' };
  }

  at() {
    return globalThis.shifted;
  }
}

export const noDataset = { length: 1 };
