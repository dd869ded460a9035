import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';
import { describe, expect, it } from 'vitest';

const { tvTensors } = vision;
const { v2 } = vision.transforms;
const F = v2.functional;
type BoundingBoxes = vision.tvTensors.BoundingBoxes;
type Tensor = torch.Tensor;

const boxes = (format: vision.tvTensors.BoxFormat = 'XYXY', rows = [[1, 2, 5, 6], [0, 0, 11, 9]]): BoundingBoxes =>
  new tvTensors.BoundingBoxes(torch.tensor(rows).float(), { format, canvasSize: [10, 12] }); // prettier-ignore
const rounded = (t: Tensor): unknown => t.double().mul(1000).round().div(1000).tolist();
const shown = (t: BoundingBoxes): unknown => [rounded(t), t.format, [...t.canvasSize]];

// Expected values were printed by torchvision 0.28.
describe('boxes', () => {
  it.each([
    ['horizontalFlip', (b: BoundingBoxes) => F.horizontalFlip(b), [[7, 2, 11, 6], [1, 0, 12, 9]], [10, 12]],
    ['verticalFlip', (b: BoundingBoxes) => F.verticalFlip(b), [[1, 4, 5, 8], [0, 1, 11, 10]], [10, 12]],
    ['resize', (b: BoundingBoxes) => F.resize(b, [20, 6]), [[0.5, 4, 2.5, 12], [0, 0, 5.5, 18]], [20, 6]],
    ['crop', (b: BoundingBoxes) => F.crop(b, 1, 2, 5, 6), [[0, 1, 3, 5], [0, 0, 6, 5]], [5, 6]],
    ['pad', (b: BoundingBoxes) => F.pad(b, [1, 2, 3, 4]), [[2, 4, 6, 8], [1, 2, 12, 11]], [16, 16]],
    ['centerCrop', (b: BoundingBoxes) => F.centerCrop(b, [6, 6]), [[0, 0, 2, 4], [0, 0, 6, 6]], [6, 6]],
    ['resizedCrop', (b: BoundingBoxes) => F.resizedCrop(b, 1, 2, 5, 6, [10, 10]), [[0, 2, 5, 10], [0, 0, 10, 10]], [10, 10]],
    ['rotate', (b: BoundingBoxes) => F.rotate(b, 30), [[0.17, 2.902, 5.634, 8.366], [0, 0, 12, 10]], [10, 12]],
    ['rotate, expanding', (b: BoundingBoxes) => F.rotate(b, 90, { expand: true }), [[2, 7, 6, 11], [0, 1, 9, 12]], [12, 10]],
    ['affine', (b: BoundingBoxes) => F.affine(b, 10, [1, 2], 1.2, [5, 3]), [[0.724, 2.761, 6.745, 8.023], [0, 0.277, 12, 10]], [10, 12]],
    [
      'perspective',
      (b: BoundingBoxes) => F.perspective(b, [[0, 0], [11, 0], [11, 9], [0, 9]], [[1, 1], [10, 0], [11, 9], [0, 8]]),
      [[1.107, 2.079, 4.525, 5.438], [0, 0, 11, 9]],
      [10, 12],
    ],
  ] as const)('follow %s', (_, move, expected, canvas) => {
    expect(shown(move(boxes()))).toEqual([expected, 'XYXY', canvas]);
  }); // prettier-ignore

  it('keep their format and dtype', () => {
    const [xywh, middle] = (['XYWH', 'CXCYWH'] as const).map((format) => boxes(format, [[1, 2, 4, 4], [3, 3, 2, 5]])); // prettier-ignore
    expect(rounded(F.horizontalFlip(xywh))).toEqual([[7, 2, 4, 4], [7, 3, 2, 5]]); // prettier-ignore
    expect(rounded(F.horizontalFlip(middle))).toEqual([[11, 2, 4, 4], [9, 3, 2, 5]]); // prettier-ignore
    expect(rounded(F.crop(middle, 1, 2, 5, 6))).toEqual([[0.5, 1.5, 1, 3], [1, 2.25, 2, 4.5]]); // prettier-ignore
    expect(rounded(F.rotate(xywh, 30))).toEqual([[0.17, 2.902, 5.464, 5.464], [2.402, 3.768, 4.232, 5.33]]); // prettier-ignore
    const whole = new tvTensors.BoundingBoxes([[1, 2, 5, 7]], { format: 'XYXY', canvasSize: [10, 12] });
    expect([F.resize(whole, [21, 7]).tolist(), F.rotate(whole, 30).tolist()]).toEqual([[[0, 4, 2, 14]], [[0, 2, 6, 9]]]); // prettier-ignore
    expect(F.convertBoundingBoxFormat(boxes(), { newFormat: 'CXCYWH' }).tolist()).toEqual([[3, 4, 4, 4], [5.5, 4.5, 11, 9]]); // prettier-ignore
    expect(() => F.pad(boxes(), 1, { paddingMode: 'reflect' })).toThrow("Padding mode 'reflect' is not supported with bounding boxes");
  });

  it('are printed with what they are', () => {
    expect(String(boxes())).toBe(
      'BoundingBoxes([[ 1.,  2.,  5.,  6.],\n               [ 0.,  0., 11.,  9.]], format=BoundingBoxFormat.XYXY, canvas_size=(10, 12), clamping_mode=soft)',
    );
    expect(boxes() instanceof torch.Tensor).toBe(true);
    expect(() => new tvTensors.BoundingBoxes([[1, 2]], { format: 'XYXY', canvasSize: [1, 1] })).toThrow('Expected boxes of shape (N, 4)');
  });

  it('go, with their labels, if they are too small or outside', () => {
    const rows = boxes('XYXY', [[1, 2, 3, 4], [1, 1, 8, 8], [-2, 0, 9, 9]]); // prettier-ignore
    const sample = { boxes: rows, labels: torch.tensor([1, 2, 3]), scores: torch.ones(3) };
    const kept = new v2.SanitizeBoundingBoxes({ minSize: 3 })(sample);
    expect([kept.boxes.tolist(), kept.labels.tolist(), kept.scores.tolist()]).toEqual([[[1, 1, 8, 8]], [2], [1, 1, 1]]);
    expect(kept.boxes.canvasSize).toEqual([10, 12]);
    expect(() => new v2.SanitizeBoundingBoxes()(torch.ones(1))).toThrow('No bounding boxes were found in the sample');
  });
});

describe('masks', () => {
  const mask = new tvTensors.Mask(torch.tensor([[0, 1, 2], [3, 4, 5]])); // prettier-ignore

  it('move without new values, with or without a dim for objects', () => {
    expect(F.resize(mask, [4, 3]).tolist()).toEqual([[0, 1, 2], [0, 1, 2], [3, 4, 5], [3, 4, 5]]); // prettier-ignore
    expect(F.rotate(mask, 30, 'bilinear').tolist()).toEqual([[0, 1, 5], [0, 4, 5]]); // prettier-ignore
    expect(F.crop(mask, -1, 1, 3, 3).tolist()).toEqual([[0, 0, 0], [1, 2, 0], [4, 5, 0]]); // prettier-ignore
    const objects = F.horizontalFlip(new tvTensors.Mask(mask.unsqueeze(0)));
    expect([objects.tolist(), objects instanceof tvTensors.Mask]).toEqual([[[[2, 1, 0], [5, 4, 3]]], true]); // prettier-ignore
    expect(String(mask)).toBe('Mask([[0, 1, 2],\n      [3, 4, 5]])');
  });
});

describe('samples', () => {
  const sample = () => ({
    boxes: boxes(),
    image: new tvTensors.Image(torch.arange(120).to(torch.uint8).reshape(1, 10, 12)),
    masks: new tvTensors.Mask(torch.arange(120).to(torch.uint8).reshape(10, 12)),
    other: torch.ones(2),
  });

  it.each([
    ['RandomResizedCrop', new v2.RandomResizedCrop(6, { antialias: false, interpolation: 'nearest' }), 2160, 2160, [[0, 0, 0, 4.5], [0, 0, 6, 6]], 0.4716],
    ['RandomCrop', new v2.RandomCrop([6, 7]), 1974, 1974, [[0, 1, 3, 5], [0, 0, 7, 6]], 0.2858],
    ['RandomRotation', new v2.RandomRotation(30), 5950, 5950, [[1.163, 0, 6.62, 5.372], [0, 0, 12, 10]], 0.1056],
    ['RandomPerspective', new v2.RandomPerspective(0.4, { p: 1 }), 3006, 3473, [[2.731, 2.446, 5.451, 5.597], [2, 1, 9, 8]], 0.8879],
    ['ElasticTransform', new v2.ElasticTransform(20, 2), 5963, 6237, [[1.536, 2.132, 5.772, 5.255], [0.514, 0, 11.984, 8.246]], 0.5996],
  ] as const)('stay together under %s', (_, transform, image, masks, moved, next) => {
    torch.manualSeed(3);
    const result = transform(sample());
    expect(torch.rand(1).item()).toBeCloseTo(next, 4);
    expect([result.image.sum().item(), result.masks.sum().item(), rounded(result.boxes)]).toEqual([image, masks, moved]);
    expect([result.other.tolist(), result.image instanceof tvTensors.Image]).toEqual([[1, 1], true]);
  }); // prettier-ignore

  it('keep boxes where only colours change, and random numbers flow on', () => {
    const jitter = new v2.Compose([new v2.ColorJitter({ brightness: 0.5 }), new v2.RandomHorizontalFlip(1)]);
    torch.manualSeed(1);
    const { image } = sample();
    const alone = jitter(image);
    const after = torch.rand(1).item();
    torch.manualSeed(1);
    const together = jitter({ ...sample(), image });
    expect([torch.equal(together.image, alone), torch.rand(1).item()]).toEqual([true, after]);
    expect(together.boxes.tolist()).toEqual([[7, 2, 11, 6], [1, 0, 12, 9]]); // prettier-ignore
  });

  it('are filled and converted by kind', () => {
    const { Image, Mask, BoundingBoxes } = tvTensors;
    const padded = new v2.Pad({ padding: 1, fill: new Map([[Image, 7], [Mask, 9]]) })(sample()); // prettier-ignore
    expect([padded.image, padded.masks].map((t) => t.at('...', 0, 0).flatten().tolist())).toEqual([[7], [9]]);
    const turned = new v2.RandomRotation({ degrees: [45, 45], fill: new Map<vision.transforms.Kind, number>([[Image, 7], ['others', 9]]) })(sample()); // prettier-ignore
    expect([turned.image, turned.masks].map((t) => t.at('...', 0, 0).flatten().tolist())).toEqual([[7], [9]]);
    const dtypes = new Map<vision.transforms.Kind, torch.DType | null>([[Image, torch.float32], [Mask, torch.int64], ['others', null]]); // prettier-ignore
    const converted = new v2.ToDtype(dtypes, { scale: true })(sample());
    expect([converted.image, converted.masks, converted.boxes].map((t) => t.dtype)).toEqual([torch.float32, torch.int64, torch.float32]);
    expect([converted.image.max().item(), converted.masks.max().item(), converted.masks instanceof Mask]).toEqual([Math.fround(119 * Math.fround(1 / 255)), 119, true]); // prettier-ignore
    expect(converted.boxes).toBeInstanceOf(BoundingBoxes);
    expect(() => new v2.ToDtype(new Map([[Image, torch.float32]]))(sample())).toThrow('No dtype was specified for type BoundingBoxes');
  });

  it('keep their kind where only storage, dtype or graph change', () => {
    const kept = boxes().clone().to(torch.float64).detach() as BoundingBoxes;
    expect([kept instanceof tvTensors.BoundingBoxes, kept.format, kept.dtype]).toEqual([true, 'XYXY', torch.float64]);
    expect(boxes().requiresGrad_()).toBeInstanceOf(tvTensors.TVTensor);
    expect(boxes().add(1)).not.toBeInstanceOf(tvTensors.TVTensor);
    const image = new tvTensors.Image(torch.rand(1, 4, 4));
    expect(F.resize(image, 2)).toBeInstanceOf(tvTensors.Image);
  });

  it.each([
    [0, [17, 19], 40446, [[0, 0, 14, 15], [0, 0, 0, 0]], 0.7703],
    [1, [29, 29], 104447, [[0, 0, 0, 0], [13, 5, 29, 20]], 0.7999],
    [3, [50, 60], 373566, [[10, 12, 30, 40], [35, 5, 58, 20]], 0.6227],
    [5, [46, 23], 132273, [[0, 0, 0, 0], [5, 2, 23, 17]], 0.1166],
    [7, [32, 57], 224623, [[10, 0, 30, 28], [35, 0, 57, 8]], 0.9072],
  ])('keep a box under RandomIoUCrop with seed %d', (seed, size, sum, rows, next) => {
    const options = { format: 'XYXY', canvasSize: [50, 60] } as const;
    torch.manualSeed(seed);
    const result = new v2.RandomIoUCrop()({
      boxes: new tvTensors.BoundingBoxes(torch.tensor([[10, 12, 30, 40], [35, 5, 58, 20]]).float(), options),
      image: new tvTensors.Image(torch.arange(3000).reshape(1, 50, 60).remainder(251)),
      masks: new tvTensors.Mask(torch.ones(2, 50, 60)),
    });
    expect([[...result.image.shape], [...result.masks.shape], [...result.boxes.canvasSize]]).toEqual([[1, ...size], [2, ...size], size]);
    expect([result.image.sum().item(), result.boxes.tolist()]).toEqual([sum, rows]);
    expect(torch.rand(1).item()).toBeCloseTo(next, 4);
  }); // prettier-ignore

  it('need boxes and an image for RandomIoUCrop', () => {
    expect(() => new v2.RandomIoUCrop()({ boxes: boxes() })).toThrow(
      'RandomIoUCrop() requires input sample to contain tensor or PIL images',
    );
    expect(String(new v2.RandomIoUCrop())).toBe(
      'RandomIoUCrop(min_scale=0.3, max_scale=1.0, min_aspect_ratio=0.5, max_aspect_ratio=2.0, options=[0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0], trials=40)',
    );
  });

  it("share what a transform of one's own draws", () => {
    class Scale extends v2.Transform<{ factor: number }> {
      protected override makeParams(inputs: readonly Tensor[]) {
        return { factor: inputs.length + 1 };
      }
      protected override transform(image: Tensor, { factor }: { factor: number }) {
        return image.mul(factor);
      }
      protected override movesPixels() {
        return true;
      }
    }
    const { image, masks, other } = new Scale()({ ...sample(), boxes: 1 });
    expect([image.at(0, 9, 11).item(), masks.at(9, 11).item(), other.tolist()]).toEqual([(119 * 3) % 256, (119 * 3) % 256, [1, 1]]);
    const pure = new v2.ToPureTensor()(sample());
    expect(Object.values(pure).some((each) => each instanceof tvTensors.TVTensor)).toBe(false);
  });

  it('lose boxes by a function as well', () => {
    const rows = boxes('XYXY', [[1, 2, 3, 4], [1, 1, 8, 8], [-2, 0, 9, 9]]); // prettier-ignore
    const [kept, valid] = F.sanitizeBoundingBoxes(rows);
    expect([kept.tolist(), kept.canvasSize, valid.tolist()]).toEqual([[[1, 2, 3, 4], [1, 1, 8, 8]], [10, 12], [true, true, false]]); // prettier-ignore
    const plain = torch.tensor(rows.tolist() as number[][]);
    expect(F.sanitizeBoundingBoxes(plain, { format: 'xyxy', canvasSize: [10, 12], minSize: 3 })[0].tolist()).toEqual([[1, 1, 8, 8]]);
    expect(() => F.sanitizeBoundingBoxes(plain)).toThrow('format and canvas_size cannot be None if bounding_boxes is a pure tensor.');
    expect(() => F.sanitizeBoundingBoxes(rows, 'XYXY')).toThrow('must be None when bounding_boxes is a tv_tensors.BoundingBoxes instance');
  });
});
