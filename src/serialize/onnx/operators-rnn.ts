/** ONNX's recurrent layers. https://onnx.ai/onnx/operators/onnx__LSTM.html */
import { zeros } from '../../ops/creation.js';
import { cat, stack } from '../../ops/join.js';
import { linear } from '../../ops/matmul.js';
import { composedLayer, gruLayer, type Layer, type LayerResult, lstmLayer } from '../../nn/functional/recurrent.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { NodeAttributes } from './attributes.js';
import { type Operator, unsupported } from './operator.js';

/** ONNX's gates by their place among PyTorch's: input, output, forget, cell; and update, reset, candidate. */
export const gateOrder = { LSTM: [0, 3, 1, 2], GRU: [1, 0, 2], RNN: [0] } as const;
type Kind = keyof typeof gateOrder;
const activations: Readonly<Record<Kind, readonly string[]>> = {
  LSTM: ['sigmoid', 'tanh', 'tanh'],
  GRU: ['sigmoid', 'tanh'],
  RNN: ['tanh'],
};

type Run = (layer: Layer) => LayerResult;
const simple =
  (activation: (x: Tensor) => Tensor): Run =>
  (layer) =>
    composedLayer((x, h) => [activation(x.add(h))], layer);
const simpleRuns: Readonly<Record<string, Run>> = { tanh: simple((x) => x.tanh()), relu: simple((x) => x.relu()) };

/** How each direction runs; activations other than PyTorch's are refused. */
function runsOf(kind: Kind, a: NodeAttributes, directions: number): readonly Run[] {
  const usual = activations[kind];
  const names = a.texts('activations')?.map((name) => name.toLowerCase()) ?? Array.from({ length: directions }, () => usual).flat();
  if (kind === 'RNN') return names.map((name) => simpleRuns[name] ?? unsupported(`RNN with the activation ${name}`));
  if (names.some((name, i) => name !== usual[i % usual.length])) unsupported(`${kind} with the activations ${names.join(', ')}`);
  return Array.from({ length: directions }, () => (kind === 'LSTM' ? lstmLayer : gruLayer));
}

function check(kind: Kind, a: NodeAttributes, x: Tensor, lengths: Tensor | undefined, peepholes: Tensor | undefined): void {
  if (a.float('clip', 0) !== 0) unsupported(`${kind} with clip`);
  if (a.int('input_forget', 0) !== 0) unsupported(`${kind} with input_forget`);
  if (kind === 'GRU' && a.int('linear_before_reset', 0) === 0) unsupported('GRU without linear_before_reset');
  if (peepholes) unsupported(`${kind} with peepholes`);
  if (lengths && lengths.ne(x.sizes[0]).any().item() === true) unsupported(`${kind} over sequences of several lengths`);
}

/** The rows of the gates in PyTorch's order. */
function inOrder(kind: Kind, rows: Tensor): Tensor {
  const order: readonly number[] = gateOrder[kind];
  const gates = rows.chunk(order.length, 0);
  return cat(
    order.map((_, gate) => gates[order.indexOf(gate)]),
    0,
  );
}

/** Inputs are X (L, N, size), or (N, L, size) with layout 1; W and R (directions, gates · hidden, …); B; lengths; initial states; peepholes. */
const layerOf =
  (kind: Kind): Operator =>
  ([input, w, r, b, lengths, ...rest], a) => {
    const isBatchFirst = a.int('layout', 0) === 1;
    const flip = (t: Tensor): Tensor => (isBatchFirst ? t.transpose(0, 1) : t);
    const x = flip(input);
    check(kind, a, x, lengths, rest[2]);
    const [directions, , hidden] = r.sizes;
    const start = Array.from({ length: kind === 'LSTM' ? 2 : 1 }, (_, i) =>
      rest[i] ? flip(rest[i]) : zeros([directions, x.sizes[1], hidden], { dtype: x.dtype }),
    );
    const results = runsOf(kind, a, directions).map((run, d) => {
      const rows = (t: Tensor): Tensor => inOrder(kind, t);
      const [biasIh, biasHh] = b ? b.select(0, d).chunk(2, 0).map(rows) : [null, null];
      return run({
        projected: linear(x, rows(w.select(0, d)), biasIh),
        state: start.map((each) => each.select(0, d)),
        weightHh: rows(r.select(0, d)),
        biasHh,
        weightHr: null,
        reverse: d === 1 || a.text('direction', 'forward') === 'reverse',
      });
    });
    const outputs = results.map(({ output }) => output);
    const finals = start.map((_, i) => results.map(({ final }) => final[i]));
    return [
      isBatchFirst ? stack(outputs, 1).permute(2, 0, 1, 3) : stack(outputs, 1),
      ...finals.map((each) => stack(each, isBatchFirst ? 1 : 0)),
    ];
  };

export const recurrent: Readonly<Record<string, Operator>> = { LSTM: layerOf('LSTM'), GRU: layerOf('GRU'), RNN: layerOf('RNN') };
