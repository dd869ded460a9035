/** Complex numbers from their parts, and back. */
import { constant, Expr, where } from '../ir/expr.js';
import type { Tensor } from '../tensor/tensor.js';
import { pointwise } from './define.js';
import { zero } from './exprs.js';
import type { Op } from './types.js';
import { type Unary, unary, arithmetic, otherScalarType, sameFloats } from './pointwise-kinds.js';

/**
 * The angle of a complex number; 0 or π for a real one. https://pytorch.org/docs/stable/generated/torch.angle.html
 * @example torch.angle(torch.tensor([{ re: 0, im: 1 }, { re: -1, im: 0 }]))  // tensor([1.5708, 3.1416])
 */
export const angle: Unary = unary(
  'angle',
  (x) => (x.dtype.isComplex ? x.imag.atan2(x.real) : where(x.isnan(), x, where(x.lt(0), constant(Math.PI, x.dtype), zero(x)))),
  {
    noInplace: true,
    savesMore: true,
    grad: ({ grad, args: [x] }) => {
      if (!x.dtype.isComplex) return [grad.mul(0)];
      const norm = x.real.mul(x.real).add(x.imag.mul(x.imag));
      const pick = (v: Expr): Expr => where(norm.eq(0), zero(v), v);
      return [new Expr('complex', x.dtype, [pick(grad.mul(x.imag.neg()).div(norm)), pick(grad.mul(x.real).div(norm))])];
    },
  },
);
/**
 * The complex conjugate, as a new tensor. https://pytorch.org/docs/stable/generated/torch.conj_physical.html
 * @example torch.conjPhysical(torch.tensor([{ re: 1, im: 2 }]))  // tensor([1.-2.j])
 */
export const conjPhysical: Unary = unary('conjPhysical', (x) => x.conj(), arithmetic);
/**
 * real + i · imag, of two float tensors of one dtype. https://pytorch.org/docs/stable/generated/torch.complex.html
 * @example torch.complex(torch.tensor([1.5]), torch.tensor([2.5]))  // tensor([1.5000+2.5000j])
 */
export const complex: Op<[imag: Tensor]> = pointwise(
  'complex',
  { args: 'real, imag', operands: 2, takes: 'tensors', refuse: sameFloats, noInplace: true, savesMore: true, wrongOut: otherScalarType },
  (re: Expr, im: Expr) => new Expr('complex', re.dtype.toComplex(), [re, im]),
);
/**
 * abs · (cos angle + i · sin angle), of two float tensors of one dtype. https://pytorch.org/docs/stable/generated/torch.polar.html
 * @example torch.polar(torch.tensor([2.5]), torch.zeros(1))  // tensor([2.5000+0.j])
 */
export const polar: Op<[angle: Tensor]> = pointwise(
  'polar',
  {
    args: 'abs, angle',
    operands: 2,
    takes: 'tensors',
    noInplace: true,
    wrongOut: otherScalarType,
    grad: ({ grad, result }) => {
      const size = result.abs();
      const toward = where(size.eq(0), zero(result), result.div(size.cast(result.dtype)));
      const turned = new Expr('complex', result.dtype, [result.imag.neg(), result.real]);
      return [grad.conj().mul(toward).real, grad.conj().mul(turned).real];
    },
  },
  (r: Expr, a: Expr) => new Expr('complex', r.dtype.toComplex(), [r.mul(a.cos()), r.mul(a.sin())]),
);
