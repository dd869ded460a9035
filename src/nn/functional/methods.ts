/** The functions of nn that are also methods of tensors. */
import { attachMethods } from '../../ops/methods.js';
import type { InplaceMethods, Methods } from '../../ops/types.js';
import { hardshrink, relu } from './activation.js';
import { prelu } from './misc.js';
import { logSoftmax, softmax } from './softmax.js';

const methods = { hardshrink, logSoftmax, prelu, relu, softmax };

declare module '../../tensor/tensor.js' {
  interface Tensor extends Methods<typeof methods>, InplaceMethods<{ relu: typeof relu }> {}
}

attachMethods(methods);
