/** `torch.utils` */
export * as checkpoint from './ops/checkpoint.js';
export * as data from './data/index.js';
