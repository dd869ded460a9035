/** PyTorch for TypeScript: `import * as torch from 'typetorch'`. */
import './device/cpu/index.js';
import './ops/methods.js';

export * from './ir/dtype.js';
export * from './ops/pointwise.js';
export { Tensor } from './tensor/tensor.js';
export * from './ops/creation.js';
export * from './ops/reduce.js';
export * from './ops/matmul.js';
export * from './ops/view.js';
