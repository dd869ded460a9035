/** What a DataLoader and its workers say to each other. */
import type { Description, Source } from './describe.js';
import type { Block, Parcel } from './transfer.js';

/** The first message to a worker. */
export interface Setup {
  readonly kind: 'setup';
  readonly id: number;
  readonly numWorkers: number;
  readonly seed: bigint;
  readonly dataset: Description;
  readonly batchSize: number | null;
  readonly dropLast: boolean;
  /** null collates by default; 'main' leaves it to the main thread. */
  readonly collate: Source | 'main' | null;
  readonly init: Source | null;
}

export interface Fetch {
  readonly kind: 'fetch';
  readonly task: number;
  readonly indices: number | readonly number[] | null;
  /** Memory that may be used again. */
  readonly spare: Block | null;
}

/** Starts the next pass: streams begin again. */
export interface Reset {
  readonly kind: 'reset';
}

export type Request = Setup | Fetch | Reset;

/** An error as it was thrown in a worker. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** The answer to a Fetch. */
export type Reply =
  | { readonly task: number; readonly kind: 'batch'; readonly parcel: Parcel }
  | { readonly task: number; readonly kind: 'end' }
  | { readonly task: number; readonly kind: 'error'; readonly error: Failure };

/** Everything is loaded: from now on the thread may be ended without leaving files open. */
export interface Ready {
  readonly kind: 'ready';
}
