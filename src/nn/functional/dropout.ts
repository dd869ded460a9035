/** Dropout. https://pytorch.org/docs/stable/nn.functional.html#dropout-functions */
import { define } from '../../ops/define.js';
import { bernoulli_ } from '../../ops/random.js';
import { emptyOn } from '../../ops/routine.js';
import { copyInto, emptyLike } from '../../ops/memory.js';
import { inplaceOf } from '../../ops/inplace.js';
import type { Op } from '../../ops/types.js';
import { ValueError } from '../../tensor/errors.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';

export interface DropoutOptions {
  p: number;
  training: boolean;
  inplace: boolean;
}

type Dropout = Op<[], [p: number, training: boolean, inplace: boolean], DropoutOptions>;
const SPEC = 'input, p?, training?, inplace?';

function check(p: number): void {
  if (!(p >= 0 && p <= 1)) throw new ValueError(`dropout probability has to be between 0 and 1, but got ${p}`);
}

type Kept = (input: Tensor, p: number) => Tensor;
/** Ones with probability 1 − p: for each element, or for each sample and channel, shaped to be broadcast. */
const elementsKept: Kept = (input, p) => bernoulli_(emptyLike(input), 1 - p);
const channelsKept: Kept = (input, p) => {
  const sizes = input.sizes.map((n, d) => (d < 2 ? n : 1));
  return bernoulli_(emptyOn(input, sizes), 1 - p);
};

const scaledBy =
  (kept: Kept) =>
  (input: Tensor, p: number): Tensor => {
    return p === 1 ? input.mul(0) : input.mul(kept(input, p).div_(1 - p));
  };
const perElement = scaledBy(elementsKept);
const perChannel = scaledBy(channelsKept);

const alpha = 1.7580993408473766;

/** Sets to SELU's lower limit instead of zero, then restores mean and variance. */
const alphaBy =
  (kept: Kept) =>
  (input: Tensor, p: number): Tensor => {
    if (p === 1) return input.mul(0);
    const a = 1 / Math.sqrt((alpha * alpha * p + 1) * (1 - p));
    const noise = kept(input, p);
    const offset = noise
      .sub(1)
      .mul(alpha * a)
      .add(alpha * a * p);
    return input.mul(noise.mul(a)).add(offset);
  };

const dropoutBy = (name: string, apply: (input: Tensor, p: number) => Tensor, defaults: { p: number; training: boolean }): Dropout =>
  define(name, SPEC, (input: Tensor, p = defaults.p, training = defaults.training, inplace = false) => {
    check(p);
    if (!training || p === 0 || numelOf(input.sizes) === 0) return input;
    return inplace ? inplaceOf(input, (old) => apply(old, p), copyInto) : apply(input, p);
  });

const on = { p: 0.5, training: true };
const off = { p: 0.5, training: false };

/**
 * Zeroes elements with probability `p`, and scales the others by 1 / (1 - p); the input itself unless `training`.
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout.html
 * @example
 * torch.manualSeed(0);
 * F.dropout(torch.ones(4), 0.5)  // tensor([0., 0., 2., 0.])
 */
export const dropout: Dropout = dropoutBy('dropout', perElement, on);
/**
 * Zeroes whole channels of (N, C, L) or (C, L) with probability `p`, and scales the others by 1 / (1 - p).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout1d.html
 * @example
 * torch.manualSeed(0);
 * F.dropout1d(torch.ones(1, 2, 2), 0.5)
 * // tensor([[[0., 0.],
 * //          [0., 0.]]])
 */
export const dropout1d: Dropout = define('dropout1d', SPEC, (input: Tensor, p = 0.5, training = true, inplace = false) => {
  const batched = input.ndim === 2 ? input.unsqueeze(0) : input;
  const result = featureDropout(batched, p, training, inplace);
  return input.ndim === 2 ? result.squeeze(0) : result;
});
const featureDropout: Dropout = dropoutBy('featureDropout', perChannel, on);
/**
 * Zeroes whole channels of (N, C, H, W) with probability `p`, and scales the others by 1 / (1 - p).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout2d.html
 * @example
 * torch.manualSeed(0);
 * F.dropout2d(torch.ones(1, 4, 2, 2), 0.5).sum([2, 3])  // tensor([[0., 0., 8., 0.]])
 */
export const dropout2d: Dropout = dropoutBy('dropout2d', perChannel, on);
/**
 * Zeroes whole channels of (N, C, D, H, W) with probability `p`, and scales the others by 1 / (1 - p).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.dropout3d.html
 * @example
 * torch.manualSeed(0);
 * F.dropout3d(torch.ones(1, 4, 1, 2, 2), 0.5).sum([2, 3, 4])  // tensor([[0., 0., 8., 0.]])
 */
export const dropout3d: Dropout = define('dropout3d', SPEC, (input: Tensor, p = 0.5, training = true, inplace = false) => {
  const single = input.ndim === 4;
  const result = featureDropout(single ? input.unsqueeze(0) : input, p, training, inplace);
  return single ? result.squeeze(0) : result;
});
/**
 * Dropout that keeps the mean and variance of `selu`'s output (Klambauer et al., 2017).
 * https://pytorch.org/docs/stable/generated/torch.nn.functional.alpha_dropout.html
 * @example
 * torch.manualSeed(0);
 * F.alphaDropout(torch.ones(4), 0.5)  // tensor([1., 1., 1., 1.])
 */
export const alphaDropout: Dropout = dropoutBy('alphaDropout', alphaBy(elementsKept), off);
/**
 * `alphaDropout` of whole channels of (N, C, …). https://pytorch.org/docs/stable/generated/torch.nn.functional.feature_alpha_dropout.html
 * @example
 * torch.manualSeed(0);
 * F.featureAlphaDropout(torch.ones(1, 2, 2), 0.5).shape  // torch.Size([1, 2, 2])
 */
export const featureAlphaDropout: Dropout = dropoutBy('featureAlphaDropout', alphaBy(channelsKept), off);
