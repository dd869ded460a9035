/** Values at which functions go wrong, by dtype, and which ops exist for which dtypes. */
import { bfloat16, bool, type DType, float16, float32, float64, int16, int32, int64, int8, uint8 } from '../../src/ir/dtype.js';
import type { Value } from '../../src/ir/evaluate.js';
import { floatFunctions, type Op } from '../../src/ir/expr.js';

const floatEdges = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  -1.5,
  2.5,
  2,
  -2,
  3,
  -3,
  0.1,
  -0.1,
  1e-5,
  7.25,
  -7.75,
  10,
  20,
  -20,
  33.3,
  87,
  88.5,
  89,
  -87,
  -100,
  -104,
  120.7,
  1e4,
  -1e4,
  1e6,
  16777217,
  1e15,
  1e30,
  -1e30,
  1e-30,
  1e-40,
  -1e-40,
  2 ** -149,
  3.4028234663852886e38,
  0.9999999,
  1.0000001,
  0.99,
  -0.99,
  Math.PI,
  Math.PI / 2,
  NaN,
  Infinity,
  -Infinity,
];
const doubleEdges = [1e300, -1e300, 1e-300, 5e-324, 709, 710, -745, -746, 1.7976931348623157e308, 1 + 2 ** -52, 1e-17];

/** `bits` narrows int64 for devices that have no more. */
export function integerEdges(dtype: DType, bits = BigInt(8 * dtype.itemsize)): bigint[] {
  const [low, high] = dtype.isSigned ? [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n] : [0n, (1n << bits) - 1n];
  const all = [0n, 1n, -1n, 2n, -2n, 3n, 5n, 7n, -7n, 31n, 63n, 64n, 100n, low, low + 1n, high, high - 1n];
  return all.filter((x) => x >= low && x <= high);
}

export function edgesOf(dtype: DType): Value[] {
  if (dtype === bool) return [false, true];
  if (dtype.category === 1) return integerEdges(dtype);
  return dtype === float64 ? [...floatEdges, ...doubleEdges] : floatEdges;
}

export const integers = [int8, int16, int32, int64, uint8];
export const floats = [float32, float64, float16, bfloat16];
export const all = [...floats, ...integers, bool];

export const families: readonly (readonly [ops: readonly Op[], types: readonly DType[]])[] = [
  [['neg', 'abs', 'floor', 'ceil', 'trunc', 'round'], all],
  [['not'], [...integers, bool]],
  [['add', 'sub', 'mul', 'min', 'max', 'lt', 'le', 'eq', 'ne'], all],
  [
    ['idiv', 'rem'],
    [...floats, ...integers],
  ],
  [
    ['and', 'or', 'xor'],
    [...integers, bool],
  ],
  [['shl', 'shr', 'pow'], integers],
  [['sqrt', ...floatFunctions], floats],
  [['div', 'pow', 'atan2', 'igamma', 'igammac', 'zeta'], floats],
];

/** Functions of floats that devices may compute by different roads; the rest must agree exactly. */
export const approximate = new Set<Op>([...floatFunctions, 'pow', 'atan2', 'igamma', 'igammac', 'zeta']);
