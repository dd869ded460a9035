import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import * as dtypes from '../../src/ir/dtype.js';
import {
  formatExponential,
  formatFixed,
  formatTensor,
  formatTuple,
  getPrintoptions,
  type PrintedValue,
  type PrintOptions,
  setPrintoptions,
} from '../../src/tensor/print.js';

interface Case {
  dtype: dtypes.DTypeName;
  shape: number[];
  options: Record<string, unknown>;
  text: string;
  values?: unknown[];
  arange?: [number, number];
  gradFn?: string;
  requiresGrad?: boolean;
}

const fixtures = JSON.parse(gunzipSync(readFileSync(new URL('../fixtures/print.json.gz', import.meta.url))).toString()) as {
  cases: Case[];
};

function decode(value: unknown, dtype: dtypes.DType): PrintedValue {
  if (typeof value === 'object') {
    const { re, im } = value as { re: unknown; im: unknown };
    return { re: Number(decode(re, dtypes.float64)), im: Number(decode(im, dtypes.float64)) };
  }
  if (typeof value !== 'string') return value as number;
  return dtype.category === 1 ? BigInt(value) : Number(value.replace('inf', 'Infinity'));
}

function contiguousStrides(shape: number[]): number[] {
  return shape.map((_, dim) => shape.slice(dim + 1).reduce((a, b) => a * b, 1));
}

function printed({ dtype: name, shape, values, arange, gradFn, requiresGrad }: Case): string {
  const dtype = dtypes[name];
  const get = (i: number) => (arange ? arange[0] + i * arange[1] : decode(values![i], dtype));
  return formatTensor({ dtype, shape, strides: contiguousStrides(shape), offset: 0, get, gradFnName: gradFn, requiresGrad });
}

afterEach(() => setPrintoptions({ profile: 'default' }));

describe('formatTensor', () => {
  test.each(fixtures.cases.map((c, i) => ({ name: `${i} ${c.dtype} [${c.shape}] ${JSON.stringify(c.options)}`, c })))('$name', ({ c }) => {
    const { sci_mode: sciMode, ...rest } = c.options;
    setPrintoptions({ ...rest, sciMode } as Partial<PrintOptions>);
    expect(printed(c)).toBe(c.text);
  });

  test('reads a strided view, and only the elements it shows', () => {
    const read = new Set<number>();
    const get = (i: number) => (read.add(i), i);
    const text = formatTensor({ dtype: dtypes.int64, shape: [1000, 1000], strides: [1, 1000], offset: 5, get });
    expect(text.split('\n')[1]).toBe('        [      6,    1006,    2006,  ...,  997006,  998006,  999006],');
    expect(read.size).toBe(36);
  });

  test('device and default dtype', () => {
    const view = { dtype: dtypes.float64, shape: [1], strides: [1], offset: 0, get: () => 1 };
    expect(formatTensor({ ...view, device: 'cuda:0' })).toBe("tensor([1.], device='cuda:0', dtype=torch.float64)");
    expect(formatTensor(view, { defaultDtype: dtypes.float64 })).toBe('tensor([1.])');
  });
});

test('setPrintoptions keeps what is not given, but for sciMode', () => {
  setPrintoptions({ precision: 2, sciMode: true });
  setPrintoptions({ linewidth: 100 });
  expect(getPrintoptions()).toEqual({ precision: 2, threshold: 1000, edgeitems: 3, linewidth: 100, sciMode: null });
  expect(() => setPrintoptions({ profile: 'wide' as 'full' })).toThrow("unknown print profile 'wide'");
});

test('numbers round half to even, as Python does', () => {
  expect([0.5, 1.5, 2.5, -0.5].map((x) => formatFixed(x, 0))).toEqual(['0', '2', '2', '-0']);
  expect([0.125, 0.375, 0.15].map((x) => formatFixed(x, 2))).toEqual(['0.12', '0.38', '0.15']);
  expect([9.5, 8.5, 2.5e-5].map((x) => formatExponential(x, 0))).toEqual(['1e+01', '8e+00', '3e-05']);
  expect(formatFixed(1e22, 1)).toBe('10000000000000000000000.0');
});

test('tuples', () => {
  expect([formatTuple([]), formatTuple([3]), formatTuple([2, 3])]).toEqual(['()', '(3,)', '(2, 3)']);
});
