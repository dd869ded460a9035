/** Diagonals and triangles. */
import { bool } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import { wrapDim } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { record, nameNode } from '../autograd/node.js';
import { zeros } from './creation.js';
import { arange } from './sequences.js';
import { define } from './define.js';
import { copyInto } from './memory.js';
import { selectWhere } from './pointwise.js';
import { sum } from './reduce.js';
import { diagonal, reshape, unsqueeze } from './view.js';
import type { Op } from './types.js';

type Triangle = Op<[], [diagonal: number], { diagonal: number }>;

function triangle(name: string, keep: (cols: Tensor, edge: Tensor) => Tensor): Triangle {
  const triangleOf: Triangle = define(name, 'input, diagonal?', (input: Tensor, offset = 0) => {
    if (input.ndim < 2) throw new RuntimeError(`${name}: input tensor must have at least 2 dimensions`);
    const [m, n] = input.sizes.slice(-2);
    const edge = unsqueeze(arange(offset, m + offset, { device: input.device }), 1);
    const mask = keep(arange(n, { device: input.device }), edge);
    const result = selectWhere(mask, input.detach(), input.dtype === bool ? false : 0);
    return record(name, [input], result, [], ({ grad }) => [triangleOf(grad, offset)]);
  });
  return triangleOf;
}

/**
 * The elements on and above a diagonal; zeros below. https://pytorch.org/docs/stable/generated/torch.triu.html
 * @example
 * torch.triu(torch.ones(2, 3), 1)
 * // tensor([[0., 1., 1.],
 * //         [0., 0., 1.]])
 */
export const triu: Triangle = triangle('triu', (cols, edge) => cols.ge(edge));
/**
 * The elements on and below a diagonal; zeros above. https://pytorch.org/docs/stable/generated/torch.tril.html
 * @example
 * torch.tril(torch.ones(2, 3))
 * // tensor([[1., 0., 0.],
 * //         [1., 1., 0.]])
 */
export const tril: Triangle = triangle('tril', (cols, edge) => cols.le(edge));

type DiagEmbed = Op<[], [offset: number, dim1: number, dim2: number], { offset: number; dim1: number; dim2: number }>;
/**
 * Matrices whose diagonals are the rows of the last dim. https://pytorch.org/docs/stable/generated/torch.diag_embed.html
 * @example torch.diagEmbed(torch.tensor([[1, 2], [3, 4]])).shape  // torch.Size([2, 2, 2])
 */
export const diagEmbed: DiagEmbed = define(
  'diagEmbed',
  'input, offset?, dim1?, dim2?',
  (input: Tensor, offset = 0, dim1 = -2, dim2 = -1) => {
    const ndim = input.ndim + 1;
    const [a, b] = [wrapDim(dim1, ndim), wrapDim(dim2, ndim)];
    if (a === b) throw new RuntimeError(`diagonal dimensions cannot be identical ${dim1}, ${dim2}`);
    const size = input.sizes[input.ndim - 1] + Math.abs(offset);
    const sizes = [...input.sizes.slice(0, -1)];
    for (const d of [Math.min(a, b), Math.max(a, b)]) sizes.splice(d, 0, size);
    const out = zeros(sizes, { dtype: input.dtype, device: input.device });
    copyInto(diagonal(out, offset, a, b), input);
    return record('diagEmbed', [input], out, [], ({ grad }) => [diagonal(grad, offset, a, b)]);
  },
);

/**
 * A matrix with this diagonal, or the diagonal of a matrix. https://pytorch.org/docs/stable/generated/torch.diag.html
 * @example
 * torch.diag(torch.tensor([1, 2]))
 * // tensor([[1, 0],
 * //         [0, 2]])
 */
export const diag: Triangle = define('diag', 'input, diagonal?', (input: Tensor, offset = 0) => {
  if (input.ndim !== 1 && input.ndim !== 2) throw new RuntimeError(`diag(): Supports 1D or 2D tensors. Got ${input.ndim}D`);
  return input.ndim === 1 ? diagEmbed(input, offset) : nameNode('DiagonalBackward0_copy', diagonal(input, offset).clone());
});
/**
 * A matrix with the flattened input as diagonal. https://pytorch.org/docs/stable/generated/torch.diagflat.html
 * @example
 * torch.diagflat(torch.tensor([[1, 2]]), 1)
 * // tensor([[0, 1, 0],
 * //         [0, 0, 2],
 * //         [0, 0, 0]])
 */
export const diagflat: Op<[], [offset: number], { offset: number }> = define('diagflat', 'input, offset?', (input: Tensor, offset = 0) =>
  diagEmbed(reshape(input, [-1]), offset),
);
/**
 * The sum of the diagonal. https://pytorch.org/docs/stable/generated/torch.trace.html
 * @example torch.trace(torch.tensor([[1, 2], [3, 4]]))  // tensor(5)
 */
export const trace: Op = define('trace', 'input', (input: Tensor) => {
  if (input.ndim !== 2) throw new RuntimeError('trace: expected a matrix');
  return nameNode('trace', sum(diagonal(input)));
});
