/** Distances, and the losses made of them. https://pytorch.org/docs/stable/nn.functional.html#distance-functions */
import { int64 } from '../../ir/dtype.js';
import { nameNode } from '../../autograd/node.js';
import { type Expr, where } from '../../ir/expr.js';
import { convert } from '../../ops/convert.js';
import { define, pointwise, scalarTypeName } from '../../ops/define.js';
import { zero } from '../../ops/exprs.js';
import { matmul } from '../../ops/matmul.js';
import { log } from '../../ops/pointwise.js';
import { gather, indexSelect, maskedFill, scatterAdd } from '../../ops/select.js';
import { zerosLike } from '../../ops/creation.js';
import { arange } from '../../ops/sequences.js';
import type { Args } from '../../ops/types.js';
import { RuntimeError, ValueError } from '../../tensor/errors.js';
import { broadcastSizes } from '../../tensor/shape.js';
import type { Tensor } from '../../tensor/tensor.js';
import { brackets, toFloat } from './arguments.js';
import { type LossOptions, reduced, reductionOf } from './loss.js';
import { vectorNorm } from './norm.js';

type Pair<A extends readonly unknown[], O> = (x1: Tensor, x2: Tensor, ...args: Args<A, O>) => Tensor;

/**
 * x₁·x₂ / (‖x₁‖ ‖x₂‖), norms not below ε. https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_similarity.html
 * @example F.cosineSimilarity(torch.tensor([[1, 0]]), torch.tensor([[1, 1]]))  // tensor([0.7071])
 */
export const cosineSimilarity: Pair<[dim: number, eps: number], { dim?: number; eps?: number }> = define(
  'cosineSimilarity',
  'x1, x2, dim?, eps?',
  (x1: Tensor, x2: Tensor, dim = 1, eps = 1e-8) => {
    const sizes = broadcastSizes(x1.sizes, x2.sizes);
    const [a, b] = [toFloat(x1).expand(sizes), toFloat(x2).expand(sizes)];
    const unit = (x: Tensor): Tensor => x.div(clampNorm(vectorNorm(x, 2, dim), eps));
    return unit(a).mul(unit(b)).sum(dim);
  },
);

/** max(norm, ε) whose gradient stays that of the norm, as PyTorch's does. */
const clampNorm = (norm: Tensor, eps: number): Tensor => norm.clampMin(eps);

/**
 * ‖x₁ − x₂ + ε‖ₚ over the last dim. https://pytorch.org/docs/stable/generated/torch.nn.functional.pairwise_distance.html
 * @example F.pairwiseDistance(torch.tensor([[0.5, 0.5]]), torch.tensor([[3.5, 4.5]]))  // tensor([5.0000])
 */
export const pairwiseDistance: Pair<[p: number, eps: number, keepdim: boolean], { p?: number; eps?: number; keepdim?: boolean }> = define(
  'pairwiseDistance',
  'x1, x2, p?, eps?, keepdim?',
  (x1: Tensor, x2: Tensor, p = 2, eps = 1e-6, keepdim = false) => {
    const norm = vectorNorm(toFloat(x1).sub(x2).add(eps), p, -1);
    return nameNode('NormBackward1', keepdim ? norm : norm.squeeze(-1));
  },
);

type Loss<O = object> = (input: Tensor, target: Tensor, options?: LossOptions & O) => Tensor;
type PairLoss<O = object> = (input1: Tensor, input2: Tensor, target: Tensor, options?: LossOptions & O) => Tensor;
type Flag = boolean | null | undefined;
const common = 'sizeAverage?, reduce?, reduction?';

/**
 * x where y = 1, max(0, margin - x) where y = -1; their mean unless `reduction` is 'sum' or 'none'.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.hinge_embedding_loss.html
 * @example F.hingeEmbeddingLoss(torch.tensor([0.5, 0.2]), torch.tensor([1, -1]))  // tensor(0.6500)
 */
export const hingeEmbeddingLoss: Loss<{ margin?: number }> = define(
  'hingeEmbeddingLoss',
  `input, target, margin?, ${common}`,
  (input: Tensor, target: Tensor, margin = 1, sizeAverage?: Flag, reduce?: Flag, reduction?: string) => {
    const x = toFloat(input);
    return reduced(hinge(x, target, margin), reductionOf(reduction, sizeAverage, reduce));
  },
);

/** What is neither 1 nor −1 counts in both parts. */
const hinge = pointwise<(input: Tensor, target: Tensor, margin: number) => Tensor>(
  'hingeEmbeddingLoss',
  { args: 'input, target, margin', operands: 2, promotion: 'float', noInplace: true, node: 'add' },
  (x: Expr, y: Expr, margin: Expr) => where(y.eq(1), zero(x), margin.sub(x).max(zero(x))).add(where(y.eq(-1), zero(x), x)),
);

/**
 * max(0, -y (x₁ - x₂) + margin), with y = 1 where x₁ should rank higher, -1 where lower.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.margin_ranking_loss.html
 * @example F.marginRankingLoss(torch.tensor([1.5]), torch.tensor([2]), torch.tensor([1]))  // tensor(0.5000)
 */
export const marginRankingLoss: PairLoss<{ margin?: number }> = define(
  'marginRankingLoss',
  `input1, input2, target, margin?, ${common}`,
  (input1: Tensor, input2: Tensor, target: Tensor, margin = 0, sizeAverage?: Flag, reduce?: Flag, reduction?: string) => {
    if (input1.ndim !== input2.ndim || input1.ndim !== target.ndim) {
      throw new RuntimeError(
        `margin_ranking_loss : All input tensors should have same dimension but got sizes: input1: ${String(input1.shape)}, input2: ${String(input2.shape)}, target: ${String(target.shape)} `,
      );
    }
    return reduced(
      toFloat(target.neg().mul(input1.sub(input2)))
        .add(margin)
        .clampMin(0),
      reductionOf(reduction, sizeAverage, reduce),
    );
  },
);

const cosineLoss = pointwise<(cos: Tensor, target: Tensor, margin: number) => Tensor>(
  'cosineEmbeddingLoss',
  { args: 'input, target, margin', operands: 2, promotion: 'float', noInplace: true, node: 'add' },
  (cos: Expr, y: Expr, margin: Expr) =>
    where(y.eq(1), cos.neg().add(1), zero(cos)).add(where(y.eq(-1), cos.sub(margin).max(zero(cos)), zero(cos))),
);

/**
 * 1 - cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) - margin) where y = -1.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.cosine_embedding_loss.html
 * @example F.cosineEmbeddingLoss(torch.tensor([[1, 0]]), torch.tensor([[0, 1]]), torch.tensor([1]))  // tensor(1.)
 */
export const cosineEmbeddingLoss: PairLoss<{ margin?: number }> = define(
  'cosineEmbeddingLoss',
  `input1, input2, target, margin?, ${common}`,
  (input1: Tensor, input2: Tensor, target: Tensor, margin = 0, sizeAverage?: Flag, reduce?: Flag, reduction?: string) => {
    const dim = target.ndim;
    if (dim > 1) throw new RuntimeError('0D or 1D target tensor expected, multi-target not supported');
    if (input1.ndim !== dim + 1 || input2.ndim !== dim + 1) {
      throw new RuntimeError(
        `${dim}D target tensor expects ${dim + 1}D input tensors, but found inputs with sizes ${brackets(input1.sizes)} and ${brackets(input2.sizes)}.`,
      );
    }
    const epsilon = 1e-12;
    const [a, b] = [toFloat(input1), toFloat(input2)];
    const cos = a
      .mul(b)
      .sum([dim])
      .div(
        a
          .mul(a)
          .sum([dim])
          .add(epsilon)
          .mul(b.mul(b).sum([dim]).add(epsilon))
          .sqrt(),
      );
    return reduced(cosineLoss(cos, target, margin), reductionOf(reduction, sizeAverage, reduce));
  },
);

const softMargin = pointwise<(input: Tensor, target: Tensor) => Tensor>(
  'softMarginLoss',
  { args: 'input, target', operands: 2, promotion: 'float', noInplace: true },
  (x: Expr, y: Expr) => y.neg().mul(x).exp().log1p(),
);

/**
 * ln(1 + e^(-y x)) for y = 1 or -1; their mean unless `reduction` is 'sum' or 'none'.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.soft_margin_loss.html
 * @example F.softMarginLoss(torch.tensor([0.5, -1]), torch.tensor([1, -1]))  // tensor(0.3937)
 */
export const softMarginLoss: Loss = define(
  'softMarginLoss',
  `input, target, ${common}`,
  (input: Tensor, target: Tensor, sizeAverage?: Flag, reduce?: Flag, reduction?: string) =>
    reduced(softMargin(input, target), reductionOf(reduction, sizeAverage, reduce), 'softMarginLoss'),
);

const logSigmoid = pointwise<(input: Tensor) => Tensor>('logSigmoid', { args: 'input', promotion: 'float', noInplace: true }, (x: Expr) =>
  x.min(zero(x)).sub(x.abs().neg().exp().log1p()),
);

/**
 * `binaryCrossEntropyWithLogits` averaged over the classes of (N, C).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_soft_margin_loss.html
 * @example F.multilabelSoftMarginLoss(torch.tensor([[0.5, -1]]), torch.tensor([[1, 0]]))  // tensor(0.3937)
 */
export const multilabelSoftMarginLoss: Loss<{ weight?: Tensor | null }> = define(
  'multilabelSoftMarginLoss',
  `input, target, weight?, ${common}`,
  (input: Tensor, target: Tensor, weight?: Tensor | null, sizeAverage?: Flag, reduce?: Flag, reduction?: string) => {
    const x = toFloat(input);
    const losses = target
      .mul(logSigmoid(x))
      .add(target.neg().add(1).mul(logSigmoid(x.neg())))
      .neg();
    const weighted = weight ? losses.mul(weight) : losses;
    return reduced(weighted.sum(-1).div(x.sizes[x.ndim - 1]), reductionOf(reduction, sizeAverage, reduce));
  },
);

function checkVectors(input: Tensor): void {
  const ok = input.ndim === 0 || input.sizes[input.ndim - 1] !== 0;
  if (!ok || input.ndim > 2)
    throw new RuntimeError(`Expected non-empty vector or matrix with optional 0-dim batch size, but got: [${input.sizes.join(', ')}]`);
}

/** Classes on the last dim of (N, C) or (C). */
function checkTargets(name: string, input: Tensor, target: Tensor): void {
  const batch = input.ndim === 2 ? input.sizes[0] : 1;
  if (input.ndim > 2 || target.ndim > 1 || (target.sizes[0] ?? 1) !== batch)
    throw new RuntimeError(
      `${name}: target tensor should be 1-D with size equal to the number of input samples (batch size). Expected target size [${batch}], but got ${brackets(target.sizes)}. Input has shape ${brackets(input.sizes)}.`,
    );
}

/**
 * Σ max(0, margin - x[class] + x[other])^p / C over the other classes of (N, C).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.multi_margin_loss.html
 * @example F.multiMarginLoss(torch.tensor([[0.1, 0.2, 0.4]]), torch.tensor([2]))  // tensor(0.5000)
 */
export const multiMarginLoss: Loss<{ p?: number; margin?: number; weight?: Tensor | null }> = define(
  'multiMarginLoss',
  `input, target, p?, margin?, weight?, ${common}`,
  (input: Tensor, target: Tensor, p = 1, margin = 1, weight?: Tensor | null, sizeAverage?: Flag, reduce?: Flag, reduction?: string) => {
    if (p !== 1 && p !== 2) throw new ValueError('only p == 1 and p == 2 supported');
    const mode = reductionOf(reduction, sizeAverage, reduce);
    checkVectors(input);
    if (weight && weight.ndim !== 1) throw new ValueError('weight must be one-dimensional');
    const classCount = input.sizes[input.ndim - 1] ?? 1;
    if (weight && weight.sizes[0] !== classCount)
      throw new RuntimeError(`inconsistent weight size, expected ${classCount} but got ${brackets(weight.sizes)}`);
    checkTargets('multi_margin_loss', input, target);
    if (target.dtype !== int64) throw new RuntimeError(`expected scalar type Long but found ${scalarTypeName(target.dtype)}`);
    const x = input.ndim === 2 ? input : input.view([1, -1]);
    const classes = target.view([-1, 1]);
    const excess = x
      .sub(gather(x, 1, classes))
      .add(margin)
      .clampMin(0);
    const terms = p === 1 ? excess : excess.mul(excess);
    const scaled = weight ? terms.mul(indexSelect(weight.view([-1]), 0, classes.view([-1])).unsqueeze(1)) : terms;
    const isClass = gather(scaled, 1, classes);
    const losses = scaled.sum(1).sub(isClass.squeeze(1)).div(x.sizes[1]);
    return reduced(mode === 'none' && target.ndim === 0 ? losses.squeeze(0) : losses, mode, 'multiMarginLoss');
  },
);

/**
 * Σ max(0, 1 - (x[target] - x[other])) / C over the target classes of (N, C), which are listed first and end with -1.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.multilabel_margin_loss.html
 * @example F.multilabelMarginLoss(torch.tensor([[0.1, 0.2, 0.4]]), torch.tensor([[2, -1, 0]]))  // tensor(0.5000)
 */
export const multilabelMarginLoss: Loss = define(
  'multilabelMarginLoss',
  `input, target, ${common}`,
  (input: Tensor, target: Tensor, sizeAverage?: Flag, reduce?: Flag, reduction?: string) => {
    const mode = reductionOf(reduction, sizeAverage, reduce);
    checkVectors(input);
    if (String(input.sizes) !== String(target.sizes) || input.ndim > 2)
      throw new RuntimeError(`inconsistent target size: ${brackets(target.sizes)} for input of size: ${brackets(input.sizes)}`);
    const x = input.ndim === 2 ? input : input.view([1, -1]);
    const labels = target.view(x.sizes);
    // Labels count until the first −1.
    const places = arange(x.sizes[1], { device: x.device });
    const before = convert(places.unsqueeze(1).le(places), x.dtype);
    const used = matmul(convert(labels.lt(0), x.dtype), before).eq(0);
    const index = labels.clampMin(0);
    const isLabel = scatterAdd(zerosLike(x.detach()), 1, index, convert(used, x.dtype)).clampMax(1);
    const chosen = gather(x, 1, index).unsqueeze(2);
    const excess = x.unsqueeze(1).sub(chosen).add(1).clampMin(0);
    const losses = excess
      .mul(isLabel.neg().add(1).unsqueeze(1))
      .mul(convert(used, x.dtype).unsqueeze(2))
      .sum([1, 2])
      .div(Math.max(x.sizes[1], 1));

    return reduced(input.ndim < 2 ? losses.squeeze(0) : losses, mode, 'multilabelMarginLoss');
  },
);

type Distance = (x: Tensor, y: Tensor) => Tensor;

function triplet(anchor: Tensor, positive: Tensor, negative: Tensor, distance: Distance, margin: number, swap: boolean): Tensor {
  if (anchor.ndim !== positive.ndim || anchor.ndim !== negative.ndim) {
    throw new RuntimeError(
      `The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: anchor ${anchor.ndim}D, positive ${positive.ndim}D, and negative ${negative.ndim}D inputs`,
    );
  }
  if (!(margin > 0)) throw new ValueError(`margin must be greater than 0, got ${Number.isInteger(margin) ? margin.toFixed(1) : margin}`);
  const near = distance(anchor, positive);
  let far = distance(anchor, negative);
  if (swap) far = far.minimum(distance(positive, negative));
  return near.sub(far).add(margin).clampMin(0);
}

type Triplet<O> = (anchor: Tensor, positive: Tensor, negative: Tensor, options?: LossOptions & O) => Tensor;

/**
 * max(0, d(anchor, positive) - d(anchor, negative) + margin) with the p-norm d over the last dim.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_loss.html
 * @example F.tripletMarginLoss(torch.tensor([[0.5, 0]]), torch.tensor([[1.5, 0]]), torch.tensor([[0.5, 1]]))  // tensor(1.)
 */
export const tripletMarginLoss: Triplet<{ margin?: number; p?: number; eps?: number; swap?: boolean }> = define(
  'tripletMarginLoss',
  `anchor, positive, negative, margin?, p?, eps?, swap?, ${common}`,
  (
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin = 1,
    p = 2,
    eps = 1e-6,
    swap = false,
    sizeAverage?: Flag,
    reduce?: Flag,
    reduction?: string,
  ) =>
    reduced(
      triplet(anchor, positive, negative, (x, y) => pairwiseDistance(x, y, p, eps), margin, swap),
      reductionOf(reduction, sizeAverage, reduce),
    ),
);

/**
 * `tripletMarginLoss` with any distance function.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.triplet_margin_with_distance_loss.html
 * @example
 * const cosine = (a: torch.Tensor, b: torch.Tensor) => F.cosineSimilarity(a, b).neg().add(1);
 * F.tripletMarginWithDistanceLoss(torch.ones(1, 2), torch.tensor([[1, 0]]), torch.tensor([[1, -1]]), { distanceFunction: cosine })
 * // tensor(0.2929)
 */
export const tripletMarginWithDistanceLoss: Triplet<{ distanceFunction?: Distance | null; margin?: number; swap?: boolean }> = define(
  'tripletMarginWithDistanceLoss',
  'anchor, positive, negative, *, distanceFunction?, margin?, swap?, reduction?',
  (anchor: Tensor, positive: Tensor, negative: Tensor, distance?: Distance | null, margin = 1, swap = false, reduction?: string) =>
    reduced(triplet(anchor, positive, negative, distance ?? pairwiseDistance, margin, swap), reductionOf(reduction)),
);

interface PoissonOptions extends LossOptions {
  logInput?: boolean;
  full?: boolean;
  eps?: number;
}

/**
 * e^x - y x (or x - y ln(x + ε) without `logInput`); with `full`, Stirling's approximation of ln y! is added.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.poisson_nll_loss.html
 * @example F.poissonNllLoss(torch.tensor([0.5]), torch.tensor([2]))  // tensor(0.6487)
 */
export const poissonNllLoss: Loss<PoissonOptions> = define(
  'poissonNllLoss',
  'input, target, logInput?, full?, sizeAverage?, eps?, reduce?, reduction?',
  (given: Tensor, target: Tensor, logInput = true, full = false, sizeAverage?: Flag, eps = 1e-8, reduce?: Flag, reduction?: string) => {
    const input = toFloat(given);
    const basic = logInput ? input.exp().sub(target.mul(input)) : input.sub(target.mul(log(input.add(eps))));
    const mode = reductionOf(reduction, sizeAverage, reduce);
    if (!full) return reduced(basic, mode);
    const y = toFloat(target);
    const stirling = y
      .mul(y.log())
      .sub(y)
      .add(
        y
          .mul(2 * Math.PI)
          .log()
          .mul(0.5),
      );
    return reduced(basic.add(maskedFill(stirling, y.le(1), 0)), mode);
  },
);

/**
 * (ln var + (x - y)² / var) / 2 for the mean x and variance `var` of a normal distribution; their mean unless `reduction` is 'sum' or
 * 'none'. https://pytorch.org/docs/stable/generated/torch.nn.functional.gaussian_nll_loss.html
 * @example F.gaussianNllLoss(torch.tensor([1.5]), torch.tensor([2.5]), torch.tensor([0.5]))  // tensor(0.6534)
 */
export const gaussianNllLoss: (
  input: Tensor,
  target: Tensor,
  variance: Tensor | number,
  options?: { full?: boolean; eps?: number; reduction?: string },
) => Tensor = define(
  'gaussianNllLoss',
  'input, target, var, full?, eps?, reduction?',
  (input: Tensor, target: Tensor, given: Tensor | number, full = false, eps = 1e-6, reduction = 'mean') => {
    let variance = typeof given === 'number' ? input.detach().mul(0).add(given) : given;
    if (String(variance.sizes) !== String(input.sizes)) {
      if (String(variance.sizes) === String(input.sizes.slice(0, -1))) variance = variance.unsqueeze(-1);
      else if (variance.sizes.length !== input.ndim || variance.sizes.some((n, d) => n !== 1 && n !== input.sizes[d]))
        throw new ValueError('var is of incorrect size');
    }
    if (variance.storage.device.canReadSync && Number(variance.detach().amin().item()) < 0)
      throw new ValueError('var has negative entry/entries');
    // The floor does not take part in the gradient.
    const floored = variance.add(variance.detach().clampMin(eps).sub(variance.detach()));
    const losses = floored.log().add(input.sub(target).square().div(floored)).mul(0.5);
    if (!['none', 'mean', 'sum'].includes(reduction)) throw new ValueError(`${reduction} is not valid`);
    return reduced(full ? losses.add(0.5 * Math.log(2 * Math.PI)) : losses, reductionOf(reduction));
  },
);

/**
 * x₁ᵀ A x₂ + b over the last dims of (*, I₁) and (*, I₂), with `weight` A (O, I₁, I₂): (*, O).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.bilinear.html
 * @example F.bilinear(torch.ones(1, 2), torch.ones(1, 3), torch.ones(4, 2, 3))  // tensor([[6., 6., 6., 6.]])
 */
export const bilinear: (input1: Tensor, input2: Tensor, weight: Tensor, bias?: Tensor | null | { bias?: Tensor | null }) => Tensor = define(
  'bilinear',
  'input1, input2, weight, bias?',
  (x1: Tensor, x2: Tensor, weight: Tensor, bias?: Tensor | null) => {
    if (x1.ndim !== x2.ndim) throw new RuntimeError(`bilinear(): input dimensions do not match: got ${x1.ndim} and ${x2.ndim}`);
    const [out, in1, in2] = weight.sizes;
    if (x1.sizes[x1.ndim - 1] !== in1)
      throw new RuntimeError(`bilinear(): input1 size does not match weight size: got ${x1.sizes[x1.ndim - 1]} but expected ${in1}`);
    if (x2.sizes[x2.ndim - 1] !== in2)
      throw new RuntimeError(`bilinear(): input2 size does not match weight size: got ${x2.sizes[x2.ndim - 1]} but expected ${in2}`);
    const projected = matmul(x1.reshape([-1, in1]), weight.permute(1, 0, 2).reshape([in1, out * in2])).view([-1, out, in2]);
    const result = matmul(projected, x2.reshape([-1, in2, 1])).reshape([...x1.sizes.slice(0, -1), out]);
    return bias ? result.add(bias) : result;
  },
);
