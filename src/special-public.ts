/** `torch.special`. https://pytorch.org/docs/stable/special.html */
export * from './ops/special.js';
export { logSoftmax, softmax } from './nn/functional/softmax.js';
