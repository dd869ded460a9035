/** `torch.func.vmap`: a function run over a dim of its arguments. https://pytorch.org/docs/stable/generated/torch.func.vmap.html */
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { stack } from './join.js';
import { describe } from './messages.js';
import { getRngState, setRngState } from './random.js';
import { isOptions } from './signature.js';
import { isList, mapTensors, tensorsOf } from './tree.js';
import { mapList } from './tuple.js';

export interface VmapOptions {
  /** The dim over which each argument is mapped; null for arguments that all calls share. */
  inDims?: number | null | readonly (number | null)[];
  /** Where the results have the new dim. */
  outDims?: number | readonly number[];
  /** Whether `func` may draw random numbers, and whether they are the same in all calls. */
  randomness?: 'error' | 'different' | 'same';
}

const sameState = (a: Tensor, b: Tensor): boolean => a.eq(b).all().item() === true;

/** `count` calls with random numbers as `randomness` says. */
function repeat(count: number, randomness: string, run: (i: number) => unknown): unknown[] {
  const before = getRngState();
  return Array.from({ length: count }, (_, i) => {
    if (randomness === 'same') setRngState(before);
    const result = run(i);
    if (randomness === 'error' && i === 0 && !sameState(before, getRngState())) {
      setRngState(before);
      throw new RuntimeError(
        "vmap: called random operation while in randomness error mode. Please either use the 'same' or 'different' randomness flags on vmap or perform the randomness operation out of vmap",
      );
    }
    return result;
  });
}

/** How many calls there are: the size of the mapped dims. */
function countOf(name: string, args: readonly unknown[], dims: readonly (number | null)[], shown: string): number {
  const sizes = args.flatMap((arg, k) => tensorsOf(arg).flatMap((t) => sizeAt(name, t, dims[k], shown)));
  if (sizes.length === 0) throw new ValueError('vmap: Expected at least one Tensor to vmap over');
  if (sizes.some((size) => size !== sizes[0]))
    throw new ValueError(
      `vmap: Expected all tensors to have the same size in the mapped dimension, got sizes [${sizes.join(', ')}] for the mapped dimension`,
    );
  if (sizes[0] === 0) throw new ValueError('vmap: the mapped dimension is empty');
  return sizes[0];
}
function sizeAt(name: string, t: Tensor, dim: number | null, shown: string): number[] {
  if (dim === null) return [];
  if (dim < -t.ndim || dim >= t.ndim)
    throw new ValueError(
      `vmap(${name}, in_dims=${shown}, ...)(<inputs>): Got in_dim=${dim} for some input, but that input is a Tensor of dimensionality ${t.ndim} so expected in_dim to satisfy -${t.ndim} <= in_dim < ${t.ndim}.`,
    );
  return [t.sizes.at(dim) as number];
}

/** The results of all calls as one, in the form that each has. */
function joined(name: string, results: readonly unknown[], outDims: number | readonly number[]): unknown {
  const [first] = results;
  const dim = typeof outDims === 'number' ? outDims : outDims[0];
  if (first instanceof Tensor) return stack(results as Tensor[], dim);
  const at = (key: string | number, dims: number | readonly number[]): unknown =>
    joined(
      name,
      results.map((each) => (each as Record<string | number, unknown>)[key]),
      dims,
    );
  if (isList(first)) return mapList(first, (_, k) => at(k, typeof outDims === 'number' ? outDims : outDims[k]));
  if (isOptions(first)) return Object.fromEntries(Object.keys(first).map((key) => [key, at(key, outDims)]));
  throw new ValueError(`vmap(${name}, ...): \`${name}\` must only return Tensors, got type ${describe(first)}.`);
}

/**
 * A function that runs `func` on every slice of its arguments and stacks the results. The calls are made one by one, so it saves the
 * writing of a
 * loop, not its time; gradients flow through. https://pytorch.org/docs/stable/generated/torch.func.vmap.html
 * @throws ValueError where sizes disagree or `func` gives anything but tensors; RuntimeError where it draws random numbers unasked
 * @example
 * const loss = (w: torch.Tensor, x: torch.Tensor) => w.mul(x).sum();
 * torch.func.vmap(torch.func.grad(loss), { inDims: [null, 0] })(torch.ones(2), torch.tensor([[1.5, 2], [3, 4]]))
 * // tensor([[1.5000, 2.0000],
 * //         [3.0000, 4.0000]])
 */
export function vmap<A extends unknown[], R = Tensor>(
  func: (...args: A) => unknown,
  ...options: [inDims?: VmapOptions['inDims'], outDims?: VmapOptions['outDims'], options?: VmapOptions] | [options?: VmapOptions]
): (...args: A) => R {
  const { inDims = 0, outDims = 0, randomness = 'error' } = vmapOptions(options);
  const name = func.name || '<lambda>';
  return (...args) => {
    if (args.length === 0)
      throw new ValueError(
        `vmap(${name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a function with no inputs. The latter is unsupported.`,
      );
    const shown = isList(inDims) ? `(${inDims.map((dim) => dim ?? 'None').join(', ')})` : String(inDims);
    const dims = isList(inDims) ? inDims : args.map(() => inDims);
    if (dims.length !== args.length)
      throw new ValueError(`vmap(${name}, in_dims=${shown}, ...)(<inputs>): in_dims is not compatible with the structure of \`inputs\`.`);
    const slice = (arg: unknown, dim: number | null, i: number): unknown => (dim === null ? arg : mapTensors(arg, (t) => t.select(dim, i)));
    const callAt = (i: number): unknown => func(...(args.map((arg, k) => slice(arg, dims[k], i)) as A));
    const results = repeat(countOf(name, args, dims, shown), randomness, callAt);
    return joined(name, results, outDims) as R;
  };
}
function vmapOptions(options: readonly unknown[]): VmapOptions {
  const named = options.find((each) => isOptions(each)) as VmapOptions | undefined;
  const [inDims, outDims] = options.filter((each) => !isOptions(each)) as [VmapOptions['inDims'], VmapOptions['outDims']];
  return { ...(inDims === undefined ? {} : { inDims }), ...(outDims === undefined ? {} : { outDims }), ...named };
}
