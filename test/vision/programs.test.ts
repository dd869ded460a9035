import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

// Programs as torchvision's users write them.
const { nn, optim } = torch;
const { DataLoader, defaultCollate } = torch.utils.data;
const { datasets, io, models, ops, transforms, tvTensors, utils } = vision;
const { v2 } = transforms;

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'typetorch-'))));
afterEach(() => rmSync(folder, { recursive: true }));

async function writeImages(root: string, count: number): Promise<void> {
  for (const [shade, name] of ['ants', 'bees'].entries()) {
    mkdirSync(join(root, name), { recursive: true });
    for (let i = 0; i < count; i++) {
      const image = torch.randint(0, 100, [3, 40, 50], { dtype: torch.uint8 }).add(shade * 150);
      await io.writePng(image.to(torch.uint8), join(root, name, `${i}.png`));
    }
  }
}

test('a new head is trained on a folder of images', async () => {
  torch.manualSeed(0);
  await writeImages(folder, 6);
  const transform = new v2.Compose([
    new v2.RandomResizedCrop({ size: 32, antialias: true }),
    new v2.RandomHorizontalFlip({ p: 0.5 }),
    new v2.ToDtype(torch.float32, { scale: true }),
    new v2.Normalize({ mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }),
  ]);
  const data = new datasets.ImageFolder(folder, transform);
  const loader = new DataLoader(data, { batchSize: 4, shuffle: true });
  const model = models.resnet18();
  for (const parameter of model.parameters()) parameter.requiresGrad = false;
  const before = model.conv1.weight.clone();
  model.fc = new nn.Linear(model.fc.inFeatures, data.classes.length);
  const criterion = new nn.CrossEntropyLoss();
  const optimizer = new optim.SGD(model.fc.parameters(), { lr: 0.05, momentum: 0.9 });
  const scheduler = new optim.lrScheduler.StepLR(optimizer, { stepSize: 2, gamma: 0.1 });
  const losses: number[] = [];
  for (let epoch = 0; epoch < 3; epoch++) {
    let sum = 0;
    for await (const [images, labels] of loader) {
      optimizer.zeroGrad();
      const loss = criterion(model(images), labels);
      loss.backward();
      optimizer.step();
      sum += (loss.item() as number) * images.size(0);
    }
    scheduler.step();
    losses.push(sum / data.length);
  }
  expect(losses[2]).toBeLessThan(losses[0] / 2);
  expect([model.conv1.weight.equal(before), optimizer.paramGroups[0].lr]).toEqual([true, 0.05 * 0.1]);
});

test('boxes and masks follow their image into a batch, and out again as a drawing', async () => {
  torch.manualSeed(0);
  await io.writePng(torch.randint(0, 256, [3, 60, 80], { dtype: torch.uint8 }), join(folder, 'a.png'));
  const annotations = [[10, 10, 30, 30], [40, 20, 35, 30]].map((bbox, i) => ({ id: i, image_id: 1, category_id: i + 1, bbox })); // prettier-ignore
  const annFile = join(folder, 'instances.json');
  writeFileSync(annFile, JSON.stringify({ images: [{ id: 1, file_name: 'a.png' }], annotations, categories: [] }));
  const pipeline = new v2.Compose([
    new v2.RandomPhotometricDistort({ p: 1 }),
    new v2.RandomZoomOut({
      fill: new Map<vision.transforms.Kind, number>([
        [tvTensors.Image, 127],
        ['others', 0],
      ]),
      p: 1,
    }),
    new v2.RandomIoUCrop(),
    new v2.RandomHorizontalFlip({ p: 1 }),
    new v2.Resize({ size: [64, 64], antialias: true }),
    new v2.ToDtype(torch.float32, { scale: true }),
    new v2.SanitizeBoundingBoxes(),
  ]);
  const data = datasets.wrapDatasetForTransformsV2(new datasets.CocoDetection({ root: folder, annFile, transforms: pipeline }));
  const [image, target] = (await data.at(0)) as [torch.Tensor, Record<'boxes' | 'labels', torch.Tensor>];
  const { boxes, labels } = target;
  expect([[...image.shape], image.dtype, boxes.shape[0] === labels.shape[0], boxes.shape[0] > 0]).toEqual([[3, 64, 64], torch.float32, true, true]); // prettier-ignore
  expect([(boxes.min().item() as number) >= 0, (boxes.max().item() as number) <= 64]).toEqual([true, true]);
  // Each box again, moved by a pixel and less likely: suppression leaves the first.
  const found = torch.cat([boxes, boxes.add(1)]);
  const scores = torch.linspace(0.9, 0.5, found.shape[0]);
  const keep = ops.batchedNms(found, scores, torch.cat([labels, labels]), { iouThreshold: 0.5 });
  expect(keep.tolist()).toEqual([...Array(boxes.shape[0]).keys()]);
  const drawn = utils.drawBoundingBoxes(image, ops.clipBoxesToImage(found.at(keep), [64, 64]), (keep.tolist() as number[]).map(String), {
    colors: 'red',
  });
  expect([drawn.dtype, drawn.equal(image)]).toEqual([torch.float32, false]);
  await utils.saveImage([image, drawn], join(folder, 'grid.png'), { nrow: 2 });
  expect([...(await io.readImage(join(folder, 'grid.png'))).shape]).toEqual([3, 68, 134]);
});

test('features are extracted, saved and loaded under the keys of torchvision', () => {
  torch.manualSeed(0);
  const weights = models.ResNet18_Weights.DEFAULT;
  const model = models.resnet18().eval();
  const images = weights.transforms()(torch.randint(0, 256, [2, 3, 70, 90], { dtype: torch.uint8 }));
  const extractor = models.featureExtraction.createFeatureExtractor(model, { layer3: 'map', avgpool: 'features' });
  const { map, features } = torch.noGrad(() => extractor(images));
  expect([[...map.shape], [...features.flatten(1).shape]]).toEqual([[2, 256, 14, 14], [2, 512]]); // prettier-ignore
  const path = join(folder, 'checkpoint.pth');
  torch.save({ model: model.stateDict(), epoch: 3 }, path);
  const checkpoint = torch.load<{ model: Record<string, torch.Tensor>; epoch: number }>(path);
  const headless = Object.fromEntries(Object.entries(checkpoint.model).filter(([key]) => !key.startsWith('fc.')));
  const other = models.resnet18({ numClasses: 5 }).eval();
  const { missingKeys, unexpectedKeys } = other.loadStateDict(headless, { strict: false });
  expect([missingKeys, unexpectedKeys, checkpoint.epoch]).toEqual([['fc.weight', 'fc.bias'], [], 3]); // prettier-ignore
  const again = models.featureExtraction.createFeatureExtractor(other, ['avgpool']);
  expect(torch.noGrad(() => again(images)).avgpool.equal(features)).toBe(true);
  const classId = torch
    .noGrad(() => model(images))
    .argmax(1)
    .at(0)
    .item() as number;
  expect(typeof weights.meta.categories![classId]).toBe('string');
});

test('batches are mixed where they are collated', async () => {
  torch.manualSeed(0);
  const transform = new v2.Compose([new v2.RandAugment(), new v2.ToDtype(torch.float32, { scale: true }), new v2.RandomErasing()]);
  const data = new datasets.FakeData({ size: 8, imageSize: [3, 32, 32], numClasses: 10, transform });
  const mix = new v2.RandomChoice([new v2.CutMix({ numClasses: 10 }), new v2.MixUp({ numClasses: 10 })]);
  type Batch = [torch.Tensor, torch.Tensor];
  const loader = new DataLoader(data, {
    batchSize: 4,
    collateFn: (samples: [torch.Tensor, number][]) => mix(defaultCollate(samples) as Batch),
  });
  const criterion = new nn.CrossEntropyLoss({ labelSmoothing: 0.1 });
  const shapes: number[][] = [];
  for await (const [images, labels] of loader) {
    shapes.push([...images.shape], [...labels.shape]);
    expect(labels.sum(1).allclose(torch.ones(4))).toBe(true);
    expect(Number.isFinite(criterion(torch.rand(4, 10), labels).item())).toBe(true);
  }
  expect(shapes).toEqual([[4, 3, 32, 32], [4, 10], [4, 3, 32, 32], [4, 10]]); // prettier-ignore
});
