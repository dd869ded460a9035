/** Optional arguments of `forward`, by position and by name. */
import { expect, test } from 'vitest';
import * as torch from 'typetorch';

const { nn } = torch;
const close = (a: torch.Tensor, b: torch.Tensor): boolean => torch.allclose(a, b);

test('recurrent layers take their state either way', () => {
  const [gru, x, hx] = [new nn.GRU(2, 3), torch.rand(4, 1, 2), torch.rand(1, 1, 3)];
  expect(close(gru(x, { hx })[0], gru(x, hx)[0])).toBe(true);
  const [lstm, state] = [new nn.LSTMCell(2, 3), [torch.rand(1, 3), torch.rand(1, 3)] as const];
  expect(close(lstm(x.select(0, 0), { hx: state })[0], lstm(x.select(0, 0), state)[0])).toBe(true);
});

test('upsampling layers take their output size either way', () => {
  const [conv, x] = [new nn.ConvTranspose2d(1, 1, 3, { stride: 2 }), torch.rand(1, 1, 3, 3)];
  expect(conv(x, { outputSize: [8, 8] }).shape).toEqual(conv(x, [8, 8]).shape);
  const [values, indices] = nn.functional.maxPool1dWithIndices(torch.rand(1, 5), 2);
  expect(new nn.MaxUnpool1d(2)(values, indices, { outputSize: [5] }).shape).toEqual([1, 5]);
});

test('attention takes masks either way', () => {
  const [attention, x] = [new nn.MultiheadAttention(4, 2, { batchFirst: true }), torch.rand(1, 3, 4)];
  const keyPaddingMask = torch.tensor([[false, false, true]]);
  expect(close(attention(x, x, x, { keyPaddingMask })[0], attention(x, x, x, keyPaddingMask)[0])).toBe(true);
  const encoder = new nn.TransformerEncoder(new nn.TransformerEncoderLayer(4, 2, 8, 0, { batchFirst: true }), 1);
  const mask = nn.Transformer.generateSquareSubsequentMask(3, { dtype: torch.float32 });
  expect(close(encoder(x, { mask }), encoder(x, mask))).toBe(true);
});

test('a bag of embeddings takes weights of samples by name', () => {
  const [bag, input] = [new nn.EmbeddingBag(4, 2, { mode: 'sum' }), torch.tensor([[0, 1]])];
  expect(close(bag(input, { perSampleWeights: torch.zeros(1, 2) }), torch.zeros(1, 2))).toBe(true);
});

test('lazy instance norms have weights and running statistics by default', () => {
  const norm = new nn.LazyInstanceNorm1d();
  norm(torch.rand(2, 3, 4));
  expect(Object.keys(norm.stateDict())).toEqual(['weight', 'bias', 'running_mean', 'running_var', 'num_batches_tracked']);
  expect([...new nn.LazyBatchNorm1d(1e-3, 0.1, false).parameters()]).toEqual([]);
});

test('AdaptiveLogSoftmaxWithLoss gives a named tuple', () => {
  const result = new nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2])(torch.rand(3, 4), torch.tensor([0, 3, 5]));
  expect(result[0]).toBe(result.output);
  expect(result[1]).toBe(result.loss);
});

test('interpolation of 16-bit floats rounds once', () => {
  const x = torch.arange(20).mul(0.37).sin().view(1, 1, 4, 5).to('bfloat16');
  const resize = (input: torch.Tensor) => nn.functional.interpolate(input, { scaleFactor: 2, mode: 'bilinear' });
  expect(torch.equal(resize(x), resize(x.float()).to('bfloat16'))).toBe(true);
});
