/** Elements in another order: reversed, shifted, turned. */
import { nameNode, record } from '../autograd/node.js';
import { IndexError, RuntimeError } from '../tensor/errors.js';
import { wrapDim, wrapDims } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { define } from './define.js';
import { clone, contiguousRaw, copyInto, copyRaw, fresh } from './memory.js';
import { narrow, reshape, transpose } from './view.js';
import type { Dims, Op } from './types.js';

/** Read backwards, with negative strides. */
function reversed({ storage, dtype, sizes, strides, offset }: Tensor, dims: readonly number[]): Tensor {
  const first = dims.reduce((at, d) => at + Math.max(sizes[d] - 1, 0) * strides[d], offset);
  const turned = strides.map((stride, d) => (dims.includes(d) ? -stride : stride));
  return copyRaw(new Tensor(storage, dtype, sizes, turned, first));
}

/**
 * The order of the elements along `dims` reversed, as a copy. https://pytorch.org/docs/stable/generated/torch.flip.html
 * @example
 * torch.flip(torch.tensor([[1, 2], [3, 4]]), [0, 1])
 * // tensor([[4, 3],
 * //         [2, 1]])
 */
export const flip: (input: Tensor, ...dims: (number | readonly number[])[]) => Tensor = define(
  'flip',
  'input, ...dims',
  (input: Tensor, dims: readonly number[]) => {
    if (input.ndim === 0) return nameNode('flip', clone(input));
    const list = typeof dims === 'number' ? [dims] : dims;
    if (list.length === 0) return nameNode('flip', clone(input));
    return record('flip', [input], reversed(input, wrapDims(list, input.ndim)), [], ({ grad }) => [flip(grad, list)]);
  },
);
/**
 * Columns in reverse order. https://pytorch.org/docs/stable/generated/torch.fliplr.html
 * @example
 * torch.fliplr(torch.tensor([[1, 2], [3, 4]]))
 * // tensor([[2, 1],
 * //         [4, 3]])
 */
export const fliplr: Op = define('fliplr', 'input', (input: Tensor) => {
  if (input.ndim < 2) throw new RuntimeError('Input must be >= 2-d.');
  return flip(input, 1);
});
/**
 * Rows in reverse order. https://pytorch.org/docs/stable/generated/torch.flipud.html
 * @example
 * torch.flipud(torch.tensor([[1, 2], [3, 4]]))
 * // tensor([[3, 4],
 * //         [1, 2]])
 */
export const flipud: Op = define('flipud', 'input', (input: Tensor) => {
  if (input.ndim < 1) throw new RuntimeError('Input must be >= 1-d.');
  return flip(input, 0);
});
/**
 * Shifts elements along dims, those pushed out come in at the other end. https://pytorch.org/docs/stable/generated/torch.roll.html
 * @example torch.roll(torch.arange(5), 2)  // tensor([3, 4, 0, 1, 2])
 */
export const roll: Op<[shifts: Dims], [dims: Dims], { dims: Dims }> = define(
  'roll',
  'input, shifts, dims?',
  (input: Tensor, shifts: Dims, dims?: Dims) => {
    const [by, along] = [shifts, dims ?? []].map((x) => (typeof x === 'number' ? [x] : x));
    if (by.length === 0) throw new RuntimeError('`shifts` required');
    if (along.length === 0 && by.length === 1) return nameNode('roll', reshape(roll(reshape(input, [-1]), by, [0]), input.sizes));
    if (by.length !== along.length) throw new RuntimeError(`shifts and dimensions must align. shifts: ${by.length}, dims:${along.length}`);
    if (input.ndim === 0) throw new IndexError(`Dimension specified as ${along[0]} but tensor has no dimensions`);
    const wrapped = along.map((dim) => wrapDim(dim, input.ndim));
    const out = wrapped.reduce((x, dim, k) => rolled(x, dim, by[k]), contiguousRaw(input.detach()));
    return record('roll', [input], fresh(out), [], ({ grad }) => [
      roll(
        grad,
        by.map((n) => -n),
        wrapped,
      ),
    ]);
  },
);
/** A copy of a contiguous tensor in two parts, which change places. */
function rolled(x: Tensor, d: number, shift: number): Tensor {
  const out = emptyTensor(x.storage.device, x.dtype, x.sizes);
  const n = x.sizes[d];
  if (numelOf(x.sizes) === 0) return out;
  const start = ((-shift % n) + n) % n;
  copyInto(narrow(out, d, 0, n - start), narrow(x, d, start, n - start));
  if (start > 0) copyInto(narrow(out, d, n - start, start), narrow(x, d, 0, start));
  return out;
}
/**
 * Rotates by k quarter turns in the plane of two dims. https://pytorch.org/docs/stable/generated/torch.rot90.html
 * @example
 * torch.rot90(torch.tensor([[1, 2], [3, 4]]))
 * // tensor([[2, 4],
 * //         [1, 3]])
 */
export const rot90: Op<[], [k: number, dims: readonly number[]], { k: number; dims: readonly number[] }> = define(
  'rot90',
  'input, k?, dims?',
  (input: Tensor, k = 1, dims: readonly number[] = [0, 1]) => {
    if (dims.length !== 2) throw new RuntimeError(`expected total rotation dims == 2, but got dims = ${dims.length}`);
    if (input.ndim < 2) throw new RuntimeError(`expected total dims >= 2, but got total dims = ${input.ndim}`);
    if (dims[0] === dims[1] || Math.abs(dims[0] - dims[1]) === input.ndim)
      throw new RuntimeError(`expected rotation dims to be different, but got dim0 = ${dims[0]} and dim1 = ${dims[1]}`);
    const [a, b] = dims.map((d) => {
      if (d >= input.ndim || d < -input.ndim)
        throw new RuntimeError(`Rotation dim${d === dims[0] ? 0 : 1} out of range, dim${d === dims[0] ? 0 : 1} = ${d}`);
      return wrapDim(d, input.ndim);
    });
    switch (((k % 4) + 4) % 4) {
      case 1:
        return nameNode('rot90', transpose(flip(input, b), a, b));
      case 2:
        return nameNode('rot90', flip(input, [a, b]));
      case 3:
        return nameNode('rot90', transpose(flip(input, a), a, b));
      default:
        return nameNode('rot90', clone(input));
    }
  },
);
