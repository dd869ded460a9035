/** `torch.utils.data`. https://pytorch.org/docs/stable/data.html */
export { defaultCollate, defaultConvert } from './collate.js';
export {
  ChainDataset,
  ConcatDataset,
  Dataset,
  IterableDataset,
  type ModuleExport,
  randomSplit,
  StackDataset,
  Subset,
  TensorDataset,
} from './dataset.js';
export { DataLoader, type DataLoaderOptions } from './loader.js';
export {
  BatchSampler,
  DistributedSampler,
  RandomSampler,
  Sampler,
  SequentialSampler,
  SubsetRandomSampler,
  WeightedRandomSampler,
} from './sampler.js';
export { getWorkerInfo, type WorkerInfo } from './worker-info.js';
