/** Making sparse tensors and taking them apart. https://pytorch.org/docs/stable/sparse.html */
import { int64 } from '../ir/dtype.js';
import { record } from '../autograd/node.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { numelOf } from '../tensor/size.js';
import { SparseTensor } from '../tensor/sparse.js';
import { Tensor } from '../tensor/tensor.js';
import { convert, detach } from './convert.js';
import { tensor, type TensorData } from './creation.js';
import { define } from './define.js';
import { indexPut } from './index-put.js';
import { alias } from './inplace.js';
import { stack } from './join.js';
import { resolveDevice, toDType, zeros } from './memory.js';
import { nonzero } from './mask.js';
import { unique } from './order.js';
import { add, fmod, floorDivide, mul, ne } from './pointwise.js';
import { item } from './read.js';
import { amax, amin, any } from './reduce.js';
import { indexAdd } from './select.js';
import type { FactoryOptions, Op } from './types.js';
import { reshape, t as transposed, unbind } from './view.js';
import { at } from './indexing.js';

type SizeOf = readonly number[];

function sparseOf(input: Tensor, name: string, layout = 'sparse coordinate tensor'): SparseTensor {
  if (input instanceof SparseTensor) return input;
  throw new RuntimeError(`${name} expected ${layout} layout but got Strided`);
}

/** The smallest sizes that hold the places. */
function inferredSizes(places: Tensor, entries: Tensor): number[] {
  if (places.sizes[1] === 0 && places.sizes[0] > 0)
    throw new RuntimeError('cannot infer the size of a sparse tensor without entries: give its size');
  return [...unbind(amax(places, 1)).map((most) => Number(item(most)) + 1), ...entries.sizes.slice(1)];
}

function checkParts(places: Tensor, entries: Tensor, sizes: SizeOf): void {
  if (places.ndim !== 2) throw new RuntimeError(`indices must be sparse_dim x nnz, but got: [${places.sizes.join(', ')}]`);
  const [sparse, count] = places.sizes;
  const dense = entries.ndim - 1;
  if (sizes.length !== sparse + dense)
    throw new RuntimeError(
      `'len(size) == sparse_dim + dense_dim' is not satisfied: len(size) = ${sizes.length}, sparse_dim = ${sparse}, dense_dim = ${dense}`,
    );
  if (entries.sizes[0] !== count)
    throw new RuntimeError(
      `indices and values must have same nnz, but got nnz from indices: ${count}, nnz from values: ${entries.sizes[0]}`,
    );
  const expected = [count, ...sizes.slice(sparse)];
  if (String(expected) !== String(entries.sizes))
    throw new RuntimeError(`values has incorrect size, expected [${expected.join(', ')}], got [${entries.sizes.join(', ')}]`);
}

/** Refuses places outside of the tensor. */
function checkPlaces(places: Tensor, sizes: SizeOf): void {
  if (places.sizes[1] === 0) return;
  unbind(places, 0).forEach((row, d) => {
    const [least, most] = [amin(row), amax(row)].map((t) => Number(item(t)));
    if (least < 0) throw new RuntimeError(`found negative index ${least} for dim ${d}`);
    if (most >= sizes[d])
      throw new RuntimeError(`size is inconsistent with indices: for dim ${d}, size is ${sizes[d]} but found index ${most}`);
  });
}

export interface SparseOptions extends FactoryOptions {
  indices?: TensorData;
  values?: TensorData;
  size?: SizeOf;
  isCoalesced?: boolean;
  checkInvariants?: boolean;
}

/**
 * A sparse tensor with `values` (entries, …dense dims) at `indices` (sparse dims, entries), of the smallest size that holds them unless
 * `size` is given. Values at the same place are summed. Throws where the shapes do not fit, with `checkInvariants` also where places lie outside.
 * https://pytorch.org/docs/stable/generated/torch.sparse_coo_tensor.html
 * @example
 * torch.sparseCooTensor([[0, 1], [2, 0]], [3.5, 4], [2, 3]).toDense()
 * // tensor([[0.0000, 0.0000, 3.5000],
 * //         [4.0000, 0.0000, 0.0000]])
 */
export const sparseCooTensor: (
  indices: TensorData | SparseOptions,
  values?: TensorData | SparseOptions,
  size?: SizeOf | SparseOptions,
  options?: SparseOptions,
) => SparseTensor = define(
  'sparseCooTensor',
  'indices, values, size?, *, dtype?, device?, requiresGrad?, isCoalesced?, pinMemory?, checkInvariants?',
  (
    indices: TensorData,
    values: TensorData,
    size?: SizeOf | null,
    dtype?: FactoryOptions['dtype'],
    device?: FactoryOptions['device'],
    requiresGrad = false,
    isCoalesced = false,
    _pinMemory = false,
    checkInvariants = false,
  ) => {
    const given = values instanceof Tensor ? values : tensor(values, { dtype, device, requiresGrad });
    const home = device ? resolveDevice(device) : given.storage.device;
    const entries = convert(given, dtype ? toDType(dtype) : given.dtype, home);
    const places = convert(indices instanceof Tensor ? indices : tensor(indices), int64, home);
    if (places.ndim !== 2) throw new RuntimeError(`indices must be sparse_dim x nnz, but got: [${places.sizes.join(', ')}]`);
    const sizes = size ? [...size] : inferredSizes(places, entries);
    checkParts(places, entries, sizes);
    if (checkInvariants) checkPlaces(places, sizes);
    return new SparseTensor(detach(places), requiresGrad ? leafOf(entries) : entriesOf(entries), sizes, isCoalesced);
  },
);

function leafOf(entries: Tensor): Tensor {
  const leaf = detach(entries);
  leaf.wantsGrad = true;
  return leaf;
}

function entriesOf(values: Tensor): Tensor {
  const entries = alias(values);
  return record('SparseCooTensorWithDimsAndTensors', [values], entries, [], ({ grad }) => [grad]);
}

const zerosOf = ({ dtype, storage }: Tensor, sizes: SizeOf): Tensor => zeros(sizes, { dtype, device: storage.device });

/** One number for each place, as if the sparse dims were one. */
function linearPlaces({ places, sparseSizes }: SparseTensor): Tensor {
  const rows = unbind(places, 0);
  return rows.slice(1).reduce((sum, row, d) => add(mul(sum, sparseSizes[d + 1]), row), rows[0]);
}

/** The rows of `places` that `linear` numbers. */
function placesOf(linear: Tensor, sizes: SizeOf): Tensor {
  const strides = sizes.map((_, d) => numelOf(sizes.slice(d + 1)));
  return stack(
    strides.map((stride, d) => fmod(floorDivide(linear, stride), sizes[d])),
    0,
  );
}

/**
 * The same tensor with sorted places, each of which comes up once. https://pytorch.org/docs/stable/generated/torch.Tensor.coalesce.html
 * @example torch.sparseCooTensor([[1, 0, 1]], [2, 3, 4], [2]).coalesce().values()  // tensor([3, 6])
 */
export const coalesce: Op<[], [], object, SparseTensor> = define('coalesce', 'input', (input: Tensor) => {
  const sparse = sparseOf(input, 'coalesce');
  const { places, entries, sizes, sparseSizes } = sparse;
  if (sparse.coalesced) return sparse;
  if (places.sizes[1] < 2) return new SparseTensor(places, entries, sizes, true);
  const [linear, inverse] = unique(linearPlaces(sparse), { returnInverse: true }) as unknown as [Tensor, Tensor];
  const empty = zerosOf(entries, [linear.sizes[0], ...entries.sizes.slice(1)]);
  return new SparseTensor(placesOf(linear, sparseSizes), indexAdd(empty, 0, inverse, entries), sizes, true);
});

/**
 * Whether places are sorted and each comes up once. https://pytorch.org/docs/stable/generated/torch.Tensor.is_coalesced.html
 * @example torch.sparseCooTensor([[1, 0]], [2, 3], [2]).isCoalesced()  // false
 */
export const isCoalesced: Op<[], [], object, boolean> = define(
  'isCoalesced',
  'input',
  (input: Tensor) => sparseOf(input, 'is_coalesced').coalesced,
);

function coalesced(input: Tensor, name: string, layout?: string): SparseTensor {
  const sparse = sparseOf(input, name, layout);
  if (!sparse.coalesced) throw new RuntimeError(`Cannot get ${name} on an uncoalesced tensor, please call .coalesce() first`);
  return sparse;
}

/**
 * The places of a coalesced sparse tensor: (sparse dims, entries). https://pytorch.org/docs/stable/generated/torch.Tensor.indices.html
 * @example torch.sparseCooTensor([[1, 0]], [2, 3], [2]).coalesce().indices()  // tensor([[0, 1]])
 */
export const indices: Op = define('indices', 'input', (input: Tensor) => coalesced(input, 'indices').places);

/**
 * The values of a coalesced sparse tensor: (entries, …dense dims). https://pytorch.org/docs/stable/generated/torch.Tensor.values.html
 * @example torch.sparseCooTensor([[1, 0]], [2, 3], [2]).coalesce().values()  // tensor([3, 2])
 */
export const values: Op = define('values', 'input', (input: Tensor) => coalesced(input, 'values', 'sparse tensor').entries);

/**
 * The places of a sparse tensor, coalesced or not.
 * @example torch.sparseCooTensor([[1, 0]], [2, 3], [2])._indices()  // tensor([[1, 0]])
 */
export const _indices: Op = define('_indices', 'input', (input: Tensor) => sparseOf(input, '_indices').places);

/**
 * The values of a sparse tensor, coalesced or not.
 * @example torch.sparseCooTensor([[1, 0]], [2, 3], [2])._values()  // tensor([2, 3])
 */
export const _values: Op = define('_values', 'input', (input: Tensor) => sparseOf(input, '_values').entries);

/**
 * How many entries a sparse tensor has.
 * @example torch.sparseCooTensor([[1, 0]], [2, 3], [2])._nnz()  // 2
 */
export const _nnz: Op<[], [], object, number> = define('_nnz', 'input', (input: Tensor) => sparseOf(input, '_nnz').places.sizes[1]);

/**
 * How many dims are sparse: none of a dense tensor. https://pytorch.org/docs/stable/generated/torch.Tensor.sparse_dim.html
 * @example torch.ones(2, 3).toSparse(1).sparseDim()  // 1
 */
export const sparseDim: Op<[], [], object, number> = define('sparseDim', 'input', (input: Tensor) =>
  input instanceof SparseTensor ? input.places.sizes[0] : 0,
);

/**
 * How many dims are dense: all of a dense tensor. https://pytorch.org/docs/stable/generated/torch.Tensor.dense_dim.html
 * @example torch.ones(2, 3).toSparse(1).denseDim()  // 1
 */
export const denseDim: Op<[], [], object, number> = define('denseDim', 'input', (input: Tensor) => input.ndim - sparseDim(input));

/**
 * The tensor with all its elements. https://pytorch.org/docs/stable/generated/torch.Tensor.to_dense.html
 * @example torch.sparseCooTensor([[1, 1]], [2, 3], [3]).toDense()  // tensor([0, 5, 0])
 */
export const toDense: Op = define('toDense', 'input, dtype?, *, maskedGrad?', (input: Tensor, dtype?: FactoryOptions['dtype']) => {
  const dense = input instanceof SparseTensor ? densified(input) : input;
  return dtype ? convert(dense, toDType(dtype)) : dense;
});

function densified({ places, entries, sizes }: SparseTensor): Tensor {
  const empty = zerosOf(entries, sizes);
  return indexPut(empty, unbind(places, 0), entries, true);
}

/**
 * The elements that are not 0 with their places; rows of the trailing dims stay whole if `sparseDim` is less than all.
 * https://pytorch.org/docs/stable/generated/torch.Tensor.to_sparse.html
 * @example
 * torch.tensor([[0, 5], [0, 0]]).toSparse()
 * // tensor(indices=tensor([[0],
 * //                        [1]]),
 * //        values=tensor([5]),
 * //        size=(2, 2), nnz=1, layout=torch.sparse_coo)
 */
export const toSparse: Op<[], [sparseDim: number], { sparseDim?: number }, SparseTensor> = define(
  'toSparse',
  'input, sparseDim?',
  (input: Tensor, dims = input.ndim) => {
    if (input instanceof SparseTensor) return input;
    if (dims < 1 || dims > input.ndim) throw new ValueError(`sparse_dim argument must be in [1, ${input.ndim}], but got ${dims}`);
    const used = ne(input, 0);
    const rows = dims === input.ndim ? used : any(reshape(used, [...input.sizes.slice(0, dims), -1]), -1);
    const places = transposed(nonzero(rows) as Tensor);
    return new SparseTensor(places, at(input, ...unbind(places, 0)), input.sizes, true);
  },
);

/**
 * The elements of a dense tensor at the places of a sparse `mask`. https://pytorch.org/docs/stable/generated/torch.Tensor.sparse_mask.html
 * @example torch.tensor([1, 2, 3]).sparseMask(torch.sparseCooTensor([[2]], [1], [3])).values()  // tensor([3])
 */
export const sparseMask: Op<[mask: Tensor], [], object, SparseTensor> = define(
  'sparseMask',
  'input, mask',
  (input: Tensor, mask: Tensor) => {
    const { places, sizes } = coalesce(sparseOf(mask, 'sparse_mask'));
    if (String(input.sizes) !== String(sizes))
      throw new RuntimeError(
        `sparse_mask(): operands have incompatible sizes; self has size [${input.sizes.join(', ')}] but mask has size [${sizes.join(', ')}]`,
      );
    return new SparseTensor(places, at(input, ...unbind(places, 0)), sizes, true);
  },
);
