/** One layer of a recurrent network over a whole sequence, in one direction. */
import { float32, float64 } from '../../ir/dtype.js';
import { noGrad } from '../../autograd/modes.js';
import { needsRecord, record } from '../../autograd/node.js';
import { isIntercepted } from '../../ops/define.js';
import { cat, stack } from '../../ops/join.js';
import { split } from '../../ops/view.js';
import { addmm, linear, mm } from '../../ops/matmul.js';
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

/** What one kind of cell adds to `fusedLayer`. */
interface Cell {
  readonly node: string;
  readonly gates: number;
  readonly step: Step;
  /** Tensors of one row a step that backward needs; one step of it, and its gradient. */
  forward(at: Rows, t: number, fromHidden: Tensor, previous: readonly Tensor[]): void;
  /** The gradient of the previous state but for what flows through the hidden gates. */
  backward(at: Rows, t: number, previous: readonly Tensor[], grads: readonly Maybe[], into: Gradients): Maybe[];
}
interface Rows {
  readonly projected: Tensor;
  readonly output: Tensor;
  readonly cells: Tensor;
  readonly gates: Tensor;
  readonly fromHidden: Tensor;
}
interface Gradients {
  readonly fromInput: Tensor;
  readonly fromHidden: Tensor;
}

const lstmCell: Cell = {
  node: 'lstm',
  gates: 4,
  step: lstmStep,
  forward: ({ projected, output, cells, gates }, t, fromHidden, [, cell]) =>
    runRoutine('lstm_cell', [output.select(0, t), cells.select(0, t), gates.select(0, t), projected.select(0, t), fromHidden, cell]),
  backward: ({ gates, cells }, t, [, cell], [gradHidden, gradCell], { fromInput }) => {
    const before = emptyOn(cell, cell.sizes);
    runRoutine('lstm_cell_backward', [fromInput.select(0, t), before, gradHidden, gradCell, gates.select(0, t), cells.select(0, t), cell]);
    return [null, before];
  },
};
const gruCell: Cell = {
  node: 'gru',
  gates: 3,
  step: gruStep,
  forward: ({ projected, output, gates }, t, fromHidden, [hidden]) =>
    runRoutine('gru_cell', [output.select(0, t), gates.select(0, t), projected.select(0, t), fromHidden, hidden]),
  backward: ({ gates, fromHidden }, t, [hidden], [gradHidden], into) => {
    const before = emptyOn(hidden, hidden.sizes);
    const rows = [into.fromInput, into.fromHidden].map((g) => g.select(0, t));
    runRoutine('gru_cell_backward', [...rows, before, gradHidden, gates.select(0, t), fromHidden.select(0, t), hidden]);
    return [before];
  },
};

export const lstmLayer = (layer: Layer): LayerResult => fusedLayer(lstmCell, layer);
export const gruLayer = (layer: Layer): LayerResult => fusedLayer(gruCell, layer);

/** A layer by the routines of its cell, as one node of the graph. */
function fusedLayer(cell: Cell, layer: Layer): LayerResult {
  if (!isPlain(layer) || isIntercepted()) return composedLayer(cell.step, layer);
  const { projected, state, weightHh, biasHh, reverse } = layer;
  const inputs = [projected, weightHh, biasHh, ...state];
  const { at, start } = noGrad(() => forward(cell, layer));
  const order = visits(projected.sizes[0], reverse);
  const last = order[order.length - 1];
  const outputs = [at.output, ...(state.length > 1 ? [at.cells] : [])];
  record(cell.node, inputs, outputs, [weightHh, at.output], ({ grads, needs }) => {
    if (needsRecord([...grads, ...inputs])) return composedGradients(grads, inputs, () => recomputed(cell.step, layer));
    return backward(cell, at, start, layer, grads, needs);
  });
  return { output: at.output, final: outputs.map((t) => t.select(0, last)) };
}

/** The outputs of `fusedLayer` for a second derivative: hidden states, and where there are cells theirs. */
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

function forward(cell: Cell, { projected, state, weightHh, biasHh, reverse }: Layer): { at: Rows; start: readonly Tensor[] } {
  const [length, batch, hidden] = [projected.sizes[0], projected.sizes[1], weightHh.sizes[1]];
  const rows = (width: number): Tensor => emptyOn(projected, [length, batch, width]);
  const at = {
    projected: contiguousRaw(projected.detach()),
    output: rows(hidden),
    cells: state.length > 1 ? rows(hidden) : projected,
    gates: rows(cell.gates * hidden),
    fromHidden: cell.gates === 3 ? rows(3 * hidden) : projected,
  };
  const start = state.map((t) => contiguousRaw(t.detach()));
  let now: readonly Tensor[] = start;
  for (const t of visits(length, reverse)) {
    const fromHidden = linear(now[0], weightHh.detach(), biasHh?.detach() ?? null);
    if (cell.gates === 3) at.fromHidden.select(0, t).copy_(fromHidden);
    cell.forward(at, t, fromHidden, now);
    now = [at.output, at.cells].slice(0, state.length).map((rows) => rows.select(0, t));
  }
  return { at, start };
}

/** Back through time; the weights' gradients are one product over all steps. */
function backward(
  cell: Cell,
  at: Rows,
  start: readonly Tensor[],
  { weightHh, biasHh, reverse }: Layer,
  grads: readonly Maybe[],
  needs: (i: number) => boolean,
): Maybe[] {
  const order = visits(at.output.sizes[0], reverse);
  const fromInput = emptyOn(at.gates, at.gates.sizes);
  const into = { fromInput, fromHidden: cell.gates === 3 ? emptyOn(at.gates, at.gates.sizes) : fromInput };
  const given = grads.map((g) => g && contiguousRaw(g));
  let flowing: Maybe[] = start.map(() => null);
  for (let i = order.length - 1; i >= 0; i--) {
    const t = order[i];
    const previous = i === 0 ? start : [at.output, at.cells].slice(0, start.length).map((rows) => rows.select(0, order[i - 1]));
    const total = flowing.map((g, k) => plus(g, given[k]?.select(0, t) ?? null));
    const direct = cell.backward(at, t, previous, [total[0] ?? at.output.select(0, t).mul(0), ...total.slice(1)], into);
    const gates = into.fromHidden.select(0, t);
    const through = direct[0] ? addmm(direct[0], gates, weightHh) : mm(gates, weightHh);
    flowing = [through, ...direct.slice(1)];
  }
  return [fromInput, ...weightGradients(at, start[0], into.fromHidden, biasHh, reverse, needs), ...flowing];
}
const plus = (a: Maybe, b: Maybe): Maybe => (a && b ? a.add(b) : (a ?? b));

function weightGradients(
  { output }: Rows,
  first: Tensor,
  fromHidden: Tensor,
  biasHh: Maybe,
  reverse: boolean,
  needs: (i: number) => boolean,
): Maybe[] {
  const flat = fromHidden.flatten(0, 1);
  const [length] = output.sizes;
  const rest = output.narrow(0, reverse ? 1 : 0, length - 1);
  const before = reverse ? cat([rest, first.unsqueeze(0)], 0) : cat([first.unsqueeze(0), rest], 0);
  return [needs(1) ? mm(flat.t(), before.flatten(0, 1)) : null, biasHh && needs(2) ? flat.sum(0) : null];
}
