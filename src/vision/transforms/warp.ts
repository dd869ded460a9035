/** Transforms that rotate and distort. https://pytorch.org/vision/stable/transforms.html#geometry */
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import { pairOf, roundHalfEven } from './functional/common.js';
import * as F from './functional/index.js';
import { perspectiveCoefficients } from './functional/warp.js';
import { randomInteger, RandomGeometricTransform, GeometricTransform, uniform } from './transform.js';

type Tensor = torch.Tensor;
type Range = readonly number[];

/** A single number means from −x to x. */
function angleRange(angle: number | Range, name: string, lengths: readonly number[]): Range {
  if (typeof angle !== 'number') {
    if (!lengths.includes(angle.length)) throw new Error(`${name} should be a sequence of length ${lengths.join(' or ')}.`);
    return angle;
  }
  if (angle < 0) throw new Error(`If ${name} is a single number, it must be positive.`);
  return [-angle, angle];
}

type Center = readonly [number, number] | null;

export interface RandomRotationOptions {
  interpolation?: F.Interpolation;
  expand?: boolean;
  center?: Center;
  fill?: F.Fill;
}

/**
 * Rotates by a random angle, in degrees. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomRotation.html
 * @example new v2.RandomRotation(30)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomRotation extends GeometricTransform {
  readonly degrees: Range;
  private readonly options: RandomRotationOptions;

  constructor(
    degrees: number | Range,
    ...args: Args<[interpolation: F.Interpolation, expand: boolean, center: Center, fill: F.Fill], RandomRotationOptions>
  ) {
    super();
    this.degrees = angleRange(degrees, 'degrees', [2]);
    this.options = { fill: 0, ...bind<RandomRotationOptions>('RandomRotation', 'interpolation, expand, center, fill', args) };
  }

  protected transform(image: Tensor): Tensor {
    return F.rotate(image, uniform(this.degrees[0], this.degrees[1]), this.options);
  }
}

export interface RandomAffineOptions extends F.WarpOptions {
  /** The most of width and height. */
  translate?: readonly [number, number] | null;
  scale?: readonly [number, number] | null;
  /** Along x; with four numbers, along y as well. */
  shear?: number | Range | null;
  center?: Center;
}

/**
 * Rotates, moves, scales and shears by random amounts.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomAffine.html
 * @example
 * new v2.RandomAffine(30, { translate: [0.1, 0.1] })(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape
 * // torch.Size([3, 32, 48])
 */
export class RandomAffine extends GeometricTransform {
  readonly degrees: Range;
  readonly translate: readonly [number, number] | null;
  readonly scale: readonly [number, number] | null;
  readonly shear: Range | null;
  private readonly options: F.AffineOptions;

  constructor(
    degrees: number | Range,
    ...args: Args<
      [
        translate: readonly [number, number] | null,
        scale: readonly [number, number] | null,
        shear: number | Range | null,
        interpolation: F.Interpolation,
        fill: F.Fill,
        center: Center,
      ],
      RandomAffineOptions
    >
  ) {
    super();
    const names = 'translate, scale, shear, interpolation, fill, center';
    const { translate = null, scale = null, shear, ...options } = bind<RandomAffineOptions>('RandomAffine', names, args);
    if (translate?.some((t) => !(t >= 0 && t <= 1))) throw new Error('translation values should be between 0 and 1');
    if (scale?.some((s) => !(s > 0))) throw new Error('scale values should be positive');
    this.degrees = angleRange(degrees, 'degrees', [2]);
    this.translate = translate;
    this.scale = scale;
    this.shear = shear === null || shear === undefined ? null : angleRange(shear, 'shear', [2, 4]);
    this.options = { fill: 0, ...options };
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = F.chw(image);
    const { translate, scale, shear } = this;
    const angle = uniform(this.degrees[0], this.degrees[1]);
    const shift = (most: number) => roundHalfEven(uniform(-most, most));
    const moved = translate ? [shift(translate[0] * width), shift(translate[1] * height)] : [0, 0];
    const factor = scale ? uniform(scale[0], scale[1]) : 1;
    const sheared = [shear ? uniform(shear[0], shear[1]) : 0, shear?.length === 4 ? uniform(shear[2], shear[3]) : 0];
    return F.affine(image, angle, moved, factor, sheared, this.options);
  }
}

export interface RandomPerspectiveOptions extends F.WarpOptions {
  distortionScale?: number;
  p?: number;
}

/**
 * Moves the corners at random. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomPerspective.html
 * @example new v2.RandomPerspective(0.5)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomPerspective extends RandomGeometricTransform {
  readonly distortionScale: number;
  private readonly options: F.WarpOptions;

  constructor(...args: Args<[distortionScale: number, p: number, interpolation: F.Interpolation, fill: F.Fill], RandomPerspectiveOptions>) {
    const names = 'distortionScale, p, interpolation, fill';
    const { distortionScale = 0.5, p = 0.5, ...options } = bind<RandomPerspectiveOptions>('RandomPerspective', names, args);
    super(p);
    if (!(distortionScale >= 0 && distortionScale <= 1)) throw new Error('Argument distortion_scale value should be between 0 and 1');
    this.distortionScale = distortionScale;
    this.options = { fill: 0, ...options };
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = F.chw(image);
    const boundX = Math.trunc(this.distortionScale * Math.floor(width / 2)) + 1;
    const boundY = Math.trunc(this.distortionScale * Math.floor(height / 2)) + 1;
    const [left, right] = [() => randomInteger(0, boundX), () => randomInteger(width - boundX, width)];
    const [top, bottom] = [() => randomInteger(0, boundY), () => randomInteger(height - boundY, height)];
    const corners = [
      [0, 0],
      [width - 1, 0],
      [width - 1, height - 1],
      [0, height - 1],
    ];
    const moved = [
      [left(), top()],
      [right(), top()],
      [right(), bottom()],
      [left(), bottom()],
    ];
    return F.perspective(image, null, null, { ...this.options, coefficients: perspectiveCoefficients(corners, moved) });
  }
}

export interface ElasticOptions extends F.WarpOptions {
  /** How far pixels move. */
  alpha?: number | Range;
  /** How smooth the movement is. */
  sigma?: number | Range;
}

/**
 * Moves pixels as water does. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.ElasticTransform.html
 * @example new v2.ElasticTransform(50)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class ElasticTransform extends GeometricTransform {
  readonly alpha: readonly [number, number];
  readonly sigma: readonly [number, number];
  private readonly options: F.WarpOptions;

  constructor(...args: Args<[alpha: number | Range, sigma: number | Range, interpolation: F.Interpolation, fill: F.Fill], ElasticOptions>) {
    super();
    const { alpha = 50, sigma = 5, ...options } = bind<ElasticOptions>('ElasticTransform', 'alpha, sigma, interpolation, fill', args);
    this.alpha = pairOf(alpha, `If alpha is a sequence its length should be 1 or 2. Got ${String(alpha)}`);
    this.sigma = pairOf(sigma, `If sigma is a sequence its length should be 1 or 2. Got ${String(sigma)}`);
    this.options = { fill: 0, ...options };
  }

  private displacement(height: number, width: number, axis: 0 | 1): Tensor {
    const noise = torch.rand(1, 1, height, width).mul(2).sub(1);
    const size = Math.trunc(8 * this.sigma[axis] + 1) | 1;
    const smooth = this.sigma[axis] > 0 ? F.gaussianBlur(noise, [size, size], [...this.sigma]) : noise;
    return smooth.mul(this.alpha[axis]).div(axis === 0 ? width : height);
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = F.chw(image);
    const moves = torch.cat([this.displacement(height, width, 0), this.displacement(height, width, 1)], 1);
    return F.elastic(image, moves.permute(0, 2, 3, 1), this.options);
  }
}
