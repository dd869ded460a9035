import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { ops } = vision;
const fixture = new URL('fixtures/layers.pt.gz', import.meta.url);
const expected = torch.load<Record<string, torch.Tensor>>(gunzipSync(readFileSync(fixture)));

/** The largest difference from the fixture; infinite where shape or dtype differ. */
function distance(actual: torch.Tensor, name: string): number {
  const wanted = expected[name];
  if (actual.dtype !== wanted.dtype || String(actual.shape) !== String(wanted.shape)) return Infinity;
  return actual.detach().double().sub(wanted.double()).abs().max().item() as number;
}

const leaf = (name: string): torch.Tensor => expected[name].clone().requiresGrad_();

describe('deformable convolutions', () => {
  test.each([
    ['plain', {}],
    ['grouped', { stride: [2, 1], padding: [1, 2] }],
    ['dilated', { padding: 2, dilation: [2, 1] }],
  ] as const)('%s, forward and backward', (kind, options) => {
    const name = `deform ${kind}`;
    const given = { x: leaf(`${name} x`), offset: leaf(`${name} offset`), weight: leaf(`${name} weight`), bias: leaf(`${name} bias`) };
    const mask = kind === 'plain' ? null : leaf(`${name} mask`);
    const { x, offset, weight, bias } = given;
    const out = ops.deformConv2d(x, offset, weight, { bias, mask, ...options });
    expect(distance(out, `${name} out`)).toBeLessThan(1e-4);
    out.square().sum().backward();
    const leaves = Object.entries(mask ? { ...given, mask } : given);
    for (const [each, { grad }] of leaves) {
      const scale = expected[`${name} grad ${each}`].abs().max().item() as number;
      expect(distance(grad!, `${name} grad ${each}`) / scale).toBeLessThan(1e-4);
    }
  });

  test('as a module start and print as in torchvision', () => {
    torch.manualSeed(1);
    const layer = new ops.DeformConv2d(4, 6, 3, { groups: 2 });
    expect([distance(layer.weight, 'deform layer weight'), distance(layer.bias!, 'deform layer bias')]).toEqual([0, 0]);
    expect(String(layer)).toBe('DeformConv2d(4, 6, kernel_size=(3, 3), stride=(1, 1), groups=2)');
    const named = new ops.DeformConv2d({ inChannels: 4, outChannels: 6, kernelSize: [3, 2], padding: 1, dilation: 2, bias: false });
    expect(String(named)).toBe('DeformConv2d(4, 6, kernel_size=(3, 2), stride=(1, 1), padding=(1, 1), dilation=(2, 2), bias=False)');
    const still = torch.zeros(1, 18, 4, 4);
    const input = torch.rand(1, 4, 6, 6);
    const plain = torch.nn.functional.conv2d(input, layer.weight, layer.bias!, { groups: 2 });
    expect(layer(input, still).sub(plain).abs().max().item()).toBeLessThan(1e-5);
    expect(() => layer(input, torch.zeros(1, 9, 4, 4))).toThrow('It should be a multiple of 2 * weight.size[2] * weight.size[3]');
    expect(() => layer(input, torch.zeros(1, 18, 3, 4))).toThrow('offset output dims: (3, 4) - computed output dims: (4, 4)');
    expect(() => new ops.DeformConv2d(4, 6, 3, { groups: 3 })).toThrow('in_channels must be divisible by groups');
  });
});

describe('dropped blocks', () => {
  test('are those of torchvision', () => {
    torch.manualSeed(2);
    expect(distance(ops.dropBlock2d(torch.ones(2, 2, 9, 8), 0.3, 3), 'drop 2d')).toBeLessThan(1e-6);
    expect(distance(ops.dropBlock3d(torch.ones(1, 2, 5, 6, 7), { p: 0.3, blockSize: 3 }), 'drop 3d')).toBeLessThan(1e-6);
  });

  test('are for training only', () => {
    const layer = new ops.DropBlock2d(0.2, 3);
    const input = torch.ones(1, 1, 9, 9);
    expect(layer.eval()(input)).toBe(input);
    expect(String(layer)).toBe('DropBlock2d(p=0.2, block_size=3, inplace=False)');
    expect([...new ops.DropBlock3d({ p: 0.2, blockSize: 3, inplace: true })(torch.ones(1, 1, 4, 4, 4)).shape]).toEqual([1, 1, 4, 4, 4]);
    expect(() => ops.dropBlock2d(input, 0.2, 4)).toThrow('block size should be odd. Got 4 which is even.');
    expect(() => ops.dropBlock2d(input, 1.2, 3)).toThrow('drop probability has to be between 0 and 1, but got 1.2.');
    expect(() => ops.dropBlock3d(input, 0.2, 3)).toThrow('input should be 5 dimensional. Got 4 dimensions.');
  });
});

describe('pyramids', () => {
  test('add what coarser maps know', () => {
    torch.manualSeed(3);
    const pyramid = new ops.FeaturePyramidNetwork([3, 4, 5], 6, { extraBlocks: new ops.LastLevelMaxPool() });
    expect(Object.keys(pyramid.stateDict()).slice(0, 2)).toEqual(['inner_blocks.0.0.weight', 'inner_blocks.0.0.bias']);
    const maps = Object.fromEntries(['a', 'b', 'c'].map((name) => [name, expected[`pyramid in ${name}`]]));
    const results = pyramid(maps);
    expect(Object.keys(results)).toEqual(['a', 'b', 'c', 'pool']);
    for (const [name, map] of Object.entries(results)) expect(distance(map, `pyramid out ${name}`)).toBeLessThan(1e-5);
    expect(() => new ops.FeaturePyramidNetwork([3, 0], 6)).toThrow('in_channels=0 is currently not supported');
  });

  test('are looked at where a box has the right size', () => {
    const maps = Object.fromEntries(['a', 'b', 'c', 'other'].map((name) => [name, expected[`pool ${name}`]]));
    const boxes = [expected['pool boxes 0'], expected['pool boxes 1']];
    const pool = new ops.MultiScaleRoIAlign(['a', 'b', 'c'], 2, 2, { canonicalScale: 56 });
    const pooled = pool(maps, boxes, [[128, 96], [120, 90]]); // prettier-ignore
    expect(distance(pooled, 'pool out')).toBeLessThan(1e-5);
    const one = new ops.MultiScaleRoIAlign({ featmapNames: ['b'], outputSize: [3, 2], samplingRatio: 2 });
    expect(distance(one(maps, boxes, [[128, 96]]), 'pool one')).toBeLessThan(1e-5);
    expect(String(pool)).toBe("MultiScaleRoIAlign(featmap_names=['a', 'b', 'c'], output_size=(2, 2), sampling_ratio=2)");
    expect(() => pool(maps, boxes, [])).toThrow('images list should not be empty');
  });

  test('and their relatives print as in torchvision', () => {
    const printed = [
      new ops.RoIAlign({ outputSize: 2, spatialScale: 0.5, samplingRatio: 2 }),
      new ops.RoIPool([2, 3], 0.5),
      new ops.PSRoIAlign(2, 1, 2),
      new ops.PSRoIPool({ outputSize: 2, spatialScale: 1 }),
    ].map(String);
    expect(printed).toEqual([
      'RoIAlign(output_size=2, spatial_scale=0.5, sampling_ratio=2, aligned=False)',
      'RoIPool(output_size=(2, 3), spatial_scale=0.5)',
      'PSRoIAlign(output_size=2, spatial_scale=1.0, sampling_ratio=2)',
      'PSRoIPool(output_size=2, spatial_scale=1.0)',
    ]);
  });
});

test('operators take arguments by name', () => {
  const boxes = torch.tensor([[0, 0, 10, 10], [0, 0, 9, 10], [20, 20, 30, 30]]).float(); // prettier-ignore
  const scores = torch.tensor([0.9, 0.8, 0.7]);
  expect(ops.nms(boxes, scores, { iouThreshold: 0.5 }).tolist()).toEqual([0, 2]);
  expect(ops.batchedNms(boxes, scores, torch.tensor([0, 1, 0]), { iouThreshold: 0.5 }).tolist()).toEqual([0, 1, 2]);
  expect(ops.boxConvert(boxes, { inFmt: 'xyxy', outFmt: 'xywh' }).at(2).tolist()).toEqual([20, 20, 10, 10]);
  expect(
    ops
      .clipBoxesToImage(boxes, { size: [5, 6] })
      .at(0)
      .tolist(),
  ).toEqual([0, 0, 6, 5]);
  expect(ops.removeSmallBoxes(boxes, { minSize: 10 }).tolist()).toEqual([0, 2]);
  const map = torch.rand(1, 4, 8, 8);
  const pooled = ops.roiAlign(map, [boxes], { outputSize: 2, aligned: true });
  expect(pooled.equal(ops.roiAlign(map, [boxes], 2, { aligned: true }))).toBe(true);
  expect(String(new ops.StochasticDepth({ p: 0.1, mode: 'row' }))).toBe('StochasticDepth(p=0.1, mode=row)');
  expect(() => ops.nms(boxes, scores, {} as never)).toThrow("nms() missing 1 required positional argument: 'iouThreshold'");
});

test('layers take arguments by name', () => {
  const conv = new ops.Conv2dNormActivation({ inChannels: 3, outChannels: 8, kernelSize: 1, activationLayer: torch.nn.SiLU });
  expect(String(conv)).toBe(String(new ops.Conv2dNormActivation(3, 8, 1, { activationLayer: torch.nn.SiLU })));
  expect(String(new ops.MLP({ inChannels: 4, hiddenChannels: [8, 2], dropout: 0.1 }))).toBe(
    String(new ops.MLP(4, [8, 2], { dropout: 0.1 })),
  );
  expect(String(new ops.SqueezeExcitation({ inputChannels: 8, squeezeChannels: 2 }))).toBe(String(new ops.SqueezeExcitation(8, 2)));
  expect(String(new ops.FrozenBatchNorm2d({ numFeatures: 4, eps: 1e-3 }))).toBe('FrozenBatchNorm2d(4, eps=0.001)');
  expect(() => new ops.MLP({ inChannels: 4 } as never)).toThrow("MLP() missing 1 required positional argument: 'hiddenChannels'");
});
