/** What a DataLoader's worker thread does: makes its dataset, then fetches what it is asked for, one after another. */
import '../device/cpu/index.js';
import { manualSeed } from '../ops/random.js';
import { setNumThreads } from '../ops/runtime.js';
import { importExport, make } from './describe.js';
import { type Collate, END, type Fetcher, makeFetcher } from './fetch.js';
import type { Dataset, IterableDataset } from './dataset.js';
import type { Port } from './port.js';
import type { Failure, Request, Setup } from './protocol.js';
import { moved, pack } from './transfer.js';
import { setWorkerInfo } from './worker-info.js';

class FetchingWorker {
  private setup: Setup | null = null;
  private dataset: Dataset | IterableDataset | null = null;
  private collate: Collate | null = null;
  private fetcher: Fetcher | null = null;
  /** Why nothing can be fetched. */
  private broken: Failure | null = null;

  constructor(private readonly port: Port) {}

  async handle(request: Request): Promise<void> {
    if (request.kind === 'setup') return this.begin(request);
    if (request.kind === 'reset') return void (this.fetcher = null);
    const { task, indices, spare } = request;
    try {
      if (this.broken) return this.port.postMessage({ task, kind: 'error', error: this.broken }, []);
      const batch = await this.fetch(indices);
      if (batch === END) return this.port.postMessage({ task, kind: 'end' }, []);
      const parcel = pack(batch, { spare, given: this.isStacked });
      this.port.postMessage({ task, kind: 'batch', parcel }, moved(parcel.block));
    } catch (error) {
      this.port.postMessage({ task, kind: 'error', error: failure(error) }, []);
    }
  }

  private async begin(setup: Setup): Promise<void> {
    await this.prepare(setup).catch((error: unknown) => void (this.broken = failure(error)));
    this.port.postMessage({ kind: 'ready' }, []);
  }

  private async prepare(setup: Setup): Promise<void> {
    this.setup = setup;
    setNumThreads(1);
    manualSeed(setup.seed);
    this.dataset = await make(setup.dataset);
    setWorkerInfo({ id: setup.id, numWorkers: setup.numWorkers, seed: setup.seed, dataset: this.dataset });
    if (setup.collate === 'main') this.collate = (samples: unknown) => samples;
    else if (setup.collate) this.collate = (await importExport(setup.collate)) as Collate;
    if (setup.init) await ((await importExport(setup.init)) as (id: number, ...args: unknown[]) => unknown)(setup.id, ...setup.init.args);
  }

  /** Whether batches consist of tensors that collating made, and that the dataset cannot have kept. */
  private get isStacked(): boolean {
    return this.setup!.batchSize !== null && this.collate === null;
  }

  private fetch(indices: number | readonly number[] | null): unknown {
    const { batchSize, dropLast } = this.setup!;
    this.fetcher ??= makeFetcher(this.dataset!, { batchSize, dropLast, collateFn: this.collate });
    return this.fetcher(indices);
  }
}

function failure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: String(error) };
  return { name: error.name, message: error.message, stack: error.stack ?? String(error) };
}

/** A function that deals with one request after another. */
export function serve(port: Port): (request: Request) => void {
  const worker = new FetchingWorker(port);
  let last: Promise<void> = Promise.resolve();
  return (request) => void (last = last.then(() => worker.handle(request)));
}
