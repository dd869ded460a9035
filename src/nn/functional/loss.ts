/** Losses. https://pytorch.org/docs/stable/nn.functional.html#loss-functions */
import { int64 } from '../../ir/dtype.js';
import { type Expr, where } from '../../ir/expr.js';
import { record, nameNode } from '../../autograd/node.js';
import { overNumber } from '../../ops/by-number.js';
import { convert } from '../../ops/convert.js';
import { define, isIntercepted, pointwise, scalarTypeName } from '../../ops/define.js';
import { one, zero } from '../../ops/exprs.js';
import { contiguousRaw } from '../../ops/memory.js';
import { add, mul, neg, selectWhere } from '../../ops/pointwise.js';
import { aminmax, mean, sum } from '../../ops/reduce.js';
import { emptyOn, runIndexed } from '../../ops/routine.js';
import { RuntimeError, ValueError } from '../../tensor/errors.js';
import { broadcastSizes, sameSizes } from '../../tensor/shape.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import { brackets, type Reduction, toFloat } from './arguments.js';
import { logSoftmax } from './softmax.js';

export interface LossOptions {
  sizeAverage?: boolean | null;
  reduce?: boolean | null;
  reduction?: Reduction;
}

/** The meaning of PyTorch's old `size_average` and `reduce`. */
export function reductionOf(reduction: string = 'mean', sizeAverage?: boolean | null, reduce?: boolean | null): Reduction {
  const old = (sizeAverage ?? null) !== null || (reduce ?? null) !== null;
  const mode = !old ? reduction : reduce === false ? 'none' : sizeAverage === false ? 'sum' : 'mean';
  if (mode !== 'none' && mode !== 'mean' && mode !== 'sum') throw new ValueError(`${mode} is not a valid value for reduction`);
  return mode;
}

/** `node` names the whole loss, where it is one node in PyTorch. */
export function reduced(values: Tensor, reduction: Reduction, node: string | null = null): Tensor {
  const result = reduction === 'mean' ? mean(values) : reduction === 'sum' ? sum(values) : values;
  return node === null ? result : nameNode(node, result);
}

type ElementLoss = (input: Tensor, target: Tensor, options?: LossOptions & { weight?: Tensor | null }) => Tensor;
type Kernel = (input: Tensor, target: Tensor, ...numbers: number[]) => Tensor;

const kernel = (
  name: string,
  args: string,
  formula: (x: Expr, y: Expr, ...numbers: Expr[]) => Expr,
  grad?: (x: Expr, y: Expr, ...numbers: Expr[]) => Expr,
): Kernel =>
  pointwise<Kernel>(
    name,
    {
      args: `input, target${args}`,
      operands: 2,
      promotion: 'float',
      noInplace: true,
      ...(grad && {
        grad: (words) => {
          const [x, y] = words.args;
          const slope = grad(x, y, ...(words.extras as unknown as Expr[]));
          return [words.grad.mul(slope), words.grad.mul(slope).neg()];
        },
      }),
    },
    formula as (...args: never[]) => Expr,
  );

const signOf = (x: Expr): Expr => where(x.gt(0), one(x), where(x.lt(0), one(x).neg(), zero(x)));

/** A loss of differences: broadcast, weighted, reduced. */
function differenceLoss(name: string, compute: Kernel, node: string | null): ElementLoss {
  return define(
    name,
    'input, target, sizeAverage?, reduce?, reduction?, weight?',
    (input: Tensor, target: Tensor, sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: string, weight?: Tensor | null) => {
      broadcastSizes(input.sizes, target.sizes);
      const mode = reductionOf(reduction, sizeAverage, reduce);
      const values = compute(input, target);
      if (!weight) return reduced(values, mode, node);
      const weighted = mul(values, weight);
      return mode === 'mean' ? sum(weighted).div(sum(weight.expandAs(values))) : reduced(weighted, mode);
    },
  );
}

/**
 * (x - y)², their mean unless `reduction` is 'sum' or 'none'. https://pytorch.org/docs/stable/generated/torch.nn.functional.mse_loss.html
 * @example F.mseLoss(torch.tensor([0.5, 4]), torch.tensor([0, 1]))  // tensor(4.6250)
 */
export const mseLoss: ElementLoss = differenceLoss(
  'mseLoss',
  kernel(
    'mseLoss',
    '',
    (x, y) => x.sub(y).mul(x.sub(y)),
    (x, y) => x.sub(y).mul(2),
  ),
  'mseLoss',
);

/**
 * |x - y|, their mean unless `reduction` is 'sum' or 'none'. https://pytorch.org/docs/stable/generated/torch.nn.functional.l1_loss.html
 * @example F.l1Loss(torch.tensor([0.5, 4]), torch.tensor([0, 1]))  // tensor(1.7500)
 */
export const l1Loss: ElementLoss = differenceLoss(
  'l1Loss',
  pointwise<Kernel>(
    'absBackward0',
    { args: 'input, target', operands: 2, promotion: 'float', noInplace: true, node: 'AbsBackward0' },
    (x: Expr, y: Expr) => x.sub(y).abs(),
  ),
  null,
);

const smoothL1 = kernel(
  'smoothL1Loss',
  ', beta',
  (x, y, beta) => {
    const d = x.sub(y).abs();
    return where(d.lt(beta), d.mul(d).mul(0.5).div(beta), d.sub(beta.mul(0.5)));
  },
  (x, y, beta) => {
    const d = x.sub(y);
    return where(d.abs().lt(beta), d.div(beta), signOf(d));
  },
);

type BetaLoss = (input: Tensor, target: Tensor, options?: LossOptions & { beta?: number }) => Tensor;
/**
 * (x - y)² / 2β where |x - y| < β, else |x - y| - β / 2; their mean unless `reduction` is 'sum' or 'none'.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.smooth_l1_loss.html
 * @example F.smoothL1Loss(torch.tensor([0.5, 4]), torch.tensor([0, 0]))  // tensor(1.8125)
 */
export const smoothL1Loss: BetaLoss = define(
  'smoothL1Loss',
  'input, target, sizeAverage?, reduce?, reduction?, beta?',
  (input: Tensor, target: Tensor, sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: string, beta = 1) => {
    if (beta < 0) throw new RuntimeError('smooth_l1_loss does not support negative values for beta.');
    return beta === 0
      ? l1Loss(input, target, { reduction: reductionOf(reduction, sizeAverage, reduce) })
      : reduced(smoothL1(input, target, beta), reductionOf(reduction, sizeAverage, reduce), 'smoothL1Loss');
  },
);

const huber = kernel(
  'huberLoss',
  ', delta',
  (x, y, delta) => {
    const d = x.sub(y).abs();
    return where(d.le(delta), d.mul(d).mul(0.5), delta.mul(d.sub(delta.mul(0.5))));
  },
  (x, y, delta) => x.sub(y).max(delta.neg()).min(delta),
);

type HuberLoss = (input: Tensor, target: Tensor, options?: { reduction?: Reduction; delta?: number; weight?: Tensor | null }) => Tensor;
/**
 * (x - y)² / 2 where |x - y| ≤ δ, else δ (|x - y| - δ / 2); their mean unless `reduction` is 'sum' or 'none'.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.huber_loss.html
 * @example F.huberLoss(torch.tensor([0.5, 4]), torch.tensor([0, 0]))  // tensor(1.8125)
 */
export const huberLoss: HuberLoss = define(
  'huberLoss',
  'input, target, reduction?, delta?, weight?',
  (input: Tensor, target: Tensor, reduction?: string, delta = 1, weight?: Tensor | null) => {
    if (!(delta > 0)) throw new RuntimeError('huber_loss does not support non-positive values for delta.');
    const mode = reductionOf(reduction);
    const values = huber(input, target, delta);
    if (!weight) return reduced(values, mode, 'huberLoss');
    return mode === 'mean' ? sum(mul(values, weight)).div(sum(weight.expandAs(values))) : reduced(mul(values, weight), mode);
  },
);

/** −(y ln x + (1 − y) ln(1 − x)), logarithms not below −100. */
const binary = pointwise<Kernel>(
  'binaryCrossEntropy',
  {
    args: 'input, target',
    operands: 2,
    promotion: 'float',
    noInplace: true,
    grad: ({ grad, args: [x, y] }) => {
      const rest = one(x).sub(x);
      return [grad.mul(x.sub(y)).div(rest.mul(x).max(1e-12)), grad.mul(rest.log().max(-100).sub(x.log().max(-100)))];
    },
  },
  (x: Expr, y: Expr) =>
    y
      .sub(1)
      .mul(x.neg().log1p().max(-100))
      .sub(y.mul(x.log().max(-100))),
);

const weighted = (values: Tensor, weight: Tensor | null | undefined): Tensor => (weight ? mul(values, weight) : values);

type WeightedLoss<O = object> = (input: Tensor, target: Tensor, options?: LossOptions & { weight?: Tensor | null } & O) => Tensor;

/**
 * -(y ln x + (1 - y) ln(1 - x)) of probabilities x and targets y in [0, 1], both of one shape; their mean unless `reduction` is 'sum' or
 * 'none'. https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy.html
 * @example F.binaryCrossEntropy(torch.tensor([0.9, 0.2]), torch.tensor([1, 0]).float())  // tensor(0.1643)
 */
export const binaryCrossEntropy: WeightedLoss = define(
  'binaryCrossEntropy',
  'input, target, weight?, sizeAverage?, reduce?, reduction?',
  (input: Tensor, target: Tensor, weight?: Tensor | null, sizeAverage?: boolean | null, reduce?: boolean | null, reduction?: string) => {
    if (!sameSizes(input.sizes, target.sizes)) {
      throw new ValueError(
        `Using a target size (torch.Size(${brackets(target.sizes)})) that is different to the input size (torch.Size(${brackets(input.sizes)})) is deprecated. Please ensure they have the same size.`,
      );
    }
    for (const [name, x] of [
      ['input', input],
      ['target', target],
    ] as const)
      checkProbabilities(name, x);
    return reduced(weighted(binary(input, target), weight), reductionOf(reduction, sizeAverage, reduce), 'binaryCrossEntropy');
  },
);

/** Where the numbers can be read at once. */
function checkProbabilities(name: string, x: Tensor): void {
  if (numelOf(x.sizes) === 0 || !x.storage.device.canReadSync || isIntercepted()) return;
  const { min, max } = aminmax(x.detach());
  if (!(Number(min.item()) >= 0 && Number(max.item()) <= 1)) throw new RuntimeError(`all elements of ${name} should be between 0 and 1`);
}

/** (1 − y) x + ln(1 + e⁻ˣ), stable for large |x|. */
const withLogits: Kernel = kernel('binaryCrossEntropyWithLogits', '', (x, y) =>
  one(y)
    .sub(y)
    .mul(x)
    .add(x.neg().max(zero(x)).add(x.abs().neg().exp().log1p())),
);
/** The same with a weight for the positive class. */
const withPositiveWeight = pointwise<(input: Tensor, target: Tensor, posWeight: Tensor) => Tensor>(
  'binaryCrossEntropyWithLogits',
  { args: 'input, target, posWeight', operands: 3, promotion: 'float', noInplace: true },
  (x: Expr, y: Expr, w: Expr) =>
    one(y)
      .sub(y)
      .mul(x)
      .add(
        w
          .sub(1)
          .mul(y)
          .add(1)
          .mul(x.neg().max(zero(x)).add(x.abs().neg().exp().log1p())),
      ),
);

/**
 * `binaryCrossEntropy` of sigmoid(x), computed stably from the logits x.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.binary_cross_entropy_with_logits.html
 * @example F.binaryCrossEntropyWithLogits(torch.tensor([2.5, -1]), torch.tensor([1, 0]).float())  // tensor(0.1961)
 */
export const binaryCrossEntropyWithLogits: WeightedLoss<{ posWeight?: Tensor | null }> = define(
  'binaryCrossEntropyWithLogits',
  'input, target, weight?, sizeAverage?, reduce?, reduction?, posWeight?',
  (
    input: Tensor,
    target: Tensor,
    weight?: Tensor | null,
    sizeAverage?: boolean | null,
    reduce?: boolean | null,
    reduction?: string,
    posWeight?: Tensor | null,
  ) => {
    if (!sameSizes(input.sizes, target.sizes)) {
      throw new ValueError(
        `Target size (torch.Size(${brackets(target.sizes)})) must be the same as input size (torch.Size(${brackets(input.sizes)}))`,
      );
    }
    const values = posWeight ? withPositiveWeight(input, target, posWeight) : withLogits(input, target);
    return reduced(weighted(values, weight), reductionOf(reduction, sizeAverage, reduce), 'binaryCrossEntropyWithLogits');
  },
);

// --- classes ------------------------------------------------------------------------------------------------------------------------

/** log-probabilities as (N, C, L) and classes as (N, L). */
interface Classes {
  x: Tensor;
  target: Tensor;
  /** The shape of unreduced losses. */
  shape: readonly number[];
}

function checkClassType({ dtype }: Tensor): void {
  if (dtype !== int64) throw new RuntimeError(`expected target dtype to be Long or Byte, but got ${scalarTypeName(dtype)}`);
}
const wrongImage = (input: Tensor, target: Tensor): Error =>
  new RuntimeError(
    target.ndim === 3
      ? `size mismatch (got input: ${brackets(input.sizes)} , target: ${brackets(target.sizes)}`
      : `only batches of spatial targets supported (3D tensors) but got targets of dimension: ${target.ndim}`,
  );

function checkClasses(name: string, input: Tensor, target: Tensor): Classes {
  if (input.ndim < 1) throw new RuntimeError(`Expected 1 or more dimensions (got ${input.ndim})`);
  if (input.ndim === 1) {
    if (target.ndim > 1) throw new RuntimeError(`0D or 1D target tensor expected, multi-target not supported`);
    if (numelOf(target.sizes) !== 1)
      throw new ValueError(`For 1D input, 1D target must have size 1, but got target size: ${target.sizes[0]}`);
    return { x: input.view([1, -1, 1]), target: target.view([1, 1]), shape: target.sizes };
  }
  const [batch, classes, ...rest] = input.sizes;
  if (target.ndim > 0 && target.sizes[0] !== batch)
    throw new ValueError(`Expected input batch_size (${batch}) to match target batch_size (${target.sizes[0]}).`);
  if (!sameSizes(target.sizes, [batch, ...rest])) {
    if (input.ndim === 4) throw wrongImage(input, target);
    if (input.ndim === 2) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
    throw new RuntimeError(`Expected target size ${brackets([batch, ...rest])}, got ${brackets(target.sizes)}`);
  }
  checkClassType(target);
  const length = numelOf(rest);
  return {
    x: contiguousRaw(input).view([batch, classes, length]),
    target: contiguousRaw(target).view([batch, length]),
    shape: target.sizes,
  };
}

const reductionCode: Record<Reduction, number> = { none: 0, mean: 1, sum: 2 };
const outOfBounds = (index: number): string => `Target ${index} is out of bounds.`;

function nll(input: Tensor, target: Tensor, weight: Tensor | null, ignoreIndex: number, reduction: Reduction): Tensor {
  const { x, target: classes, shape } = checkClasses('nll_loss', input, target);
  if (weight && (weight.ndim !== 1 || weight.sizes[0] !== x.sizes[1])) {
    throw new RuntimeError(
      `weight tensor should be defined either for all ${x.sizes[1]} classes or no classes but got weight tensor of shape: ${brackets(weight.sizes)}`,
    );
  }
  const w = weight && contiguousRaw(convert(weight, x.dtype));
  const params = [reductionCode[reduction], ignoreIndex];
  const out = emptyOn(x, reduction === 'none' ? shape : []);
  const total = emptyOn(x, []);
  const flat = reduction === 'none' ? out.view(classes.sizes) : out;
  runIndexed('nll_loss', [flat, total, x, classes, w], params, outOfBounds);
  const name = input.ndim > 2 ? 'nllLoss2d' : 'nllLoss';
  return record(name, [input], out, [total], ({ grad }, [totalWeight]) => [
    nllGradient(name, grad, { classes, w, params, totalWeight, sizes: x.sizes }).view(input.sizes),
  ]);
}

interface NllState {
  classes: Tensor;
  w: Tensor | null;
  params: readonly number[];
  totalWeight: Tensor;
  sizes: readonly number[];
}

/** Linear in `grad`; its own gradient takes the losses at the classes again. */
function nllGradient(name: string, grad: Tensor, state: NllState): Tensor {
  const { classes, w, params, totalWeight, sizes } = state;
  const out = emptyOn(grad, sizes);
  const flat = params[0] === 0 ? contiguousRaw(grad).view(classes.sizes) : contiguousRaw(grad);
  runIndexed('nll_loss_backward', [out, flat, classes, w, totalWeight], params, outOfBounds);
  return record(`${name}Backward`, [grad], out, [], ({ grad: h }) => [nllOf(h, state, grad.sizes)]);
}

function nllOf(h: Tensor, { classes, w, params }: NllState, shape: readonly number[]): Tensor {
  const out = emptyOn(h, params[0] === 0 ? classes.sizes : []);
  runIndexed('nll_loss', [out, emptyOn(h, []), contiguousRaw(h), classes, w], params, outOfBounds);
  return out.view(shape);
}

type ClassLoss<O = object> = (
  input: Tensor,
  target: Tensor,
  options?: LossOptions & { weight?: Tensor | null; ignoreIndex?: number } & O,
) => Tensor;

/**
 * Minus the log-probability of the class: -x[class] for x (N, C, …) and classes (N, …); the weighted mean unless `reduction` is 'sum' or
 * 'none'. https://pytorch.org/docs/stable/generated/torch.nn.functional.nll_loss.html
 * @example F.nllLoss(torch.tensor([[0.5, 0.5]]).log(), torch.tensor([1]))  // tensor(0.6931)
 */
export const nllLoss: ClassLoss = define(
  'nllLoss',
  'input, target, weight?, sizeAverage?, ignoreIndex?, reduce?, reduction?',
  (
    input: Tensor,
    target: Tensor,
    weight?: Tensor | null,
    sizeAverage?: boolean | null,
    ignoreIndex = -100,
    reduce?: boolean | null,
    reduction?: string,
  ) => nll(toFloat(input), target, weight ?? null, ignoreIndex, reductionOf(reduction, sizeAverage, reduce)),
);

/**
 * -ln softmax(x)[class] of logits (N, C, …), with classes (N, …) or probabilities (N, C, …) as target; the mean unless `reduction` is 'sum'
 * or 'none'. https://pytorch.org/docs/stable/generated/torch.nn.functional.cross_entropy.html
 * @example F.crossEntropy(torch.tensor([[2.5, 0.5, 1]]), torch.tensor([0]))  // tensor(0.3064)
 */
export const crossEntropy: ClassLoss<{ labelSmoothing?: number }> = define(
  'crossEntropy',
  'input, target, weight?, sizeAverage?, ignoreIndex?, reduce?, reduction?, labelSmoothing?',
  (
    input: Tensor,
    target: Tensor,
    weight?: Tensor | null,
    sizeAverage?: boolean | null,
    ignoreIndex = -100,
    reduce?: boolean | null,
    reduction?: string,
    labelSmoothing = 0,
  ) => {
    const mode = reductionOf(reduction, sizeAverage, reduce);
    if (labelSmoothing < 0 || labelSmoothing > 1)
      throw new RuntimeError(`label_smoothing must be between 0.0 and 1.0. Got: ${labelSmoothing}`);
    const logits = toFloat(input);
    const classDim = logits.ndim === 1 ? 0 : 1;
    const logProbs = logSoftmax(logits, classDim);
    if (sameSizes(input.sizes, target.sizes)) return probabilityLoss(logProbs, target, weight ?? null, mode, labelSmoothing, classDim);
    const loss = nll(logProbs, target, weight ?? null, ignoreIndex, mode);
    return labelSmoothing === 0
      ? loss
      : add(
          mul(loss, 1 - labelSmoothing),
          mul(smoothLoss(logProbs, target, weight ?? null, ignoreIndex, mode, classDim), labelSmoothing / logProbs.sizes[classDim]),
        );
  },
);

/** The weights of classes, shaped to be multiplied along the class dim. */
const alongClasses = (weight: Tensor, ndim: number, dim: number): Tensor =>
  weight.view(Array.from({ length: ndim }, (_, d) => (d === dim ? -1 : 1)));

function probabilityLoss(logProbs: Tensor, target: Tensor, weight: Tensor | null, mode: Reduction, smoothing: number, dim: number): Tensor {
  if (target.dtype.category < 2)
    throw new RuntimeError(`Expected floating point type for target with class probabilities, got ${scalarTypeName(target.dtype)}`);
  const smooth = smoothing > 0 ? add(mul(target, 1 - smoothing), smoothing / logProbs.sizes[dim]) : target;
  const product = mul(logProbs, smooth);
  const terms = weight ? mul(product, alongClasses(weight, logProbs.ndim, dim)) : product;
  const losses = neg(sum(terms, dim));
  return mode === 'mean' ? overNumber(sum(losses), numelOf(losses.sizes)) : nameNode('neg', reduced(losses, mode));
}

/** The sum of minus log-probabilities over all classes, which label smoothing mixes in. */
function smoothLoss(logProbs: Tensor, target: Tensor, weight: Tensor | null, ignoreIndex: number, mode: Reduction, dim: number): Tensor {
  const weightedLogs = weight ? mul(logProbs, alongClasses(weight, logProbs.ndim, dim)) : logProbs;
  const used = target.ne(ignoreIndex);
  const losses = selectWhere(used, neg(sum(weightedLogs, dim)), 0);
  if (mode !== 'mean') return reduced(losses, mode);
  if (!weight) return sum(losses).div(sum(used));
  const ones = nll(logProbs.detach().mul(0).sub(1), target, weight, ignoreIndex, 'sum');
  return sum(losses).div(ones);
}

/** y (ln y − x), or e^y (y − x) where the target is a logarithm. */
const divergence = pointwise<Kernel>(
  'klDiv',
  { args: 'input, target', operands: 2, promotion: 'float', noInplace: true, node: 'sub' },
  (x: Expr, y: Expr) => where(y.isnan(), y, where(y.le(0), where(y.eq(0), zero(y), y.log()), y.mul(y.log()))).sub(y.mul(x)),
);
const logDivergence = pointwise<Kernel>(
  'klDiv',
  { args: 'input, target', operands: 2, promotion: 'float', noInplace: true, node: 'mul' },
  (x: Expr, y: Expr) => y.exp().mul(y.sub(x)),
);

type KlDiv = (
  input: Tensor,
  target: Tensor,
  options?: { sizeAverage?: boolean | null; reduce?: boolean | null; reduction?: Reduction | 'batchmean'; logTarget?: boolean },
) => Tensor;
/**
 * y (ln y - x) of log-probabilities x and probabilities y (or ln y with `logTarget`); the mean over all elements unless `reduction` is
 * 'batchmean', 'sum' or 'none'. https://pytorch.org/docs/stable/generated/torch.nn.functional.kl_div.html
 * @example F.klDiv(torch.tensor([0.5, 0.5]).log(), torch.tensor([0.9, 0.1]), { reduction: 'sum' })  // tensor(0.3681)
 */
export const klDiv: KlDiv = define(
  'klDiv',
  'input, target, sizeAverage?, reduce?, reduction?, logTarget?',
  (input: Tensor, target: Tensor, sizeAverage?: boolean | null, reduce?: boolean | null, reduction = 'mean', logTarget = false) => {
    const values = logTarget ? logDivergence(input, target) : divergence(input, target);
    if (reduction === 'batchmean' && (sizeAverage ?? reduce ?? null) === null)
      return input.ndim === 0 ? sum(values) : sum(values).div(input.sizes[0]);
    return reduced(values, reductionOf(reduction, sizeAverage, reduce));
  },
);
