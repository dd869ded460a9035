/** What the operators on matrices share: checks of their input, adjoints, scratch memory. */
import { RoutineError } from '../../device/device.js';
import { type DType, float64 } from '../../ir/dtype.js';
import { LinAlgError, RuntimeError } from '../../tensor/errors.js';
import { getDefaultDtype } from '../../tensor/promote.js';
import { broadcastSizes } from '../../tensor/shape.js';
import { numelOf } from '../../tensor/size.js';
import { Tensor } from '../../tensor/tensor.js';
import { convert } from '../convert.js';
import { eye } from '../sequences.js';
import { scalarTypeName } from '../define.js';
import { clone } from '../memory.js';
import { describe } from '../messages.js';
import { conj } from '../misc.js';
import { expand, transpose } from '../view.js';

/** The conjugate transpose. */
export const adjoint = (x: Tensor): Tensor => conj(transpose(x, -2, -1));
export const batchOf = (x: Tensor): readonly number[] => x.sizes.slice(0, -2);
export const matrixOf = (x: Tensor): readonly number[] => x.sizes.slice(-2);
export const rowsOf = (x: Tensor): number => x.sizes[x.ndim - 2];
export const colsOf = (x: Tensor): number => x.sizes[x.ndim - 1];
/** `x` with its batch dims expanded to `batch`. */
export const withBatch = (x: Tensor, batch: readonly number[]): Tensor => expand(x, [...batch, ...matrixOf(x)]);
export const commonBatch = (...matrices: Tensor[]): readonly number[] =>
  matrices.map(batchOf).reduce<readonly number[]>((sizes, batch) => broadcastSizes(sizes, batch), []);
export const isEmpty = (x: Tensor): boolean => numelOf(x.sizes) === 0;
export const identityLike = (x: Tensor, n: number, m = n): Tensor => eye(n, m, { dtype: x.dtype, device: x.device });
/** The distance from 1 to the next number. */
export const epsilonOf = (dtype: DType): number => (dtype.toReal() === float64 ? 2 ** -52 : 2 ** -23);

/** Integers become floats; float types other than 32 and 64 bits are refused, as in PyTorch. */
export function floatInput(name: string, input: Tensor, label = 'A'): Tensor {
  if (!(input instanceof Tensor)) throw new TypeError(`${name}(): argument '${label}' must be Tensor, not ${describe(input)}`);
  const a = input.dtype.category < 2 ? convert(input, getDefaultDtype()) : input;
  if (a.dtype.toReal().itemsize < 4) throw new RuntimeError(`${name}: Low precision dtypes not supported. Got ${scalarTypeName(a.dtype)}`);
  return a;
}
/** Batches of matrices. */
export function matrixInput(name: string, input: Tensor, label = 'A'): Tensor {
  const a = floatInput(name, input, label);
  if (a.ndim < 2) throw new RuntimeError(`${name}: The input tensor ${label} must have at least 2 dimensions.`);
  return a;
}
/** Batches of square matrices. */
export function squareInput(name: string, input: Tensor): Tensor {
  const a = matrixInput(name, input);
  const [m, n] = matrixOf(a);
  if (m !== n) throw new RuntimeError(`${name}: A must be batches of square matrices, but they are ${m} by ${n} matrices`);
  return a;
}

export function checkSameType(name: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype)
    throw new RuntimeError(
      `${name}: Expected A and B to have the same dtype, but found A of type ${scalarTypeName(a.dtype)} and B of type ${scalarTypeName(b.dtype)} instead`,
    );
}
/** Whether A X = B (or X A = B) can be written at all. */
export function checkEquation(name: string, a: Tensor, b: Tensor, left: boolean): void {
  if ((left ? rowsOf(b) : colsOf(b)) !== rowsOf(a))
    throw new RuntimeError(
      `${name}: Incompatible shapes of A and B for the equation ${left ? 'AX = B' : 'XA = B'} (${matrixOf(a).join('x')} and ${matrixOf(b).join('x')})`,
    );
}
/** Whether B is a vector, or a batch of them, for the matrices A. */
export const isVectorFor = (a: Tensor, b: Tensor): boolean =>
  b.ndim === 1 || (a.ndim - 1 === b.ndim && b.sizes.every((size, d) => size === a.sizes[d]));

/** A contiguous copy outside the graph, for routines that work in place. */
export const scratch = (x: Tensor): Tensor => clone(x.detach(), { memoryFormat: 'contiguous_format' });

/** Throws for the first batch element whose info is not 0. */
export function checkInfo(info: Tensor, message: (batch: string, value: number) => string, Kind = LinAlgError): void {
  const values = info.reshape([-1]).tolist() as number[];
  const at = values.findIndex((v) => v !== 0);
  if (at >= 0) throw new Kind(message(info.ndim > 0 ? `(Batch element ${at}): ` : '', values[at]));
}

/** Runs an iteration that may not converge. */
export function converging(run: () => void, message: () => string): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof RoutineError)) throw error;
    throw new LinAlgError(message());
  }
}

/**
 * Refuses a loss that depends on the phases of complex vectors. `along` says how far it moves each vector along itself, which is real for all
 * others, or opposite to that of the vectors on the other side.
 */
export function checkPhase(along: Tensor, other: Tensor | null, message: string): void {
  if (!along.dtype.isComplex || !along.storage.device.canReadSync) return;
  const turn = along.detach().imag();
  const expected = other ? other.detach().imag().neg() : turn.mul(0);
  if (!turn.allclose(expected, 1e-2, 1e-2)) throw new RuntimeError(message);
}
