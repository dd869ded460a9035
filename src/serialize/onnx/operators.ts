/** What ONNX's operators compute. https://onnx.ai/onnx/operators/ */
import { bool, int64 } from '../../ir/dtype.js';
import { tensor } from '../../ops/creation.js';
import { arange } from '../../ops/sequences.js';
import { cat, where } from '../../ops/join.js';
import { nonzero } from '../../ops/mask.js';
import { einsum } from '../../ops/products.js';
import * as F from '../../nn/functional/index.js';
import { broadcastSizes, wrapDim } from '../../tensor/shape.js';
import { Tensor } from '../../tensor/tensor.js';
import type { NodeAttributes } from './attributes.js';
import { type Operator, unsupported } from './operator.js';
import { pooling } from './operators-pool.js';
import { recurrent } from './operators-rnn.js';
import { dtypeOfCode } from './schema.js';

const numbers = (t: Tensor): number[] => (t.reshape([-1]).tolist() as (number | bigint)[]).map(Number);
/** Numbers that are an input in newer operator sets, and an attribute in older ones. */
const inputOrInts = (input: Tensor | undefined, a: NodeAttributes, name: string): number[] | null =>
  input ? numbers(input) : a.ints(name);

type Unary = (x: Tensor) => Tensor;
const unary =
  (f: Unary): Operator =>
  ([x]) =>
    f(x);
const binary =
  (f: (x: Tensor, y: Tensor) => Tensor): Operator =>
  ([x, y]) =>
    f(x, y);
const folded =
  (f: (x: Tensor, y: Tensor) => Tensor): Operator =>
  (inputs) =>
    inputs.reduce(f);

const elementwise: Record<string, Operator> = {
  Abs: unary((x) => x.abs()),
  Neg: unary((x) => x.neg()),
  Exp: unary((x) => x.exp()),
  Log: unary((x) => x.log()),
  Sqrt: unary((x) => x.sqrt()),
  Reciprocal: unary((x) => x.reciprocal()),
  Floor: unary((x) => x.floor()),
  Ceil: unary((x) => x.ceil()),
  Round: unary((x) => x.round()),
  Sign: unary((x) => x.sign()),
  Erf: unary((x) => x.erf()),
  Sin: unary((x) => x.sin()),
  Cos: unary((x) => x.cos()),
  Tan: unary((x) => x.tan()),
  Asin: unary((x) => x.asin()),
  Acos: unary((x) => x.acos()),
  Atan: unary((x) => x.atan()),
  Sinh: unary((x) => x.sinh()),
  Cosh: unary((x) => x.cosh()),
  Tanh: unary((x) => x.tanh()),
  Asinh: unary((x) => x.asinh()),
  Acosh: unary((x) => x.acosh()),
  Atanh: unary((x) => x.atanh()),
  Sigmoid: unary((x) => x.sigmoid()),
  Relu: unary((x) => x.relu()),
  Not: unary((x) => x.logicalNot()),
  IsNaN: unary((x) => x.isnan()),
  IsInf: unary((x) => x.isinf()),
  Identity: unary((x) => x),
  Softsign: unary((x) => F.softsign(x)),
  Softplus: unary((x) => F.softplus(x)),
  Mish: unary((x) => F.mish(x)),
  HardSwish: unary((x) => F.hardswish(x)),
  Add: binary((x, y) => x.add(y)),
  Sub: binary((x, y) => x.sub(y)),
  Mul: binary((x, y) => x.mul(y)),
  Div: binary((x, y) => x.div(y, x.dtype.category < 2 ? { roundingMode: 'trunc' } : {})),
  Pow: binary((x, y) => x.pow(y).to(x.dtype)),
  PRelu: binary((x, slope) => where(x.lt(0), x.mul(slope), x)),
  Equal: binary((x, y) => x.eq(y)),
  Less: binary((x, y) => x.lt(y)),
  LessOrEqual: binary((x, y) => x.le(y)),
  Greater: binary((x, y) => x.gt(y)),
  GreaterOrEqual: binary((x, y) => x.ge(y)),
  And: binary((x, y) => x.logicalAnd(y)),
  Or: binary((x, y) => x.logicalOr(y)),
  Xor: binary((x, y) => x.logicalXor(y)),
  Max: folded((x, y) => x.maximum(y)),
  Min: folded((x, y) => x.minimum(y)),
  Sum: folded((x, y) => x.add(y)),
  Mean: (inputs) => inputs.reduce((x, y) => x.add(y)).div(inputs.length),
  Mod: ([x, y], a) => (a.int('fmod', 0) ? x.fmod(y) : x.remainder(y)),
  Where: ([condition, x, y]) => where(condition, x, y),
  Clip: ([x, low, high], a) => {
    const [min, max] = [low?.item() ?? a.float('min', -Infinity), high?.item() ?? a.float('max', Infinity)].map(Number);
    return x.clamp(min === -Infinity ? null : min, max === Infinity ? null : max).to(x.dtype);
  },
  Gelu: ([x], a) => F.gelu(x, { approximate: a.text('approximate', 'none') as 'none' | 'tanh' }),
  LeakyRelu: ([x], a) => F.leakyRelu(x, a.float('alpha', 0.01)),
  Elu: ([x], a) => F.elu(x, a.float('alpha', 1)),
  Celu: ([x], a) => F.celu(x, a.float('alpha', 1)),
  Selu: unary((x) => F.selu(x)),
  HardSigmoid: ([x], a) => x.mul(a.float('alpha', 0.2)).add(a.float('beta', 0.5)).clamp(0, 1),
  Cast: ([x], a) => x.to(dtypeOfCode(a.int('to', 1))),
  Dropout: ([x]) => [x, x.ne(x).logicalNot()],
};

const matrices: Record<string, Operator> = {
  MatMul: binary((x, y) => x.matmul(y)),
  Gemm: ([x, y, c], a) => {
    const [left, right] = [a.int('transA', 0) ? x.t() : x, a.int('transB', 0) ? y.t() : y];
    const product = left.matmul(right).mul(a.float('alpha', 1));
    return c ? product.add(c.mul(a.float('beta', 1))) : product;
  },
  Einsum: (inputs, a) => einsum(a.text('equation', ''), ...inputs),
};

const onAxis =
  (softmax: (x: Tensor, dim: number) => Tensor): Operator =>
  ([x], a) => {
    if (a.opset >= 13) return softmax(x, a.int('axis', -1));
    // Before operator set 13 all dims from the axis on were one.
    const axis = wrapDim(a.int('axis', 1), x.ndim);
    return softmax(x.flatten(axis), axis).reshape(x.sizes);
  };

const normalisation: Record<string, Operator> = {
  Softmax: onAxis((x, dim) => F.softmax(x, dim)),
  LogSoftmax: onAxis((x, dim) => F.logSoftmax(x, dim)),
  BatchNormalization: ([x, scale, bias, mean, variance], a) =>
    F.batchNorm(x, mean, variance, scale, bias, false, 0.1, a.float('epsilon', 1e-5)),
  InstanceNormalization: ([x, weight, bias], a) => F.instanceNorm(x, { weight, bias, eps: a.float('epsilon', 1e-5) }),
  LayerNormalization: ([x, scale, bias], a) => {
    const shape = x.sizes.slice(wrapDim(a.int('axis', -1), x.ndim));
    return F.layerNorm(x, shape, scale.expand(shape), bias ? bias.expand(shape) : null, a.float('epsilon', 1e-5));
  },
  GroupNormalization: ([x, scale, bias], a) => {
    const groups = a.int('num_groups', 1);
    const perChannel = (t: Tensor): Tensor => (t.sizes[0] === x.sizes[1] ? t : t.repeatInterleave(x.sizes[1] / groups));
    return F.groupNorm(x, groups, perChannel(scale), perChannel(bias), a.float('epsilon', 1e-5));
  },
};

/** The shape that Reshape asks for: 0 keeps a dim. */
function reshapeSizes(x: Tensor, shape: readonly number[], a: NodeAttributes): number[] {
  return shape.map((size, d) => (size === 0 && !a.int('allowzero', 0) ? x.sizes[d] : size));
}

function gatherAxis(x: Tensor, index: Tensor, axis: number): Tensor {
  const n = x.sizes[axis];
  const positions = index.to(int64).reshape([-1]);
  const wrapped = where(positions.lt(0), positions.add(n), positions);
  return x.indexSelect(axis, wrapped).reshape([...x.sizes.slice(0, axis), ...index.sizes, ...x.sizes.slice(axis + 1)]);
}

function slice(x: Tensor, starts: readonly number[], ends: readonly number[], axes: readonly number[], steps: readonly number[]): Tensor {
  return axes.reduce((y, axis, i) => {
    const step = steps[i] ?? 1;
    const n = y.sizes[wrapDim(axis, y.ndim)];
    if (step > 0) return y.slice(axis, starts[i], Math.min(ends[i], n), step);
    // From behind: PyTorch's slices know no negative steps.
    const from = (position: number): number => n - 1 - (position < 0 ? Math.max(position + n, -1) : Math.min(position, n - 1));
    return y.flip([axis]).slice(axis, from(starts[i]), from(ends[i]), -step);
  }, x);
}

const shapes: Record<string, Operator> = {
  Constant: (_, a) => a.constant() ?? unsupported('a Constant without a number'),
  ConstantOfShape: ([shape], a) => {
    const value = a.tensor('value') ?? tensor([0], { dtype: 'float32' });
    return value.reshape([]).expand(numbers(shape)).clone();
  },
  Shape: ([x], a) => tensor([...x.sizes].slice(a.int('start', 0), a.int('end', x.ndim)), { dtype: int64 }),
  Size: ([x]) => tensor(x.numel(), { dtype: int64 }),
  Reshape: ([x, shape], a) => x.reshape(reshapeSizes(x, inputOrInts(shape, a, 'shape') ?? [], a)),
  Flatten: ([x], a) => {
    const axis = a.int('axis', 1);
    const rows = x.sizes.slice(0, axis < 0 ? axis + x.ndim : axis).reduce((n, size) => n * size, 1);
    return x.reshape([rows, rows === 0 ? 0 : x.numel() / rows]);
  },
  Transpose: ([x], a) => x.permute(a.ints('perm') ?? x.sizes.map((_, d) => x.ndim - 1 - d)),
  Unsqueeze: ([x, axes], a) => {
    const dims = inputOrInts(axes, a, 'axes') ?? [];
    const ndim = x.ndim + dims.length;
    return dims
      .map((dim) => wrapDim(dim, ndim))
      .sort((m, n) => m - n)
      .reduce((y, dim) => y.unsqueeze(dim), x);
  },
  Squeeze: ([x, axes], a) => {
    const dims = inputOrInts(axes, a, 'axes');
    return dims ? x.squeeze(dims) : x.squeeze();
  },
  Expand: ([x, shape]) => x.expand([...broadcastSizes(x.sizes, numbers(shape))]),
  Tile: ([x, times]) => x.repeat(numbers(times)),
  Concat: (inputs, a) => cat([...inputs], a.int('axis', 0)),
  Split: ([x, sizes], a, outputs) => {
    const axis = wrapDim(a.int('axis', 0), x.ndim);
    const given = inputOrInts(sizes, a, 'split');
    return x.split(given ?? Math.ceil(x.sizes[axis] / a.int('num_outputs', outputs)), axis);
  },
  Slice: ([x, starts, ends, axes, steps], a) => {
    const from = inputOrInts(starts, a, 'starts') ?? [];
    return slice(
      x,
      from,
      inputOrInts(ends, a, 'ends') ?? [],
      inputOrInts(axes, a, 'axes') ?? from.map((_, d) => d),
      steps ? numbers(steps) : [],
    );
  },
  Gather: ([x, index], a) => gatherAxis(x, index, wrapDim(a.int('axis', 0), x.ndim)),
  GatherElements: ([x, index], a) => {
    const axis = wrapDim(a.int('axis', 0), x.ndim);
    return x.gather(axis, where(index.lt(0), index.add(x.sizes[axis]), index));
  },
  Range: ([start, limit, step]) => arange(Number(start.item()), Number(limit.item()), Number(step.item()), { dtype: start.dtype }),
  Trilu: ([x, k], a) => (a.int('upper', 1) ? x.triu(Number(k?.item() ?? 0)) : x.tril(Number(k?.item() ?? 0))),
  OneHot: ([indices, depth, values], a) => {
    const hot = F.oneHot(indices.to(int64), Number(depth.item())).to(bool);
    const axis = a.int('axis', -1);
    return where(axis === -1 ? hot : hot.movedim(-1, axis), values.select(0, 1), values.select(0, 0));
  },
  DepthToSpace: ([x], a) => {
    const size = a.int('blocksize', 1);
    if (a.text('mode', 'DCR') === 'CRD') return F.pixelShuffle(x, size);
    const [n, c, h, w] = x.sizes;
    const blocks = x.reshape([n, size, size, c / size ** 2, h, w]).permute([0, 3, 4, 1, 5, 2]);
    return blocks.reshape([n, c / size ** 2, h * size, w * size]);
  },
  NonZero: ([x]) => nonzero(x).t(),
};

type Reduce = (x: Tensor, dims: number[], keepdim: boolean) => Tensor;
const reduction =
  (f: Reduce): Operator =>
  ([x, axes], a) => {
    const dims = inputOrInts(axes, a, 'axes') ?? [];
    if (dims.length === 0 && a.int('noop_with_empty_axes', 0)) return x;
    return f(x, dims.length === 0 ? x.sizes.map((_, d) => d) : dims, a.int('keepdims', 1) === 1);
  };
const byOne =
  (f: (x: Tensor, dim: number) => Tensor): Reduce =>
  (x, dims, keepdim) => {
    const ordered = dims.map((dim) => wrapDim(dim, x.ndim)).sort((m, n) => n - m);
    return ordered.reduce((y, dim) => (keepdim ? f(y, dim).unsqueeze(dim) : f(y, dim)), x);
  };
const position =
  (f: (x: Tensor, dim: number, keepdim: boolean) => Tensor): Operator =>
  ([x], a) => {
    if (a.int('select_last_index', 0)) unsupported('the last of several extremes');
    return f(x, a.int('axis', 0), a.int('keepdims', 1) === 1);
  };

const reductions: Record<string, Operator> = {
  ReduceSum: reduction((x, dims, keepdim) => x.sum(dims, keepdim).to(x.dtype)),
  ReduceMean: reduction((x, dims, keepdim) => x.mean(dims, keepdim)),
  ReduceMax: reduction((x, dims, keepdim) => x.amax(dims, keepdim)),
  ReduceMin: reduction((x, dims, keepdim) => x.amin(dims, keepdim)),
  ReduceProd: reduction(byOne((x, dim) => x.prod(dim).to(x.dtype))),
  ReduceLogSumExp: reduction((x, dims, keepdim) => x.logsumexp(dims, keepdim)),
  ReduceSumSquare: reduction((x, dims, keepdim) => x.square().sum(dims, keepdim)),
  ReduceL1: reduction((x, dims, keepdim) => x.abs().sum(dims, keepdim)),
  ReduceL2: reduction((x, dims, keepdim) => x.square().sum(dims, keepdim).sqrt()),
  ArgMax: position((x, dim, keepdim) => x.argmax(dim, keepdim)),
  ArgMin: position((x, dim, keepdim) => x.argmin(dim, keepdim)),
  TopK: ([x, k], a) => x.topk(Number(k.item()), a.int('axis', -1), a.int('largest', 1) === 1),
  CumSum: ([x, axis], a) => {
    if (a.int('exclusive', 0)) unsupported('an exclusive CumSum');
    const dim = Number(axis.item());
    return a.int('reverse', 0) ? x.flip([dim]).cumsum(dim).flip([dim]) : x.cumsum(dim);
  },
};

export const operators: Readonly<Record<string, Operator>> = {
  ...elementwise,
  ...matrices,
  ...normalisation,
  ...shapes,
  ...reductions,
  ...pooling,
  ...recurrent,
};
