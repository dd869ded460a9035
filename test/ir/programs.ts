/** Running Programs on a device with plain arrays. */
import type { Device } from '../../src/device/device.js';
import { Elements } from '../../src/device/reference/elements.js';
import type { DType } from '../../src/ir/dtype.js';
import type { Expr } from '../../src/ir/expr.js';
import type { Value } from '../../src/ir/evaluate.js';
import type { Program, ReduceOp, Scalar } from '../../src/ir/kernel.js';

export interface Layout {
  readonly sizes: readonly number[];
  readonly strides: readonly number[];
  readonly offset?: number;
}

export function pack(values: readonly Value[], dtype: DType): Uint8Array {
  const bytes = new Uint8Array(values.length * dtype.itemsize);
  const elements = new Elements(new DataView(bytes.buffer), dtype);
  values.forEach((x, i) => elements.set(i, x));
  return bytes;
}

export function unpack(bytes: Uint8Array, dtype: DType): Value[] {
  const elements = new Elements(new DataView(bytes.buffer), dtype);
  return Array.from({ length: bytes.byteLength / dtype.itemsize }, (_, i) => elements.get(i));
}

const usesIndex = (e: Expr): boolean => e.op === 'index' || e.args.some(usesIndex);

export function programOf(inputs: readonly DType[], outputs: readonly Expr[], params: readonly DType[] = []): Program {
  return { inputs, params, outputs: outputs.map((expr) => ({ dtype: expr.dtype, expr })), usesIndex: outputs.some(usesIndex) };
}

export const reductionOf = (inputs: readonly DType[], op: ReduceOp, value: Expr, output: Expr, dtype = output.dtype): Program => ({
  inputs,
  params: [],
  outputs: [{ dtype, expr: output }],
  reduce: { op, value },
  usesIndex: usesIndex(value),
});

export interface Launch {
  readonly program: Program;
  readonly sizes: readonly number[];
  readonly inputs: readonly { readonly values: readonly Value[]; readonly strides: readonly number[]; readonly offset?: number }[];
  readonly outputs: readonly { readonly length: number; readonly strides: readonly number[]; readonly offset?: number }[];
  readonly params?: readonly Scalar[];
  readonly reduced?: readonly boolean[];
}

/** The whole memory of every output after the launch; it is zero before. */
export async function launch(device: Device, l: Launch): Promise<Value[][]> {
  const { program } = l;
  const load = (bytes: Uint8Array) => {
    const buffer = device.alloc(bytes.byteLength);
    device.write(buffer, 0, bytes);
    return buffer;
  };
  const inputs = l.inputs.map((x, i) => ({ buffer: load(pack(x.values, program.inputs[i])), offset: x.offset ?? 0 }));
  const outputs = l.outputs.map((x, i) => ({
    buffer: load(new Uint8Array(x.length * program.outputs[i].dtype.itemsize)),
    offset: x.offset ?? 0,
  }));
  const strides = [...l.inputs, ...l.outputs].map((x) => x.strides);
  device.run({ program, sizes: l.sizes, operands: [...inputs, ...outputs], strides, params: l.params ?? [], reduced: l.reduced });
  const result: Value[][] = [];
  for (const [i, { buffer }] of outputs.entries()) {
    const bytes = new Uint8Array(buffer.bytes);
    await device.readAsync(buffer, 0, bytes);
    result.push(unpack(bytes, program.outputs[i].dtype));
  }
  return result;
}

/** How far apart two floats are, in units in the last place of `dtype`'s computing type (float32 or float64). */
export function ulps(a: number, b: number, double: boolean): number {
  if (Object.is(a, b) || a === b || (Number.isNaN(a) && Number.isNaN(b))) return 0;
  if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
  const unit = Math.max(2 ** (Math.floor(Math.log2(Math.max(Math.abs(a), Math.abs(b)))) - (double ? 52 : 23)), double ? 5e-324 : 2 ** -149);
  return Math.abs(a - b) / unit;
}
