/** `x.at(…)` and `x.setAt([…], value)`: PyTorch's `x[…]` and `x[…] = value`. https://pytorch.org/docs/stable/tensor_view.html */
import { nameNode } from '../autograd/node.js';
import { bool, int16, int32, int64, int8, uint8 } from '../ir/dtype.js';
import { IndexError, RuntimeError, ValueError } from '../tensor/errors.js';
import { isNumber, type Number_ } from '../tensor/promote.js';
import { broadcastSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { convert, copy_ } from './convert.js';
import { full, tensor } from './creation.js';
import { alias } from './inplace.js';
import { add } from './pointwise.js';
import { makeView } from './make-view.js';
import { indexAdd, indexCopy, indexSelect, linearIndex, maskedSelect, nonzeroTuple } from './select.js';
import { expand, movedim, permute, reshape, select, slice, unsqueeze, view } from './view.js';

type NestedIndex = number | boolean | readonly NestedIndex[];
/** What may stand between the brackets: a number, `'1:3'`, `'::2'`, `':'`, `'...'`, null (a new dim), a mask, or positions. */
export type Index = number | bigint | string | boolean | null | Tensor | readonly NestedIndex[];

const integers = [int8, int16, int32, int64];
const isMask = (t: Tensor): boolean => t.dtype === bool || t.dtype === uint8;

/** How many dims of the tensor an index uses up. */
function dimsOf(index: Index): number {
  if (index === null || index === '...' || typeof index === 'boolean') return 0;
  return index instanceof Tensor && isMask(index) ? index.ndim : 1;
}

/** Lists become tensors; indices by tensors must be integers or masks. */
function normalised(index: Index): Index {
  if (index === undefined) throw new TypeError('an index must not be undefined');
  const value = Array.isArray(index) ? listIndex(index) : index;
  if (value instanceof Tensor && !isMask(value) && !integers.includes(value.dtype)) {
    throw new IndexError('tensors used as indices must be long, int, byte or bool tensors');
  }
  return value as Index;
}

const listIndex = (list: readonly NestedIndex[]): Tensor => (list.length === 0 ? tensor([], { dtype: int64 }) : tensor(list as number[]));

/** `'1:-1'` → `[1, -1, 1]` */
export function parseSlice(text: string): [start: number | null, end: number | null, step: number] {
  const parts = text.split(':').map((part) => part.trim());
  if (parts.length < 2 || parts.length > 3 || parts.some((part) => part !== '' && !/^[+-]?\d+$/.test(part)))
    throw new IndexError(`'${text}' is not a slice: write 'start:stop' or 'start:stop:step'`);
  const [start, end, step] = parts.map((part) => (part === '' ? null : Number(part)));
  if (step === 0) throw new ValueError('slice step cannot be zero');
  if (step !== null && step !== undefined && step < 0) throw new ValueError('step must be greater than zero');
  return [start, end, step ?? 1];
}

/** A view after the basic indices, and the tensors that index its dims. */
interface Applied {
  x: Tensor;
  tensors: (Tensor | null)[];
}

function applyBasic(input: Tensor, given: readonly Index[]): Applied {
  const indices = given.map(normalised);
  const used = indices.reduce<number>((sum, index) => sum + dimsOf(index), 0);
  if (used > input.ndim) throw new IndexError(`too many indices for tensor of dimension ${input.ndim}`);
  if (indices.filter((index) => index === '...').length > 1) throw new IndexError("an index can only have a single ellipsis ('...')");
  let x = input;
  const tensors: (Tensor | null)[] = [];
  let at = 0;
  for (const index of indices) {
    x = applyOne(x, index, tensors, input.ndim - used, at);
    at += index === '...' ? input.ndim - used : dimsOf(index);
  }
  return { x, tensors };
}

/** Applies one index at the dim behind those that are dealt with; `tensors` has one entry for each of these. It is dim `at` of the whole tensor. */
function applyOne(x: Tensor, index: Index, tensors: (Tensor | null)[], rest: number, at: number): Tensor {
  const dim = tensors.length;
  if (index === '...') {
    for (let i = 0; i < rest; i++) tensors.push(null);
    return x;
  }
  if (index === null) {
    tensors.push(null);
    return unsqueeze(x, dim);
  }
  if (typeof index === 'string') {
    tensors.push(null);
    const [start, end, step] = parseSlice(index);
    return start === null && end === null && step === 1 ? x : slice(x, dim, start, end, step);
  }
  if (typeof index === 'boolean') {
    tensors.push(tensor([index]));
    return unsqueeze(x, dim);
  }
  if (typeof index === 'number' || typeof index === 'bigint') return selectAt(x, dim, Number(index), at);
  return applyTensor(x, index as Tensor, tensors, at);
}

function selectAt(x: Tensor, dim: number, index: number, at: number): Tensor {
  if (!Number.isInteger(index))
    throw new IndexError(
      `only integers, slices (\`:\`), ellipsis (\`...\`), None and long or byte Variables are valid indices (got float)`,
    );
  const n = x.sizes[dim];
  if (index < -n || index >= n) throw new IndexError(`index ${index} is out of bounds for dimension ${at} with size ${n}`);
  return select(x, dim, index);
}

function applyTensor(x: Tensor, index: Tensor, tensors: (Tensor | null)[], at: number): Tensor {
  const dim = tensors.length;
  if (index.ndim === 0 && isMask(index)) {
    tensors.push(view(alias(index), [1]));
    return unsqueeze(x, dim);
  }
  if (index.ndim === 0 && index.storage.device.canReadSync) return selectAt(x, dim, Number(index.detach().item()), at);
  tensors.push(index);
  for (let d = 1; d < (isMask(index) ? index.ndim : 1); d++) tensors.push(null);
  return x;
}

/** Masks as positions, one tensor for each dim that they cover. */
function expandMasks(x: Tensor, tensors: readonly (Tensor | null)[]): (Tensor | null)[] {
  const result: (Tensor | null)[] = [];
  for (let d = 0; d < tensors.length; d++) {
    const index = tensors[d];
    if (!index || !isMask(index)) {
      result.push(index && convert(alias(index), int64, x.storage.device));
      continue;
    }
    result.push(...nonzeroTuple(maskAt(x, d, index)));
    d += index.ndim - 1;
  }
  return result;
}

/** A mask that begins at dim `d`. */
function maskAt(x: Tensor, d: number, index: Tensor): Tensor {
  index.sizes.forEach((n, k) => {
    if (n !== x.sizes[d + k])
      throw new IndexError(
        `The shape of the mask [${index.sizes.join(', ')}] at index ${k} does not match the shape of the indexed tensor [${x.sizes.join(', ')}] at index ${d + k}`,
      );
  });
  return convert(alias(index), bool, x.storage.device);
}

/** Where the indexed dims go: the tensor with them in front, flattened to rows; the row of each result; and the way back. */
interface Plan {
  rows: Tensor;
  positions: Tensor;
  /** The broadcast shape of the indices. */
  shape: readonly number[];
  rest: readonly number[];
  /** Puts the dims of the indices where they belong. */
  restore: (result: Tensor) => Tensor;
  /** The reverse, for values that are to be written. */
  arrange: (values: Tensor) => Tensor;
  order: readonly number[];
}

function plan(x: Tensor, given: readonly (Tensor | null)[]): Plan {
  const tensors = expandMasks(x, given);
  const dims = tensors.flatMap((t, d) => (t ? [d] : []));
  const used = dims.map((d) => tensors[d] as Tensor);
  const shape = broadcastIndices(used);
  const others = x.sizes.map((_, d) => d).filter((d) => !dims.includes(d));
  const rest = others.map((d) => x.sizes[d]);
  const sizes = dims.map((d) => x.sizes[d]);
  const positions = linearIndex(used, sizes, shape, dims[0]);
  const order = [...dims, ...others];
  const rows = reshape(permute(x, order), [numelOf(sizes), ...rest]);
  const adjacent = dims.every((d, i) => d === dims[0] + i);
  const n = shape.length;
  const target = adjacent ? dims[0] : 0;
  const from = Array.from({ length: n }, (_, i) => i);
  const moved = from.map((i) => i + target);
  return {
    rows,
    positions,
    shape,
    rest,
    order,
    restore: (result) => (target === 0 || n === 0 ? result : movedim(result, from, moved)),
    arrange: (values) => (target === 0 || n === 0 ? values : movedim(values, moved, from)),
  };
}

function broadcastIndices(tensors: readonly Tensor[]): readonly number[] {
  try {
    return tensors.reduce<readonly number[]>((shape, t) => broadcastSizes(shape, t.sizes), []);
  } catch {
    throw new IndexError(
      `shape mismatch: indexing tensors could not be broadcast together with shapes ${tensors.map((t) => `[${t.sizes.join(', ')}]`).join(', ')}`,
    );
  }
}

/** Where one dim alone is indexed, the others stay where they are. */
function takeAlong(x: Tensor, dim: number, index: Tensor): Tensor {
  const positions = linearIndex([index], [x.sizes[dim]], index.sizes, dim);
  if (index.ndim === 1) return indexSelect(x, dim, positions);
  return reshape(indexSelect(x, dim, reshape(positions, [-1])), [...x.sizes.slice(0, dim), ...index.sizes, ...x.sizes.slice(dim + 1)]);
}

/**
 * `x[…]`. Basic indices give views.
 * @example
 * const x = torch.arange(6).reshape(2, 3);
 * x.at(1, '1:')  // tensor([4, 5])
 * x.at('...', null, 0).shape  // torch.Size([2, 1])
 */
export function at(input: Tensor, ...indices: Index[]): Tensor {
  const { x, tensors } = applyBasic(input, indices);
  if (!tensors.some(Boolean)) return x === input ? wholeOf(input, indices) : x;
  const [first] = tensors;
  if (first && isMask(first) && first.ndim === x.ndim) return nameNode('index', maskedSelect(x, maskAt(x, 0, first)));
  const expanded = expandMasks(x, tensors);
  const dims = expanded.flatMap((t, d) => (t ? [d] : []));
  if (dims.length === 1) return nameNode('index', takeAlong(x, dims[0], expanded[dims[0]]!));
  const { rows, positions, shape, rest, restore } = plan(x, expanded);
  return nameNode('index', restore(reshape(indexSelect(rows, 0, reshape(positions, [-1])), [...shape, ...rest])));
}

/** A view of everything: what PyTorch makes of `x[:]` and `x[...]`. */
function wholeOf(input: Tensor, indices: readonly Index[]): Tensor {
  const isSlice = indices.length === 1 && indices[0] !== '...';
  return makeView(isSlice ? 'slice' : 'alias', input, input.sizes, input.strides, input.offset, (grad) => grad);
}

type Value = Tensor | Number_ | readonly unknown[];
/**
 * `x[…] = value`, with gradients to both.
 * @example
 * const x = torch.zeros(2, 3);
 * x.setAt([':', 1], torch.tensor([5, 6]));
 * x
 * // tensor([[0., 5., 0.],
 * //         [0., 6., 0.]])
 */
export function setAt(input: Tensor, indices: Index | readonly Index[], value: Value): void {
  assign(input, indices, value, indexCopy);
}
/** `x[…] += value`, where a position may come more than once. */
export function addAt(input: Tensor, indices: Index | readonly Index[], value: Value): void {
  assign(input, indices, value, indexAdd);
}

function assign(input: Tensor, indices: Index | readonly Index[], value: Value, write: typeof indexCopy): void {
  const list = (Array.isArray(indices) ? indices : [indices]) as readonly Index[];
  const { x, tensors } = applyBasic(input, list);
  const source = valueTensor(value, x);
  if (!tensors.some(Boolean)) {
    const values = withoutLeadingOnes(source, x.sizes);
    copy_(x, write === indexCopy ? values : add(x, values));
    return;
  }
  const { rows, positions, shape, rest, arrange, order, restore } = plan(x, tensors);
  const wanted = [...shape, ...rest];
  const shown = restore(
    new Tensor(
      source.storage,
      source.dtype,
      wanted,
      wanted.map(() => 0),
      0,
    ),
  ).sizes;
  const values = arrange(expandValues(withoutLeadingOnes(source, shown), shown));
  const written = write(rows, 0, reshape(positions, [-1]), reshape(values, [numelOf(shape), ...rest]));
  const back = order.map((_, d) => order.indexOf(d));
  copy_(
    x,
    permute(
      reshape(
        written,
        order.map((d) => x.sizes[d]),
      ),
      back,
    ),
  );
}

function expandValues(values: Tensor, shape: readonly number[]): Tensor {
  try {
    return expand(values, shape);
  } catch {
    throw new RuntimeError(
      `shape mismatch: value tensor of shape [${values.sizes.join(', ')}] cannot be broadcast to indexing result of shape [${shape.join(', ')}]`,
    );
  }
}

function valueTensor(value: Tensor | Number_ | readonly unknown[], like: Tensor): Tensor {
  if (value instanceof Tensor) return convert(value, like.dtype, like.storage.device);
  if (isNumber(value)) return full([], value, { dtype: like.dtype, device: like.device });
  if (!Array.isArray(value)) throw new TypeError(`can't assign a ${typeof value} to a torch.${like.dtype.name} tensor`);
  return tensor(value as number[], { dtype: like.dtype, device: like.device });
}

/** As PyTorch: a value may have more dims in front, if they are 1. */
function withoutLeadingOnes(value: Tensor, shape: readonly number[]): Tensor {
  let lead = 0;
  while (value.ndim - lead > shape.length && value.sizes[lead] === 1) lead++;
  return lead === 0 ? value : reshape(value, value.sizes.slice(lead));
}

Object.assign(at, { opName: 'at' });
Object.assign(setAt, { opName: 'setAt' });
