/** Images: models, datasets and transforms with torchvision's names. `import * as vision from 'typetorch/vision'` */
export * as datasets from './datasets/index.js';
export * as io from './io/index.js';
export * as models from './models/index.js';
export * as ops from './ops/index.js';
export * as transforms from './transforms/index.js';
export * as tvTensors from './tv-tensors.js';
export * as utils from './utils/index.js';
