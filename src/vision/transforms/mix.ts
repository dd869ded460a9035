/** Mixes of the images of a batch. https://pytorch.org/vision/stable/transforms.html#cutmix-mixup */
import * as torch from '../../index.js';
import { chw } from './functional/common.js';
import { wrap } from '../tv-tensors.js';
import { isTarget, randomInteger, sampleOf, tensorsOf, Transform } from './transform.js';

type Tensor = torch.Tensor;

const draw = (fill: (t: Tensor) => Tensor): number => fill(torch.empty(1, { dtype: torch.float64 })).item() as number;
const uniformDouble = (): number => draw((t) => t.uniform_());
const normalDouble = (): number => draw((t) => t.normal_());

/** From the gamma distribution with scale 1, as PyTorch draws it: by the method of Marsaglia and Tsang. */
function sampleGamma(alpha: number): number {
  if (alpha === 0) return 0;
  const boost = alpha < 1 ? (1 - uniformDouble()) ** (1 / alpha) : 1;
  const d = (alpha < 1 ? alpha + 1 : alpha) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normalDouble();
    const y = 1 + c * x;
    if (y <= 0) continue;
    const v = y ** 3;
    const u = 1 - uniformDouble();
    if (u < 1 - 0.0331 * x ** 4 || Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return boost * d * v;
  }
}

/** Shares that sum to 1, in float32. */
export function sampleDirichlet(alphas: readonly number[]): number[] {
  const gammas = alphas.map(sampleGamma);
  const total = gammas.reduce((sum, gamma) => sum + gamma, 0);
  return gammas.map((gamma) => Math.fround(gamma / total));
}

export interface MixOptions {
  /** Both parameters of the beta distribution of the share. */
  alpha?: number;
  /** Needed where labels are numbers of classes. */
  numClasses?: number | null;
  /** Finds the labels in a sample; by default the second element, or what is under `labels` or `label`. */
  labelsGetter?: (sample: unknown) => Tensor;
}

function defaultLabels(sample: unknown): unknown {
  if (Array.isArray(sample)) return sample[1];
  if (typeof sample !== 'object' || sample === null) return null;
  const entries = Object.entries(sample);
  return (entries.find(([key]) => /^labels?$/i.test(key)) ?? entries.find(([key]) => /label/i.test(key)))?.[1];
}

/** A batch is taken with its labels: `mix(images, labels)`, `mix([images, labels])`. */
abstract class Mix extends Transform {
  readonly alpha: number;
  readonly numClasses: number | null;
  private readonly labelsGetter: (sample: unknown) => unknown;

  constructor({ alpha = 1, numClasses = null, labelsGetter = defaultLabels as (sample: unknown) => Tensor }: MixOptions = {}) {
    super();
    [this.alpha, this.numClasses, this.labelsGetter] = [alpha, numClasses, labelsGetter];
  }

  /** The mix, and the share of each image itself. */
  protected abstract mix(images: Tensor): [mixed: Tensor, share: number];

  protected transform(image: Tensor): Tensor {
    return this.mix(image)[0];
  }

  protected drawShare(): number {
    return sampleDirichlet([this.alpha, this.alpha])[0];
  }

  override forward(...inputs: never[]): unknown {
    const sample = sampleOf(inputs);
    const labels = this.labelsGetter(sample);
    if (tensorsOf(sample).some(isTarget))
      throw new Error(`${this.constructor.name}() does not support PIL images, bounding boxes, keypoints and masks.`);
    this.checkLabels(labels);
    const values: unknown[] = Array.isArray(sample) ? sample : Object.values(sample as object);
    const images = values.find((value) => value instanceof torch.Tensor && value !== labels) as Tensor;
    this.checkImages(images, labels);
    const [mixed, share] = this.mix(images);
    const changed = (value: unknown) => (value === images ? wrap(mixed, images) : value === labels ? this.mixLabels(labels, share) : value);
    return Array.isArray(sample)
      ? sample.map(changed)
      : Object.fromEntries(Object.entries(sample as object).map(([key, value]) => [key, changed(value)]));
  }

  private checkLabels(labels: unknown): asserts labels is Tensor {
    if (!(labels instanceof torch.Tensor)) throw new Error(`The labels must be a tensor, but got ${typeof labels} instead.`);
    if (labels.ndim !== 1 && labels.ndim !== 2)
      throw new Error(
        `labels should be index based with shape (batch_size,) or probability based with shape (batch_size, num_classes), but got a tensor of shape ${String(labels.shape)} instead.`,
      );
    if (labels.ndim === 2 && this.numClasses !== null && labels.shape[1] !== this.numClasses)
      throw new Error(
        `When passing 2D labels, the number of elements in last dimension must match num_classes: ${labels.shape[1]} != ${this.numClasses}. You can Leave num_classes to None.`,
      );
    if (labels.ndim === 1 && this.numClasses === null) throw new Error('num_classes must be passed if the labels are index-based (1D)');
  }

  private checkImages(images: Tensor | undefined, labels: Tensor): void {
    if (images?.ndim !== 4) throw new Error(`Expected a batched input with 4 dims, but got ${images?.ndim ?? 0} dimensions instead.`);
    if (images.shape[0] !== labels.shape[0])
      throw new Error(
        `The batch size of the image or video does not match the batch size of the labels: ${images.shape[0]} != ${labels.shape[0]}.`,
      );
  }

  private mixLabels(labels: Tensor, share: number): Tensor {
    const whole = labels.ndim === 1 ? torch.nn.functional.oneHot(labels, this.numClasses!) : labels;
    return mixed(whole.dtype.isFloatingPoint ? whole : whole.to(torch.float32), share);
  }
}

/** Each row with the one before it. */
const mixed = (x: Tensor, share: number): Tensor =>
  x
    .roll(1, 0)
    .mul(1 - share)
    .add(x.mul(share));

/**
 * Adds two images of the batch. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.MixUp.html
 * @example
 * const [images, labels] = new v2.MixUp({ numClasses: 10 })(torch.rand(4, 3, 8, 8), torch.arange(4));
 * labels.shape  // torch.Size([4, 10])
 */
export class MixUp extends Mix {
  protected mix(images: Tensor): [Tensor, number] {
    const share = this.drawShare();
    return [mixed(images, share), share];
  }
}

/**
 * Pastes a part of one image into another. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.CutMix.html
 * @example
 * const [images, labels] = new v2.CutMix({ numClasses: 10 })(torch.rand(4, 3, 8, 8), torch.arange(4));
 * labels.shape  // torch.Size([4, 10])
 */
export class CutMix extends Mix {
  protected mix(images: Tensor): [Tensor, number] {
    const share = this.drawShare();
    const [, height, width] = chw(images);
    const [x, y] = [randomInteger(0, width), randomInteger(0, height)];
    const half = 0.5 * Math.sqrt(1 - share);
    const [halfWidth, halfHeight] = [Math.trunc(half * width), Math.trunc(half * height)];
    const [left, top] = [Math.max(x - halfWidth, 0), Math.max(y - halfHeight, 0)];
    const [right, bottom] = [Math.min(x + halfWidth, width), Math.min(y + halfHeight, height)];
    const part = (t: Tensor): Tensor => t.narrow(-2, top, bottom - top).narrow(-1, left, right - left);
    const pasted = images.clone();
    part(pasted).copy_(part(images.roll(1, 0)));
    return [pasted, 1 - ((right - left) * (bottom - top)) / (width * height)];
  }
}
