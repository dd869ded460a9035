/** Losses of detection. https://pytorch.org/vision/stable/ops.html#losses */
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';

type Tensor = torch.Tensor;
export type Reduction = 'none' | 'mean' | 'sum';

function reduce(loss: Tensor, reduction: Reduction): Tensor {
  if (reduction === 'none') return loss;
  if (reduction === 'sum') return loss.sum();
  if (reduction === 'mean') return loss.numel() > 0 ? loss.mean() : loss.sum().mul(0);
  throw new Error(`Invalid Value for arg 'reduction': '${String(reduction)} \n Supported reduction modes: 'none', 'mean', 'sum'`);
}

export interface FocalLossOptions {
  alpha?: number;
  gamma?: number;
  reduction?: Reduction;
}

/**
 * Cross entropy that cares less for what is classified well.
 * https://pytorch.org/vision/stable/generated/torchvision.ops.sigmoid_focal_loss.html
 * @example vision.ops.sigmoidFocalLoss(torch.tensor([2.5, -1]), torch.tensor([1, 0]).float(), { reduction: 'mean' })  // tensor(0.0086)
 */
export function sigmoidFocalLoss(
  inputs: Tensor,
  targets: Tensor,
  ...args: Args<[alpha: number, gamma: number, reduction: Reduction], FocalLossOptions>
): Tensor {
  const { alpha = 0.25, gamma = 2, reduction = 'none' } = bind<FocalLossOptions>('sigmoid_focal_loss', 'alpha, gamma, reduction', args);
  if (!(alpha >= 0 && alpha <= 1) && alpha !== -1)
    throw new Error(`Invalid alpha value: ${alpha}. alpha must be in the range [0,1] or -1 for ignore.`);
  const p = inputs.sigmoid();
  const others = targets.neg().add(1);
  const entropy = torch.nn.functional.binaryCrossEntropyWithLogits(inputs, targets, { reduction: 'none' });
  const right = p.mul(targets).add(p.neg().add(1).mul(others));
  const loss = entropy.mul(right.neg().add(1).pow(gamma));
  return reduce(
    alpha < 0
      ? loss
      : targets
          .mul(alpha)
          .add(others.mul(1 - alpha))
          .mul(loss),
    reduction,
  );
}

export interface BoxLossOptions {
  reduction?: Reduction;
  eps?: number;
}

type BoxLossArgs = Args<[reduction: Reduction, eps: number], BoxLossOptions>;

function bindLoss(name: string, args: BoxLossArgs): Required<BoxLossOptions> {
  return { reduction: 'none', eps: 1e-7, ...bind<BoxLossOptions>(name, 'reduction, eps', args) };
}

type Corners = readonly [left: Tensor, top: Tensor, right: Tensor, bottom: Tensor];
const cornersOf = (boxes: Tensor): Corners =>
  (boxes.dtype.isFloatingPoint ? boxes : boxes.to(torch.float32)).unbind(-1) as unknown as Corners;

/** Intersection and union of boxes with the same number. */
function overlap(a: Corners, b: Corners): [intersection: Tensor, union: Tensor] {
  const [left, top] = [torch.maximum(a[0], b[0]), torch.maximum(a[1], b[1])];
  const [right, bottom] = [torch.minimum(a[2], b[2]), torch.minimum(a[3], b[3])];
  const meets = bottom.gt(top).logicalAnd(right.gt(left));
  const shared = right.sub(left).mul(bottom.sub(top));
  const intersection = torch.where(meets, shared, torch.zerosLike(shared));
  const area = ([x1, y1, x2, y2]: Corners): Tensor => x2.sub(x1).mul(y2.sub(y1));
  return [intersection, area(a).add(area(b)).sub(intersection)];
}

/** Width and height of the box around both. */
const hull = (a: Corners, b: Corners): [Tensor, Tensor] => [
  torch.maximum(a[2], b[2]).sub(torch.minimum(a[0], b[0])),
  torch.maximum(a[3], b[3]).sub(torch.minimum(a[1], b[1])),
];

/**
 * 1 − generalised intersection over union. https://pytorch.org/vision/stable/generated/torchvision.ops.generalized_box_iou_loss.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [5, 5, 15, 15]]).float();
 * vision.ops.generalizedBoxIouLoss(boxes, boxes.add(1))  // tensor([0.3359, 0.3359])
 */
export function generalizedBoxIouLoss(boxes1: Tensor, boxes2: Tensor, ...args: BoxLossArgs): Tensor {
  const { reduction, eps } = bindLoss('generalized_box_iou_loss', args);
  const [a, b] = [cornersOf(boxes1), cornersOf(boxes2)];
  const [intersection, union] = overlap(a, b);
  const [width, height] = hull(a, b);
  const area = width.mul(height);
  const giou = intersection.div(union.add(eps)).sub(area.sub(union).div(area.add(eps)));
  return reduce(giou.neg().add(1), reduction);
}

function distanceLoss(a: Corners, b: Corners, eps: number): { loss: Tensor; iou: Tensor } {
  const [intersection, union] = overlap(a, b);
  const iou = intersection.div(union.add(eps));
  const [width, height] = hull(a, b);
  const diagonal = width.square().add(height.square()).add(eps);
  const apart = (i: 0 | 1): Tensor =>
    a[i]
      .add(a[i + 2])
      .sub(b[i].add(b[i + 2]))
      .div(2);
  return {
    loss: iou
      .neg()
      .add(1)
      .add(apart(0).square().add(apart(1).square()).div(diagonal)),
    iou,
  };
}

/**
 * 1 - IoU + the squared distance of the centres relative to the diagonal of the common hull (Zheng et al., 2019).
 * https://pytorch.org/vision/stable/generated/torchvision.ops.distance_box_iou_loss.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [5, 5, 15, 15]]).float();
 * vision.ops.distanceBoxIouLoss(boxes, boxes.add(1))  // tensor([0.3276, 0.3276])
 */
export function distanceBoxIouLoss(boxes1: Tensor, boxes2: Tensor, ...args: BoxLossArgs): Tensor {
  const { reduction, eps } = bindLoss('distance_box_iou_loss', args);
  return reduce(distanceLoss(cornersOf(boxes1), cornersOf(boxes2), eps).loss, reduction);
}

/**
 * `distanceBoxIouLoss` with a term for the aspect ratios (Zheng et al., 2019).
 * https://pytorch.org/vision/stable/generated/torchvision.ops.complete_box_iou_loss.html
 * @example
 * const boxes = torch.tensor([[0, 0, 10, 10], [5, 5, 15, 15]]).float();
 * vision.ops.completeBoxIouLoss(boxes, boxes.add(1))  // tensor([0.3276, 0.3276])
 */
export function completeBoxIouLoss(boxes1: Tensor, boxes2: Tensor, ...args: BoxLossArgs): Tensor {
  const { reduction, eps } = bindLoss('complete_box_iou_loss', args);
  const [a, b] = [cornersOf(boxes1), cornersOf(boxes2)];
  const { loss, iou } = distanceLoss(a, b, 1e-7);
  const angle = ([x1, y1, x2, y2]: Corners): Tensor => x2.sub(x1).div(y2.sub(y1)).atan();
  const v = angle(b)
    .sub(angle(a))
    .square()
    .mul(4 / Math.PI ** 2);
  const alpha = torch.noGrad(() => v.div(v.sub(iou).add(1 + eps)));
  return reduce(loss.add(alpha.mul(v)), reduction);
}
