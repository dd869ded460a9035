/** Elements of memory as the evaluator's values. */
import { bfloat16, bool, type DType, float16, float32, float64, int16, int32, int64, int8, uint8 } from '../../ir/dtype.js';
import { castValue, type Value, wrapInteger } from '../../ir/evaluate.js';
import { fromBfloat16Bits, fromFloat16Bits, toBfloat16Bits, toFloat16Bits } from '../../ir/half.js';

interface Codec {
  get(view: DataView, at: number): Value;
  set(view: DataView, at: number, x: Value): void;
}

const integer = (get: (v: DataView, at: number) => number | bigint, set: (v: DataView, at: number, x: bigint) => void): Codec => ({
  get: (view, at) => BigInt(get(view, at)),
  set: (view, at, x) => set(view, at, x as bigint),
});

const codecs = new Map<DType, Codec>([
  [float32, { get: (v, at) => v.getFloat32(at, true), set: (v, at, x) => v.setFloat32(at, x as number, true) }],
  [float64, { get: (v, at) => v.getFloat64(at, true), set: (v, at, x) => v.setFloat64(at, x as number, true) }],
  [
    float16,
    { get: (v, at) => fromFloat16Bits(v.getUint16(at, true)), set: (v, at, x) => v.setUint16(at, toFloat16Bits(x as number), true) },
  ],
  [
    bfloat16,
    { get: (v, at) => fromBfloat16Bits(v.getUint16(at, true)), set: (v, at, x) => v.setUint16(at, toBfloat16Bits(x as number), true) },
  ],
  [
    int8,
    integer(
      (v, at) => v.getInt8(at),
      (v, at, x) => v.setInt8(at, Number(x)),
    ),
  ],
  [
    int16,
    integer(
      (v, at) => v.getInt16(at, true),
      (v, at, x) => v.setInt16(at, Number(x), true),
    ),
  ],
  [
    int32,
    integer(
      (v, at) => v.getInt32(at, true),
      (v, at, x) => v.setInt32(at, Number(x), true),
    ),
  ],
  [
    int64,
    integer(
      (v, at) => v.getBigInt64(at, true),
      (v, at, x) => v.setBigInt64(at, x, true),
    ),
  ],
  [
    uint8,
    integer(
      (v, at) => v.getUint8(at),
      (v, at, x) => v.setUint8(at, Number(x)),
    ),
  ],
  [bool, { get: (v, at) => v.getUint8(at) !== 0, set: (v, at, x) => v.setUint8(at, x ? 1 : 0) }],
]);

/** Elements of `dtype` in `view`; `index` counts elements. */
export class Elements {
  private readonly codec: Codec;

  constructor(
    private readonly view: DataView,
    readonly dtype: DType,
  ) {
    this.codec = codecs.get(dtype)!;
  }

  get(index: number): Value {
    return this.codec.get(this.view, index * this.dtype.itemsize);
  }

  /** Stores `x`, rounded or wrapped to the dtype. */
  set(index: number, x: Value): void {
    const { dtype } = this;
    const value = dtype.category === 1 && typeof x === 'bigint' ? wrapInteger(x, dtype) : castValue(x, dtype);
    this.codec.set(this.view, index * dtype.itemsize, value);
  }
}
