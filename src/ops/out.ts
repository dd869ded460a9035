/** The `out` argument: results written into tensors that the caller gives. https://pytorch.org/docs/stable/notes/out.html */
import { needsRecord } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { canCast } from '../tensor/promote.js';
import { sameSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { scalarTypeName, setWriteOut, type WrongOut } from './define.js';
import { checkInplace } from './inplace.js';
import { copyInto } from './memory.js';
import { resize_ } from './misc.js';

/** Refuses an `out` that can't hold `result`. */
function check(result: Tensor, out: Tensor, wrongOut: WrongOut | null): void {
  checkInplace(out);
  if (wrongOut ? result.dtype === out.dtype : canCast(result.dtype, out.dtype)) return;
  const [from, to] = [result.dtype, out.dtype].map(scalarTypeName);
  throw new RuntimeError(wrongOut?.(from, to) ?? `result type ${from} can't be cast to the desired output type ${to}`);
}

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
  results.forEach((r, i) => check(r, targets[i], wrongOut));
  results.forEach((r, i) => write(r, targets[i]));
  return result instanceof Tensor ? out : Object.assign(results, targets);
});
