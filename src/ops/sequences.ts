/** Evenly spaced numbers, and the identity. */
import { float32, int64 } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype, isNumber } from '../tensor/promote.js';
import { checkSizes } from '../tensor/shape.js';
import { Tensor } from '../tensor/tensor.js';
import { define } from './define.js';
import { describe } from './messages.js';
import { factory, filled, fillRaw, finish, fresh, sequence } from './memory.js';
import type { Args, FactoryOptions, Scalar } from './types.js';
import { FACTORY, inferDtype, optionsOf, tensor } from './creation.js';

/**
 * start, start + step, … below end. https://pytorch.org/docs/stable/generated/torch.arange.html
 * @example torch.arange(1, 2.5, 0.5)  // tensor([1.0000, 1.5000, 2.0000])
 */
export const arange: (
  ...args:
    | [end: Scalar, options?: FactoryOptions]
    | [start: Scalar, ...Args<[end: Scalar, step: Scalar], FactoryOptions & { end?: Scalar; step?: Scalar }>]
) => Tensor = define(
  'arange',
  `start?, end?, step?, ${FACTORY}`,
  (a: Scalar | undefined, b: Scalar | undefined, step: Scalar = 1, ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    const [start, end] = b === undefined ? [0, a as Scalar] : [a ?? 0, b];
    const numbers = [start, end, step];
    const inferred = numbers.some((x) => typeof x === 'number' && !Number.isInteger(x)) ? getDefaultDtype() : int64;
    const [from, to, by] = numbers.map(Number);
    if (by === 0 || Number.isNaN(by)) throw new RuntimeError('step must be nonzero');
    if (!Number.isFinite(from) || !Number.isFinite(to)) throw new RuntimeError(`unsupported range: ${from} -> ${to}`);
    if ((by > 0 && from > to) || (by < 0 && from < to)) throw new RuntimeError('upper bound and lower bound inconsistent with step sign');
    const { dtype, device } = factory(options, inferDtype(inferred, options.requiresGrad));
    const [first, last, stride] = dtype === int64 ? [from, to, by].map(Math.trunc) : [from, to, by];
    if (stride === 0) throw new RuntimeError('step must be nonzero');
    const n = Math.ceil((last - first) / stride);
    checkSizes([n]);
    return finish(sequence(n, start, step, dtype, device), options);
  },
);

/**
 * Deprecated by PyTorch: `arange` with the end included. https://pytorch.org/docs/stable/generated/torch.range.html
 * @example torch.range(1, 4)  // tensor([1., 2., 3., 4.])
 */
export const range: (start: number, end: number, ...args: Args<[step: number], FactoryOptions>) => Tensor = define(
  'range',
  `start, end, step?, ${FACTORY}`,
  (start: number, end: number, step = 1, ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    const { dtype, device } = factory(options, getDefaultDtype());
    return finish(sequence(Math.floor((end - start) / step) + 1, start, step, dtype, device), options);
  },
);

function checkEnds(name: string, ends: readonly (Scalar | Tensor)[]): void {
  const [start, end] = ends.map((x) => (x instanceof Tensor ? x.ndim : 0));
  if (start > 0 || end > 0)
    throw new RuntimeError(
      `${name} only supports 0-dimensional start and end tensors, but got start with ${start} dimension(s) and end with ${end} dimension(s).`,
    );
}
const spacedKeywords =
  '*, Tensor out = None, torch.dtype dtype = None, torch.layout layout = None, torch.device device = None, bool pin_memory = False, bool requires_grad = False';

/** PyTorch's list of what it takes. */
function checkSpaced(name: string, given: readonly unknown[]): void {
  const [start, end, steps] = given;
  if ([start, end].every((x) => x instanceof Tensor || isNumber(x)) && Number.isInteger(steps)) return;
  const base = name === 'logspace' ? ', float base = 10.0' : '';
  const forms = ['Tensor start, Tensor', 'Number start, Tensor', 'Tensor start, Number', 'Number start, Number'];
  const got = given.filter((x) => x !== undefined).map(describe);
  throw new TypeError(
    `${name}() received an invalid combination of arguments - got (${got.join(', ')}), but expected one of:\n` +
      forms.map((ends) => ` * (${ends} end, int steps${base}, ${spacedKeywords})\n`).join(''),
  );
}
type Spaced<O = object> = (start: Scalar, end: Scalar, steps: number, ...args: [options?: FactoryOptions & O]) => Tensor;
/** `steps` numbers from start to end, counted from both ends as PyTorch does: the step is a float32 for float32, and each number rounded once. */
function spaced(name: string, ends: readonly Scalar[], steps: number, options: FactoryOptions, value: (x: number) => number): Tensor {
  const { dtype } = factory(options, getDefaultDtype());
  checkSpaced(name, [...ends, steps]);
  checkEnds(name, ends);
  if (steps < 0) throw new RuntimeError('number of steps must be non-negative');
  const single = dtype === float32 ? Math.fround : (x: number): number => x;
  const [start, end] = ends.map((x) => (dtype.category < 2 ? Math.trunc(Number(x)) : single(Number(x))));
  const step = steps > 1 ? single(single(end - start) / (steps - 1)) : 0;
  const isFirstHalf = (i: number): boolean => i < Math.floor(steps / 2) || steps === 1;
  const at = (i: number): number => single(isFirstHalf(i) ? start + step * i : end - step * (steps - 1 - i));
  const round = dtype.category === 1 ? Math.trunc : single;
  return tensor(
    Array.from({ length: steps }, (_, i) => round(value(at(i)))),
    { ...options, dtype },
  );
}
/**
 * `steps` evenly spaced numbers from `start` to `end`, both included. https://pytorch.org/docs/stable/generated/torch.linspace.html
 * @example torch.linspace(0, 10, 5)  // tensor([ 0.0000,  2.5000,  5.0000,  7.5000, 10.0000])
 */
export const linspace: Spaced = define(
  'linspace',
  `start, end, steps?, ${FACTORY}`,
  (start: Scalar, end: Scalar, steps: number, ...rest: unknown[]) => spaced('linspace', [start, end], steps, optionsOf(...rest), (x) => x),
);
/**
 * Powers of `base` with evenly spaced exponents. https://pytorch.org/docs/stable/generated/torch.logspace.html
 * @example torch.logspace(0, 2, 3)  // tensor([  1.,  10., 100.])
 */
export const logspace: Spaced<{ base?: number }> = define(
  'logspace',
  `start, end, steps?, base?, ${FACTORY}`,
  (start: Scalar, end: Scalar, steps: number, base = 10, ...rest: unknown[]) =>
    spaced('logspace', [start, end], steps, optionsOf(...rest), (x) => base ** x),
);

/**
 * The identity matrix, n × m. https://pytorch.org/docs/stable/generated/torch.eye.html
 * @example
 * torch.eye(2, 3)
 * // tensor([[1., 0., 0.],
 * //         [0., 1., 0.]])
 */
export const eye: (n: number, ...args: Args<[m: number | null], FactoryOptions & { m?: number | null }>) => Tensor = define(
  'eye',
  `n, m?, ${FACTORY}`,
  (n: number, m: number | null | undefined, ...rest: unknown[]) => {
    const options = optionsOf(...rest);
    if (n < 0) throw new RuntimeError(`n must be greater or equal to 0, got ${n}`);
    if (m !== null && m !== undefined && m < 0) throw new RuntimeError(`m must be greater or equal to 0, got ${m}`);
    const t = filled([n, m ?? n], 0, factory(options, getDefaultDtype()));
    const k = Math.min(n, m ?? n);
    if (k > 0) fillRaw(new Tensor(t.storage, t.dtype, [k], [t.strides[0] + 1], 0), 1);
    return finish(fresh(t), options);
  },
);
