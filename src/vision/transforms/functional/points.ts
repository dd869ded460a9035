/** Where moving pixels takes points: those of `KeyPoints`, and corners of boxes. https://pytorch.org/vision/stable/transforms.html#transforms-v2 */
import * as torch from '../../../index.js';
import { type Args, bind } from '../../arguments.js';
import { KeyPoints, wrap } from '../../tv-tensors.js';
import { isFloat, pairOf, roundHalfEven, type Tensor } from './common.js';
import { type Padding, type PaddingMode, sidesOf } from './crop.js';
import { outputSize } from './resize.js';
import { expandedSize, inverseAffineMatrix, type Matrix, perspectiveCoefficients, type Points } from './warp.js';

export type CanvasSize = readonly [height: number, width: number];
/** Points (N, 2) to where they go. */
export type PointMap = (points: Tensor) => Tensor;

/** Numbers in the dtype of other tensors. */
export const numbers = (values: readonly number[], like: Tensor): Tensor =>
  torch.tensor([...values], { dtype: like.dtype, device: like.device });
const homogeneous = (points: Tensor): Tensor => torch.cat([points, torch.onesLike(points.narrow(1, 0, 1))], 1);
const timesRows = (points: Tensor, rows: readonly (readonly number[])[]): Tensor =>
  homogeneous(points).matmul(numbers(rows.flat(), points).reshape(rows.length, 3).t());

/** The map whose inverse is given. */
function inverted([a, b, c, d, e, f]: Matrix): number[][] {
  const determinant = a * e - b * d;
  const [p, q, r, s] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [
    [p, q, -(p * c + q * f)],
    [r, s, -(r * c + s * f)],
  ];
}

export interface AffineMove {
  readonly angle: number;
  readonly translate: readonly [number, number];
  readonly scale: number;
  readonly shear: readonly [number, number];
  readonly center?: readonly number[] | null;
  readonly expand?: boolean;
}

export function affineMap(
  canvasSize: CanvasSize,
  { angle, translate, scale, shear, center, expand = false }: AffineMove,
): [CanvasSize, PointMap] {
  const [height, width] = canvasSize;
  const [cx, cy] = (expand ? null : center) ?? [width * 0.5, height * 0.5];
  const rows = inverted(inverseAffineMatrix([cx, cy], angle, translate, scale, shear));
  if (!expand) return [canvasSize, (points) => timesRows(points, rows)];
  const [newWidth, newHeight] = expandedSize(inverseAffineMatrix([0, 0], angle, translate, scale, shear), width, height);
  const goes: PointMap = (points) => {
    const canvas = numbers([0, 0, 0, height, width, height, width, 0], points).reshape(4, 2);
    return timesRows(points, rows).sub(timesRows(canvas, rows).amin(0));
  };
  return [[newHeight, newWidth], goes];
}

export function perspectiveMap(startpoints: Points | null, endpoints: Points | null, coefficients: readonly number[] | null): PointMap {
  const [a, b, c, d, e, f, g, h] = coefficients ?? perspectiveCoefficients(startpoints!, endpoints!);
  const scale = a * e - b * d;
  const numerators = [
    [(e - f * h) / scale, (c * h - b) / scale, (b * f - c * e) / scale],
    [(f * g - d) / scale, (a - c * g) / scale, (c * d - a * f) / scale],
  ];
  const denominator = [(d * h - e * g) / scale, (b * g - a * h) / scale, 1];
  return (points) => timesRows(points, numerators).div(timesRows(points, [denominator]));
}

/** As torchvision does: points go against the displacement at their pixel. */
export const elasticMap =
  ([height, width]: CanvasSize, displacement: Tensor): PointMap =>
  (points) => {
    const [x, y] = points.to(torch.int64).unbind(1);
    const [column, row] = [x.clamp(0, width - 1), y.clamp(0, height - 1)];
    const at = displacement.select(0, 0).at(row, column).to(points.dtype);
    const size = numbers([width, height], points);
    const pixel = torch.stack([column, row], 1).to(points.dtype).add(0.5).div(size).mul(2).sub(1);
    return pixel.sub(at).add(1).mul(size.mul(0.5)).sub(0.5);
  };

/** New points from what `goes` makes of (N, 2), in the shape and dtype of the old ones. */
export function movePoints(points: KeyPoints, canvasSize: CanvasSize, goes: PointMap): KeyPoints {
  const values = isFloat(points) ? points.detach() : points.to(torch.float32).detach();
  return new KeyPoints(goes(values.reshape(-1, 2)).reshape(points.shape).to(points.dtype), { canvasSize });
}

export const flipPoints = (points: KeyPoints, axis: 0 | 1): KeyPoints =>
  movePoints(points, points.canvasSize, (xy) => {
    const sides = [...xy.unbind(1)];
    sides[axis] = sides[axis].neg().add(points.canvasSize[1 - axis] - 1);
    return torch.stack(sides, 1);
  });

export function resizePoints(points: KeyPoints, size: number | readonly number[] | null, maxSize: number | null): KeyPoints {
  const [height, width] = points.canvasSize;
  const [newHeight, newWidth] = outputSize([height, width], size, maxSize);
  return movePoints(points, [newHeight, newWidth], (xy) => xy.mul(numbers([newWidth / width, newHeight / height], xy)));
}

export function padPoints(points: KeyPoints, padding: Padding, mode: PaddingMode): KeyPoints {
  if (mode !== 'constant') throw new Error(`Padding mode '${mode}' is not supported with KeyPoints (supported modes are constant)`);
  const [left, right, top, bottom] = sidesOf(padding);
  const [height, width] = points.canvasSize;
  return movePoints(points, [height + top + bottom, width + left + right], (xy) => xy.add(numbers([left, top], xy)));
}

export const cropPoints = (points: KeyPoints, top: number, left: number, height: number, width: number): KeyPoints =>
  movePoints(points, [height, width], (xy) => xy.sub(numbers([left, top], xy)));

export function centerCropPoints(points: KeyPoints, size: number | readonly number[]): KeyPoints {
  const [height, width] = pairOf(size);
  const [canvasHeight, canvasWidth] = points.canvasSize;
  return cropPoints(points, roundHalfEven((canvasHeight - height) / 2), roundHalfEven((canvasWidth - width) / 2), height, width);
}

export function affinePoints(points: KeyPoints, move: AffineMove): KeyPoints {
  return movePoints(points, ...affineMap(points.canvasSize, move));
}

type PointsOptions = Args<[canvasSize: CanvasSize | null], { canvasSize?: CanvasSize | null }>;

/** The size of the image: points that are no `KeyPoints` need it as an argument. */
function canvasOf(points: Tensor, args: PointsOptions, name: string): CanvasSize {
  const { canvasSize = null } = bind<{ canvasSize?: CanvasSize | null }>(name, 'canvasSize', args);
  if (points instanceof KeyPoints) {
    if (canvasSize === null) return points.canvasSize;
    throw new Error('For keypoints tv_tensor inputs, `canvas_size` must not be passed.');
  }
  if (canvasSize === null) throw new Error('For pure tensor inputs, `canvas_size` has to be passed.');
  return canvasSize;
}

/**
 * Points outside of their image moved to its edges.
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.clamp_keypoints.html
 * @throws Error where a plain tensor comes without `canvasSize`
 * @example
 * const points = new tvTensors.KeyPoints([[-1, 2], [15, 6]], { canvasSize: [10, 12] });
 * v2.functional.clampKeypoints(points).tolist()  // [ [ 0, 2 ], [ 11, 6 ] ]
 */
export function clampKeypoints<T extends Tensor>(keyPoints: T, ...args: PointsOptions): T {
  const [height, width] = canvasOf(keyPoints, args, 'clamp_keypoints');
  const [x, y] = keyPoints.detach().unbind(-1);
  return wrap(torch.stack([x.clamp(0, width - 1), y.clamp(0, height - 1)], -1).to(keyPoints.dtype), keyPoints);
}

/**
 * The points (or groups of points, where there are more dims) that lie in their image, and which they are: booleans (N).
 * https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.functional.sanitize_keypoints.html
 * @throws Error where a plain tensor comes without `canvasSize`
 * @example
 * const points = new tvTensors.KeyPoints([[1, 2], [15, 6]], { canvasSize: [10, 12] });
 * v2.functional.sanitizeKeypoints(points)[1]  // tensor([ True, False])
 */
export function sanitizeKeypoints<T extends Tensor>(keyPoints: T, ...args: PointsOptions): [points: T, valid: Tensor] {
  const [height, width] = canvasOf(keyPoints, args, 'sanitize_keypoints');
  const [x, y] = keyPoints.detach().unbind(-1);
  const each = x.ge(0).logicalAnd(x.lt(width)).logicalAnd(y.ge(0)).logicalAnd(y.lt(height));
  const valid = each.ndim > 1 ? each.flatten(1).all(1) : each;
  return [wrap(keyPoints.at(valid), keyPoints), valid];
}
