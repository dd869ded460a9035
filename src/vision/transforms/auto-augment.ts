/** Augmentations chosen at random. https://pytorch.org/vision/stable/transforms.html#auto-augmentation */
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import { chw, maxValue, roundHalfEven } from './functional/common.js';
import * as F from './functional/index.js';
import { cifar10, imagenet, type Policy, svhn } from './auto-augment-policies.js';
import { fillOf, type KindFill } from './kind.js';
import { sampleDirichlet } from './mix.js';
import { isTarget, random, randomInteger, sampleOf, tensorsOf, Transform } from './transform.js';

type Tensor = torch.Tensor;
interface Options {
  interpolation?: F.Interpolation;
  fill?: KindFill;
}

/** Strengths from weak to strong, and whether they may be negative. */
interface Strengths {
  values(bins: number, height: number, width: number): number[];
  signed: boolean;
}

/** `null` for augmentations without strength. */
type Space = Readonly<Record<string, Strengths | null>>;

const linspace = (start: number, end: number, steps: number): number[] =>
  torch.linspace(start, end, steps, { dtype: torch.float32 }).tolist() as number[];
const signed = (end: (height: number, width: number) => number): Strengths => ({
  values: (bins, height, width) => linspace(0, end(height, width), bins),
  signed: true,
});
const upTo = (end: number): Strengths => signed(() => end);
const solarize: Strengths = { values: (bins) => linspace(1, 0, bins), signed: false };
const posterize = (most: number, range: number): Strengths => ({
  values: (bins) => Array.from({ length: bins }, (_, i) => roundHalfEven(most - Math.fround(i / ((bins - 1) / range)))),
  signed: false,
});

const degrees = (slope: number): number => (Math.atan(slope) * 180) / Math.PI;

type Augment = (image: Tensor, strength: number, options: F.WarpOptions) => Tensor;
const augments: Readonly<Record<string, Augment>> = {
  Identity: (image) => image,
  ShearX: (image, strength, options) => F.affine(image, 0, [0, 0], 1, [degrees(strength), 0], { ...options, center: [0, 0] }),
  ShearY: (image, strength, options) => F.affine(image, 0, [0, 0], 1, [0, degrees(strength)], { ...options, center: [0, 0] }),
  TranslateX: (image, strength, options) => F.affine(image, 0, [Math.trunc(strength), 0], 1, [0, 0], options),
  TranslateY: (image, strength, options) => F.affine(image, 0, [0, Math.trunc(strength)], 1, [0, 0], options),
  Rotate: (image, strength, options) => F.rotate(image, strength, options),
  Brightness: (image, strength) => F.adjustBrightness(image, 1 + strength),
  Color: (image, strength) => F.adjustSaturation(image, 1 + strength),
  Contrast: (image, strength) => F.adjustContrast(image, 1 + strength),
  Sharpness: (image, strength) => F.adjustSharpness(image, 1 + strength),
  Posterize: (image, strength) => F.posterize(image, Math.trunc(strength)),
  Solarize: (image, strength) => F.solarize(image, maxValue(image.dtype) * strength),
  AutoContrast: (image) => F.autocontrast(image),
  Equalize: (image) => F.equalize(image),
  Invert: (image) => F.invert(image),
};

abstract class AutoAugmentBase extends Transform {
  readonly interpolation: F.Interpolation;
  readonly fill: KindFill;

  constructor({ interpolation = 'nearest', fill = null }: Options) {
    super();
    [this.interpolation, this.fill] = [interpolation, fill];
  }

  override forward(...inputs: never[]): unknown {
    const found = tensorsOf(sampleOf(inputs));
    const wrong = found.find(isTarget);
    if (wrong) throw new TypeError(`Inputs of type ${wrong.constructor.name} are not supported by ${this.constructor.name}()`);
    if (found.length === 0) throw new TypeError('Found no image in the sample.');
    return super.forward(...inputs);
  }

  /** Augments with one of the strengths. */
  protected augment(image: Tensor, space: Space, name: string, bins: number, pick: (count: number) => number): Tensor {
    const strengths = space[name];
    const [, height, width] = chw(image);
    let strength = 0;
    if (strengths) {
      const values = strengths.values(bins, height, width);
      strength = values[pick(values.length)];
      if (strengths.signed && random() <= 0.5) strength = -strength;
    }
    return augments[name](image, strength, { interpolation: this.interpolation, fill: fillOf(this.fill, image) });
  }

  protected randomName(space: Space): string {
    const names = Object.keys(space);
    return names[randomInteger(0, names.length)];
  }
}

const searched: Space = {
  ShearX: upTo(0.3),
  ShearY: upTo(0.3),
  TranslateX: signed((_, width) => (150 / 331) * width),
  TranslateY: signed((height) => (150 / 331) * height),
  Rotate: upTo(30),
  Brightness: upTo(0.9),
  Color: upTo(0.9),
  Contrast: upTo(0.9),
  Sharpness: upTo(0.9),
  Posterize: posterize(8, 4),
  Solarize: solarize,
  AutoContrast: null,
  Equalize: null,
  Invert: null,
};

/** The policies that were found by search. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.AutoAugmentPolicy.html */
export const AutoAugmentPolicy = { IMAGENET: 'imagenet', CIFAR10: 'cifar10', SVHN: 'svhn' } as const;
export type AutoAugmentPolicy = (typeof AutoAugmentPolicy)[keyof typeof AutoAugmentPolicy];

const policies: Readonly<Record<AutoAugmentPolicy, readonly Policy[]>> = { imagenet, cifar10, svhn };

/**
 * Two augmentations from a policy found by search. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.AutoAugment.html
 * @example new v2.AutoAugment()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class AutoAugment extends AutoAugmentBase {
  readonly policy: AutoAugmentPolicy;

  constructor(
    ...args: Args<[policy: AutoAugmentPolicy, interpolation: F.Interpolation, fill: KindFill], Options & { policy?: AutoAugmentPolicy }>
  ) {
    const { policy = 'imagenet', ...options } = bind<Options & { policy?: AutoAugmentPolicy }>(
      'AutoAugment',
      'policy, interpolation, fill',
      args,
    );
    super(options);
    if (!Object.hasOwn(policies, policy)) throw new Error(`The provided policy ${policy} is not recognized.`);
    this.policy = policy;
  }

  override extraRepr(): string {
    return super.extraRepr().replace(/policy=\w+/, `policy=AutoAugmentPolicy.${this.policy.toUpperCase()}`);
  }

  protected transform(image: Tensor): Tensor {
    const all = policies[this.policy];
    let result = image;
    for (const [name, probability, level] of all[randomInteger(0, all.length)])
      if (random() <= Math.fround(probability)) result = this.augment(result, searched, name, 10, () => level);
    return result;
  }
}

const { Invert: _, ...withoutInvert } = searched;
const randomSpace: Space = { Identity: null, ...withoutInvert };

export interface RandAugmentOptions extends Options {
  numOps?: number;
  magnitude?: number;
  numMagnitudeBins?: number;
}

/**
 * Some augmentations of one strength. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandAugment.html
 * @example new v2.RandAugment()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandAugment extends AutoAugmentBase {
  readonly numOps: number;
  readonly magnitude: number;
  readonly numMagnitudeBins: number;

  constructor(
    ...args: Args<
      [numOps: number, magnitude: number, numMagnitudeBins: number, interpolation: F.Interpolation, fill: KindFill],
      RandAugmentOptions
    >
  ) {
    const names = 'numOps, magnitude, numMagnitudeBins, interpolation, fill';
    const { numOps = 2, magnitude = 9, numMagnitudeBins = 31, ...options } = bind<RandAugmentOptions>('RandAugment', names, args);
    super(options);
    if (!Number.isInteger(numOps) || numOps < 0) throw new Error(`num_ops should be a non-negative integer, but got ${numOps} instead.`);
    [this.numOps, this.magnitude, this.numMagnitudeBins] = [numOps, magnitude, numMagnitudeBins];
  }

  protected transform(image: Tensor): Tensor {
    let result = image;
    for (let i = 0; i < this.numOps; i++)
      result = this.augment(result, randomSpace, this.randomName(randomSpace), this.numMagnitudeBins, () => this.magnitude);
    return result;
  }
}

const wideSpace: Space = {
  Identity: null,
  ShearX: upTo(0.99),
  ShearY: upTo(0.99),
  TranslateX: upTo(32),
  TranslateY: upTo(32),
  Rotate: upTo(135),
  Brightness: upTo(0.99),
  Color: upTo(0.99),
  Contrast: upTo(0.99),
  Sharpness: upTo(0.99),
  Posterize: posterize(8, 6),
  Solarize: solarize,
  AutoContrast: null,
  Equalize: null,
};

/**
 * One augmentation of random strength. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.TrivialAugmentWide.html
 * @example new v2.TrivialAugmentWide()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class TrivialAugmentWide extends AutoAugmentBase {
  readonly numMagnitudeBins: number;

  constructor(
    ...args: Args<[numMagnitudeBins: number, interpolation: F.Interpolation, fill: KindFill], Options & { numMagnitudeBins?: number }>
  ) {
    const names = 'numMagnitudeBins, interpolation, fill';
    const { numMagnitudeBins = 31, ...options } = bind<Options & { numMagnitudeBins?: number }>('TrivialAugmentWide', names, args);
    super(options);
    this.numMagnitudeBins = numMagnitudeBins;
  }

  protected transform(image: Tensor): Tensor {
    return this.augment(image, wideSpace, this.randomName(wideSpace), this.numMagnitudeBins, (count) => randomInteger(0, count));
  }
}

const partialMixSpace: Space = {
  ShearX: upTo(0.3),
  ShearY: upTo(0.3),
  TranslateX: signed((_, width) => width / 3),
  TranslateY: signed((height) => height / 3),
  Rotate: upTo(30),
  Posterize: posterize(4, 4),
  Solarize: solarize,
  AutoContrast: null,
  Equalize: null,
};
const mixSpace: Space = { ...partialMixSpace, Brightness: upTo(0.9), Color: upTo(0.9), Contrast: upTo(0.9), Sharpness: upTo(0.9) };

export interface AugMixOptions extends Options {
  severity?: number;
  mixtureWidth?: number;
  /** The length of each chain; −1 for 1 to 3. */
  chainDepth?: number;
  alpha?: number;
  allOps?: boolean;
}

const parameterMax = 10;

/**
 * A mix of the image and of chains of augmentations. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.AugMix.html
 * @example new v2.AugMix()(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class AugMix extends AutoAugmentBase {
  readonly severity: number;
  readonly mixtureWidth: number;
  readonly chainDepth: number;
  readonly alpha: number;
  readonly allOps: boolean;

  constructor(
    ...args: Args<
      [
        severity: number,
        mixtureWidth: number,
        chainDepth: number,
        alpha: number,
        allOps: boolean,
        interpolation: F.Interpolation,
        fill: KindFill,
      ],
      AugMixOptions
    >
  ) {
    const names = 'severity, mixtureWidth, chainDepth, alpha, allOps, interpolation, fill';
    const {
      severity = 3,
      mixtureWidth = 3,
      chainDepth = -1,
      alpha = 1,
      allOps = true,
      ...rest
    } = bind<AugMixOptions>('AugMix', names, args);
    super({ interpolation: 'bilinear', ...rest });
    if (!(severity >= 1 && severity <= parameterMax))
      throw new Error(`The severity must be between [1, ${parameterMax}]. Got ${severity} instead.`);
    [this.severity, this.mixtureWidth, this.chainDepth, this.alpha, this.allOps] = [severity, mixtureWidth, chainDepth, alpha, allOps];
  }

  private chain(image: Tensor, space: Space): Tensor {
    const depth = this.chainDepth > 0 ? this.chainDepth : randomInteger(1, 4);
    let result = image;
    for (let i = 0; i < depth; i++)
      result = this.augment(result, space, this.randomName(space), parameterMax, () => randomInteger(0, this.severity));
    return result;
  }

  protected transform(image: Tensor): Tensor {
    const space = this.allOps ? mixSpace : partialMixSpace;
    const batch = image.ndim === 3 ? image.unsqueeze(0) : image;
    const rows = batch.shape[0];
    const repeated = (n: number) => new Array<number>(n).fill(this.alpha);
    const own = Array.from({ length: rows }, () => sampleDirichlet(repeated(2)));
    const chains = Array.from({ length: rows }, () => sampleDirichlet(repeated(this.mixtureWidth)));
    const column = (shares: number[]) => torch.tensor(shares, { dtype: torch.float32, device: image.device }).reshape(rows, 1, 1, 1);
    let mix = column(own.map(([kept]) => kept)).mul(batch);
    for (let i = 0; i < this.mixtureWidth; i++) {
      const shares = column(chains.map((row, n) => Math.fround(row[i] * own[n][1])));
      mix = mix.add(shares.mul(this.chain(batch, space)));
    }
    return mix.reshape(image.shape).to(image.dtype);
  }
}
