/** One layer of a recurrent network over a whole sequence, in one direction. */
import { float32, float64 } from '../../ir/dtype.js';
import { noGrad } from '../../autograd/modes.js';
import { needsRecord, record } from '../../autograd/node.js';
import { isIntercepted } from '../../ops/define.js';
import { cat, stack } from '../../ops/join.js';
import { split } from '../../ops/view.js';
import { linear, mm } from '../../ops/matmul.js';
import { contiguousRaw } from '../../ops/memory.js';
import { emptyOn, runRoutine } from '../../ops/routine.js';
import type { Tensor } from '../../tensor/tensor.js';
import { composedGradients } from './composed.js';

type Maybe = Tensor | null;

/** One step: [new hidden, (new cell)] from the gates as the input and the hidden state give them. */
export type Step = (fromInput: Tensor, fromHidden: Tensor, state: readonly Tensor[]) => Tensor[];

/** The step of `nn.LSTM`, composed of recorded operations. */
export const lstmStep: Step = (x, h, [, cell]) => {
  const [i, f, g, o] = x.add(h).chunk(4, -1);
  const next = f.sigmoid().mul(cell).add(i.sigmoid().mul(g.tanh()));
  return [o.sigmoid().mul(next.tanh()), next];
};

/** The step of `nn.GRU`. */
export const gruStep: Step = (x, h, [hidden]) => {
  const [xr, xz, xn] = x.chunk(3, -1);
  const [hr, hz, hn] = h.chunk(3, -1);
  const update = xz.add(hz).sigmoid();
  const candidate = xn.add(xr.add(hr).sigmoid().mul(hn)).tanh();
  return [hidden.sub(candidate).mul(update).add(candidate)];
};

export interface Layer {
  /** The gates as the input gives them: (L, N, gates · hidden). */
  readonly projected: Tensor;
  /** (N, hidden) each. */
  readonly state: readonly Tensor[];
  readonly weightHh: Tensor;
  readonly biasHh: Maybe;
  readonly weightHr: Maybe;
  readonly reverse: boolean;
}

/** The hidden states of all steps (L, N, hidden), and the state behind the last. */
export interface LayerResult {
  readonly output: Tensor;
  readonly final: readonly Tensor[];
}

/** The places of a sequence in the order in which they are visited. */
const visits = (length: number, reverse: boolean): number[] => Array.from({ length }, (_, i) => (reverse ? length - 1 - i : i));

/** Step by step, of recorded operations. */
export function composedLayer(step: Step, { projected, state, weightHh, biasHh, weightHr, reverse }: Layer): LayerResult {
  const gates = projected.unbind(0);
  const outputs = new Array<Tensor>(gates.length);
  let now = state;
  for (const t of visits(gates.length, reverse)) {
    const [hidden, ...rest] = step(gates[t], linear(now[0], weightHh, biasHh), now);
    now = [weightHr ? linear(hidden, weightHr) : hidden, ...rest];
    outputs[t] = now[0];
  }
  return { output: stack(outputs, 0), final: now };
}

/**
 * Over packed steps: `projected` is (sum of batch sizes, gates · hidden), and step t has the first `sizes[t]` sequences.
 * Sequences join and leave as their steps do.
 */
export function packedLayer(
  step: Step,
  sizes: readonly number[],
  { projected, state, weightHh, biasHh, weightHr, reverse }: Layer,
): LayerResult {
  const gates = split(projected, sizes);
  const outputs = new Array<Tensor>(sizes.length);
  const ended: (readonly Tensor[])[] = [];
  const rows = (tensors: readonly Tensor[], from: number, to: number): Tensor[] => tensors.map((t) => t.narrow(0, from, to - from));
  let now = rows(state, 0, sizes[reverse ? sizes.length - 1 : 0]);
  for (const t of visits(sizes.length, reverse)) {
    const [size, before] = [sizes[t], now[0].sizes[0]];
    if (size < before) ended.unshift(rows(now, size, before));
    if (size !== before)
      now = size < before ? rows(now, 0, size) : now.map((each, k) => cat([each, state[k].narrow(0, before, size - before)], 0));
    const [hidden, ...rest] = step(gates[t], linear(now[0], weightHh, biasHh), now);
    now = [weightHr ? linear(hidden, weightHr) : hidden, ...rest];
    outputs[t] = now[0];
  }
  return { output: cat(outputs, 0), final: state.map((_, k) => cat([now[k], ...ended.map((each) => each[k])], 0)) };
}

/** Whether the routines can compute a layer. */
const isPlain = ({ projected, weightHr, weightHh }: Layer): boolean =>
  (projected.dtype === float32 || projected.dtype === float64) && weightHh.dtype === projected.dtype && !weightHr && projected.sizes[0] > 0;

/** What the routines of a layer take: contiguous tensors outside of the graph. */
interface Operands {
  readonly projected: Tensor;
  readonly weight: Tensor;
  readonly bias: Maybe;
  readonly start: readonly Tensor[];
  readonly reverse: boolean;
}
/** What one kind of cell adds to `fusedLayer`. */
interface Cell {
  readonly node: string;
  readonly step: Step;
  /** [hidden states (L, N, hidden), (cells)], and what backward needs beside them. */
  forward(operands: Operands, rows: (width: number) => Tensor): { states: Tensor[]; kept: Tensor[] };
  backward(operands: Operands, states: readonly Tensor[], kept: readonly Tensor[], grads: readonly Maybe[]): Gradients;
}
/** Of the gates as input and hidden state give them, and of the first state. */
interface Gradients {
  readonly fromInput: Tensor;
  readonly fromHidden: Tensor;
  readonly start: readonly Tensor[];
}

const lstmCell: Cell = {
  node: 'lstm',
  step: lstmStep,
  forward({ projected, weight, bias, start, reverse }, rows) {
    const [output, cells, gates] = [rows(1), rows(1), rows(4)];
    runRoutine('lstm', [output, cells, gates, projected, weight, bias, ...start], [reverse]);
    return { states: [output, cells], kept: [gates] };
  },
  backward({ weight, start, reverse }, [, cells], [gates], grads) {
    const [fromInput, hidden, cell] = [gates, ...start].map((t) => emptyOn(t, t.sizes));
    runRoutine('lstm_backward', [fromInput, hidden, cell, ...grads, gates, cells, weight, start[1]], [reverse]);
    return { fromInput, fromHidden: fromInput, start: [hidden, cell] };
  },
};
const gruCell: Cell = {
  node: 'gru',
  step: gruStep,
  forward({ projected, weight, bias, start, reverse }, rows) {
    const [output, gates, hiddenNew] = [rows(1), rows(3), rows(1)];
    runRoutine('gru', [output, gates, hiddenNew, projected, weight, bias, ...start], [reverse]);
    return { states: [output], kept: [gates, hiddenNew] };
  },
  backward({ weight, start, reverse }, [output], [gates, hiddenNew], grads) {
    const [fromInput, fromHidden, hidden] = [gates, gates, ...start].map((t) => emptyOn(t, t.sizes));
    runRoutine('gru_backward', [fromInput, fromHidden, hidden, ...grads, gates, hiddenNew, output, weight, ...start], [reverse]);
    return { fromInput, fromHidden, start: [hidden] };
  },
};

export const lstmLayer = (layer: Layer): LayerResult => fusedLayer(lstmCell, layer);
export const gruLayer = (layer: Layer): LayerResult => fusedLayer(gruCell, layer);

/** A layer by the routines of its cell, as one node of the graph. */
function fusedLayer(cell: Cell, layer: Layer): LayerResult {
  if (!isPlain(layer) || isIntercepted()) return composedLayer(cell.step, layer);
  const { projected, state, weightHh, biasHh, reverse } = layer;
  const inputs = [projected, weightHh, biasHh, ...state];
  const operands = operandsOf(layer);
  const [length, batch] = projected.sizes;
  const { states, kept } = cell.forward(operands, (width) => emptyOn(projected, [length, batch, width * weightHh.sizes[1]]));
  record(cell.node, inputs, states, [weightHh, states[0]], ({ grads, needs }) => {
    if (needsRecord([...grads, ...inputs])) return composedGradients(grads, inputs, () => recomputed(cell.step, layer));
    const given = grads.map((g) => g && contiguousRaw(g));
    const { fromInput, fromHidden, start } = cell.backward(operands, states, kept, given);
    return [fromInput, ...weightGradients(operands, states[0], fromHidden, needs), ...start];
  });
  return { output: states[0], final: states.map((t) => t.select(0, reverse ? 0 : length - 1)) };
}

const operandsOf = ({ projected, weightHh, biasHh, state, reverse }: Layer): Operands =>
  noGrad(() => {
    const plain = (t: Tensor): Tensor => contiguousRaw(t.detach());
    return { projected: plain(projected), weight: plain(weightHh), bias: biasHh && plain(biasHh), start: state.map(plain), reverse };
  });

/** The states of `fusedLayer` for a second derivative. */
function recomputed(step: Step, layer: Layer): Tensor[] {
  const cells = new Array<Tensor>(layer.projected.sizes[0]);
  const order = visits(cells.length, layer.reverse);
  let visited = 0;
  const noting: Step = (x, h, state) => {
    const next = step(x, h, state);
    cells[order[visited++]] = next[1];
    return next;
  };
  const { output } = composedLayer(noting, layer);
  return layer.state.length > 1 ? [output, stack(cells, 0)] : [output];
}

/** The gradients of weight and bias: one product, and one sum, over all steps. */
function weightGradients(
  { start: [first], bias, reverse }: Operands,
  output: Tensor,
  fromHidden: Tensor,
  needs: (i: number) => boolean,
): Maybe[] {
  const flat = fromHidden.flatten(0, 1);
  const rest = output.narrow(0, reverse ? 1 : 0, output.sizes[0] - 1);
  const before = reverse ? cat([rest, first.unsqueeze(0)], 0) : cat([first.unsqueeze(0), rest], 0);
  return [needs(1) ? mm(flat.t(), before.flatten(0, 1)) : null, bias && needs(2) ? flat.sum(0) : null];
}
