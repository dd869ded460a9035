/** `torch.utils.data`. https://pytorch.org/docs/stable/data.html */
export { ConcatDataset, Dataset, IterableDataset, randomSplit, StackDataset, Subset, TensorDataset } from './dataset.js';
export { DataLoader, type DataLoaderOptions, defaultCollate } from './loader.js';
export { BatchSampler, RandomSampler, Sampler, SequentialSampler, SubsetRandomSampler, WeightedRandomSampler } from './sampler.js';
