/** The `out` argument: results written into tensors that the caller gives. https://pytorch.org/docs/stable/notes/out.html */
import { needsRecord } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { contiguousStrides, sameSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { checkOut, setWriteOut } from './define.js';
import { checkInplace } from './inplace.js';
import { copyInto } from './memory.js';
import { resize_ } from './misc.js';

/** Operators that refuse to write to the memory of an input at all; pointwise ones only refuse to where the elements lie elsewhere. */
const apart = new Set('cross gather indexSelect kron kthvalue linalg_cross maskedSelect mode outer take topk'.split(' '));

function checkOverlap(out: Tensor, inputs: readonly Tensor[], isApart: boolean): void {
  for (const input of inputs) {
    const isSame = out.offset === input.offset && sameSizes(out.sizes, input.sizes) && sameSizes(out.strides, input.strides);
    if ((isApart || !isSame) && sharesMemory(out, input))
      throw new RuntimeError(
        'unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory location. Please clone() the tensor before performing the operation.',
      );
  }
}

/** Whether two dense tensors share an element. */
function sharesMemory(a: Tensor, b: Tensor): boolean {
  const [m, n] = [a, b].map((t) => numelOf(t.sizes));
  return a.storage === b.storage && isDense(a) && isDense(b) && a.offset < b.offset + n && b.offset < a.offset + m;
}
const isDense = (t: Tensor): boolean => sameSizes(t.strides, contiguousStrides(t.sizes));

function write(result: Tensor, out: Tensor): void {
  if (!sameSizes(out.sizes, result.sizes)) resize_(out, result.sizes);
  copyInto(out, result);
}

setWriteOut((name, result, out, inputs, wrongOut) => {
  const targets = (Array.isArray(out) ? out : [out]) as Tensor[];
  if (needsRecord([...inputs, ...targets]))
    throw new RuntimeError(
      `${name}(): functions with out=... arguments don't support automatic differentiation, but one of the arguments requires grad.`,
    );
  const results = (result instanceof Tensor ? [result] : result) as Tensor[];
  results.forEach((r, i) => {
    checkInplace(targets[i]);
    checkOut(r.dtype, targets[i], wrongOut);
    if (!wrongOut || apart.has(name)) checkOverlap(targets[i], inputs, apart.has(name));
  });
  results.forEach((r, i) => write(r, targets[i]));
  return result instanceof Tensor ? out : Object.assign(results, targets);
});
