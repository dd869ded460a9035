/** Images: models, datasets and transforms with torchvision's names. `import * as vision from 'typetorch/vision'` */
export * as models from './models/index.js';
export * as transforms from './transforms/index.js';
