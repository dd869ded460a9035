import { beforeEach, describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const { nn } = torch;
const F = nn.functional;
let x: torch.Tensor;
beforeEach(() => {
  x = torch
    .tensor([
      [0.5, 0.25],
      [0.75, 0.5],
    ])
    .requiresGrad_();
});

/** Whether a second backward is refused. */
function isSpent(y: torch.Tensor): boolean {
  y.sum().backward();
  expect(x.grad).not.toBeNull();
  try {
    y.sum().backward();
    return false;
  } catch (error) {
    expect(String(error)).toContain('Trying to backward through the graph a second time');
    return true;
  }
}

const index = torch.tensor([0, 1]);
const mask = torch.tensor([true, false]);

describe('a second backward', () => {
  test.each<[string, () => torch.Tensor]>([
    ['mul by a number', () => x.mul(2)],
    ['div by a number', () => x.div(2)],
    ['mul_ by a number', () => x.clone().mul_(2)],
    ['mul', () => x.mul(x)],
    ['exp', () => x.exp()],
    ['embedding', () => F.embedding(index, x)],
    ['avgPool2d', () => F.avgPool2d(x.at(null), 2)],
    ['rfft', () => torch.fft.rfft(x).abs()],
    ['reflection padding', () => F.pad(x, [1, 1], { mode: 'reflect' })],
  ])('is refused after %s', (_, f) => expect(isSpent(f())).toBe(true));

  test.each<[string, () => torch.Tensor]>([
    ['add of a number', () => x.add(1)],
    ['sub with alpha', () => x.sub(x, { alpha: 2 })],
    ['neg', () => x.neg()],
    ['sum', () => x.sum(1)],
    ['views', () => x.t().at(0)],
    ['flip', () => x.flip(0)],
    ['tril', () => x.tril()],
    ['cumsum', () => x.cumsum(1)],
  ])('goes through after %s', (_, f) => expect(isSpent(f())).toBe(false));
});

test.each<[string, () => torch.Tensor]>([
  ['MseLossBackward0', () => F.mseLoss(x, torch.zeros(2, 2))],
  ['SmoothL1LossBackward0', () => F.smoothL1Loss(x, torch.zeros(2, 2))],
  ['HuberLossBackward0', () => F.huberLoss(x, torch.zeros(2, 2))],
  ['BinaryCrossEntropyBackward0', () => F.binaryCrossEntropy(x, torch.zeros(2, 2))],
  ['BinaryCrossEntropyWithLogitsBackward0', () => F.binaryCrossEntropyWithLogits(x, torch.zeros(2, 2))],
  ['SoftMarginLossBackward0', () => F.softMarginLoss(x, torch.ones(2, 2))],
  ['MultiMarginLossBackward0', () => F.multiMarginLoss(x, index)],
  ['IndexBackward0', () => x.at(index)],
  ['TakeBackward0', () => x.take(index)],
  ['MaskedFillBackward0', () => x.maskedFill(mask, 0.5)],
  ['StackBackward0', () => torch.stack([x, x])],
  ['RepeatBackward0', () => x.repeat(2, 1)],
  ['FlipBackward0', () => x.flip(0)],
  ['RollBackward0', () => x.roll(1)],
  ['Rot90Backward0', () => x.rot90()],
  ['TrilBackward0', () => x.tril()],
  ['TriuBackward0', () => x.triu()],
  ['TraceBackward0', () => x.trace()],
  ['MvBackward0', () => x.matmul(torch.ones(2))],
  ['AddmvBackward0', () => torch.addmv(torch.ones(2), x, torch.ones(2))],
  ['ClampBackward1', () => x.clamp(0, 1)],
  ['ClampBackward0', () => x.clamp(torch.zeros(2, 2))],
  ['GluBackward0', () => F.glu(x)],
  ['CeluBackward0', () => F.celu(x)],
  ['NansumBackward0', () => x.nansum()],
  ['DistBackward0', () => x.dist(torch.ones(2, 2))],
  ['Log1PBackward0', () => x.log1p()],
  ['FftR2CBackward0', () => torch.fft.rfft(x)],
  ['NllLoss2DBackward0', () => F.nllLoss(x.at(null), index.at(null))],
  ['AvgPool2DBackward0', () => F.avgPool2d(x.at(null), 2)],
  ['MaxPool2DWithIndicesBackward0', () => F.maxPool2d(x.at(null), 2)],
  ['SqueezeBackward1', () => F.maxPool1d(x, 2)],
  ['MeanBackward1', () => F.adaptiveAvgPool2d(x.at(null), 1)],
  ['Im2ColBackward0', () => F.unfold(x.at(null, null), 2)],
  ['PixelUnshuffleBackward0', () => F.pixelUnshuffle(x.at(null), 2)],
  ['IndexPutBackward0', () => x.indexPut([index], torch.ones(2, 2))],
  ['SelectScatterBackward0', () => x.selectScatter(torch.ones(2), 0, 0)],
  ['EmbeddingBagBackward0', () => F.embeddingBag(index.at(null), x)],
  ['StdMeanBackward0', () => torch.stdMean(x)[0]],
])('the graph prints %s as PyTorch does', (name, f) => expect(String(f().gradFn)).toBe(`<${name}>`));
