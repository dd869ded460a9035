/** Lookups in tables. https://pytorch.org/docs/stable/nn.functional.html#sparse-functions */
import { int32, int64 } from '../../ir/dtype.js';
import { noGrad } from '../../autograd/modes.js';
import { record } from '../../autograd/node.js';
import { convert } from '../../ops/convert.js';
import { zeros } from '../../ops/creation.js';
import { define } from '../../ops/define.js';
import { contiguousRaw } from '../../ops/memory.js';
import { emptyOn, runIndexed } from '../../ops/routine.js';
import { scatter } from '../../ops/select.js';
import { AssertionError, RuntimeError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import { SparseTensor } from '../../tensor/sparse.js';
import type { Tensor } from '../../tensor/tensor.js';

export interface EmbeddingOptions {
  paddingIdx?: number | null;
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  sparse?: boolean;
}

const outOfRange = (): string => 'index out of range in self';

function lookup(weight: Tensor, indices: Tensor, padding: number, scale: boolean, sparse = false): Tensor {
  const out = emptyOn(weight, [...indices.sizes, weight.sizes[1]]);
  const flat = contiguousRaw(indices).view([-1]);
  if (numelOf(indices.sizes) > 0)
    runIndexed('index_select', [out.view([-1, weight.sizes[1]]), contiguousRaw(weight), flat], [0], outOfRange);
  const { sizes } = weight;
  const gradient = gradientOf(sparse);
  return record('embedding', [weight], out, [indices], ({ grad }, [at]) => [gradient(grad, at, sizes, padding, scale)]);
}

/** Makes the gradient of a table from the gradients of its rows in use. */
type TableGradient = (grad: Tensor, indices: Tensor, sizes: readonly number[], padding: number, scale: boolean) => Tensor;
export const gradientOf = (sparse: boolean): TableGradient => (sparse ? sparseGradient : tableGradient);

/** The gradients of the uses of rows, beside the numbers of these rows. */
function sparseGradient(grad: Tensor, indices: Tensor, sizes: readonly number[], padding: number, scale: boolean): Tensor {
  if (scale) throw new RuntimeError('embedding_backward: scale_grad_by_freq not supported with sparse gradients');
  const [flat, rows] = [indices.reshape([-1]), grad.reshape([-1, sizes[1]])];
  const used = padding < 0 ? null : flat.ne(padding).nonzero().reshape([-1]);
  const [places, entries] = used ? [flat.indexSelect(0, used), rows.indexSelect(0, used)] : [flat, rows];
  return new SparseTensor(places.unsqueeze(0), entries, sizes);
}

/** Every row of the table gets the sum of the gradients of its uses. */
function tableGradient(grad: Tensor, indices: Tensor, sizes: readonly number[], padding: number, scale: boolean): Tensor {
  const out = emptyOn(grad, sizes);
  const flat = contiguousRaw(indices).view([-1]);
  runIndexed('embedding_backward', [out, contiguousRaw(grad).view([flat.sizes[0], sizes[1]]), flat], [padding, scale ? 1 : 0], outOfRange);
  return record('embeddingDenseBackward', [grad], out, [], ({ grad: h }) => [
    padding < 0 ? lookup(h, indices, -1, scale) : lookup(h, indices, -1, scale).mul(convert(indices.ne(padding), h.dtype).unsqueeze(-1)),
  ]);
}

/**
 * The rows of `weight` (number of embeddings, dim) that `input` numbers: (*, dim).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding.html
 * @example
 * F.embedding(torch.tensor([1, 0]), torch.tensor([[0.5, 1], [2, 3]]))
 * // tensor([[2.0000, 3.0000],
 * //         [0.5000, 1.0000]])
 */
export const embedding: (input: Tensor, weight: Tensor, options?: EmbeddingOptions) => Tensor = define(
  'embedding',
  'input, weight, paddingIdx?, maxNorm?, normType?, scaleGradByFreq?, sparse?',
  (
    input: Tensor,
    weight: Tensor,
    paddingIdx?: number | null,
    maxNorm?: number | null,
    normType = 2,
    scaleGradByFreq = false,
    sparse = false,
  ) => {
    const { indices, padding } = checkedIndices(input, weight, { paddingIdx, maxNorm, normType });
    return lookup(weight, indices, padding, scaleGradByFreq, sparse);
  },
);

/** Indices as int64, and which of them is padding (-1: none). Rows whose norm is above `maxNorm` are scaled down. */
export function checkedIndices(
  input: Tensor,
  weight: Tensor,
  { paddingIdx, maxNorm, normType = 2 }: EmbeddingOptions,
): { indices: Tensor; padding: number } {
  if (weight.ndim !== 2) throw new RuntimeError("'weight' must be 2-D");
  if (input.dtype !== int64 && input.dtype !== int32) {
    throw new RuntimeError(
      `Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got ${input.type()} instead (while checking arguments for embedding)`,
    );
  }
  const rows = weight.sizes[0];
  if (typeof paddingIdx === 'number' && (paddingIdx >= rows || paddingIdx < -rows))
    throw new AssertionError('Padding_idx must be within num_embeddings');
  const padding = typeof paddingIdx === 'number' ? (paddingIdx < 0 ? paddingIdx + rows : paddingIdx) : -1;
  const indices = convert(input, int64);
  if (typeof maxNorm === 'number') renormalise(weight, indices, maxNorm, normType);
  return { indices, padding };
}

/** Scales down the rows in use whose norm is above `maxNorm`, in place. */
function renormalise(weight: Tensor, indices: Tensor, maxNorm: number, normType: number): void {
  noGrad(() => {
    const dense = contiguousRaw(weight);
    if (numelOf(indices.sizes) > 0)
      runIndexed('embedding_renorm', [dense, contiguousRaw(indices).view([-1])], [maxNorm, normType], outOfRange);
    if (dense !== weight) weight.copy_(dense);
    else weight.storage.version++;
  });
}

/**
 * Vectors with 1 at the given class and 0 elsewhere: (*, numClasses), int64.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.one_hot.html
 * @example
 * F.oneHot(torch.tensor([0, 2]), 3)
 * // tensor([[1, 0, 0],
 * //         [0, 0, 1]])
 */
export const oneHot: (input: Tensor, numClasses?: number | { numClasses?: number }) => Tensor = define(
  'oneHot',
  'input, numClasses?',
  (input: Tensor, numClasses = -1) => {
    if (input.dtype !== int64) throw new RuntimeError(`one_hot is only applicable to index tensor of type LongTensor.`);
    if (numelOf(input.sizes) === 0) {
      if (numClasses <= 0) throw new RuntimeError('Can not infer total number of classes from empty tensor.');
      return zeros([...input.sizes, numClasses], { dtype: int64, device: input.device });
    }
    if (Number(input.amin().item()) < 0) throw new RuntimeError('Class values must be non-negative.');
    const largest = Number(input.amax().item());
    if (numClasses >= 0 && numClasses <= largest) throw new RuntimeError('Class values must be smaller than num_classes.');
    const count = numClasses < 0 ? largest + 1 : numClasses;
    const out = zeros([...input.sizes, count], { dtype: int64, device: input.device });
    return scatter(out, -1, input.unsqueeze(-1), 1);
  },
);
