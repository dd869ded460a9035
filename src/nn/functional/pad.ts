/** Padding. https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html */
import { int64 } from '../../ir/dtype.js';
import { record } from '../../autograd/node.js';
import { tensor } from '../../ops/creation.js';
import { define } from '../../ops/define.js';
import { contiguousRaw, copyInto, fillRaw, fresh } from '../../ops/memory.js';
import { emptyOn, runIndexed } from '../../ops/routine.js';
import type { Args } from '../../ops/types.js';
import { NotImplementedError, RuntimeError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import { Tensor } from '../../tensor/tensor.js';
import { brackets } from './arguments.js';

export type PadMode = 'constant' | 'reflect' | 'replicate' | 'circular';

/** [before, behind] of every dim; `pad` starts with the last. */
function endsOf(input: Tensor, pad: readonly number[]): [number, number][] {
  if (pad.length % 2 !== 0) throw new RuntimeError('Padding length must be divisible by 2');
  if (pad.length / 2 > input.ndim)
    throw new RuntimeError(
      `Padding length should be less than or equal to two times the input dimension but got padding length ${pad.length} and input of dimension ${input.ndim}`,
    );
  return input.sizes.map((_, d) => {
    const i = 2 * (input.ndim - 1 - d);
    return [pad[i] ?? 0, pad[i + 1] ?? 0];
  });
}

/** Pads with a value; negative amounts cut off. */
function constantPad(input: Tensor, pad: readonly number[], value: number): Tensor {
  const ends = endsOf(input, pad);
  const sizes = input.sizes.map((n, d) => n + ends[d][0] + ends[d][1]);
  sizes.forEach((n, d) => {
    if (n < 0)
      throw new RuntimeError(
        `The input size ${input.sizes[d]}, plus negative padding ${ends[d][0]} and ${ends[d][1]} resulted in a negative output size, which is invalid. Check dimension ${d} of your input.`,
      );
  });
  const out = emptyOn(input, sizes);
  if (numelOf(sizes) > 0) {
    fillRaw(out, value);
    copyInto(region(out, ends, 1), region(input, ends, -1));
  }
  return record('constantPadNd', [input], fresh(out), [], ({ grad }) => [
    constantPad(
      grad,
      pad.map((n) => -n),
      0,
    ),
  ]);
}

/** The part that input and output have in common: of the output (`sign` 1) or of the input (−1). */
function region(t: Tensor, ends: readonly [number, number][], sign: 1 | -1): Tensor {
  const cut = ends.map(([before, behind]) => [Math.max(0, sign * before), Math.max(0, sign * behind)]);
  const offset = cut.reduce((sum, [before], d) => sum + before * t.strides[d], t.offset);
  return new Tensor(
    t.storage,
    t.dtype,
    t.sizes.map((n, d) => Math.max(0, n - cut[d][0] - cut[d][1])),
    t.strides,
    offset,
  );
}

/** Takes `index` (host numbers) along a dim; the gradient adds up. */
export function selectAlong(node: string, input: Tensor, dim: number, index: readonly number[]): Tensor {
  const sizes = input.sizes.map((n, d) => (d === dim ? index.length : n));
  const at = tensor([...index], { dtype: int64, device: input.device });
  const out = emptyOn(input, sizes);
  if (numelOf(sizes) > 0) runIndexed('index_select', [out, contiguousRaw(input), at], [dim]);
  const { sizes: from } = input;
  return record(node, [input], out, [null], ({ grad }) => [addAlong(node, grad, dim, index, from)]);
}

function addAlong(node: string, grad: Tensor, dim: number, index: readonly number[], sizes: readonly number[]): Tensor {
  const out = emptyOn(grad, sizes);
  if (numelOf(sizes) > 0) fillRaw(out, 0);
  if (numelOf(grad.sizes) > 0)
    runIndexed('index_write', [out, tensor([...index], { dtype: int64, device: grad.device }), contiguousRaw(grad)], [dim, 1, 1, 1]);
  return record(`${node}Backward`, [grad], out, [], ({ grad: h }) => [selectAlong(node, h, dim, index)]);
}

const sources: Record<Exclude<PadMode, 'constant'>, (i: number, n: number) => number> = {
  reflect: (i, n) => (i < 0 ? -i : i >= n ? 2 * n - 2 - i : i),
  replicate: (i, n) => Math.min(Math.max(i, 0), n - 1),
  circular: (i, n) => ((i % n) + n) % n,
};

/** The input position that output position `i` shows. Circular padding repeats what negative padding has left. */
function sourceOf(mode: Exclude<PadMode, 'constant'>, i: number, n: number, before: number, behind: number): number {
  if (mode !== 'circular') return sources[mode](i - before, n);
  const left = n + Math.min(before, 0) + Math.min(behind, 0);
  return sources.circular(i - Math.max(before, 0), left) - Math.min(before, 0);
}

/** Refuses margins that the mode cannot fill; the last dim is looked at first. */
function checkBorders(input: Tensor, ends: readonly (readonly number[])[], spatial: number, mode: PadMode): void {
  for (let d = input.ndim - 1; d >= input.ndim - spatial; d--) {
    const [before, behind] = ends[d];
    const n = input.sizes[d];
    if (mode === 'reflect' && (before >= n || behind >= n)) {
      throw new RuntimeError(
        `Argument #${2 * (input.ndim - d) + 2}: Padding size should be less than the corresponding input dimension, but got: padding (${before}, ${behind}) at dimension ${d} of input ${brackets(input.sizes)}`,
      );
    }
    if (mode === 'circular' && (before > n || behind > n)) throw new RuntimeError('Padding value causes wrapping around more than once.');
    if (n + before + behind < 0) throw new RuntimeError(`input (W: ${n}) is too small. Calculated output W: ${n + before + behind}`);
  }
}

function borderPad(input: Tensor, pad: readonly number[], mode: Exclude<PadMode, 'constant'>): Tensor {
  const spatial = pad.length / 2;
  if (pad.length % 2 !== 0 || spatial < 1 || spatial > 3 || (input.ndim !== spatial + 1 && input.ndim !== spatial + 2)) {
    if (pad.length > 2 * input.ndim)
      throw new RuntimeError(
        `Padding length should be less than or equal to two times the input dimension but got padding length ${pad.length} and input of dimension ${input.ndim}`,
      );
    throw new NotImplementedError(
      `Padding size ${pad.length} is not supported for ${input.ndim}D input tensor.\nSupported combinations for non-constant padding:\n` +
        '  - 2D or 3D input: padding size = 2 (pads last dimension)\n  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n' +
        '  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)',
    );
  }
  const ends = endsOf(input, pad);
  checkBorders(input, ends, spatial, mode);
  let x = input;
  for (let d = input.ndim - spatial; d < input.ndim; d++) {
    const [before, behind] = ends[d];
    const n = input.sizes[d];
    if (before === 0 && behind === 0) continue;
    const index = Array.from({ length: n + before + behind }, (_, i) => sourceOf(mode, i, n, before, behind));
    const name = mode === 'circular' ? 'CopySlices' : `${mode === 'reflect' ? 'reflection' : 'replication'}Pad${spatial}d`;
    x = selectAlong(name, x, d, index);
  }
  return x;
}

export type Pad = (
  input: Tensor,
  pad: readonly number[],
  ...args: Args<[mode: PadMode, value: number | null], { mode?: PadMode; value?: number | null }>
) => Tensor;

/**
 * Pads the ends of the last dims; `pad` holds [before, behind] from the last dim on.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.pad.html
 * @example F.pad(torch.tensor([[1, 2]]), [1, 2])  // tensor([[0, 1, 2, 0, 0]])
 */
export const pad: Pad = define(
  'pad',
  'input, pad, mode?, value?',
  (input: Tensor, amounts: readonly number[], mode: PadMode = 'constant', value?: number | null) => {
    if (mode === 'constant') return constantPad(input, amounts, value ?? 0);
    if (!Object.hasOwn(sources, mode)) throw new NotImplementedError(`Unrecognised padding mode ${String(mode)}`);
    if (value !== undefined && value !== null && value !== 0)
      throw new RuntimeError(`Padding mode "${mode}" doesn't take in value argument`);
    return borderPad(input, amounts, mode);
  },
);
