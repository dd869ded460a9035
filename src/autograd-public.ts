/** `torch.autograd`. */
export { backward, grad } from './autograd/backward.js';
export { Function, FunctionContext } from './autograd/function.js';
export { detectAnomaly, enableGrad, inferenceMode, noGrad, setDetectAnomaly, setGradEnabled } from './autograd/modes.js';
export { gradcheck, gradgradcheck } from './ops/gradcheck.js';
/** `torch.autograd.functional` */
export * as functional from './ops/jacobian.js';
