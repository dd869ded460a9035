import type { Dataset, IterableDataset } from './dataset.js';

/** What `getWorkerInfo` tells inside a worker. */
export interface WorkerInfo {
  readonly id: number;
  readonly numWorkers: number;
  /** What this worker's random numbers began with. */
  readonly seed: bigint;
  readonly dataset: Dataset | IterableDataset;
}

let info: WorkerInfo | null = null;
export const setWorkerInfo = (value: WorkerInfo): void => void (info = value);

/**
 * In a worker of a DataLoader: which one of how many it is; null in the main thread.
 * https://pytorch.org/docs/stable/data.html#torch.utils.data.get_worker_info
 * @example torch.utils.data.getWorkerInfo()  // null
 */
export const getWorkerInfo = (): WorkerInfo | null => info;
