/** Transforms that rotate and distort. https://pytorch.org/vision/stable/transforms.html#geometry */
import * as torch from '../../index.js';
import { type Args, bind, type Call } from '../arguments.js';
import { chw, pairOf, roundHalfEven } from './functional/common.js';
import * as F from './functional/index.js';
import { perspectiveCoefficients } from './functional/warp.js';
import { fillOf, type KindFill } from './kind.js';
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

interface KindWarpOptions {
  interpolation?: F.Interpolation;
  fill?: KindFill;
}

export interface RandomRotationOptions extends KindWarpOptions {
  expand?: boolean;
  center?: Center;
}

interface Degrees {
  degrees: number | Range;
}

/**
 * Rotates by a random angle, in degrees. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomRotation.html
 * @example new v2.RandomRotation(30)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomRotation extends GeometricTransform {
  readonly degrees: Range;
  readonly interpolation: F.Interpolation;
  readonly expand: boolean;
  readonly fill: KindFill;
  readonly center: Center;

  constructor(
    ...args: Call<
      [degrees: number | Range],
      [interpolation: F.Interpolation, expand: boolean, center: Center, fill: KindFill],
      RandomRotationOptions & Degrees
    >
  ) {
    super();
    const given = bind<RandomRotationOptions & Degrees>('RandomRotation', 'degrees!, interpolation, expand, center, fill', args);
    this.degrees = angleRange(given.degrees, 'degrees', [2]);
    this.interpolation = given.interpolation ?? 'nearest';
    this.expand = given.expand ?? false;
    this.fill = given.fill ?? 0;
    this.center = given.center ?? null;
  }

  protected override lists(): readonly string[] {
    return ['degrees'];
  }

  protected transform(image: Tensor): Tensor {
    const { interpolation, expand, center, fill } = this;
    const angle = uniform(this.degrees[0], this.degrees[1]);
    return F.rotate(image, angle, { interpolation, expand, center, fill: fillOf(fill, image) });
  }
}

export interface RandomAffineOptions extends KindWarpOptions {
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
  readonly interpolation: F.Interpolation;
  readonly fill: KindFill;
  readonly center: Center;

  constructor(
    ...args: Call<
      [degrees: number | Range],
      [
        translate: readonly [number, number] | null,
        scale: readonly [number, number] | null,
        shear: number | Range | null,
        interpolation: F.Interpolation,
        fill: KindFill,
        center: Center,
      ],
      RandomAffineOptions & Degrees
    >
  ) {
    super();
    const names = 'degrees!, translate, scale, shear, interpolation, fill, center';
    const { degrees, translate = null, scale = null, shear, ...options } = bind<RandomAffineOptions & Degrees>('RandomAffine', names, args);
    if (translate && translate.length !== 2) throw new Error('translate should be a sequence of length 2.');
    if (scale && scale.length !== 2) throw new Error('scale should be a sequence of length 2.');
    if (translate?.some((t) => !(t >= 0 && t <= 1))) throw new Error('translation values should be between 0 and 1');
    if (scale?.some((s) => !(s > 0))) throw new Error('scale values should be positive');
    this.degrees = angleRange(degrees, 'degrees', [2]);
    this.translate = translate;
    this.scale = scale;
    this.shear = shear === null || shear === undefined ? null : angleRange(shear, 'shear', [2, 4]);
    this.interpolation = options.interpolation ?? 'nearest';
    this.fill = options.fill ?? 0;
    this.center = options.center ?? null;
  }

  protected override lists(): readonly string[] {
    return ['degrees', 'shear'];
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = chw(image);
    const { translate, scale, shear } = this;
    const angle = uniform(this.degrees[0], this.degrees[1]);
    const shift = (most: number) => roundHalfEven(uniform(-most, most));
    const moved = translate ? [shift(translate[0] * width), shift(translate[1] * height)] : [0, 0];
    const factor = scale ? uniform(scale[0], scale[1]) : 1;
    const sheared = [shear ? uniform(shear[0], shear[1]) : 0, shear?.length === 4 ? uniform(shear[2], shear[3]) : 0];
    const { interpolation, fill, center } = this;
    return F.affine(image, angle, moved, factor, sheared, { interpolation, fill: fillOf(fill, image), center });
  }
}

export interface RandomPerspectiveOptions extends KindWarpOptions {
  distortionScale?: number;
  p?: number;
}

/**
 * Moves the corners at random. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.RandomPerspective.html
 * @example new v2.RandomPerspective(0.5)(torch.zeros(3, 32, 48, { dtype: torch.uint8 })).shape  // torch.Size([3, 32, 48])
 */
export class RandomPerspective extends RandomGeometricTransform {
  readonly distortionScale: number;
  readonly interpolation: F.Interpolation;
  readonly fill: KindFill;

  constructor(
    ...args: Args<[distortionScale: number, p: number, interpolation: F.Interpolation, fill: KindFill], RandomPerspectiveOptions>
  ) {
    const names = 'distortionScale, p, interpolation, fill';
    const { distortionScale = 0.5, p = 0.5, ...options } = bind<RandomPerspectiveOptions>('RandomPerspective', names, args);
    super(p);
    if (!(distortionScale >= 0 && distortionScale <= 1)) throw new Error('Argument distortion_scale value should be between 0 and 1');
    this.distortionScale = distortionScale;
    this.interpolation = options.interpolation ?? 'bilinear';
    this.fill = options.fill ?? 0;
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = chw(image);
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
    const coefficients = perspectiveCoefficients(corners, moved);
    return F.perspective(image, null, null, { interpolation: this.interpolation, fill: fillOf(this.fill, image), coefficients });
  }
}

const lengthOf = (value: number | Range): number => (typeof value === 'number' ? 1 : value.length);

export interface ElasticOptions extends KindWarpOptions {
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
  readonly interpolation: F.Interpolation;
  readonly fill: KindFill;

  constructor(
    ...args: Args<[alpha: number | Range, sigma: number | Range, interpolation: F.Interpolation, fill: KindFill], ElasticOptions>
  ) {
    super();
    const { alpha = 50, sigma = 5, ...options } = bind<ElasticOptions>('ElasticTransform', 'alpha, sigma, interpolation, fill', args);
    this.alpha = pairOf(alpha, `If alpha is a sequence its length should be 1 or 2. Got ${lengthOf(alpha)}`);
    this.sigma = pairOf(sigma, `If sigma is a sequence its length should be 1 or 2. Got ${lengthOf(sigma)}`);
    this.interpolation = options.interpolation ?? 'bilinear';
    this.fill = options.fill ?? 0;
  }

  protected override lists(): readonly string[] {
    return ['alpha', 'sigma'];
  }

  private displacement(height: number, width: number, axis: 0 | 1): Tensor {
    const noise = torch.rand(1, 1, height, width).mul(2).sub(1);
    const size = Math.trunc(8 * this.sigma[axis] + 1) | 1;
    const smooth = this.sigma[axis] > 0 ? F.gaussianBlur(noise, [size, size], [...this.sigma]) : noise;
    return smooth.mul(this.alpha[axis]).div(axis === 0 ? width : height);
  }

  protected transform(image: Tensor): Tensor {
    const [, height, width] = chw(image);
    const moves = torch.cat([this.displacement(height, width, 0), this.displacement(height, width, 1)], 1);
    return F.elastic(image, moves.permute(0, 2, 3, 1), { interpolation: this.interpolation, fill: fillOf(this.fill, image) });
  }
}
