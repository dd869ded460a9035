/** What layers and losses say of input that does not fit: PyTorch's classes and words. */
import { expect, it } from 'vitest';
import * as torch from '../../src/index.js';

const { nn } = torch;
const F = nn.functional;
const T = torch.zeros;
const I = (...sizes: number[]) => torch.zeros(sizes, { dtype: torch.int64 });
const B = (...sizes: number[]) => torch.zeros(sizes, { dtype: torch.bool });
const attention = (options: object, width = 8) => new nn.MultiheadAttention(8, 2, options)(T(5, 2, width), T(5, 2, width), T(5, 2, width));
const masked = (options: object) => new nn.MultiheadAttention(8, 2)(T(5, 2, 8), T(5, 2, 8), T(5, 2, 8), options);

const cases: [string, string, () => unknown][] = [
  ['ValueError', 'Expected input batch_size (3) to match target batch_size (4).', () => F.crossEntropy(T(3, 5), I(4))],
  ['ValueError', 'Expected input batch_size (3) to match target batch_size (4).', () => F.nllLoss(T(3, 5), I(4))],
  ['RuntimeError', '0D or 1D target tensor expected, multi-target not supported', () => F.crossEntropy(T(3, 5), T(3, 4))],
  ['ValueError', 'For 1D input, 1D target must have size 1, but got target size: 2', () => F.crossEntropy(T(5), I(2))],
  ['RuntimeError', 'size mismatch (got input: [3, 5, 2, 2] , target: [3, 2, 3]', () => F.nllLoss(T(3, 5, 2, 2), I(3, 2, 3))],
  [
    'ValueError',
    'Target size (torch.Size([4])) must be the same as input size (torch.Size([3]))',
    () => F.binaryCrossEntropyWithLogits(T(3), T(4)),
  ],
  ['RuntimeError', 'index 5 is out of bounds for dimension 0 with size 3', () => T(3).gather(0, torch.tensor([5]))],
  ['RuntimeError', 'index 5 is out of bounds for dimension 0 with size 3', () => T(3).scatter(0, torch.tensor([5]), T(1))],
  ['IndexError', 'index 7 is out of bounds for dimension 1 with size 4', () => T(3, 4).at(1, 7)],
  ['RuntimeError', 'input.size(-1) must be equal to input_size. Expected 3, got 4', () => new nn.LSTM(3, 4)(T(5, 2, 4))],
  [
    'RuntimeError',
    'For batched 3-D input, hx and cx should also be 3-D but got (2-D, 2-D) tensors',
    () => new nn.LSTM(3, 4)(T(5, 2, 3), [T(2, 4), T(2, 4)]),
  ],
  ['RuntimeError', 'For unbatched 2-D input, hx should also be 2-D but got 3-D tensor', () => new nn.GRU(3, 4)(T(5, 3), T(1, 2, 4))],
  ['ValueError', 'GRU: Expected input to be 2D or 3D, got 1D instead', () => new nn.GRU(3, 4)(T(5))],
  ['RuntimeError', "Input batch size 2 doesn't match hidden0 batch size 3", () => new nn.GRUCell(3, 4)(T(2, 3), T(3, 4))],
  ['AssertionError', 'was expecting embedding dimension of 8, but got 7', () => attention({}, 7)],
  ['AssertionError', 'embed_dim must be divisible by num_heads', () => new nn.MultiheadAttention(8, 3)],
  ['RuntimeError', 'The shape of the 2D attn_mask is torch.Size([4, 5]), but should be (5, 5).', () => masked({ attnMask: T(4, 5) })],
  [
    'RuntimeError',
    'The shape of the 3D attn_mask is torch.Size([3, 5, 5]), but should be (4, 5, 5).',
    () => masked({ attnMask: T(3, 5, 5) }),
  ],
  ['AssertionError', 'only bool and floating types of attn_mask are supported', () => masked({ attnMask: I(5, 5) })],
  ['AssertionError', 'Expected key_padded_mask.shape[0] to be 2, but got 5', () => masked({ keyPaddingMask: B(5, 2) })],
  ['RuntimeError', 'Need attn_mask if specifying the is_causal hint.', () => masked({ isCausal: true })],
  [
    'AssertionError',
    'For batched (3-D) `query`, expected `key` and `value` to be 3-D but found 2-D and 2-D tensors respectively',
    () => new nn.MultiheadAttention(8, 2)(T(5, 2, 8), T(5, 8), T(5, 8)),
  ],
  ['ValueError', 'in_channels must be divisible by groups', () => new nn.Conv2d(3, 4, 3, { groups: 2 })],
  [
    'RuntimeError',
    'Expected 3D (unbatched) or 4D (batched) input to conv_transpose2d, but got input of size: [4, 8]',
    () => new nn.ConvTranspose2d(3, 4, 3)(T(4, 8)),
  ],
  [
    'ValueError',
    'requested an output size of [30, 30], but valid sizes range from [17, 17] to [18, 18] (for an input of torch.Size([8, 8]))',
    () => new nn.ConvTranspose2d(3, 4, 3, { stride: 2 })(T(2, 3, 8, 8), { outputSize: [30, 30] }),
  ],
  ['RuntimeError', 'non-empty 3D or 4D (batch mode) tensor expected for input', () => F.maxPool2d(T(3, 4), 2)],
  ['IndexError', 'Dimension out of range (expected to be in range of [-2, 1], but got -3)', () => F.avgPool2d(T(3, 4), 2)],
  ['RuntimeError', 'adaptive_avg_pool2d(): Expected 3D or 4D tensor, but got [3, 4]', () => F.adaptiveAvgPool2d(T(3, 4), 2)],
  [
    'RuntimeError',
    "Expected 2 to 3 dimensions, but got 1-dimensional tensor for argument #1 'self' (while checking arguments for avg_pool1d)",
    () => F.avgPool1d(T(3), 2),
  ],
  [
    'ValueError',
    'invalid output_size "[9, 9]" (dim 0 must be between 2 and 6)',
    () => F.maxUnpool2d(T(1, 1, 2, 2), I(1, 1, 2, 2), 2, { outputSize: [9, 9] }),
  ],
  ['ValueError', 'expected 4D input (got 2D input)', () => new nn.BatchNorm2d(3)(T(2, 3))],
  [
    'ValueError',
    'Expected more than 1 value per channel when training, got input size torch.Size([1, 3])',
    () => new nn.BatchNorm1d(3)(T(1, 3)),
  ],
  ['AssertionError', 'Padding_idx must be within num_embeddings', () => new nn.Embedding(5, 3, { paddingIdx: 5 })],
  ['NotImplementedError', 'Padding size 4 is not supported for 2D input tensor.', () => F.pad(T(3, 3), [1, 1, 1, 1], 'reflect')],
  [
    'NotImplementedError',
    'Module [ModuleList] is missing the required "forward" function',
    () => (new nn.ModuleList([]) as unknown as () => void)(),
  ],
  ['IndexError', 'index 3 is out of range', () => new nn.ModuleList([new nn.Identity()]).at(3)],
  ['ValueError', 'dropout probability has to be between 0 and 1, but got 1.5', () => F.dropout(T(2), 1.5)],
  ['ValueError', 'torch.cat(): expected a non-empty list of Tensors', () => torch.cat([])],
  ['RuntimeError', 'device type at start of device string: foo', () => T(2).to('foo')],
  ['RuntimeError', "Invalid device string: 'cpu:x'", () => T(2).to('cpu:x')],
  ['AssertionError', 'Torch not compiled with CUDA enabled', () => T(2).to('cuda')],
];

it.each(cases)('%s: %s', (name, message, run) => {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect((thrown as Error).name).toBe(name);
  expect((thrown as Error).message).toContain(message);
});
