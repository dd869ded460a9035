/** What operators become in ONNX, operator set 17. https://onnx.ai/onnx/operators/ */
import { bool, type DType, float32, int64 } from '../../ir/dtype.js';
import { tril } from '../../ops/matrix.js';
import { ones, tensor, zeros } from '../../ops/creation.js';
import { wrapDim, wrapDims } from '../../tensor/shape.js';
import { numelOf } from '../../tensor/size.js';
import { Tensor } from '../../tensor/tensor.js';
import { type Attributes, float, type GraphBuilder } from './builder.js';

/** Adds nodes for a call and gives the names of its results. */
export type Translator = (g: GraphBuilder, args: readonly never[], results: readonly Tensor[]) => string | string[];

const table = new Map<string, Translator>();
export const translatorOf = (name: string): Translator | undefined => table.get(name);

export function on<A extends readonly unknown[]>(
  names: string,
  translate: (g: GraphBuilder, args: A, results: readonly Tensor[]) => string | string[],
): void {
  for (const name of names.split(' ')) table.set(name, translate as unknown as Translator);
}

type Maybe = Tensor | null | undefined;
type SizeN = number | readonly number[];
const list = (size: SizeN, n: number): number[] =>
  typeof size === 'number' ? new Array<number>(n).fill(size) : size.length === 1 ? new Array<number>(n).fill(size[0]) : [...size];
const nameOf = (g: GraphBuilder, t: Maybe): string | null => (t ? g.nameOf(t) : null);
const refuse = (what: string): never => {
  throw new Error(`ONNX export: ${what} cannot be exported`);
};

// --- elementwise --------------------------------------------------------------------------------------------------------------

const unary: Record<string, string> = {
  abs: 'Abs',
  neg: 'Neg',
  exp: 'Exp',
  log: 'Log',
  sqrt: 'Sqrt',
  reciprocal: 'Reciprocal',
  floor: 'Floor',
  ceil: 'Ceil',
  round: 'Round',
  sign: 'Sign',
  erf: 'Erf',
  sin: 'Sin',
  cos: 'Cos',
  tan: 'Tan',
  asin: 'Asin',
  acos: 'Acos',
  atan: 'Atan',
  sinh: 'Sinh',
  cosh: 'Cosh',
  tanh: 'Tanh',
  asinh: 'Asinh',
  acosh: 'Acosh',
  atanh: 'Atanh',
  sigmoid: 'Sigmoid',
  relu: 'Relu',
  softsign: 'Softsign',
  hardswish: 'HardSwish',
  isnan: 'IsNaN',
  logicalNot: 'Not',
};
for (const [name, opType] of Object.entries(unary))
  on<[Tensor]>(name, (g, [x], [y]) => g.node(opType, [g.operand(x, opType === 'Not' ? bool : opType === 'IsNaN' ? x.dtype : y.dtype)]));

type Operand = Tensor | number;
const binary: Record<string, string> = { mul: 'Mul', maximum: 'Max', minimum: 'Min', pow: 'Pow' };
for (const [name, opType] of Object.entries(binary))
  on<[Operand, Operand]>(name, (g, [x, y], [z]) => g.node(opType, g.promoted([x, y], z.dtype)));

const comparisons: Record<string, string> = { eq: 'Equal', lt: 'Less', le: 'LessOrEqual', gt: 'Greater', ge: 'GreaterOrEqual' };
for (const [name, opType] of Object.entries(comparisons)) on<[Operand, Operand]>(name, (g, [x, y]) => g.node(opType, g.promoted([x, y])));
on<[Operand, Operand]>('ne', (g, [x, y]) => g.node('Not', [g.node('Equal', g.promoted([x, y]))]));
const logical: Record<string, string> = { logicalAnd: 'And', logicalOr: 'Or', logicalXor: 'Xor', bitwiseAnd: 'And', bitwiseOr: 'Or' };
for (const [name, opType] of Object.entries(logical))
  on<[Tensor, Tensor]>(name, (g, operands) => g.node(opType, g.promoted(operands, bool)));

const sumLike =
  (opType: string) =>
  (g: GraphBuilder, [x, y, alpha = 1]: [Operand, Operand, number?], [z]: readonly Tensor[]): string => {
    const [a, b] = g.promoted([x, y], z.dtype);
    return g.node(opType, [a, alpha === 1 ? b : g.node('Mul', [b, g.scalar(alpha, z.dtype)])]);
  };
on('add', sumLike('Add'));
on('sub', sumLike('Sub'));
on<[Operand, Operand, number?]>('rsub', (g, [x, y, alpha], results) => sumLike('Sub')(g, [y, x, alpha], results));
on<[Operand, Operand, string?]>('div', (g, [x, y, rounding], [z]) => {
  const quotient = g.node('Div', g.promoted([x, y], z.dtype));
  if (rounding === 'trunc') return refuse("div with rounding mode 'trunc'");
  return rounding === 'floor' ? g.node('Floor', [quotient]) : quotient;
});
on<[Tensor]>('square', (g, [x]) => g.node('Mul', [g.nameOf(x), g.nameOf(x)]));
on<[Tensor]>('cube', (g, [x]) => g.node('Pow', [g.nameOf(x), g.scalar(3, x.dtype)]));
on<[Tensor]>('rsqrt', (g, [x]) => g.node('Reciprocal', [g.node('Sqrt', [g.nameOf(x)])]));
on<[Tensor]>('log1p', (g, [x], [y]) => g.node('Log', [g.node('Add', [g.nameOf(x), g.scalar(1, y.dtype)])]));
on<[Tensor]>('silu', (g, [x]) => g.node('Mul', [g.nameOf(x), g.node('Sigmoid', [g.nameOf(x)])]));
on<[Tensor, string?]>('gelu', (g, [x, approximate = 'none']) => {
  const c = (value: number): string => g.scalar(value, x.dtype);
  const [name, half] = [
    g.nameOf(x),
    (rest: string): string => g.node('Mul', [g.node('Mul', [g.nameOf(x), g.node('Add', [rest, c(1)])]), c(0.5)]),
  ];
  if (approximate === 'none') return half(g.node('Erf', [g.node('Mul', [name, c(Math.SQRT1_2)])]));
  const cube = g.node('Mul', [g.node('Mul', [name, name]), name]);
  const inner = g.node('Add', [name, g.node('Mul', [cube, c(0.044715)])]);
  return half(g.node('Tanh', [g.node('Mul', [inner, c(Math.sqrt(2 / Math.PI))])]));
});
on<[Tensor, number?]>('leakyRelu', (g, [x, slope = 0.01]) => g.node('LeakyRelu', [g.nameOf(x)], { alpha: float(slope) }));
on<[Tensor, number?, number?, number?]>('elu', (g, [x, alpha = 1]) => g.node('Elu', [g.nameOf(x)], { alpha: float(alpha) }));
on<[Tensor]>('selu', (g, [x]) => g.node('Selu', [g.nameOf(x)]));
on<[Tensor, number?, number?]>('softplus', (g, [x, beta = 1]) =>
  beta === 1 ? g.node('Softplus', [g.nameOf(x)]) : refuse('softplus with a beta'),
);
on<[Tensor]>('hardsigmoid', (g, [x]) => g.node('HardSigmoid', [g.nameOf(x)], { alpha: float(1 / 6), beta: float(0.5) }));
on<[Tensor, Tensor]>('prelu', (g, [x, weight]) => {
  const slope = g.nameOf(weight);
  const shaped =
    numelOf(weight.sizes) > 1 && x.ndim > 2 ? g.node('Reshape', [slope, g.ints([-1, ...new Array<number>(x.ndim - 2).fill(1)])]) : slope;
  return g.node('PRelu', [g.nameOf(x), shaped]);
});
const clip = (g: GraphBuilder, [x, low, high]: [Tensor, (Operand | null)?, (Operand | null)?], [y]: readonly Tensor[]): string =>
  g.node('Clip', [
    g.operand(x, y.dtype),
    ...[low, high].map((bound) => (bound === null || bound === undefined ? null : g.operand(bound, y.dtype))),
  ]);
on('clamp', clip);
on<[Tensor, number?, number?]>('hardtanh', (g, [x, low = -1, high = 1], results) => clip(g, [x, low, high], results));
on<[Tensor]>('relu6', (g, [x], results) => clip(g, [x, 0, 6], results));
on<[Tensor, Operand, Operand]>('where', (g, [condition, x, y], [z]) =>
  g.node('Where', [g.operand(condition, bool), ...g.promoted([x, y], z.dtype)]),
);
on<[Tensor, Tensor, Operand]>('maskedFill', (g, [x, mask, value]) =>
  g.node('Where', [g.nameOf(mask), g.operand(value, x.dtype), g.nameOf(x)]),
);

const cast = (g: GraphBuilder, [x]: readonly [Tensor, ...unknown[]], [y]: readonly Tensor[]): string => g.operand(x, y.dtype);
on('float double half bfloat16 long int short char byte bool', cast);
on<[Tensor]>('clone contiguous detach dropout dropout1d dropout2d dropout3d alphaDropout featureAlphaDropout', (g, [x]) =>
  g.node('Identity', [g.nameOf(x)]),
);

// --- matrices -----------------------------------------------------------------------------------------------------------------

on<[Tensor, Tensor]>('matmul mm bmm mv', (g, operands, [y]) => g.node('MatMul', g.promoted(operands, y.dtype)));
on<[Tensor, Tensor, Maybe]>('linear', (g, [x, weight, bias]) => {
  if (x.ndim === 2) return g.node('Gemm', [g.nameOf(x), g.nameOf(weight), nameOf(g, bias)], { transB: 1 });
  const product = g.node('MatMul', [g.nameOf(x), g.node('Transpose', [g.nameOf(weight)], { perm: [1, 0] })]);
  return bias ? g.node('Add', [product, g.nameOf(bias)]) : product;
});
on<[Tensor, Tensor, Tensor, number?, number?]>('addmm', (g, [c, a, b, beta = 1, alpha = 1]) =>
  g.node('Gemm', [g.nameOf(a), g.nameOf(b), g.nameOf(c)], { alpha: float(alpha), beta: float(beta) }),
);
on<[Tensor, Tensor, Tensor, number?, number?]>('baddbmm', (g, [c, a, b, beta = 1, alpha = 1]) => {
  const scaled = (name: string, factor: number): string => (factor === 1 ? name : g.node('Mul', [name, g.scalar(factor, a.dtype)]));
  return g.node('Add', [scaled(g.nameOf(c), beta), scaled(g.node('MatMul', [g.nameOf(a), g.nameOf(b)]), alpha)]);
});

type Attention = [Tensor, Tensor, Tensor, Maybe, number?, boolean?, (number | null)?];
on<Attention>('scaledDotProductAttention', (g, [query, key, value, mask, dropout = 0, causal = false, scale]) => {
  if (dropout > 0) return refuse('attention with dropout');
  const perm = key.sizes.map((_, d) => d);
  perm.push(...perm.splice(-2, 2).reverse());
  const q = g.node('Mul', [g.nameOf(query), g.scalar(scale ?? 1 / Math.sqrt(query.sizes[query.ndim - 1]), query.dtype)]);
  let scores = g.node('MatMul', [q, g.node('Transpose', [g.nameOf(key)], { perm })]);
  const allowed = causal ? tril(ones(query.sizes[query.ndim - 2], key.sizes[key.ndim - 2], { dtype: bool })) : mask;
  if (allowed?.dtype === bool) scores = g.node('Where', [g.nameOf(allowed), scores, g.scalar(-Infinity, query.dtype)]);
  else if (allowed) scores = g.node('Add', [scores, g.nameOf(allowed)]);
  return g.node('MatMul', [g.node('Softmax', [scores], { axis: -1 }), g.nameOf(value)]);
});

// --- convolution and pooling --------------------------------------------------------------------------------------------------

/** Padding before and behind every dim, as ONNX lists it. */
const pads = (before: readonly number[], behind: readonly number[] = before): number[] => [...before, ...behind];

type Convolution = [Tensor, Tensor, Maybe, SizeN?, (SizeN | string)?, SizeN?, number?];
on<Convolution>('conv1d conv2d conv3d', (g, [x, weight, bias, stride = 1, padding = 0, dilation = 1, group = 1]) => {
  const n = weight.ndim - 2;
  const kernel = weight.sizes.slice(2);
  const dilations = list(dilation, n);
  const total = kernel.map((k, d) => (padding === 'same' ? dilations[d] * (k - 1) : 0));
  const before = typeof padding === 'string' ? total.map((t) => Math.floor(t / 2)) : list(padding, n);
  const behind = typeof padding === 'string' ? total.map((t, d) => t - before[d]) : before;
  const attributes = { kernel_shape: kernel, strides: list(stride, n), pads: pads(before, behind), dilations, group };
  return unbatched(g, x, n, (input) => g.node('Conv', [input, g.nameOf(weight), nameOf(g, bias)], attributes));
});

type Transposed = [Tensor, Tensor, Maybe, SizeN?, SizeN?, SizeN?, number?, SizeN?];
on<Transposed>(
  'convTranspose1d convTranspose2d convTranspose3d',
  (g, [x, weight, bias, stride = 1, padding = 0, output = 0, group = 1, dilation = 1]) => {
    const n = weight.ndim - 2;
    const attributes = {
      kernel_shape: weight.sizes.slice(2),
      strides: list(stride, n),
      pads: pads(list(padding, n)),
      output_padding: list(output, n),
      dilations: list(dilation, n),
      group,
    };
    return unbatched(g, x, n, (input) => g.node('ConvTranspose', [input, g.nameOf(weight), nameOf(g, bias)], attributes));
  },
);

/** ONNX wants a batch dim. */
function unbatched(g: GraphBuilder, x: Tensor, n: number, run: (input: string) => string): string {
  if (x.ndim === n + 2) return run(g.nameOf(x));
  return g.node('Squeeze', [run(g.node('Unsqueeze', [g.nameOf(x), g.ints([0])])), g.ints([0])]);
}

const stridesOf = (stride: SizeN | null | undefined, kernel: readonly number[]): number[] =>
  stride === null || stride === undefined || (typeof stride !== 'number' && stride.length === 0)
    ? [...kernel]
    : list(stride, kernel.length);
const poolDims = (name: string): number => Number(name.slice(-2, -1));

type MaxPool = [Tensor, SizeN, (SizeN | null)?, SizeN?, SizeN?, boolean?];
type AvgPool = [Tensor, SizeN, (SizeN | null)?, SizeN?, boolean?, boolean?, (number | null)?];
for (const name of ['1d', '2d', '3d']) {
  const n = poolDims(name);
  on<MaxPool>(`maxPool${name}`, (g, [x, size, stride, padding = 0, dilation = 1, ceil = false]) => {
    const kernel = list(size, n);
    const attributes = {
      kernel_shape: kernel,
      strides: stridesOf(stride, kernel),
      pads: pads(list(padding, n)),
      dilations: list(dilation, n),
      ceil_mode: +ceil,
    };
    return unbatched(g, x, n, (input) => g.node('MaxPool', [input], attributes));
  });
  on<AvgPool>(`avgPool${name}`, (g, [x, size, stride, padding = 0, ceil = false, countPad = true, divisor]) => {
    if (divisor) return refuse('average pooling with a divisor');
    const kernel = list(size, n);
    const attributes = {
      kernel_shape: kernel,
      strides: stridesOf(stride, kernel),
      pads: pads(list(padding, n)),
      ceil_mode: +ceil,
      count_include_pad: +countPad,
    };
    return unbatched(g, x, n, (input) => g.node('AveragePool', [input], attributes));
  });
  on<[Tensor, SizeN]>(`adaptiveAvgPool${name}`, (g, [x], [y]) => adaptive(g, x, y, n, 'Average'));
  on<[Tensor, SizeN]>(`adaptiveMaxPool${name}`, (g, [x], [y]) => adaptive(g, x, y, n, 'Max'));
}

/** Adaptive pooling where all windows are alike. */
function adaptive(g: GraphBuilder, x: Tensor, y: Tensor, n: number, kind: 'Average' | 'Max'): string {
  const [from, to] = [x.sizes.slice(-n), y.sizes.slice(-n)];
  if (to.every((size) => size === 1)) return unbatched(g, x, n, (input) => g.node(`Global${kind}Pool`, [input]));
  if (from.some((size, d) => size % to[d] !== 0)) return refuse('adaptive pooling with windows of several sizes');
  const kernel = from.map((size, d) => size / to[d]);
  return unbatched(g, x, n, (input) => g.node(`${kind}Pool`, [input], { kernel_shape: kernel, strides: kernel }));
}

type Pad = [Tensor, readonly number[], string?, (number | null)?];
on<Pad>('pad constant_pad_nd', (g, [x, pad, mode = 'constant', value]) => {
  if (mode === 'circular') return refuse('circular padding');
  const ends = x.sizes.map((_, d) => [pad[2 * (x.ndim - 1 - d)] ?? 0, pad[2 * (x.ndim - 1 - d) + 1] ?? 0]);
  const amounts = g.ints(
    pads(
      ends.map(([before]) => before),
      ends.map(([, behind]) => behind),
    ),
  );
  const fill = mode === 'constant' ? g.scalar(value ?? 0, x.dtype) : null;
  return g.node('Pad', [g.nameOf(x), amounts, fill], { mode: mode === 'replicate' ? 'edge' : mode });
});
on<[Tensor, number]>('pixelShuffle', (g, [x, factor]) => g.node('DepthToSpace', [g.nameOf(x)], { blocksize: factor, mode: 'CRD' }));
type Interpolate = [Tensor, unknown, unknown, string?, (boolean | null)?];
on<Interpolate>('interpolate', (g, [x, , , mode = 'nearest', alignCorners], [y]) => {
  if (!['nearest', 'linear', 'bilinear', 'trilinear'].includes(mode)) return refuse(`interpolation by ${mode}`);
  const attributes: Attributes = {
    mode: mode === 'nearest' ? 'nearest' : 'linear',
    coordinate_transformation_mode: mode === 'nearest' ? 'asymmetric' : alignCorners ? 'align_corners' : 'half_pixel',
    nearest_mode: mode === 'nearest' ? 'floor' : undefined,
  };
  const scales = y.sizes.map((size, d) => size / x.sizes[d]);
  return g.node('Resize', [g.nameOf(x), null, g.nameOf(tensor(scales, { dtype: float32 }))], attributes);
});

// --- normalisation ------------------------------------------------------------------------------------------------------------

const orOnes = (g: GraphBuilder, t: Maybe, sizes: readonly number[], dtype: DType): string => g.nameOf(t ?? ones(sizes, { dtype }));
const orZeros = (g: GraphBuilder, t: Maybe, sizes: readonly number[], dtype: DType): string => g.nameOf(t ?? zeros(sizes, { dtype }));

type BatchNorm = [Tensor, Maybe, Maybe, Maybe, Maybe, boolean?, number?, number?];
on<BatchNorm>('batchNorm', (g, [x, mean, variance, weight, bias, training = false, , eps = 1e-5]) => {
  if (training || !mean || !variance) return refuse('batch norm with statistics of the batch');
  const channels = [x.sizes[1]];
  const inputs = [
    g.nameOf(x),
    orOnes(g, weight, channels, x.dtype),
    orZeros(g, bias, channels, x.dtype),
    g.nameOf(mean),
    g.nameOf(variance),
  ];
  return g.node('BatchNormalization', inputs, { epsilon: float(eps) });
});
type LayerNorm = [Tensor, readonly number[], Maybe, Maybe, number?];
on<LayerNorm>('layerNorm', (g, [x, shape, weight, bias, eps = 1e-5]) =>
  g.node('LayerNormalization', [g.nameOf(x), orOnes(g, weight, shape, x.dtype), nameOf(g, bias)], {
    axis: -shape.length,
    epsilon: float(eps),
  }),
);
type GroupNorm = [Tensor, number, Maybe, Maybe, number?];
on<GroupNorm>('groupNorm', (g, [x, groups, weight, bias, eps = 1e-5]) => {
  const flat = g.node('Reshape', [g.nameOf(x), g.ints([0, groups, -1])]);
  const unit = g.node('InstanceNormalization', [flat, orOnes(g, null, [groups], x.dtype), orZeros(g, null, [groups], x.dtype)], {
    epsilon: float(eps),
  });
  const shaped = g.node('Reshape', [unit, g.node('Shape', [g.nameOf(x)])]);
  const perChannel = (t: Tensor): string => g.node('Reshape', [g.nameOf(t), g.ints([-1, ...new Array<number>(x.ndim - 2).fill(1)])]);
  const scaled = weight ? g.node('Mul', [shaped, perChannel(weight)]) : shaped;
  return bias ? g.node('Add', [scaled, perChannel(bias)]) : scaled;
});
on<[Tensor, (number | null)?]>('softmax', (g, [x, dim], [y]) => g.node('Softmax', [g.operand(x, y.dtype)], { axis: dim ?? -1 }));
on<[Tensor, (number | null)?]>('logSoftmax', (g, [x, dim], [y]) => g.node('LogSoftmax', [g.operand(x, y.dtype)], { axis: dim ?? -1 }));

// --- shapes -------------------------------------------------------------------------------------------------------------------

/** A shape in which a dim that stays is 0, so that its size may change, and the last other one is what is left. */
function flexible(from: readonly number[], to: readonly number[]): number[] {
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  if (same === from.length && same === to.length) return to.map(() => 0);
  return to.map((size, d) => (d < same ? 0 : d === to.length - 1 && d > same - 1 && numelOf(to) > 0 ? -1 : size));
}
const reshape = (g: GraphBuilder, [x]: readonly [Tensor, ...unknown[]], [y]: readonly Tensor[]): string =>
  y.ndim === 0 ? g.node('Squeeze', [g.nameOf(x)]) : g.node('Reshape', [g.nameOf(x), g.ints(flexible(x.sizes, y.sizes))]);
on('view reshape unflatten viewAs reshapeAs ravel', reshape);
on<[Tensor, number?, number?]>('flatten', (g, [x, start = 0, end = -1], results) => {
  const first = wrapDim(start, x.ndim);
  return first === 1 && wrapDim(end, x.ndim) === x.ndim - 1 ? g.node('Flatten', [g.nameOf(x)], { axis: 1 }) : reshape(g, [x], results);
});
on<[Tensor, number]>('unsqueeze', (g, [x, dim]) => g.node('Unsqueeze', [g.nameOf(x), g.ints([wrapDim(dim, x.ndim + 1)])]));
on<[Tensor, (number | readonly number[])?]>('squeeze', (g, [x, dim]) => {
  const dims = wrapDims(dim, x.ndim).filter((d) => x.sizes[d] === 1);
  return dims.length === 0 ? g.node('Identity', [g.nameOf(x)]) : g.node('Squeeze', [g.nameOf(x), g.ints(dims)]);
});
const permuted = (g: GraphBuilder, x: Tensor, perm: number[]): string => g.node('Transpose', [g.nameOf(x)], { perm });
on<[Tensor, number, number]>('transpose swapaxes swapdims', (g, [x, a, b]) => {
  const perm = x.sizes.map((_, d) => d);
  [perm[wrapDim(a, x.ndim)], perm[wrapDim(b, x.ndim)]] = [wrapDim(b, x.ndim), wrapDim(a, x.ndim)];
  return permuted(g, x, perm);
});
on<[Tensor]>('t', (g, [x]) => permuted(g, x, x.sizes.map((_, d) => d).reverse()));
on<[Tensor, readonly number[]]>('permute', (g, [x, dims]) =>
  permuted(
    g,
    x,
    dims.map((d) => wrapDim(d, x.ndim)),
  ),
);
on<[Tensor]>('expand expandAs broadcastTo', (g, [x], [y]) => {
  const lead = y.ndim - x.ndim;
  return g.node('Expand', [g.nameOf(x), g.ints(y.sizes.map((size, d) => (d >= lead && x.sizes[d - lead] === size ? 1 : size)))]);
});
on<[Tensor, readonly number[]]>('repeat', (g, [x, times]) => {
  const lead = Array.from({ length: times.length - x.ndim }, (_, d) => d);
  const wide = lead.length > 0 ? g.node('Unsqueeze', [g.nameOf(x), g.ints(lead)]) : g.nameOf(x);
  return g.node('Tile', [wide, g.ints(times)]);
});
on<[readonly Tensor[], number?]>('cat', (g, [tensors, dim = 0], [y]) =>
  g.node('Concat', g.promoted(tensors, y.dtype), { axis: wrapDim(dim, y.ndim) }),
);
on<[readonly Tensor[], number?]>('stack', (g, [tensors, dim = 0], [y]) => {
  const axis = wrapDim(dim, y.ndim);
  return g.node(
    'Concat',
    g.promoted(tensors, y.dtype).map((name) => g.node('Unsqueeze', [name, g.ints([axis])])),
    { axis },
  );
});
const split = (g: GraphBuilder, [x, , dim = 0]: readonly [Tensor, unknown, number?], results: readonly Tensor[]): string[] => {
  const axis = wrapDim(dim, x.ndim);
  return g.outputs('Split', [g.nameOf(x), g.ints(results.map(({ sizes }) => sizes[axis]))], { axis }, results.length);
};
on('split chunk splitWithSizes tensorSplit unsafeChunk', split);
on<[Tensor, number?]>('unbind', (g, [x, dim = 0], results) =>
  results.map((_, i) => g.node('Gather', [g.nameOf(x), g.scalar(i, int64)], { axis: wrapDim(dim, x.ndim) })),
);
on<[Tensor, number, number]>('select', (g, [x, dim, index]) =>
  g.node('Gather', [g.nameOf(x), g.scalar(index, int64)], { axis: wrapDim(dim, x.ndim) }),
);
const END = 2 ** 53 - 1;
type Slice = [Tensor, number?, (number | null)?, (number | null)?, number?];
on<Slice>('slice', (g, [x, dim = 0, start, end, step = 1]) =>
  g.node('Slice', [g.nameOf(x), g.ints([start ?? 0]), g.ints([end ?? END]), g.ints([wrapDim(dim, x.ndim)]), g.ints([step])]),
);
on<[Tensor, number, number, number]>('narrow', (g, [x, dim, start, length]) =>
  g.node('Slice', [g.nameOf(x), g.ints([start]), g.ints([start + length]), g.ints([wrapDim(dim, x.ndim)])]),
);
on<[Tensor, Tensor]>('embedding', (g, [indices, weight]) => g.node('Gather', [g.nameOf(weight), g.nameOf(indices)], { axis: 0 }));
on<[Tensor, number, Tensor]>('indexSelect', (g, [x, dim, index]) =>
  g.node('Gather', [g.nameOf(x), g.nameOf(index)], { axis: wrapDim(dim, x.ndim) }),
);
on<[Tensor, number, Tensor]>('gather', (g, [x, dim, index]) =>
  g.node('GatherElements', [g.nameOf(x), g.nameOf(index)], { axis: wrapDim(dim, x.ndim) }),
);
for (const name of ['tril', 'triu'])
  on<[Tensor, number?]>(name, (g, [x, diagonal = 0]) => g.node('Trilu', [g.nameOf(x), g.ints([diagonal])], { upper: +(name === 'triu') }));

// --- reductions ---------------------------------------------------------------------------------------------------------------

type Reduction = [Tensor, (number | readonly number[] | null)?, boolean?];
const axes = (x: Tensor, dim: Reduction[1]): number[] => wrapDims(dim, x.ndim);
on<Reduction>('sum', (g, [x, dim, keepdim = false], [y]) =>
  g.node('ReduceSum', [g.operand(x, y.dtype), g.ints(axes(x, dim))], { keepdims: +keepdim }),
);
const reductions: Record<string, string> = {
  mean: 'ReduceMean',
  prod: 'ReduceProd',
  amax: 'ReduceMax',
  amin: 'ReduceMin',
  logsumexp: 'ReduceLogSumExp',
};
for (const [name, opType] of Object.entries(reductions))
  on<Reduction>(name, (g, [x, dim, keepdim = false], [y]) =>
    g.node(opType, [g.operand(x, y.dtype)], { axes: axes(x, dim), keepdims: +keepdim }),
  );
for (const [name, kind] of [
  ['max', 'Max'],
  ['min', 'Min'],
] as const)
  on<[Tensor, (number | Tensor | null)?, boolean?]>(name, (g, [x, dim, keepdim = false], [y]) => {
    if (dim instanceof Tensor) return g.node(kind, g.promoted([x, dim], y.dtype));
    if (typeof dim !== 'number') return g.node(`Reduce${kind}`, [g.nameOf(x)], { keepdims: 0 });
    const axis = wrapDim(dim, x.ndim);
    return [
      g.node(`Reduce${kind}`, [g.nameOf(x)], { axes: [axis], keepdims: +keepdim }),
      g.node(`Arg${kind}`, [g.nameOf(x)], { axis, keepdims: +keepdim }),
    ];
  });
for (const [name, opType] of [
  ['argmax', 'ArgMax'],
  ['argmin', 'ArgMin'],
] as const)
  on<[Tensor, (number | null)?, boolean?]>(name, (g, [x, dim, keepdim = false]) => {
    if (typeof dim === 'number') return g.node(opType, [g.nameOf(x)], { axis: wrapDim(dim, x.ndim), keepdims: +keepdim });
    return g.node('Squeeze', [g.node(opType, [g.node('Reshape', [g.nameOf(x), g.ints([-1])])], { axis: 0, keepdims: 0 })]);
  });
on<[Tensor, number]>('cumsum', (g, [x, dim], [y]) => g.node('CumSum', [g.operand(x, y.dtype), g.ints([wrapDim(dim, x.ndim)])]));
on<[Tensor, number, number?, boolean?]>('topk', (g, [x, k, dim = -1, largest = true]) =>
  g.outputs('TopK', [g.nameOf(x), g.ints([k])], { axis: wrapDim(dim, x.ndim), largest: +largest }, 2),
);
