import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { ops, utils } = vision;
const fixture = new URL('fixtures/ops.pt.gz', import.meta.url);
const expected = torch.load<Record<string, torch.Tensor>>(gunzipSync(readFileSync(fixture)));
const { a, b, many, scores, classes, x, rois } = expected;

/** The largest difference from the fixture; infinite where shape or dtype differ. */
function distance(actual: torch.Tensor, name: string): number {
  const wanted = expected[name];
  if (actual.dtype !== wanted.dtype || String(actual.shape) !== String(wanted.shape)) return Infinity;
  return wanted.numel() === 0 ? 0 : (actual.detach().double().sub(wanted.double()).abs().max().item() as number);
}

describe('boxes', () => {
  test.each([0.1, 0.3, 0.6])('suppression above %d', (threshold) => {
    expect(ops.nms(many, scores, threshold).tolist()).toEqual(expected[`nms ${threshold}`].tolist());
    expect(ops.batchedNms(many, scores, classes, threshold).tolist()).toEqual(expected[`batched_nms ${threshold}`].tolist());
  });

  test('overlaps of pairs', () => {
    expect(distance(ops.boxIou(a, b), 'box_iou')).toBeLessThan(1e-6);
    expect(distance(ops.generalizedBoxIou(a, b), 'generalized_box_iou')).toBeLessThan(1e-6);
    expect(distance(ops.distanceBoxIou(a, b), 'distance_box_iou')).toBeLessThan(1e-6);
    expect(distance(ops.completeBoxIou(a, b), 'complete_box_iou')).toBeLessThan(1e-6);
  });

  test.each(['xyxy', 'xywh', 'cxcywh'] as const)('in the format %s', (source) => {
    expect(distance(ops.boxArea(a, source), `box_area ${source}`)).toBeLessThan(1e-5);
    expect(distance(ops.boxIou(a, b, source), `box_iou ${source}`)).toBeLessThan(1e-6);
    for (const target of ['xyxy', 'xywh', 'cxcywh'] as const)
      expect(distance(ops.boxConvert(a, source, target), `box_convert ${source} ${target}`)).toBeLessThan(1e-5);
  });

  test('clipped, removed and drawn around masks', () => {
    expect(distance(ops.clipBoxesToImage(a, [8, 9]), 'clip')).toBe(0);
    expect(ops.removeSmallBoxes(a, 4).tolist()).toEqual(expected.small.tolist());
    expect(distance(ops.masksToBoxes(expected.masks), 'masks_to_boxes')).toBe(0);
  });

  test('of wrong shapes are refused', () => {
    expect(() => ops.nms(torch.rand(3), torch.rand(3), 0.5)).toThrow('boxes should be a 2d tensor, got 1D');
    expect(() => ops.nms(torch.rand(3, 5), torch.rand(3), 0.5)).toThrow('boxes should have 4 elements in dimension 1, got 5');
    expect(() => ops.nms(torch.rand(3, 4), torch.rand(2), 0.5)).toThrow(
      'boxes and scores should have same number of elements in dimension 0, got 3 and 2',
    );
    expect(() => ops.boxConvert(a, 'xyxy', 'yxyx' as never)).toThrow(
      'Unsupported Bounding Box Conversions for given in_fmt xyxy and out_fmt yxyx',
    );
    expect(ops.nms(torch.empty(0, 4), torch.empty(0), 0.5).tolist()).toEqual([]);
  });
});

describe('regions', () => {
  test.each([1, 0.5])('at scale %d', (spatialScale) => {
    const scale = spatialScale === 1 ? '1.0' : '0.5';
    for (const samplingRatio of [-1, 2]) {
      for (const aligned of [false, true]) {
        const name = `roi_align ${scale} ${samplingRatio} ${aligned ? 'True' : 'False'}`;
        expect(distance(ops.roiAlign(x, rois, [3, 2], { spatialScale, samplingRatio, aligned }), name)).toBeLessThan(1e-5);
      }
      expect(
        distance(ops.psRoiAlign(x, rois, [3, 2], { spatialScale, samplingRatio }), `ps_roi_align ${scale} ${samplingRatio}`),
      ).toBeLessThan(1e-5);
    }
    expect(distance(ops.roiPool(x, rois, [3, 2], { spatialScale }), `roi_pool ${scale}`)).toBeLessThan(1e-6);
    expect(distance(ops.psRoiPool(x, rois, [3, 2], { spatialScale }), `ps_roi_pool ${scale}`)).toBeLessThan(1e-6);
  });

  test('pass gradients on', () => {
    const input = x.clone().requiresGrad_();
    ops.roiAlign(input, rois, 3, { spatialScale: 0.7, samplingRatio: 2, aligned: true }).square().sum().backward();
    expect(distance(input.grad!, 'roi_align gradient')).toBeLessThan(1e-5);
    const other = x.clone().requiresGrad_();
    new ops.RoIPool(3, 0.7)(other, rois).square().sum().backward();
    expect(distance(other.grad!, 'roi_pool gradient')).toBeLessThan(1e-5);
  });

  test('come as lists, one for each image', () => {
    const list = [rois.narrow(0, 0, 2).narrow(1, 1, 4), rois.narrow(0, 2, 3).narrow(1, 1, 4)];
    const numbered = torch.cat([torch.tensor([[0], [0], [1], [1], [1]], { dtype: torch.float32 }), rois.narrow(1, 1, 4)], 1);
    expect(ops.roiAlign(x, list, 2).equal(ops.roiAlign(x, numbered, 2))).toBe(true);
    expect([...ops.roiAlign(x, torch.empty(0, 5), 2).shape]).toEqual([0, 12, 2, 2]);
    const huge = torch.tensor([[0, 0, 0, 1e9, 1e9]]);
    expect(ops.roiAlign(x, huge, 2).isfinite().all().item()).toBe(true);
    expect(() => ops.roiAlign(x, huge.div(0), 2)).toThrow('boxes must be finite');
    expect(() => ops.roiAlign(x, torch.tensor([[7, 0, 0, 1, 1]]), 2)).toThrow(Error);
    expect(() => ops.roiAlign(x, torch.rand(3, 4), 2)).toThrow('The boxes tensor shape is not correct as Tensor[K, 5]');
  });
});

describe('losses and layers', () => {
  test('focal loss and losses of boxes', () => {
    const { logits, targets, near } = expected;
    expect(distance(ops.sigmoidFocalLoss(logits, targets), 'focal')).toBeLessThan(1e-6);
    expect(distance(ops.sigmoidFocalLoss(logits, targets, { alpha: 0.6, gamma: 1.5, reduction: 'mean' }), 'focal_mean')).toBeLessThan(1e-6);
    expect(distance(ops.generalizedBoxIouLoss(a, near), 'generalized_box_iou_loss')).toBeLessThan(1e-6);
    expect(distance(ops.distanceBoxIouLoss(a, near), 'distance_box_iou_loss')).toBeLessThan(1e-6);
    expect(distance(ops.completeBoxIouLoss(a, near), 'complete_box_iou_loss')).toBeLessThan(1e-6);
  });

  test('stochastic depth draws as torchvision does', () => {
    torch.manualSeed(3);
    expect(distance(ops.stochasticDepth(torch.ones(6, 2), 0.4, 'row'), 'stochastic_depth')).toBeLessThan(1e-6);
    const layer = new ops.StochasticDepth(0.4, 'row');
    expect(String(layer)).toBe('StochasticDepth(p=0.4, mode=row)');
    const input = torch.rand(2, 2);
    expect(layer.eval()(input)).toBe(input);
    expect(() => ops.stochasticDepth(input, 2, 'row')).toThrow('drop probability has to be between 0 and 1, but got 2');
  });

  test('print as in torchvision', () => {
    expect(String(new ops.Conv2dNormActivation(3, 8))).toBe(
      'Conv2dNormActivation(\n  (0): Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1), bias=False)\n' +
        '  (1): BatchNorm2d(8, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)\n  (2): ReLU(inplace=True)\n)',
    );
    const frozen = new ops.FrozenBatchNorm2d(4);
    expect(String(frozen)).toBe('FrozenBatchNorm2d(4, eps=1e-05)');
    expect(Object.keys(frozen.stateDict())).toEqual(['weight', 'bias', 'running_mean', 'running_var']);
    const input = torch.rand(2, 4, 3, 3);
    expect(frozen(input).allclose(input)).toBe(true);
    expect([...new ops.MLP(4, [8, 2])(torch.rand(3, 4)).shape]).toEqual([3, 2]);
  });
});

describe('utilities', () => {
  const { images, picture, two, flow } = expected;

  test('grids', () => {
    expect(distance(utils.makeGrid(images, { nrow: 3 }), 'grid')).toBe(0);
    const options = { nrow: 2, normalize: true, scaleEach: true, padding: 1, padValue: 0.5 };
    expect(distance(utils.makeGrid(images.unbind(0), options), 'grid normalize')).toBeLessThan(1e-6);
    const gray = utils.makeGrid(images.narrow(1, 0, 1), { nrow: 2, normalize: true, valueRange: [0.2, 0.8] });
    expect(distance(gray, 'grid gray')).toBeLessThan(1e-6);
  });

  test('boxes on images', () => {
    const boxes = torch.tensor([
      [2, 3, 12, 15],
      [5, 1, 20, 9],
    ]);
    expect(distance(utils.drawBoundingBoxes(picture, boxes), 'boxes plain')).toBe(0);
    expect(distance(utils.drawBoundingBoxes(picture, boxes, { colors: ['red', '#00ff7f'], width: 3 }), 'boxes wide')).toBe(0);
    expect(distance(utils.drawBoundingBoxes(picture, boxes, { colors: [10, 200, 30], fill: true, width: 2 }), 'boxes fill')).toBe(0);
    expect(() => utils.drawBoundingBoxes(picture, torch.tensor([[3, 3, 1, 5]]))).toThrow(
      'Boxes need to be in (xmin, ymin, xmax, ymax) format.',
    );
    expect(() => utils.drawBoundingBoxes(picture, boxes, { colors: 'reddish' })).toThrow("unknown color specifier: 'reddish'");
  });

  test('masks on images', () => {
    expect(distance(utils.drawSegmentationMasks(picture, two), 'masks drawn')).toBeLessThanOrEqual(1);
    expect(
      distance(utils.drawSegmentationMasks(picture, two, { alpha: 0.4, colors: ['blue', [9, 8, 7]] }), 'masks colors'),
    ).toBeLessThanOrEqual(1);
    expect(() => utils.drawSegmentationMasks(picture, two.float())).toThrow('The masks must be of dtype bool. Got torch.float32');
  });

  test('flow as colours', () => {
    expect(distance(utils.flowToImage(flow), 'flow_image')).toBeLessThanOrEqual(1);
  });

  test('fake data', () => {
    const fake = new vision.datasets.FakeData({ size: 3, imageSize: [3, 5, 6], numClasses: 7, randomOffset: 2 });
    for (const i of [0, 1, 2]) {
      const [image, target] = fake.at(i) as [torch.Tensor, number];
      expect(distance(image, `fake ${i}`)).toBe(0);
      expect(target).toBe(expected[`fake ${i} class`].item());
    }
    expect(() => fake.at(3)).toThrow('FakeData index out of range');
  });
});
