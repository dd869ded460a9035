/** Recurrent layers as ONNX writes them. https://onnx.ai/onnx/operators/onnx__LSTM.html */
import { cat, stack } from '../../ops/join.js';
import { numelOf } from '../../tensor/size.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { Attributes, GraphBuilder } from './builder.js';
import { gateOrder } from './operators-rnn.js';
import { on } from './translate.js';

type Maybe = Tensor | null;
type Weights = readonly [weightIh: Tensor, weightHh: Tensor, biasIh: Maybe, biasHh: Maybe, weightHr: Maybe];
type Recurrent = [input: Tensor, state: readonly Tensor[], weights: Weights, reverse: boolean];

const isZero = (t: Tensor): boolean => numelOf(t.sizes) === 0 || t.ne(0).any().item() === false;

/** The name of a state (N, hidden) with the dim of directions in front; none for a constant zero, so that batches may have other sizes. */
function stateName(g: GraphBuilder, state: Tensor): string | null {
  return !g.isDynamic(state) && isZero(state) ? null : g.node('Unsqueeze', [g.nameOf(state), g.ints([0])]);
}

function recurrent(opType: keyof typeof gateOrder, attributes: Attributes) {
  return (g: GraphBuilder, [input, state, weights, reverse]: Recurrent): string[] => {
    const [weightIh, weightHh, biasIh, biasHh, weightHr] = weights;
    if (weightHr) throw new Error('ONNX export: an LSTM with proj_size cannot be exported');
    const order = gateOrder[opType];
    const reordered = (t: Tensor): Tensor => {
      const gates = t.detach().chunk(order.length, 0);
      return cat(
        order.map((gate) => gates[gate]),
        0,
      );
    };
    const oneDirection = (parts: readonly Tensor[]): string => g.nameOf(stack([cat(parts.map(reordered), 0)], 0));
    const bias = biasIh && biasHh ? oneDirection([biasIh, biasHh]) : null;
    const inputs = [
      g.nameOf(input),
      oneDirection([weightIh]),
      oneDirection([weightHh]),
      bias,
      null,
      ...state.map((each) => stateName(g, each)),
    ];
    const all = { ...attributes, hidden_size: weightHh.sizes[1], direction: reverse ? 'reverse' : 'forward' };
    const [outputs, ...final] = g.outputs(opType, inputs, all, 1 + state.length);
    // ONNX has a dim of directions, before the batch.
    return [g.node('Squeeze', [outputs, g.ints([1])]), ...final.map((name) => g.node('Squeeze', [name, g.ints([0])]))];
  };
}

on<Recurrent>('lstmLayer', recurrent('LSTM', {}));
on<Recurrent>('gruLayer', recurrent('GRU', { linear_before_reset: 1 }));
on<Recurrent>('rnnTanhLayer', recurrent('RNN', { activations: ['Tanh'] }));
on<Recurrent>('rnnReluLayer', recurrent('RNN', { activations: ['Relu'] }));
