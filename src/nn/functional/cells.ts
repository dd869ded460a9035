/** One step of recurrent networks, as functions. https://pytorch.org/docs/stable/nn.html#recurrent-layers */
import { define } from '../../ops/define.js';
import { linear } from '../../ops/matmul.js';
import type { Tensor } from '../../tensor/tensor.js';
import { gruStep, lstmStep, type Step } from './recurrent.js';

type Maybe = Tensor | null;
const parameters = 'input, hx, wIh, wHh, bIh?, bHh?';

/** The new state; gates are linear in the input (N, size) and the hidden state (N, hidden). */
const stepped = (step: Step, input: Tensor, state: readonly Tensor[], weights: readonly [Tensor, Tensor, Maybe, Maybe]): Tensor[] => {
  const [weightIh, weightHh, biasIh, biasHh] = weights;
  return step(linear(input, weightIh, biasIh), linear(state[0], weightHh, biasHh), state);
};

type Cell = (input: Tensor, hx: Tensor, wIh: Tensor, wHh: Tensor, bIh?: Maybe, bHh?: Maybe) => Tensor;
const cell = (name: string, step: Step): Cell =>
  define(name, parameters, (input: Tensor, hx: Tensor, wIh: Tensor, wHh: Tensor, bIh: Maybe = null, bHh: Maybe = null) => {
    const [next] = stepped(step, input, [hx], [wIh, wHh, bIh, bHh]);
    return next;
  });

/**
 * tanh(W x + b + W' h + b'): what `nn.RNNCell` computes. https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 * @example
 * const cell = new nn.RNNCell(4, 8);
 * torch.rnnTanhCell(torch.rand(2, 4), torch.zeros(2, 8), cell.weightIh, cell.weightHh, cell.biasIh, cell.biasHh).shape
 * // torch.Size([2, 8])
 */
export const rnnTanhCell: Cell = cell('rnn_tanh_cell', (x, h) => [x.add(h).tanh()]);
/**
 * relu(W x + b + W' h + b'): what `nn.RNNCell` computes with that nonlinearity.
 * https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 * @example
 * const cell = new nn.RNNCell(4, 8, { nonlinearity: 'relu' });
 * torch.rnnReluCell(torch.rand(2, 4), torch.zeros(2, 8), cell.weightIh, cell.weightHh, cell.biasIh, cell.biasHh).shape
 * // torch.Size([2, 8])
 */
export const rnnReluCell: Cell = cell('rnn_relu_cell', (x, h) => [x.add(h).relu()]);
/**
 * The new hidden state of `nn.GRUCell`. https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
 * @example
 * const cell = new nn.GRUCell(4, 8);
 * torch.gruCell(torch.rand(2, 4), torch.zeros(2, 8), cell.weightIh, cell.weightHh, cell.biasIh, cell.biasHh).shape
 * // torch.Size([2, 8])
 */
export const gruCell: Cell = cell('gru_cell', gruStep);

type LstmCell = (
  input: Tensor,
  hx: readonly [hidden: Tensor, cell: Tensor],
  wIh: Tensor,
  wHh: Tensor,
  bIh?: Maybe,
  bHh?: Maybe,
) => [hidden: Tensor, cell: Tensor];
/**
 * The new hidden and cell states of `nn.LSTMCell`. https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
 * @example
 * const cell = new nn.LSTMCell(4, 8);
 * const zeros = torch.zeros(2, 8);
 * const [h, c] = torch.lstmCell(torch.rand(2, 4), [zeros, zeros], cell.weightIh, cell.weightHh, cell.biasIh, cell.biasHh);
 * h.shape  // torch.Size([2, 8])
 */
export const lstmCell: LstmCell = define(
  'lstm_cell',
  parameters,
  (input: Tensor, hx: readonly Tensor[], wIh: Tensor, wHh: Tensor, bIh: Maybe = null, bHh: Maybe = null) =>
    stepped(lstmStep, input, hx, [wIh, wHh, bIh, bHh]),
);
