import type { DType } from './dtype.js';
import type { Expr } from './expr.js';

export type ReduceOp = 'sum' | 'prod' | 'max' | 'min';

/**
 * What a Kernel computes, without shapes: expressions over its inputs, at most one reduction, an epilogue.
 *
 * Real dtypes only: complex numbers are lowered to pairs of real inputs and outputs before a Program is made
 * (`complex.ts`). Without `reduce`, output i at every position is `outputs[i].expr` of the inputs there. With it,
 * `reduce.value` is accumulated in `reduce.value.dtype` over the reduced dims, and `outputs[i].expr` sees the result as the
 * node `acc` (and params, but no inputs).
 */
export interface Program {
  readonly inputs: readonly DType[];
  readonly params: readonly DType[];
  readonly outputs: readonly { readonly dtype: DType; readonly expr: Expr }[];
  readonly reduce?: { readonly op: ReduceOp; readonly value: Expr };
  /** Whether an `index` node occurs: then a device must not merge or reorder dims without minding it. */
  readonly usesIndex: boolean;
}

/** A number given at launch: bigint only where an int64 is not a safe integer. */
export type Scalar = number | bigint | boolean;
