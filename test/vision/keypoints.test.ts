import { describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { tvTensors } = vision;
const { v2 } = vision.transforms;
const { functional: F } = v2;
const canvasSize = [10, 12] as const;
const made = (dtype: 'float32' | 'int64' = 'float32') =>
  new tvTensors.KeyPoints(torch.tensor([[[1.5, 2], [11, 9]], [[0, 0], [6.25, 4.5]]], { dtype }), { canvasSize }); // prettier-ignore
type Points = ReturnType<typeof made>;

describe('points go where torchvision takes them', () => {
  torch.manualSeed(0);
  const displacement = torch.rand(1, 10, 12, 2).sub(0.5);
  const corners = [[[0, 0], [11, 0], [11, 9], [0, 9]], [[1, 2], [10, 0], [11, 8], [0, 9]]] as const; // prettier-ignore
  const moves: Record<string, (points: Points) => Points> = {
    horizontalFlip: (p) => F.horizontalFlip(p),
    verticalFlip: (p) => F.verticalFlip(p),
    resize: (p) => F.resize(p, [20, 6]),
    pad: (p) => F.pad(p, [1, 2]),
    crop: (p) => F.crop(p, 2, 3, 6, 5),
    centerCrop: (p) => F.centerCrop(p, 6),
    resizedCrop: (p) => F.resizedCrop(p, 1, 2, 5, 6, [10, 10]),
    affine: (p) => F.affine(p, 30, [2, 1], 1.5, [10, 5]),
    rotate: (p) => F.rotate(p, 30),
    rotate90: (p) => F.rotate(p, 90, { expand: true }),
    perspective: (p) => F.perspective(p, corners[0], corners[1]),
    elastic: (p) => F.elastic(p, displacement),
  };
  const expected: [string, number[], number[]][] = [
    ['horizontalFlip', [9.5, 2.0, 0.0, 9.0, 11.0, 0.0, 4.75, 4.5], [10, 12]],
    ['verticalFlip', [1.5, 7.0, 11.0, 0.0, 0.0, 9.0, 6.25, 4.5], [10, 12]],
    ['resize', [0.75, 4.0, 5.5, 18.0, 0.0, 0.0, 3.125, 9.0], [20, 6]],
    ['pad', [2.5, 4.0, 12.0, 11.0, 1.0, 2.0, 7.25, 6.5], [14, 14]],
    ['crop', [-1.5, 0.0, 8.0, 7.0, -3.0, -2.0, 3.25, 2.5], [6, 5]],
    ['centerCrop', [-1.5, 0.0, 8.0, 7.0, -3.0, -2.0, 3.25, 2.5], [6, 6]],
    ['resizedCrop', [-0.8333, 2.0, 15.0, 16.0, -3.3333, -2.0, 7.0833, 7.0], [10, 10]],
    ['affine', [4.8309, -0.4241, 10.8608, 13.9291, 4.7652, -3.7523, 8.8365, 5.5657], [10, 12]],
    ['rotate', [0.6029, 4.6519, 12.3301, 5.9641, -1.6962, 3.6699, 5.9665, 4.442], [10, 12]],
    ['rotate90', [2.0, 10.5, 9.0, 1.0, 0.0, 12.0, 4.5, 5.75], [12, 10]],
    ['perspective', [1.9158, 3.125, 11.0, 8.0, 1.0, 2.0, 5.7446, 4.3293], [10, 12]],
    ['elastic', [-0.9187, -0.4853, 12.2715, 8.2647, 0.0225, -1.3411, 6.1653, 3.6246], [10, 12]],
  ];
  test.each(expected)('%s', (name, values, size) => {
    const points = moves[name](made());
    expect(points).toBeInstanceOf(tvTensors.KeyPoints);
    expect([[...points.canvasSize], [...points.shape]]).toEqual([size, [2, 2, 2]]);
    (points.flatten().tolist() as number[]).forEach((value, i) => expect(value).toBeCloseTo(values[i], 3));
  });

  test('and whole numbers stay whole', () => {
    const points = new tvTensors.KeyPoints([[1, 2], [11, 9]], { canvasSize }); // prettier-ignore
    expect(String(points)).toBe('KeyPoints([[ 1,  2],\n           [11,  9]], canvas_size=(10, 12))');
    expect(F.rotate(points, 30).tolist()).toEqual([[0, 4], [12, 5]]); // prettier-ignore
    expect(F.resize(points, [7, 5]).tolist()).toEqual([[0, 1], [4, 6]]); // prettier-ignore
    expect(F.perspective(points, corners[0], corners[1]).tolist()).toEqual([[1, 3], [11, 8]]); // prettier-ignore
  });
});

describe('samples with points', () => {
  test('image, boxes and points move together, and only together', () => {
    const sample = {
      image: new tvTensors.Image(torch.zeros(3, 10, 12)),
      boxes: new tvTensors.BoundingBoxes([[1, 2, 5, 6]], { format: 'XYXY', canvasSize }),
      points: made(),
    };
    const flipped = new v2.RandomHorizontalFlip(1)(sample);
    expect(flipped.points.equal(F.horizontalFlip(made()))).toBe(true);
    expect(flipped.boxes.tolist()).toEqual([[7, 2, 11, 6]]);
    const darker = new v2.ColorJitter({ brightness: 0.5 })(sample);
    expect(darker.points).toBe(sample.points);
    const crop = new v2.RandomCrop(4)(sample);
    expect([crop.image.shape.slice(1), [...crop.points.canvasSize]]).toEqual([[4, 4], [4, 4]]); // prettier-ignore
    expect([...new v2.Resize(5)(made()).canvasSize]).toEqual([5, 6]);
  });

  test('what lies outside goes away, or to the edge', () => {
    const points = new tvTensors.KeyPoints([[1, 2], [15, 6]], { canvasSize }); // prettier-ignore
    const kept = new v2.SanitizeKeyPoints('default')({ points, labels: torch.tensor([7, 8]) });
    expect([kept.points.tolist(), kept.labels.tolist()]).toEqual([[[1, 2]], [7]]);
    expect(kept.points).toBeInstanceOf(tvTensors.KeyPoints);
    const groups = new tvTensors.KeyPoints([[[1, 2], [15, 6]], [[1, 2], [3, 4]]], { canvasSize }); // prettier-ignore
    expect(F.sanitizeKeypoints(groups)[1].tolist()).toEqual([false, true]);
    expect(new v2.ClampKeyPoints()(points).tolist()).toEqual([[1, 2], [11, 6]]); // prettier-ignore
    expect(F.clampKeypoints(torch.tensor([[-1, 12]]), { canvasSize }).tolist()).toEqual([[0, 9]]);
  });

  test.each([
    [() => new tvTensors.KeyPoints([[1, 2, 3]], { canvasSize }), 'Expected a tensor of shape (..., 2), not torch.Size([1, 3])'],
    [() => F.pad(made(), 1, { paddingMode: 'reflect' }), "Padding mode 'reflect' is not supported with KeyPoints (supported modes are constant)"],
    [() => F.clampKeypoints(torch.ones(1, 2)), 'For pure tensor inputs, `canvas_size` has to be passed.'],
    [() => new v2.SanitizeKeyPoints()(torch.ones(1)), 'No keypoints were found in the sample'],
    [() => new v2.SanitizeKeyPoints('default')({ points: made(), labels: torch.ones(3) }), 'must match the number of labels'],
  ] as const)('%#', (run, message) => expect(run).toThrow(message)); // prettier-ignore
});
