/** Detectors against torchvision's numbers, which `fixtures/detection.py` wrote. */
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { detection } = vision.models;
const { nn } = torch;

interface Found {
  losses: Record<string, number>;
  grads: number;
  count: number;
  sums: Record<string, number>;
  box: number[];
}
const fixture = JSON.parse(readFileSync(new URL('fixtures/detection.json', import.meta.url), 'utf8')) as {
  states: Record<string, [keys: number, crc: number]>;
  found: Record<string, Found>;
};

const normLayer = nn.BatchNorm2d as never;
const backbone = () => detection.resnetFpnBackbone({ backboneName: 'resnet18', normLayer, trainableLayers: 5 });
const pyramid = () => {
  const extraBlocks = new vision.ops.LastLevelP6P7(256, 256);
  return detection.resnetFpnBackbone({ backboneName: 'resnet18', normLayer, trainableLayers: 5, returnedLayers: [2, 3, 4], extraBlocks });
};
const small = { minSize: 64, maxSize: 96 };
const few = { rpnPostNmsTopNTrain: 30, rpnPostNmsTopNTest: 10, boxBatchSizePerImage: 16, boxDetectionsPerImg: 5, ...small };
const nets: Record<string, () => vision.models.detection.Detector & torch.nn.Module> = {
  FasterRCNN: () => new detection.FasterRCNN(backbone(), 4, few),
  MaskRCNN: () => new detection.MaskRCNN(backbone(), 4, few),
  KeypointRCNN: () => new detection.KeypointRCNN(backbone(), 3, { numKeypoints: 5, ...few }),
  RetinaNet: () => new detection.RetinaNet(pyramid(), 4, { scoreThresh: 0.005, ...small }),
  FCOS: () => new detection.FCOS(pyramid(), 4, { scoreThresh: 0.05, ...small }),
  SSDLite: () => detection.ssdlite320MobilenetV3Large({ numClasses: 4 }),
};

const boxes = torch.tensor([[5, 6, 40, 50], [20, 10, 58, 66]], { dtype: torch.float64 }); // prettier-ignore
function samples(): { images: torch.Tensor[]; targets: vision.models.detection.DetectionTarget[] } {
  torch.manualSeed(1);
  const images = [torch.rand([3, 70, 90], { dtype: torch.float64 }), torch.rand([3, 80, 60], { dtype: torch.float64 })];
  const targets = images.map((image, i) => {
    const n = 2 - i;
    const masks = torch
      .rand(n, ...image.shape.slice(1))
      .gt(0.5)
      .to(torch.uint8);
    const keypoints = torch.cat([torch.rand(n, 5, 2).mul(30).add(15), torch.ones(n, 5, 1)], 2);
    return { boxes: boxes.narrow(0, 0, n), labels: torch.tensor([1, 2]).narrow(0, 0, n), masks, keypoints };
  });
  return { images, targets };
}

const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
const camelKeys = (values: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [camel(key), value]));
const nearly = (got: Record<string, number>, wanted: Record<string, number>): void => {
  expect(Object.keys(got)).toEqual(Object.keys(wanted));
  for (const [key, value] of Object.entries(wanted)) expect(Math.abs(got[key] / value - 1)).toBeLessThan(1e-5);
};

describe('detectors', () => {
  const { images, targets } = samples();

  it.each(Object.keys(nets))('%s learns and finds as in torchvision', (name) => {
    torch.manualSeed(0);
    const net = nets[name]().double().train() as vision.models.detection.Detector & torch.nn.Module;
    const wanted = fixture.found[name];
    const losses = net(images, targets);
    nearly(Object.fromEntries(Object.entries(losses).map(([key, loss]) => [key, loss.item() as number])), camelKeys(wanted.losses));
    Object.values(losses).reduce((sum, loss) => sum.add(loss)).backward(); // prettier-ignore
    const grads = [...net.parameters()].reduce((sum, { grad }) => sum + (grad ? (grad.abs().sum().item() as number) : 0), 0);
    expect(Math.abs(grads / wanted.grads - 1)).toBeLessThan(1e-3);
    const [first] = torch.noGrad(() => net.eval() && (net(images) as vision.models.detection.Detection[]));
    expect(first.boxes.shape[0]).toBe(wanted.count);
    // Most of SSDlite's boxes have the same score at random, and so no order.
    if (name === 'SSDLite') return;
    nearly(Object.fromEntries(Object.entries(first).map(([key, t]) => [key, (t as torch.Tensor).double().sum().item() as number])), camelKeys(wanted.sums)); // prettier-ignore
    (first.boxes.at(0).tolist() as number[]).forEach((side, i) => expect(side).toBeCloseTo(wanted.box[i], 3));
  });

  it.each(['fasterrcnn_mobilenet_v3_large_fpn', 'maskrcnn_resnet50_fpn_v2', 'retinanet_resnet50_fpn_v2', 'ssd300_vgg16'])(
    '%s has the parameters of torchvision',
    (name) => {
      const state = (vision.models.getModel(name) as torch.nn.Module).stateDict();
      const lines = Object.entries(state).map(([key, value]) => `${key}[${value.shape.join(',')}]`);
      expect([lines.length, crc32(lines.join('\n'))]).toEqual(fixture.states[name]);
    },
  );

  it('are listed, and have weights', () => {
    expect(vision.models.listModels({ module: detection })).toEqual(Object.keys(fixture.states));
    expect(detection.FasterRCNN_ResNet50_FPN_Weights.DEFAULT.meta.categories?.slice(0, 2)).toEqual(['__background__', 'person']);
    expect(String(detection.KeypointRCNN_ResNet50_FPN_Weights.DEFAULT)).toBe('KeypointRCNN_ResNet50_FPN_Weights.COCO_V1');
    expect(detection.SSD300_VGG16_Weights.DEFAULT.transforms()(torch.ones(3, 2, 2, { dtype: torch.uint8 })).dtype).toBe(torch.float32);
  });

  it('take other heads', () => {
    const net = detection.fasterrcnnMobilenetV3LargeFpn({ minSize: 64 }).eval();
    net.roiHeads.boxPredictor = new detection.FastRCNNPredictor(1024, 2) as never;
    expect([...net.stateDict()['roi_heads.box_predictor.cls_score.weight'].shape]).toEqual([2, 1024]);
    expect([...net([torch.rand(3, 64, 64)])[0].boxes.shape].at(1)).toBe(4);
  });

  it('refuse what they cannot learn from', () => {
    const net = detection.fasterrcnnMobilenetV3LargeFpn({ numClasses: 3, minSize: 64 });
    const image = torch.rand(3, 64, 64);
    const labels = torch.tensor([1]);
    const learn = (sides: number[][]) => net([image], [{ boxes: torch.tensor(sides).float(), labels }]);
    expect(() => net([image])).toThrow('targets should not be none when in training mode');
    expect(() => learn([[1, 2, 3]])).toThrow('Expected target boxes to be a tensor of shape [N, 4], got torch.Size([1, 3]).');
    expect(() => learn([[5, 5, 5, 9]])).toThrow('All bounding boxes should have positive height and width. Found invalid box [5, 5, 5, 9] for target at index 0.'); // prettier-ignore
    expect(() => net([image], [{ boxes: torch.tensor([[1, 2, 9, 9]]).float(), labels: labels.int() }])).toThrow('target labels must of int64 type, instead got torch.int32'); // prettier-ignore
    expect(() => net.eval()([torch.rand(1, 3, 8, 8)])).toThrow('images is expected to be a list of 3d tensors of shape [C, H, W]');
    expect(() => net([image.mul(255).to(torch.uint8)])).toThrow('Expected input images to be of floating type (in range [0, 1]), but found type torch.uint8 instead'); // prettier-ignore
    expect(() => new detection.FasterRCNN(backbone())).toThrow('num_classes should not be None when box_predictor is not specified');
    expect(() => new detection.FasterRCNN(nn.Identity.prototype as never, 2)).toThrow('backbone should contain an attribute out_channels');
    expect(() => detection.ssd300Vgg16({ size: 3 } as never)).toThrow("got an unexpected keyword argument 'size'");
  });
});

test('anchors lie where torchvision puts them', () => {
  const images = { tensors: torch.zeros(1, 3, 16, 32), imageSizes: [[16, 32]] as const };
  const anchors = new detection.AnchorGenerator([[8]], [[0.5, 1]])(images, [torch.zeros(1, 1, 2, 2)]);
  expect(anchors[0].tolist()).toEqual([[-6, -3, 6, 3], [-4, -4, 4, 4], [10, -3, 22, 3], [12, -4, 20, 4], [-6, 5, 6, 11], [-4, 4, 4, 12], [10, 5, 22, 11], [12, 4, 20, 12]]); // prettier-ignore
  const boxes = new detection.DefaultBoxGenerator([[2]], { minRatio: 0.2, maxRatio: 0.4 });
  expect(String(boxes)).toBe('DefaultBoxGenerator(aspect_ratios=[[2]], clip=True, scales=[0.2, 0.4], steps=None)');
  expect((boxes(images, [torch.zeros(1, 1, 1, 1)])[0].at(0).tolist() as number[]).map((x) => Math.round(x * 100) / 100)).toEqual([12.8, 6.4, 19.2, 9.6]); // prettier-ignore
});
