/** Real and complex numbers as views of each other. */
import { viewOf } from './make-view.js';
import { bool, type DType, float32, float64 } from '../ir/dtype.js';
import { complex as complexExpr } from '../ir/expr.js';
import { Formula, inputLeaves } from './formula.js';
import { record } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { clone } from './memory.js';
import { applyFormula } from './apply.js';
import { define } from './define.js';
import { complex as makeComplex, mul } from './pointwise.js';
import type { Op } from './types.js';

/** A view of one part of complex numbers. */
function partView(input: Tensor, part: 0 | 1): Tensor {
  const v = viewOf(
    input,
    input.sizes,
    input.strides.map((s) => 2 * s),
    2 * input.offset + part,
  );
  v.dtype = input.dtype.toReal();
  const zero = (g: Tensor): Tensor => mul(g, 0);
  return record('select', [input], v, [], ({ grad }) => [part ? makeComplex(zero(grad), grad) : makeComplex(grad, zero(grad))]);
}
/**
 * The real parts, as a view; a real tensor itself. https://pytorch.org/docs/stable/generated/torch.real.html
 * @example torch.real(torch.tensor([{ re: 1, im: 2 }]))  // tensor([1.])
 */
export const real: Op = define('real', 'input', (input: Tensor) => (input.dtype.isComplex ? partView(input, 0) : input));
/**
 * The imaginary parts, as a view; real tensors are refused. https://pytorch.org/docs/stable/generated/torch.imag.html
 * @example torch.imag(torch.tensor([{ re: 1, im: 2 }]))  // tensor([2.])
 */
export const imag: Op = define('imag', 'input', (input: Tensor) => {
  if (!input.dtype.isComplex) throw new RuntimeError('imag is not implemented for tensors with non-complex dtypes.');
  return partView(input, 1);
});
/**
 * Complex numbers as pairs in a new last dim. https://pytorch.org/docs/stable/generated/torch.view_as_real.html
 * @example torch.viewAsReal(torch.tensor([{ re: 1, im: 2 }]))  // tensor([[1., 2.]])
 */
export const viewAsReal: Op = define('viewAsReal', 'input', (input: Tensor) => {
  if (!input.dtype.isComplex) throw new RuntimeError('view_as_real is only supported for complex tensors');
  const v = viewOf(input, [...input.sizes, 2], [...input.strides.map((s) => 2 * s), 1], 2 * input.offset);
  v.dtype = input.dtype.toReal();
  return record('viewAsReal', [input], v, [], ({ grad }) => [viewAsComplex(clone(grad, { memoryFormat: 'contiguous_format' }))]);
});
/**
 * Pairs in the last dim as complex numbers. https://pytorch.org/docs/stable/generated/torch.view_as_complex.html
 * @example torch.viewAsComplex(torch.tensor([1.5, 2.5]))  // tensor(1.5000+2.5000j)
 */
export const viewAsComplex: Op = define('viewAsComplex', 'input', (input: Tensor) => {
  const last = input.ndim - 1;
  if (input.dtype !== float32 && input.dtype !== float64)
    throw new RuntimeError(
      `view_as_complex is only supported for half, float and double tensors, but got a tensor of scalar type: ${input.dtype.name}`,
    );
  if (input.ndim === 0) throw new RuntimeError('Input tensor must have one or more dimensions');
  if (input.sizes[last] !== 2) throw new RuntimeError('Tensor must have a last dimension of size 2');
  if (input.strides[last] !== 1) throw new RuntimeError('Tensor must have a last dimension with stride 1');
  const strides = input.strides.slice(0, -1);
  if (strides.some((s) => s % 2 !== 0) || input.offset % 2 !== 0)
    throw new RuntimeError('Tensor must have a stride divisible by 2 for all but last dimension');
  const v = viewOf(
    input,
    input.sizes.slice(0, -1),
    strides.map((s) => s / 2),
    input.offset / 2,
  );
  v.dtype = input.dtype.toComplex();
  return record('viewAsComplex', [input], v, [], ({ grad }) => [viewAsReal(grad)]);
});
const conjFormulas = new Map<DType, Formula>();
/**
 * The complex conjugate. https://pytorch.org/docs/stable/generated/torch.conj.html
 * @example torch.conj(torch.tensor([{ re: 1, im: 2 }]))  // tensor([1.-2.j])
 */
export const conj: Op = define('conj', 'input', (input: Tensor) => {
  if (!input.dtype.isComplex) return input;
  let formula = conjFormulas.get(input.dtype);
  if (!formula) {
    const [x] = inputLeaves([input.dtype]);
    conjFormulas.set(input.dtype, (formula = new Formula([x], [], [complexExpr(x.real, x.imag.neg())])));
  }
  return applyFormula(formula, 'conj', [input], []);
});
/**
 * Conjugation and negation are never delayed here: the tensor itself. https://pytorch.org/docs/stable/generated/torch.resolve_conj.html
 * @example torch.resolveConj(torch.tensor([{ re: 1, im: 2 }]).conj())  // tensor([1.-2.j])
 */
export const resolveConj: Op = define('resolveConj', 'input', (input: Tensor) => input);
/**
 * The tensor itself: nothing here is negated lazily. https://pytorch.org/docs/stable/generated/torch.resolve_neg.html
 * @example torch.resolveNeg(torch.tensor([1, -2]))  // tensor([ 1, -2])
 */
export const resolveNeg: Op = define('resolveNeg', 'input', (input: Tensor) => input);
/**
 * The tensor itself, for Python's unary plus; booleans are refused. https://pytorch.org/docs/stable/generated/torch.positive.html
 * @example torch.positive(torch.tensor([1, -2]))  // tensor([ 1, -2])
 */
export const positive: Op = define('positive', 'input', (input: Tensor) => {
  if (input.dtype === bool) throw new RuntimeError('The `+` operator, on a bool tensor is not supported.');
  return input;
});
