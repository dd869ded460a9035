/** What a sample holds: for transforms of one's own. https://pytorch.org/vision/stable/auto_examples/transforms/plot_custom_transforms.html */
import * as torch from '../../index.js';
import { BoundingBoxes, Image, KeyPoints, TVTensor, Video } from '../tv-tensors.js';
import { chw } from './functional/common.js';

type Tensor = torch.Tensor;
/** A class of tensors, or a function that tells whether something is wanted. */
export type TypeCheck = (abstract new (...args: never[]) => torch.Tensor) | ((value: unknown) => boolean);

const isClass = (check: TypeCheck): check is abstract new (...args: never[]) => torch.Tensor =>
  check === torch.Tensor || check.prototype instanceof torch.Tensor;

/** Whether it is a tensor of no kind. */
export const isPureTensor = (value: unknown): value is Tensor => value instanceof torch.Tensor && !(value instanceof TVTensor);
const isPicture = (value: unknown): boolean => isPureTensor(value) || value instanceof Image || value instanceof Video;

/**
 * Whether `value` is of one of the classes, or one of the functions says so.
 * @example v2.checkType(torch.ones(2), [tvTensors.Image, (x) => x === null])  // false
 */
export const checkType = (value: unknown, typesOrChecks: readonly TypeCheck[]): boolean =>
  typesOrChecks.some((check) => (isClass(check) ? value instanceof check : check(value)));

/**
 * Whether one of the inputs is of one of the classes.
 * @example v2.hasAny([torch.ones(2)], tvTensors.Image, torch.Tensor)  // true
 */
export const hasAny = (flatInputs: readonly unknown[], ...typesOrChecks: TypeCheck[]): boolean =>
  flatInputs.some((input) => checkType(input, typesOrChecks));

/**
 * Whether there is an input of each of the classes.
 * @example v2.hasAll([torch.ones(2)], tvTensors.Image, torch.Tensor)  // false
 */
export const hasAll = (flatInputs: readonly unknown[], ...typesOrChecks: TypeCheck[]): boolean =>
  typesOrChecks.every((check) => flatInputs.some((input) => checkType(input, [check])));

/**
 * The boxes among the inputs. https://pytorch.org/vision/stable/generated/torchvision.transforms.v2.get_bounding_boxes.html
 * @throws Error where there are none
 * @example
 * const boxes = new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize: [10, 12] });
 * v2.getBoundingBoxes([torch.ones(2), boxes]) === boxes  // true
 */
export function getBoundingBoxes(flatInputs: readonly unknown[]): BoundingBoxes {
  const boxes = flatInputs.find((input) => input instanceof BoundingBoxes);
  if (!boxes) throw new Error('No bounding boxes were found in the sample');
  return boxes as BoundingBoxes;
}

/**
 * The points among the inputs.
 * @throws Error where there are none
 * @example
 * const points = new tvTensors.KeyPoints([[1, 2]], { canvasSize: [10, 12] });
 * v2.getKeypoints([torch.ones(2), points]) === points  // true
 */
export function getKeypoints(flatInputs: readonly unknown[]): KeyPoints {
  const points = flatInputs.find((input) => input instanceof KeyPoints);
  if (!points) throw new Error('No keypoints were found in the sample');
  return points as KeyPoints;
}

/** The one size that all have. */
function theOne(sizes: readonly (readonly number[])[], none: string, name: string): readonly number[] {
  const texts = [...new Set(sizes.map((size) => `(${size.join(', ')})`))].sort();
  if (texts.length === 0) throw new TypeError(none);
  if (texts.length > 1) throw new Error(`Found multiple ${name} dimensions in the sample: ${texts.join(', ')}`);
  return sizes[0];
}

/**
 * Channels, height and width of the images among the inputs.
 * @throws TypeError where there is none; Error where they differ
 * @example v2.queryChw([torch.zeros(3, 32, 48)])  // [ 3, 32, 48 ]
 */
export function queryChw(flatInputs: readonly unknown[]): [channels: number, height: number, width: number] {
  const pictures = flatInputs.filter(isPicture) as Tensor[];
  return [...theOne(pictures.map(chw), 'No image or video was found in the sample', 'CxHxW')] as [number, number, number];
}

/**
 * Height and width of the images, masks, boxes and points among the inputs.
 * @throws TypeError where there is none; Error where they differ
 * @example v2.querySize([torch.zeros(3, 32, 48)])  // [ 32, 48 ]
 */
export function querySize(flatInputs: readonly unknown[]): [height: number, width: number] {
  const tensors = flatInputs.filter((input) => input instanceof torch.Tensor);
  const sizes = tensors.map((tensor) => chw(tensor as Tensor).slice(1));
  return [...theOne(sizes, 'No image, video, mask, bounding box of keypoint was found in the sample', 'HxW')] as [number, number];
}
