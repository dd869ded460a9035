/** Expected numbers are those of torchvision 0.29. */
import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { tvTensors } = vision;
const { v2 } = vision.transforms;
const F = v2.functional;
type Boxes = vision.tvTensors.BoundingBoxes;

const rows = [[10, 8, 12, 6, 30], [2, 3, 9, 14, -60], [30, 20, 16, 10, 100]]; // prettier-ignore
const boxes = (clampingMode: vision.tvTensors.ClampingMode = 'soft'): Boxes =>
  new tvTensors.BoundingBoxes(rows, { format: 'CXCYWHR', canvasSize: [24, 36], clampingMode });
const corners: [number, number][] = [[0, 0], [35, 0], [35, 23], [0, 23]]; // prettier-ignore

describe('rotated boxes', () => {
  it.each<[string, (b: Boxes) => torch.Tensor, number[][]]>([
    ['horizontalFlip', (b) => F.horizontalFlip(b), [[26, 8, 12, 6, -30], [34, 3, 9, 14, 60], [6, 20, 16, 10, -100]]],
    ['verticalFlip', (b) => F.verticalFlip(b), [[10, 16, 12, 6, 150], [2, 21, 9, 14, 240], [30, 4, 16, 10, 80]]],
    ['resize', (b) => F.resize(b, [48, 36]), [[10, 16, 21.766, 9.071, 49.107], [3.421, 5.4, 12.243, 24.59, -40.893], [29.621, 35.697, 25.592, 10.115, 95.038]]],
    ['crop', (b) => F.crop(b, 2, 3, 18, 28), [[7, 6, 12, 6, 30], [2.44, 1.401, 4.866, 8.443, -60], [25.053, 14.37, 8.174, 7.426, 100]]],
    ['pad', (b) => F.pad(b, [1, 2, 3, 4]), [[11, 10, 12, 6, 30], [3.406, 4.766, 9, 13.062, -60], [31, 22, 16, 10, 100]]],
    ['rotate', (b) => F.rotate(b, 20), [[9.114, 10.977, 12, 6, 50], [0.47, 8.321, 9, 12.187, -40], [32.012, 15.413, 16, 10, 120]]],
    ['affine', (b) => F.affine(b, 10, [2, 1], 1.2, [5, 0]), [[11.793, 6.679, 15.275, 6.936, 18.793], [6.113, 0.927, 5.694, 14.852, -71.207], [31.211, 19.605, 9.709, 10.296, 85.077]]],
    ['perspective', (b) => F.perspective(b, corners, [[2, 1], [33, 3], [34, 22], [1, 21]]), [[11.004, 8.167, 11.223, 5.309, 24.51], [4.237, 3.487, 7.555, 12.423, -66.958], [29.147, 18.577, 12.934, 9.01, 101.661]]],
    ['elastic', (b) => F.elastic(b, torch.full([1, 24, 36, 2], 0.1)), [[8.2, 6.8, 12, 6, 30], [2.716, 1.988, 6.159, 9.829, -60], [28.04, 17.895, 14.162, 10, 100]]],
    ['clampBoundingBoxes, soft', (b) => F.clampBoundingBoxes(b), [[10, 8, 12, 6, 30], [3.132, 2.867, 8.098, 11.907, -60], [29.735, 18.495, 12.943, 10, 100]]],
    ['clampBoundingBoxes, hard', (b) => F.clampBoundingBoxes(b, { clampingMode: 'hard' }), [[10, 8, 12, 6, 30], [5.124, 4.091, 3.986, 9.46, -60], [32.12, 17.627, 12.062, 5, 100]]],
    ['ClampBoundingBoxes', (b) => new v2.ClampBoundingBoxes(null)(b), rows],
    ['to a corner', (b) => F.convertBoundingBoxFormat(b, { newFormat: 'XYWHR' }), [[3.304, 8.402, 12, 6, 30], [5.812, -4.397, 9, 14, -60], [26.465, 28.747, 16, 10, 100]]],
    ['to corners', (b) => F.convertBoundingBoxFormat(b, { newFormat: 'XYXYXYXY' }), [[3.304, 8.402, 13.696, 2.402, 16.696, 7.598, 6.304, 13.598], [5.812, -4.397, 10.312, 3.397, -1.812, 10.397, -6.312, 2.603], [26.465, 28.747, 23.687, 12.99, 33.535, 11.253, 36.313, 27.01]]],
  ])('%s', (_, move, expected) => {
    const moved = move(boxes());
    expect(moved).toBeInstanceOf(tvTensors.BoundingBoxes);
    const got = moved.tolist() as number[][];
    got.flat().forEach((number, i) => expect(number).toBeCloseTo(expected.flat()[i], 2));
  }); // prettier-ignore

  it('go there and back between formats', () => {
    for (const format of ['XYWHR', 'XYXYXYXY'] as const) {
      const back = F.convertBoundingBoxFormat(F.convertBoundingBoxFormat(boxes(), { newFormat: format }), { newFormat: 'CXCYWHR' });
      (back.tolist() as number[][]).flat().forEach((number, i) => expect(number).toBeCloseTo(rows.flat()[i], 3));
      const plain = vision.ops.boxConvert(torch.tensor(rows).float(), 'cxcywhr', format.toLowerCase() as 'xywhr');
      expect(plain.shape[1]).toBe(format === 'XYWHR' ? 5 : 8);
    }
  });

  it('say what does not fit', () => {
    const options = { format: 'XYWHR', canvasSize: [3, 4] } as const;
    expect(() => new tvTensors.BoundingBoxes(torch.ones(1, 5, { dtype: torch.int64 }), options)).toThrow('Rotated bounding boxes should be floating point tensors, got torch.int64.'); // prettier-ignore
    expect(() => F.convertBoundingBoxFormat(boxes(), { newFormat: 'XYXY' })).toThrow('Cannot convert between rotated and unrotated bounding boxes.'); // prettier-ignore
    expect(() => F.convertBoundingBoxFormat(boxes(), {})).toThrow("missing 1 required argument: 'new_format'");
    expect(() => F.convertBoundingBoxFormat(torch.ones(1, 5), { newFormat: 'XYWHR' })).toThrow('`old_format` has to be passed');
    expect(() => F.clampBoundingBoxes(torch.ones(1, 5))).toThrow('For pure tensor inputs, `format`, `canvas_size` and `clamping_mode` have to be passed.'); // prettier-ignore
    expect(() => new v2.SetClampingMode('x' as 'soft')).toThrow('clamping_mode must be soft, hard or None, got x');
    expect(() => vision.ops.boxConvert(torch.ones(1, 5), 'xywhr', 'xyxy')).toThrow('Unsupported Bounding Box Conversions');
    expect(tvTensors.isRotatedBoundingFormat('cxcywhr')).toBe(true);
  });

  it('are sanitized, and keep the mode that was set', () => {
    expect(F.sanitizeBoundingBoxes(F.clampBoundingBoxes(boxes()))[1].tolist()).toEqual([true, false, false]);
    const free = new v2.Compose([new v2.SetClampingMode(null), new v2.Pad(2), new v2.RandomHorizontalFlip(1)])(boxes());
    expect([free.clampingMode, free.canvasSize]).toEqual([null, [28, 40]]);
    expect((free.tolist() as number[][])[1]).toEqual([36, 5, 9, 14, 60]);
  });
});

describe('kinds', () => {
  const video = () => new tvTensors.Video(torch.arange(96, { dtype: torch.uint8 }).reshape(2, 3, 4, 4));

  it('videos are transformed as images, all frames alike, and other tensors stay', () => {
    const other = torch.ones(2);
    const [moved, same] = new v2.RandomCrop(2)(video(), other);
    expect([moved instanceof tvTensors.Video, [...moved.shape], same === other]).toEqual([true, [2, 3, 2, 2], true]);
    expect(F.invert(video())).toBeInstanceOf(tvTensors.Video);
    expect([...new v2.UniformTemporalSubsample(4)(video()).shape]).toEqual([4, 3, 4, 4]);
    expect(() => new tvTensors.Video(torch.ones(1, 2, 3))).toThrow('Tensor must be 4D or higher');
  });

  it('functions keep them', () => {
    const image = new tvTensors.Image(torch.rand(3, 6, 6));
    const changed = [F.adjustHue(image, 0.2), F.gaussianBlur(image, 3), F.normalize(image, [0.5], [0.5]), F.toDtype(image, torch.uint8, true), ...F.fiveCrop(image, 3)]; // prettier-ignore
    expect(changed.every((each) => each instanceof tvTensors.Image)).toBe(true);
    expect(new v2.ToImage()(torch.ones(2, 2))).toBeInstanceOf(tvTensors.Image);
    expect(() => new tvTensors.Image(torch.ones(4))).toThrow('Tensor must be 2D or higher, got 1D tensor.');
  });

  it('are asked for by transforms of ones own', () => {
    const sample = [new tvTensors.Image(torch.ones(3, 24, 36)), boxes(), 'x'];
    expect([v2.queryChw(sample), v2.querySize(sample)]).toEqual([[3, 24, 36], [24, 36]]); // prettier-ignore
    expect([v2.hasAny(sample, tvTensors.Mask), v2.hasAll(sample, tvTensors.Image, (x) => x === 'x')]).toEqual([false, true]);
    expect(v2.getBoundingBoxes(sample)).toBe(sample[1]);
    expect(() => v2.getKeypoints(sample)).toThrow('No keypoints were found in the sample');
    expect(() => v2.querySize([torch.ones(3, 2, 2), torch.ones(3, 4, 4)])).toThrow('Found multiple HxW dimensions in the sample: (2, 2), (4, 4)'); // prettier-ignore
    expect(() => v2.queryChw(['x'])).toThrow('No image or video was found in the sample');
  });

  it('pixels that lie between two go where torchvision takes them', () => {
    const image = torch.arange(180, { dtype: torch.uint8 }).reshape(1, 12, 15);
    expect(F.rotate(image, 90).at(0, 5).tolist()).toEqual([0, 8, 8, 23, 38, 53, 68, 98, 98, 128, 128, 158, 158, 0, 0]);
    expect(F.adjustSaturation(torch.tensor([165, 235, 53], { dtype: torch.uint8 }).reshape(3, 1, 1), 0.3).flatten().tolist()).toEqual([184, 205, 151]); // prettier-ignore
  });
});
