/** The `out` argument: results written into tensors that the caller gives. https://pytorch.org/docs/stable/notes/out.html */
import { needsRecord } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { checkOverlap } from '../tensor/overlap.js';
import { sameSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { checkOut, setWriteOut } from './define.js';
import { checkInplace } from './inplace.js';
import { copyInto } from './memory.js';
import { resize_ } from './misc.js';

/** Operators that refuse to write to the memory of an input at all; pointwise ones only refuse to where the elements lie elsewhere. */
const apart = new Set('cross gather indexSelect kron kthvalue linalg_cross maskedSelect mode outer take topk'.split(' '));

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
