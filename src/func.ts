/** `torch.func`. https://pytorch.org/docs/stable/func.html */
export { functionalCall, stackModuleState } from './nn/stateless.js';
export { grad, gradAndValue, hessian, jacfwd, jacrev, jvp, vjp } from './ops/transforms.js';
export { vmap } from './ops/vmap.js';
