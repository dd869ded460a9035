/** Losses and lookups over sequences: CTC, bags of embeddings, a linear layer with cross entropy. */
import { int64 } from '../../ir/dtype.js';
import { convert } from '../../ops/convert.js';
import { tensor, zeros } from '../../ops/creation.js';
import { define } from '../../ops/define.js';
import { matmul } from '../../ops/matmul.js';
import { cat, stack, where } from '../../ops/join.js';
import { gather, indexAdd, scatterReduce } from '../../ops/select.js';
import { RuntimeError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import { Tensor } from '../../tensor/tensor.js';
import type { Reduction } from './arguments.js';
import { embedding } from './embedding.js';
import { crossEntropy, reduced, reductionOf } from './loss.js';

const numbers = (x: Tensor | readonly number[]): number[] => (x instanceof Tensor ? (x.reshape([-1]).tolist() as number[]) : [...x]);

/** Stands for ln 0, and stays finite in differences. */
const never = -1e30;

/** Targets as one list a sample. */
function targetLists(targets: Tensor, lengths: readonly number[]): number[][] {
  if (targets.ndim === 2) return (targets.tolist() as number[][]).map((row, i) => row.slice(0, lengths[i]));
  const flat = numbers(targets);
  let start = 0;
  return lengths.map((length) => flat.slice(start, (start += length)));
}

/** ln(eᵃ + eᵇ), elementwise. */
const logAdd = (a: Tensor, b: Tensor): Tensor => {
  const high = a.maximum(b);
  return high.add(a.minimum(b).sub(high).exp().log1p());
};

type CtcOptions = { blank?: number; reduction?: Reduction; zeroInfinity?: boolean };
type Lengths = Tensor | readonly number[];

/** Minus the log-likelihood of targets over all alignments with blanks. https://pytorch.org/docs/stable/generated/torch.nn.functional.ctc_loss.html */
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
      const [time, batch, classes] = logProbs.sizes;
      const [inputs, lengths] = [numbers(inputLengths), numbers(targetLengths)];
      if (blank < 0 || blank >= classes) throw new RuntimeError('blank must be in label range');
      if (inputs.length !== batch || lengths.length !== batch) throw new RuntimeError(`input_lengths must be of size batch_size`);
      if (inputs.some((length) => length > time))
        throw new RuntimeError(`Expected input_lengths to have value at most ${time}, but got value ${Math.max(...inputs)}`);
      const labels = targetLists(batched ? targets : targets.view([1, -1]), lengths);
      const losses = alignments(logProbs, labels, inputs, blank);
      const finite = zeroInfinity ? where(losses.detach().eq(Infinity), losses.mul(0).nanToNum(), losses) : losses;
      const mode = reductionOf(reduction);
      if (mode === 'mean')
        return finite
          .div(
            tensor(
              lengths.map((length) => Math.max(length, 1)),
              { dtype: finite.dtype },
            ),
          )
          .mean();
      return mode === 'none' && !batched ? finite.squeeze(0) : reduced(finite, mode);
    },
  );

/** The forward recursion over labels with blanks between them. */
function alignments(logProbs: Tensor, labels: readonly number[][], inputs: readonly number[], blank: number): Tensor {
  const [time, batch] = logProbs.sizes;
  const width = 2 * Math.max(0, ...labels.map((each) => each.length)) + 1;
  const extended = labels.map((each) =>
    Array.from({ length: width }, (_, s) => (s % 2 === 1 && (s - 1) / 2 < each.length ? each[(s - 1) / 2] : blank)),
  );
  const index = tensor(extended, { dtype: int64 });
  const emitted = gather(logProbs, 2, index.unsqueeze(0).expand([time, batch, width]));
  const mask = (rows: boolean[][]): Tensor => tensor(rows);
  const skips = mask(extended.map((row) => row.map((label, s) => s >= 2 && label !== blank && label !== row[s - 2])));
  const starts = mask(extended.map((_, n) => Array.from({ length: width }, (__, s) => s === 0 || (s === 1 && labels[n].length > 0))));
  const out = { dtype: logProbs.dtype };
  let alpha = where(starts, emitted.select(0, 0), zeros([batch, width], out).add(never));
  const frames = [alpha];
  const shifted = (x: Tensor, by: number): Tensor =>
    cat([zeros([batch, Math.min(by, width)], out).add(never), x.narrow(1, 0, Math.max(width - by, 0))], 1);
  for (let t = 1; t < time; t++) {
    const next = logAdd(alpha, shifted(alpha, 1));
    const skipped = where(skips, logAdd(next, shifted(alpha, 2)), next);
    alpha = skipped.add(emitted.select(0, t)).clampMin(never);
    frames.push(alpha);
  }
  const ends = stack(frames, 0);
  const totals = labels.map((each, n) => {
    const last = ends.select(1, n).select(0, Math.max(inputs[n] - 1, 0));
    const final = last.select(0, 2 * each.length);
    return each.length > 0 ? logAdd(final, last.select(0, 2 * each.length - 1)) : final;
  });
  const nll = stack(totals, 0).neg();
  const possible = where(nll.detach().gt(-never / 2), nll.mul(0).add(Infinity), nll);
  return possible.add(normalisation(logProbs, inputs));
}

/** Zero, with the gradient that PyTorch adds because it takes `logProbs` for the result of a log-softmax. */
function normalisation(logProbs: Tensor, inputs: readonly number[]): Tensor {
  const time = logProbs.sizes[0];
  const used = tensor(Array.from({ length: time }, (_, t) => inputs.map((length) => t < length)));
  const mass = logProbs.exp().sum(2).mul(convert(used, logProbs.dtype)).sum(0);
  return mass.sub(mass.detach());
}

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

/** Sums, means or maxima of bags of embeddings. https://pytorch.org/docs/stable/generated/torch.nn.functional.embedding_bag.html */
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
    _sparse?: boolean,
    samples?: Tensor | null,
    includeLast = false,
    paddingIdx?: number | null,
  ) => {
    if (!['sum', 'mean', 'max'].includes(mode)) throw new Error('mode has to be one of sum, mean or max');
    if (samples && mode !== 'sum')
      throw new Error(
        `embedding_bag: per_sample_weights was not None, per_sample_weights is only supported for mode='sum' (got mode='${mode}'). Please open a feature request on GitHub.`,
      );
    if (samples && String(samples.sizes) !== String(input.sizes))
      throw new Error(
        `embedding_bag: If per_sample_weights (torch.Size([${samples.sizes.join(', ')}])) is not None, then it must have the same shape as the input (torch.Size([${input.sizes.join(', ')}]))`,
      );
    const { bags, count } = bagsOf(input, offsets ?? null, includeLast);
    const flat = input.reshape([numelOf(input.sizes)]);
    const padding = typeof paddingIdx === 'number' && paddingIdx < 0 ? paddingIdx + weight.sizes[0] : (paddingIdx ?? null);
    const rows = embedding(flat, weight, { paddingIdx, maxNorm, normType, scaleGradByFreq: scale });
    const used = padding === null ? null : convert(flat.ne(padding), weight.dtype).unsqueeze(1);
    const index = tensor(bags, { dtype: int64, device: weight.device });
    const base = zeros([count, weight.sizes[1]], { dtype: weight.dtype, device: weight.device });
    if (mode === 'max') return maxima(rows, used, index, base);
    const scaled = samples ? rows.mul(samples.reshape([-1, 1])) : rows;
    const sums = indexAdd(base, 0, index, used ? scaled.mul(used) : scaled);
    if (mode === 'sum') return sums;
    const ones = used ? used.squeeze(1) : convert(flat.mul(0).add(1), weight.dtype);
    return sums.div(
      indexAdd(zeros([count], { dtype: weight.dtype }), 0, index, ones)
        .clampMin(1)
        .unsqueeze(1),
    );
  },
);

function maxima(rows: Tensor, used: Tensor | null, index: Tensor, base: Tensor): Tensor {
  const spread = index.unsqueeze(1).expand(rows.sizes);
  const shown = used ? where(used.expandAs(rows).ne(0), rows, rows.detach().mul(0).add(-Infinity)) : rows;
  const result = scatterReduce(base, 0, spread, shown, 'amax', { includeSelf: false });
  return used ? where(result.detach().eq(-Infinity), result.detach().mul(0).nanToNum(), result) : result;
}

/** The bag of each index. */
function bagsOf(input: Tensor, offsets: Tensor | null, includeLast: boolean): { bags: number[]; count: number } {
  if (input.ndim === 2) {
    if (offsets)
      throw new Error('if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences.');
    const [count, length] = input.sizes;
    return { bags: Array.from({ length: count * length }, (_, i) => Math.floor(i / length)), count };
  }
  if (input.ndim !== 1) throw new Error(`input has to be 1D or 2D Tensor, but got Tensor of dimension ${input.ndim}`);
  if (!offsets) throw new Error('offsets has to be a 1D Tensor but got None');
  if (offsets.ndim !== 1) throw new Error('offsets has to be a 1D Tensor');
  const starts = numbers(offsets);
  const total = input.sizes[0];
  if (starts.length > 0 && starts[0] !== 0)
    throw new RuntimeError(
      `offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, got ${starts[0]}`,
    );
  const count = includeLast ? starts.length - 1 : starts.length;
  const bags = new Array<number>(total).fill(0);
  for (let bag = 0; bag < count; bag++) for (let i = starts[bag]; i < Math.min(starts[bag + 1] ?? total, total); i++) bags[i] = bag;
  return { bags, count };
}

export interface LinearCrossEntropyOptions {
  linearBias?: Tensor | null;
  weight?: Tensor | null;
  reduction?: Reduction;
  ignoreIndex?: number | null;
  labelSmoothing?: number;
  options?: unknown;
}

/** Cross entropy of the logits that a linear layer gives; weight is (classes, …, features). https://pytorch.org/docs/stable/nn.functional.html */
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
