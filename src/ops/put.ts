/** Reading and writing by position. */
import { nameNode } from '../autograd/node.js';
import { int64 } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { define, scalarTypeName } from './define.js';
import { emptyOn, runIndexed } from './routine.js';
import { expand, reshape } from './view.js';
import type { Op } from './types.js';
import { indexAdd, indexCopy, indexSelect } from './scatter.js';

/**
 * Elements of the flattened tensor. https://pytorch.org/docs/stable/generated/torch.take.html
 * @example torch.take(torch.tensor([[1, 2], [3, 4]]), torch.tensor([0, 3]))  // tensor([1, 4])
 */
export const take: Op<[index: Tensor]> = define('take', 'input, index', (input: Tensor, index: Tensor) => {
  if (index.dtype !== int64) throw new RuntimeError(`take(): Expected a long tensor for index, but got ${scalarTypeName(index.dtype)}`);
  if (numelOf(input.sizes) === 0 && numelOf(index.sizes) > 0) throw new RuntimeError('take(): tried to take from an empty tensor');
  const places = reshape(wrapped(index, numelOf(input.sizes)), [-1]);
  return nameNode('take', reshape(indexSelect(reshape(input, [-1]), 0, places), index.sizes));
});
/** Negative positions count from the end; positions outside are an error. */
function wrapped(index: Tensor, size: number): Tensor {
  const out = emptyOn(index, index.sizes);
  if (numelOf(index.sizes) > 0)
    runIndexed('linear_index', [out, index], [size, 1], (i, n) => `out of range: tried to access index ${i} on a tensor of ${n} elements.`);
  return out;
}
/**
 * Puts values at positions of the flattened tensor. https://pytorch.org/docs/stable/generated/torch.Tensor.put.html
 * @example
 * torch.zeros(2, 2).put(torch.tensor([0, 3]), torch.tensor([1.5, 2.5]))
 * // tensor([[1.5000, 0.0000],
 * //         [0.0000, 2.5000]])
 */
export const put: Op<[index: Tensor, source: Tensor], [accumulate: boolean], { accumulate: boolean }> = define(
  'put',
  'input, index, source, accumulate?',
  (input: Tensor, index: Tensor, source: Tensor, accumulate = false) => {
    if (index.dtype !== int64) throw new RuntimeError(`put_(): Expected a long tensor for index, but got ${scalarTypeName(index.dtype)}`);
    if (source.dtype !== input.dtype)
      throw new RuntimeError(
        `put_(): self and source expected to have the same dtype, but got self.dtype = ${scalarTypeName(input.dtype)} and source.dtype = ${scalarTypeName(source.dtype)}`,
      );
    const n = numelOf(index.sizes);
    if (n !== numelOf(source.sizes))
      throw new RuntimeError(
        `put_(): Expected source and index to have the same number of elements, but got source.numel() = ${numelOf(source.sizes)}, index.numel() = ${n}`,
      );
    const flat = reshape(input, [-1]);
    const positions = reshape(wrapped(index, numelOf(input.sizes)), [-1]);
    const values = reshape(source, [-1]);
    const written = accumulate ? indexAdd(flat, 0, positions, values) : indexCopy(flat, 0, positions, values);
    return nameNode('put', reshape(written, input.sizes));
  },
);

/** What indexing by tensors needs: the dims in front and behind, and one linear position per result. */
export function linearIndex(indices: readonly Tensor[], sizes: readonly number[], shape: readonly number[], firstDim = 0): Tensor {
  const out = emptyOn(indices[0], shape);
  const steps = sizes.map((_, k) => numelOf(sizes.slice(k + 1)));
  const operands = indices.map((t) => expand(t, shape));
  if (numelOf(shape) > 0) {
    try {
      runIndexed(
        'linear_index',
        [out, ...operands],
        sizes.flatMap((n, k) => [n, steps[k]]),
      );
    } catch (error) {
      const failed = /index (-?\d+)/.exec(String(error))?.[1] ?? '?';
      const k = sizes.findIndex((n) => Number(failed) >= n || Number(failed) < -n);
      throw Object.assign(error as Error, {
        message: `index ${failed} is out of bounds for dimension ${firstDim + Math.max(k, 0)} with size ${sizes[Math.max(k, 0)]}`,
      });
    }
  }
  return out;
}
