/** Expected numbers are those of torchvision 0.29, in float64. */
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as torch from 'typetorch';
import * as vision from 'typetorch/vision';

const { video } = vision.models;

describe('models of videos', () => {
  it.each<[name: string, keys: number, crc: number, loss: number, grads: number, logits: number[], printed: number]>([
    ['r3d_18', 122, 1206363781, 0.1253517353160485, 13524.480452115291, [0.0018208171461441295, 0.007130431278898807, 0.015094760325147637], 1822108093],
    ['mc3_18', 122, 1156506164, 0.022664934303630983, 1718.1040440318973, [-0.0019334755067880582, -0.020979462473360966, 0.009956585065336861], 838230952],
    ['r2plus1d_18', 224, 1432649061, 0.048308879352127895, 41254.954360939744, [-0.03134306430594716, -0.007638908367250225, -0.01168793389678296], 4024957051],
  ])('%s starts, learns and says what it does in torchvision', (name, keys, crc, wantedLoss, wantedGrads, logits, printed) => {
    torch.manualSeed(0);
    const net = vision.models.getModel(name, { numClasses: 5 }).double() as vision.models.video.VideoResNet;
    const lines = Object.entries(net.stateDict()).map(([key, value]) => `${key}[${value.shape.join(',')}]`);
    expect([lines.length, crc32(lines.join('\n')), crc32(String(net))]).toEqual([keys, crc, printed]);
    torch.manualSeed(1);
    const clips = torch.rand([2, 3, 4, 32, 32], { dtype: torch.float64 });
    const loss = net(clips).square().mean();
    loss.backward();
    expect((loss.item() as number) / wantedLoss).toBeCloseTo(1, 4);
    const grads = [...net.parameters()].reduce((sum, { grad }) => sum + (grad!.abs().sum().item() as number), 0);
    expect(grads / wantedGrads).toBeCloseTo(1, 3);
    const found = torch.noGrad(() => net.eval()(clips)).at(1).tolist() as number[];
    logits.forEach((logit, i) => expect(found[i]).toBeCloseTo(logit, 5));
  }); // prettier-ignore

  it('have weights with classes and a transform', () => {
    const { meta, url } = video.R3D_18_Weights.DEFAULT;
    expect([meta.categories?.length, meta.categories?.[0], url]).toEqual([400, 'abseiling', 'https://download.pytorch.org/models/r3d_18-b3b3357e.pth']); // prettier-ignore
    expect(vision.models.listModels({ module: video })).toEqual(['mc3_18', 'r2plus1d_18', 'r3d_18']);
    const prepare = video.MC3_18_Weights.DEFAULT.transforms();
    expect(String(prepare)).toContain('VideoClassification(\n    crop_size=[112, 112]\n    resize_size=[128, 171]\n    mean=[0.43216,');
    torch.manualSeed(0);
    const clip = prepare(torch.randint(0, 256, [2, 3, 140, 190], { dtype: torch.uint8 }));
    expect([...clip.shape]).toEqual([3, 2, 112, 112]);
    expect(clip.sum().item()).toBeCloseTo(34030.14, 0);
  });
});
