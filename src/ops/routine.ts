/** Running routines on tensors. */
import type { DType } from '../ir/dtype.js';
import { RoutineError } from '../device/device.js';
import type { Scalar } from '../ir/kernel.js';
import { IndexError } from '../tensor/errors.js';
import { emptyTensor } from '../tensor/storage.js';
import type { Tensor } from '../tensor/tensor.js';

const INDEX_OUT_OF_RANGE = 1;

/** Runs a routine on the device of its first operand. */
export function runRoutine(name: string, operands: readonly (Tensor | null)[], params: readonly Scalar[] = []): void {
  const { device } = (operands.find((t) => t !== null) as Tensor).storage;
  device.runRoutine({ name, operands, params });
}

/** As `runRoutine`, with indices in the data: an index out of range becomes PyTorch's error. */
export function runIndexed(
  name: string,
  operands: readonly (Tensor | null)[],
  params: readonly Scalar[] = [],
  message?: (index: number, size: number, position: number) => string,
  Kind: new (message: string) => Error = IndexError,
): void {
  try {
    runRoutine(name, operands, params);
  } catch (error) {
    if (!(error instanceof RoutineError) || error.code !== INDEX_OUT_OF_RANGE) throw error;
    const [index, position, size] = error.details;
    throw new Kind(message ? message(index, size, position) : `index ${index} is out of bounds for dimension with size ${size}`);
  }
}

/** Uninitialised memory on the device of `like`. */
export const emptyOn = (like: Tensor, sizes: readonly number[], dtype: DType = like.dtype): Tensor =>
  emptyTensor(like.storage.device, dtype, sizes);
