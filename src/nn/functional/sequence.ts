/** Losses and lookups over sequences: CTC, bags of embeddings, a linear layer with cross entropy. */
import { needsRecord, record, nameNode } from '../../autograd/node.js';
import { RoutineError } from '../../device/device.js';
import { float32, float64, int64 } from '../../ir/dtype.js';
import { convert } from '../../ops/convert.js';
import { onesLike, tensor, zeros, zerosLike } from '../../ops/creation.js';
import { define, scalarTypeName } from '../../ops/define.js';
import { matmul } from '../../ops/matmul.js';
import { contiguousRaw, sequence } from '../../ops/memory.js';
import { where } from '../../ops/join.js';
import { emptyOn, runIndexed, runRoutine } from '../../ops/routine.js';
import { indexAdd, indexSelect, scatterReduce, searchsorted } from '../../ops/select.js';
import { NotImplementedError, RuntimeError, ValueError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Reduction } from './arguments.js';
import { checkedIndices, embedding, gradientOf } from './embedding.js';
import { crossEntropy, reduced, reductionOf } from './loss.js';

type CtcOptions = { blank?: number; reduction?: Reduction; zeroInfinity?: boolean };
type Lengths = Tensor | readonly number[];

/** Lengths as the routine takes them: a vector of int64 beside `like`. */
const lengthsOf = (x: Lengths, like: Tensor): Tensor =>
  x instanceof Tensor
    ? contiguousRaw(convert(x, int64, like.storage.device).reshape([-1]))
    : tensor([...x], { dtype: int64, device: like.device });

const ctcError = ({ details: [kind, , value] }: RoutineError, time: number, room: number): Error =>
  kind === 1
    ? new RuntimeError(
        `Expected target_lengths to have value at most ${room}, but got value ${value} (while checking arguments for ctc_loss_cpu)`,
      )
    : new RuntimeError(
        `Expected input_lengths to have value at most ${time}, but got value ${value} (while checking arguments for ctc_loss_cpu)`,
      );

/** Losses of samples; like PyTorch's, the gradient takes `logProbs` for the result of a log-softmax. */
function ctcLosses(given: Tensor, targets: Tensor, inputs: Tensor, lengths: Tensor, blank: number, zeroInfinity: boolean): Tensor {
  const logProbs = contiguousRaw(given);
  const [time, batch, classes] = logProbs.sizes;
  const longest = targets.sizes[targets.ndim - 1] ?? 0;
  const losses = emptyOn(logProbs, [batch]);
  const alpha = emptyOn(logProbs, [batch, time, 2 * longest + 1]);
  try {
    runIndexed(
      'ctc_loss',
      [losses, alpha, logProbs, targets, inputs, lengths],
      [blank],
      (i) => `label value ${i} is out of range for ${classes} classes`,
    );
  } catch (error) {
    throw error instanceof RoutineError ? ctcError(error, time, longest) : error;
  }
  return record('ctcLoss', [given], losses, [logProbs, losses], ({ grad }, [probs, found]) => {
    if (needsRecord([grad, probs])) throw new RuntimeError('derivative for aten::_ctc_loss_backward is not implemented');
    const result = emptyOn(probs, probs.sizes);
    runRoutine('ctc_loss_backward', [result, contiguousRaw(grad), found, alpha, probs, targets, inputs, lengths], [blank, zeroInfinity]);
    return [result];
  });
}

/**
 * Minus the log-likelihood of `targets` over all alignments with blanks (Graves et al., 2006), of log-probabilities (T, N, C).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html
 * @example
 * const logProbs = F.logSoftmax(torch.zeros(5, 1, 4), 2);
 * F.ctcLoss(logProbs, torch.tensor([[1, 2]]), torch.tensor([5]), torch.tensor([2]))  // tensor(1.6881)
 */
export const ctcLoss: (logProbs: Tensor, targets: Tensor, inputLengths: Lengths, targetLengths: Lengths, options?: CtcOptions) => Tensor =
  define(
    'ctcLoss',
    'logProbs, targets, inputLengths, targetLengths, blank?, reduction?, zeroInfinity?',
    (
      given: Tensor,
      targets: Tensor,
      inputLengths: Lengths,
      targetLengths: Lengths,
      blank = 0,
      reduction = 'mean',
      zeroInfinity = false,
    ) => {
      const batched = given.ndim === 3;
      const logProbs = batched ? given : given.unsqueeze(1);
      const [, batch, classes] = logProbs.sizes;
      if (logProbs.dtype !== float32 && logProbs.dtype !== float64)
        throw new NotImplementedError(`"ctc_loss_cpu" not implemented for '${scalarTypeName(logProbs.dtype)}'`);
      if (blank < 0 || blank >= classes) throw new RuntimeError('blank must be in label range');
      const [inputs, lengths] = [lengthsOf(inputLengths, logProbs), lengthsOf(targetLengths, logProbs)];
      if (inputs.sizes[0] !== batch || lengths.sizes[0] !== batch) throw new RuntimeError(`input_lengths must be of size batch_size`);
      const labels = contiguousRaw(convert(batched || targets.ndim === 1 ? targets : targets.view([1, -1]), int64));
      const losses = ctcLosses(logProbs, labels, inputs, lengths, blank, zeroInfinity);
      const finite = zeroInfinity ? where(losses.detach().eq(Infinity), zerosLike(losses), losses) : losses;
      const mode = reductionOf(reduction);
      if (mode === 'mean') return finite.div(convert(lengths, finite.dtype).clampMin(1)).mean();
      return mode === 'none' && !batched ? finite.squeeze(0) : reduced(finite, mode);
    },
  );

export interface BagOptions {
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  mode?: 'sum' | 'mean' | 'max';
  sparse?: boolean;
  perSampleWeights?: Tensor | null;
  includeLastOffset?: boolean;
  paddingIdx?: number | null;
}

/**
 * Sums, means or maxima of the rows of `weight` in bags: rows of `input` (B, n), or runs of a vector that begin at `offsets`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html
 * @example
 * F.embeddingBag(torch.tensor([0, 1, 1]), torch.tensor([[0.5], [2]]), torch.tensor([0, 1]), { mode: 'sum' })
 * // tensor([[0.5000],
 * //         [4.0000]])
 */
export const embeddingBag: (input: Tensor, weight: Tensor, offsets?: Tensor | null | BagOptions, options?: BagOptions) => Tensor = define(
  'embeddingBag',
  'input, weight, offsets?, maxNorm?, normType?, scaleGradByFreq?, mode?, sparse?, perSampleWeights?, includeLastOffset?, paddingIdx?',
  (
    input: Tensor,
    weight: Tensor,
    offsets?: Tensor | null,
    maxNorm?: number | null,
    normType = 2,
    scale = false,
    mode = 'mean',
    sparse = false,
    samples?: Tensor | null,
    includeLast = false,
    paddingIdx?: number | null,
  ) => {
    if (!['sum', 'mean', 'max'].includes(mode)) throw new ValueError('mode has to be one of sum, mean or max');
    if (sparse && mode === 'max') throw new ValueError('max mode does not support sparse weights');
    if (samples && mode !== 'sum')
      throw new NotImplementedError(
        `embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' (got mode='${mode}'). Please open a feature request on GitHub.`,
      );
    if (samples && String(samples.sizes) !== String(input.sizes))
      throw new ValueError(
        `embedding_bag: If per_sample_weights (torch.Size([${samples.sizes.join(', ')}])) is not None, then it must have the same shape as the input (torch.Size([${input.sizes.join(', ')}]))`,
      );
    const { bags, count } = bagsOf(input, offsets ?? null, includeLast);
    const flat = input.reshape([numelOf(input.sizes)]);
    const { indices, padding } = checkedIndices(flat, weight, { paddingIdx, maxNorm, normType });
    const used = padding < 0 ? null : convert(indices.ne(padding), weight.dtype);
    const zerosOf = (sizes: number[]): Tensor => zeros(sizes, { dtype: weight.dtype, device: weight.device });
    if (mode === 'max') {
      const rows = embedding(indices, weight, { paddingIdx, scaleGradByFreq: scale });
      return nameNode('embeddingBag', maxima(rows, used?.unsqueeze(1) ?? null, bags, zerosOf([count, weight.sizes[1]])));
    }
    const gradient = gradientOf(sparse);
    const tableGradient: RowsGradient = (rows) => gradient(rows, indices, weight.sizes, padding, scale);
    const sums = bagSums({ weight, indices, padding, bags, count, used, samples: samples?.reshape([-1]) ?? null, tableGradient });
    if (mode === 'sum') return sums;
    const counts = indexAdd(zerosOf([count]), 0, bags, used ?? onesLike(indices, { dtype: weight.dtype }));
    return nameNode('embeddingBag', sums.div(counts.clampMin(1).unsqueeze(1)));
  },
);

type RowsGradient = (rows: Tensor) => Tensor;

interface Bags {
  weight: Tensor;
  indices: Tensor;
  /** The index that is left out, or -1. */
  padding: number;
  /** The bag of each index, ascending. */
  bags: Tensor;
  count: number;
  /** Zeros at padding. */
  used: Tensor | null;
  samples: Tensor | null;
  tableGradient: RowsGradient;
}

/** Sums of the rows that `indices` name, each times its sample's weight. */
function bagSums({ weight, indices, padding, bags, count, used, samples, tableGradient }: Bags): Tensor {
  const out = emptyOn(weight, [count, weight.sizes[1]]);
  const factors = samples && contiguousRaw(convert(samples, weight.dtype));
  runIndexed(
    'embedding_bag',
    [out, contiguousRaw(weight), contiguousRaw(indices), contiguousRaw(bags), factors],
    [padding],
    (index, size, position) => `Index ${position} of input takes value ${index} which is not in the valid range [0, ${size})`,
    RuntimeError,
  );
  if (!samples) return record('embeddingBag', [weight], out, [], ({ grad }) => [tableGradient(indexSelect(grad, 0, bags))]);
  return record('embeddingBag', [weight, samples], out, [weight, samples], ({ grad, needs }, [table, sample]) => {
    const rows = indexSelect(grad, 0, bags);
    const scores = needs(1) ? embedding(indices, table).mul(rows).sum(1) : null;
    return [needs(0) ? tableGradient(rows.mul(sample.unsqueeze(1))) : null, scores && used ? scores.mul(used) : scores];
  });
}

function maxima(rows: Tensor, used: Tensor | null, index: Tensor, base: Tensor): Tensor {
  const spread = index.unsqueeze(1).expand(rows.sizes);
  const shown = used ? where(used.expandAs(rows).ne(0), rows, rows.detach().mul(0).add(-Infinity)) : rows;
  const result = scatterReduce(base, 0, spread, shown, 'amax', { includeSelf: false });
  return used ? where(result.detach().eq(-Infinity), result.detach().mul(0).nanToNum(), result) : result;
}

/** The bag of each index. */
function bagsOf(input: Tensor, offsets: Tensor | null, includeLast: boolean): { bags: Tensor; count: number } {
  if (input.ndim === 2) {
    if (offsets)
      throw new ValueError(
        "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. However, found offsets of type <class 'torch.Tensor'>",
      );
    const [count, length] = input.sizes;
    return { bags: positions(input, count).unsqueeze(1).expand([count, length]).reshape([-1]), count };
  }
  if (input.ndim !== 1) throw new ValueError(`input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.ndim}`);
  if (!offsets) throw new ValueError('offsets has to be a 1D Tensor but got None');
  if (offsets.ndim !== 1) throw new ValueError('offsets has to be a 1D Tensor');
  if (offsets.storage.device.canReadSync && offsets.sizes[0] > 0)
    checkEnds(Number(offsets.select(0, 0).item()), Number(offsets.select(0, -1).item()), input.sizes[0]);
  const count = includeLast ? offsets.sizes[0] - 1 : offsets.sizes[0];
  const starts = convert(offsets.narrow(0, 0, count), int64);
  return { bags: searchsorted(starts, positions(input, input.sizes[0]), { right: true }).sub(1).clampMin(0), count };
}
const positions = (like: Tensor, n: number): Tensor => sequence(n, 0, 1, int64, like.storage.device);
function checkEnds(first: number, last: number, length: number): void {
  if (first !== 0)
    throw new RuntimeError(
      `offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got ${first}`,
    );
  if (last > length) throw new RuntimeError(`offsets[-1] can not be greater than input's length ${length} but got offsets[-1] of ${last}`);
}

export interface LinearCrossEntropyOptions {
  linearBias?: Tensor | null;
  weight?: Tensor | null;
  reduction?: Reduction;
  ignoreIndex?: number | null;
  labelSmoothing?: number;
  options?: unknown;
}

/**
 * Cross entropy of the logits that a linear layer gives; weight is (classes, …, features).
 * https://pytorch.org/docs/stable/nn.functional.html
 * @example F.linearCrossEntropy(torch.ones(2, 3), torch.ones(4, 3), torch.tensor([0, 1]))  // tensor(1.3863)
 */
export const linearCrossEntropy: (input: Tensor, linearWeight: Tensor, target: Tensor, options?: LinearCrossEntropyOptions) => Tensor =
  define(
    'linearCrossEntropy',
    'input, linearWeight, target, *, linearBias?, weight?, reduction?, ignoreIndex?, labelSmoothing?, options?',
    (
      input: Tensor,
      linearWeight: Tensor,
      target: Tensor,
      bias?: Tensor | null,
      weight?: Tensor | null,
      reduction: Reduction = 'mean',
      ignoreIndex?: number | null,
      labelSmoothing = 0,
    ) => {
      checkLinear(input, linearWeight, target, bias ?? null, ignoreIndex ?? null);
      const features = linearWeight.sizes[linearWeight.ndim - 1];
      const flat = matmul(input, linearWeight.reshape([-1, features]).t());
      const logits = flat.reshape([...input.sizes.slice(0, -1), ...linearWeight.sizes.slice(0, -1)]);
      return crossEntropy(bias ? logits.add(bias) : logits, target, {
        weight,
        reduction,
        ignoreIndex: ignoreIndex ?? -100,
        labelSmoothing,
      });
    },
  );

const tuple = (sizes: readonly number[]): string => (sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(', ')})`);

function checkLinear(input: Tensor, weight: Tensor, target: Tensor, bias: Tensor | null, ignoreIndex: number | null): void {
  if (input.ndim !== 1 && input.ndim !== 2) throw new RuntimeError(`expected input with dimensionality 1 or 2, got ${input.ndim}`);
  if (weight.ndim < 2) throw new RuntimeError(`expected linear_weight with dimensionality at least 2, got ${weight.ndim}`);
  const [features, own] = [weight.sizes[weight.ndim - 1], input.sizes[input.ndim - 1]];
  if (own !== features)
    throw new RuntimeError(
      `expected equal input and linear_weight last dimensions (in_features), got ${own} and ${features}, respectively`,
    );
  if (weight.ndim > 2 && input.ndim === 1)
    throw new RuntimeError(
      `K-dimensional loss defined by linear_weight shape ${tuple(weight.sizes)} requires batched input, (N, ${features}), got unbatched input with shape ${tuple(input.sizes)}`,
    );
  const outputs = weight.sizes.slice(0, -1);
  if (bias && String([...bias.sizes]) !== String(outputs))
    throw new RuntimeError(`expected linear_bias shape ${tuple(outputs)}, got ${tuple(bias.sizes)}`);
  if (ignoreIndex !== null && target.dtype.isFloatingPoint)
    throw new RuntimeError('ignore_index cannot be specified when target contains probabilities');
}
