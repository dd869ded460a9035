import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';
import { FileServer } from './server.js';

const server = new FileServer();
let folder: string;
beforeAll(() => server.start());
afterAll(() => server.stop());
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'typetorch-'))));
afterEach(() => rmSync(folder, { recursive: true }));

describe('weights', () => {
  test('are loaded from a URL, checked by their hash, and found again', async () => {
    torch.manualSeed(1);
    const source = vision.models.squeezenet1_1({ numClasses: 3 });
    const bytes = torch.save(source.stateDict());
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8);
    server.files.set(`squeezenet-${hash}.pth`, bytes);
    server.files.set('squeezenet-00000000.pth', bytes);
    process.env.TORCH_HOME = folder;
    const weights = `${server.url}squeezenet-${hash}.pth`;
    const model = await vision.models.squeezenet1_1({ weights, numClasses: 3, progress: false });
    const input = torch.rand(1, 3, 32, 32);
    expect(model.eval()(input).equal(source.eval()(input))).toBe(true);
    expect(readdirSync(join(folder, 'hub', 'checkpoints'))).toEqual([`squeezenet-${hash}.pth`]);
    await vision.models.squeezenet1_1({ weights, numClasses: 3, progress: false });
    expect(server.requests.length).toBe(1);
    const wrong = vision.models.squeezenet1_1({ weights: `${server.url}squeezenet-00000000.pth`, numClasses: 3, progress: false });
    await expect(wrong).rejects.toThrow('does not have the checksum 00000000');
    delete process.env.TORCH_HOME;
  });

  test('are loaded from a file', async () => {
    const path = join(folder, 'lenet.pt');
    torch.save(vision.models.lenet().stateDict(), path);
    const model = await vision.models.lenet({ weights: path });
    expect([...model(torch.rand(2, 1, 28, 28)).shape]).toEqual([2, 10]);
  });

  test('of old checkpoints get the names of today', async () => {
    const old = (state: Record<string, torch.Tensor>, change: (key: string) => string) => {
      const kept = Object.entries(state).filter(([key]) => !key.endsWith('num_batches_tracked'));
      return torch.save(Object.fromEntries(kept.map(([key, value]) => [change(key), value])));
    };
    const path = join(folder, 'old.pth');
    const dense = vision.models.densenet121({ numClasses: 2 }).stateDict();
    writeFileSync(
      path,
      old(dense, (key) => key.replace(/(denselayer\d+\.[a-z]+)([12])/, '$1.$2')),
    );
    const loaded = (await vision.models.densenet121({ weights: path, numClasses: 2 })).stateDict();
    expect(Object.keys(dense).every((key) => loaded[key].equal(dense[key]))).toBe(true);
    const vit = vision.models.vitB32({ numClasses: 2, imageSize: 64 }).stateDict();
    const linear = (_: string, n: string) => `mlp.linear_${n === '0' ? 1 : 2}`;
    writeFileSync(
      path,
      old(vit, (key) => key.replace(/mlp\.([03])/, linear)),
    );
    const again = (await vision.models.vitB32({ weights: path, numClasses: 2, imageSize: 64 })).stateDict();
    expect(Object.keys(vit).every((key) => again[key].equal(vit[key]))).toBe(true);
  });

  test('have names', async () => {
    const { ResNet50_Weights } = vision.models;
    expect(ResNet50_Weights.DEFAULT).toBe(ResNet50_Weights.IMAGENET1K_V2);
    expect(String(ResNet50_Weights.IMAGENET1K_V1)).toBe('ResNet50_Weights.IMAGENET1K_V1');
    expect(ResNet50_Weights.IMAGENET1K_V1.url).toBe('https://download.pytorch.org/models/resnet50-0676ba61.pth');
    expect(vision.models.getWeight('ViT_B_16_Weights.IMAGENET1K_V1').url).toBe('https://download.pytorch.org/models/vit_b_16-c867db91.pth');
    const prepare = ResNet50_Weights.IMAGENET1K_V1.transforms();
    const prepared = prepare(torch.randint(0, 256, [3, 300, 280], { dtype: torch.uint8 }));
    expect([...prepared.shape]).toEqual([3, 224, 224]);
    await expect(vision.models.resnet18({ weights: 'DEFAULT', numClasses: 10 })).rejects.toThrow(
      "The parameter 'numClasses' expected value 1000 but got 10 instead.",
    );
    // Nothing can be loaded into other numbers of classes, so nothing is downloaded.
    await expect(vision.models.resnet50({ pretrained: true, numClasses: 10 })).rejects.toThrow(
      "The parameter 'numClasses' expected value 1000 but got 10 instead.",
    );
    expect(vision.models.squeezenet1_1({ pretrained: false, numClasses: 10 })).toBeInstanceOf(vision.models.SqueezeNet);
    await expect(vision.models.resnet18({ weights: 'IMAGENET1K_V9' })).rejects.toThrow(
      "resnet18 has no weights 'IMAGENET1K_V9', only [IMAGENET1K_V1, DEFAULT]",
    );
    expect(vision.models.listModels()).toContain('resnext50_32x4d');
    expect(() => vision.models.getModel('resnet19')).toThrow('Unknown model resnet19');
    expect(vision.models.listModels(vision.models, { include: '*res*', exclude: ['wide*', 'resnet[0-9]?'] })).toEqual(
      ['resnet101', 'resnet152', 'resnext101_32x8d', 'resnext101_64x4d', 'resnext50_32x4d'], // prettier-ignore
    );
    expect(vision.models.listModels({ module: {} })).toEqual([]);
  });

  test('say what they are', () => {
    const weights = vision.models.ResNet50_Weights.DEFAULT;
    const { categories, minSize, numParams, recipe, license, _metrics } = weights.meta;
    expect([weights.name, numParams, minSize, license]).toEqual(['IMAGENET1K_V2', 25557032, [1, 1], undefined]);
    expect(recipe).toBe('https://github.com/pytorch/vision/issues/3995#issuecomment-1013906621');
    expect(_metrics['ImageNet-1K']).toEqual({ 'acc@1': 80.858, 'acc@5': 95.434 });
    expect([categories!.length, new Set(categories).size]).toEqual([1000, 1000]);
    expect([0, 207, 281, 999].map((i) => categories![i])).toEqual(['tench', 'golden retriever', 'tabby', 'toilet tissue']);
    expect(vision.models.VGG16_Weights.IMAGENET1K_FEATURES.meta.categories).toBeNull();
    const swag = vision.models.getWeight('ViT_H_14_Weights.IMAGENET1K_SWAG_E2E_V1');
    expect(swag.meta.license).toBe('https://github.com/facebookresearch/SWAG/blob/main/LICENSE');
    expect(String(swag.transforms())).toBe(
      'ImageClassification(\n    crop_size=[518]\n    resize_size=[518]\n    mean=[0.485, 0.456, 0.406]\n    std=[0.229, 0.224, 0.225]\n' +
        '    interpolation=InterpolationMode.BICUBIC\n)',
    );
  });

  test.each(['alexnet', 'resnet18', 'squeezenet1_0', 'swin_t', 'vit_b_32'])('of %s count its parameters', (name) => {
    const parameters = [...vision.models.getModel(name).parameters()].reduce((sum, p) => sum + p.numel(), 0);
    expect(vision.models.getModelWeights(name).DEFAULT.meta.numParams).toBe(parameters);
  });
});
