/** Recurrent networks. https://pytorch.org/docs/stable/nn.html#recurrent-layers */
import { empty, zeros } from '../ops/creation.js';
import { define } from '../ops/define.js';
import { cat, stack } from '../ops/join.js';
import { haveMixedFloats } from '../ops/matmul.js';
import { indexSelect } from '../ops/select.js';
import type { Args } from '../ops/types.js';
import { IndexError, RuntimeError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { bind, type Place, type PlaceArgs, python } from './arguments.js';
import * as F from './functional/index.js';
import {
  composedLayer,
  gruLayer,
  gruStep,
  type Layer,
  type LayerResult,
  lstmLayer,
  lstmStep,
  packedLayer,
  type Step,
} from './functional/recurrent.js';
import * as init from './init.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { PackedSequence } from './rnn-utils.js';
import { checkStateDims, type Nonlinearity, refuseProjection, takeNonlinearity } from './rnn-arguments.js';

const simpleStep =
  (nonlinearity: Nonlinearity): Step =>
  (x, h) => [nonlinearity === 'tanh' ? x.add(h).tanh() : F.relu(x.add(h))];

export interface RNNOptions extends Place {
  numLayers?: number;
  bias?: boolean;
  batchFirst?: boolean;
  dropout?: number;
  bidirectional?: boolean;
}

export type RNNArgs = [
  inputSize: number,
  hiddenSize: number,
  ...Args<
    [numLayers: number, bias: boolean, batchFirst: boolean, dropout: number, bidirectional: boolean],
    RNNOptions & { projSize?: number }
  >,
];

/** The optional state of a `forward`, by position or by name. */
export type StateArgs<S> = Args<[hx: S | null], { hx?: S | null }>;
function stateOf(args: StateArgs<Tensor | readonly Tensor[]>): readonly Tensor[] | null {
  const [hx = null] = bind<[(Tensor | readonly Tensor[] | null)?]>('forward', 'hx?', args);
  return hx instanceof Tensor ? [hx] : hx;
}

type Weights = readonly [weightIh: Tensor, weightHh: Tensor, biasIh: Tensor | null, biasHh: Tensor | null, weightHr: Tensor | null];
/** Gives [the hidden states of all steps, the last hidden state, (the last cells)]. */
type LayerOp = (input: Tensor, state: readonly Tensor[], weights: Weights, reverse: boolean) => readonly Tensor[];
/** A layer in one direction as an operator, so that autocast and ONNX's export see it as a whole. */
const layerOp = (name: string, run: (layer: Layer) => LayerResult): LayerOp =>
  define<LayerOp>(name, 'input, state, weights, reverse', (input: Tensor, state: readonly Tensor[], weights: Weights, reverse: boolean) => {
    const [weightIh, weightHh, biasIh, biasHh, weightHr] = weights;
    checkDtype(input, weightIh);
    const { output, final } = run({ projected: F.linear(input, weightIh, biasIh), state, weightHh, biasHh, weightHr, reverse });
    return [output, ...final];
  });

function checkDtype(input: Tensor, weight: Tensor): void {
  if (haveMixedFloats([input, weight]))
    throw new ValueError(
      `RNN input dtype (${input.dtype}) does not match weight dtype (${weight.dtype}). Convert input: input.to(${weight.dtype}), or convert model: model.to(${input.dtype})`,
    );
}

const simpleLayer = (nonlinearity: Nonlinearity): LayerOp =>
  layerOp(`rnn${nonlinearity === 'tanh' ? 'Tanh' : 'Relu'}Layer`, (layer) => composedLayer(simpleStep(nonlinearity), layer));
const layers = {
  tanh: simpleLayer('tanh'),
  relu: simpleLayer('relu'),
  lstm: layerOp('lstmLayer', lstmLayer),
  gru: layerOp('gruLayer', gruLayer),
};

interface Mode {
  name: string;
  gates: number;
  step: Step;
  layer: LayerOp;
  /** How many tensors a state has. */
  states: number;
}

/**
 * What RNN, LSTM and GRU share. https://pytorch.org/docs/stable/generated/torch.nn.RNNBase.html
 * @example new nn.LSTM(4, 8) instanceof nn.RNNBase  // true
 */
export abstract class RNNBase extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  readonly numLayers: number;
  readonly bias: boolean;
  readonly batchFirst: boolean;
  readonly dropout: number;
  readonly bidirectional: boolean;
  readonly projSize: number;

  protected constructor(
    private readonly mode: Mode,
    args: readonly unknown[],
  ) {
    super();
    const [
      inputSize,
      hiddenSize,
      numLayers = 1,
      bias = true,
      batchFirst = false,
      dropout = 0,
      bidirectional = false,
      projSize = 0,
      device,
      dtype,
    ] = bind<[number, number, number?, boolean?, boolean?, number?, boolean?, number?, ...PlaceArgs]>(
      mode.name,
      'inputSize, hiddenSize, numLayers?, bias?, batchFirst?, dropout?, bidirectional?, projSize?, device?, dtype?',
      args,
    );
    if (!(hiddenSize > 0)) throw new ValueError('hidden_size must be greater than zero');
    if (!(numLayers > 0)) throw new ValueError('num_layers must be greater than zero');
    if (!(dropout >= 0 && dropout <= 1))
      throw new ValueError('dropout should be a number in range [0, 1] representing the probability of an element being zeroed');
    if (projSize < 0) throw new ValueError('proj_size should be a positive integer or zero to disable projections');
    if (projSize >= hiddenSize) throw new ValueError('proj_size has to be smaller than hidden_size');
    [this.inputSize, this.hiddenSize, this.numLayers, this.bias] = [inputSize, hiddenSize, numLayers, bias];
    [this.batchFirst, this.dropout, this.bidirectional, this.projSize] = [batchFirst, dropout, bidirectional, projSize];
    for (let layer = 0; layer < numLayers; layer++)
      for (const suffix of this.suffixes(layer)) this.makeWeights(layer, suffix, { device, dtype });
    this.resetParameters();
  }

  private get directions(): number {
    return this.bidirectional ? 2 : 1;
  }

  private get outputSize(): number {
    return this.projSize || this.hiddenSize;
  }

  private suffixes(layer: number): string[] {
    return this.bidirectional ? [`L${layer}`, `L${layer}Reverse`] : [`L${layer}`];
  }

  private makeWeights(layer: number, suffix: string, place: Place): void {
    const rows = this.mode.gates * this.hiddenSize;
    const width = layer === 0 ? this.inputSize : this.outputSize * this.directions;
    const add = (name: string, shape: number[]) => this.registerParameter(`${name}${suffix}`, new Parameter(empty(shape, place)));
    add('weightIh', [rows, width]);
    add('weightHh', [rows, this.outputSize]);
    if (this.bias) {
      add('biasIh', [rows]);
      add('biasHh', [rows]);
    }
    if (this.projSize > 0) add('weightHr', [this.projSize, this.hiddenSize]);
  }

  private weights(suffix: string): Weights {
    const get = (name: string) => ((this as unknown as Record<string, Parameter | undefined>)[`${name}${suffix}`] ?? null) as Parameter;
    return [get('weightIh'), get('weightHh'), get('biasIh'), get('biasHh'), get('weightHr')];
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const parameter of this.parameters()) init.uniform_(parameter, -bound, bound);
  }

  /** Runs over (L, N, inputSize) from states of shape (layers · directions, N, size). */
  protected run(input: Tensor, given: readonly Tensor[] | null): { output: Tensor; states: Tensor[] } {
    if (input.ndim !== 2 && input.ndim !== 3)
      throw new ValueError(`${this.mode.name}: Expected input to be 2D or 3D, got ${input.ndim}D instead`);
    if (input.sizes[input.ndim - 1] !== this.inputSize) {
      throw new RuntimeError(`input.size(-1) must be equal to input_size. Expected ${this.inputSize}, got ${input.sizes[input.ndim - 1]}`);
    }
    const batched = input.ndim === 3;
    const sequence = !batched ? input.unsqueeze(1) : this.batchFirst ? input.transpose(0, 1) : input;
    const initial = given?.map((state) => (batched ? state : state.unsqueeze(1))) ?? this.zeroStates(sequence, sequence.sizes[1]);
    if (given) checkStateDims(given, input.ndim);
    this.checkStates(initial, sequence.sizes[1], batched);
    const { output, states } = this.runLayers(sequence, initial);
    return {
      output: !batched ? output.squeeze(1) : this.batchFirst ? output.transpose(0, 1) : output,
      states: states.map((state) => (batched ? state : state.squeeze(1))),
    };
  }

  protected runAny(input: Tensor | PackedSequence, given: readonly Tensor[] | null): { output: Tensor | PackedSequence; states: Tensor[] } {
    return input instanceof PackedSequence ? this.runPacked(input, given) : this.run(input, given);
  }

  /** Runs over packed sequences. */
  protected runPacked(input: PackedSequence, given: readonly Tensor[] | null): { output: PackedSequence; states: Tensor[] } {
    const { data, sortedIndices, unsortedIndices } = input;
    const sizes = input.batchSizes.tolist() as number[];
    const permuted = (states: readonly Tensor[], order: Tensor | null): Tensor[] =>
      states.map((state) => (order ? indexSelect(state, 1, order) : state));
    const initial = given ? permuted(given, sortedIndices) : this.zeroStates(data, sizes[0]);
    this.checkStates(initial, sizes[0], true);
    const { output, states } = this.runLayers(data, initial, sizes);
    return { output: input.with(output), states: permuted(states, unsortedIndices) };
  }

  private zeroStates(like: Tensor, batch: number): Tensor[] {
    const options = { dtype: like.dtype, device: like.device };
    const count = this.numLayers * this.directions;
    return this.stateSizes().map((size) => zeros([count, batch, size], options));
  }

  private stateSizes(): number[] {
    return this.mode.states === 2 ? [this.outputSize, this.hiddenSize] : [this.outputSize];
  }

  private checkStates(states: readonly Tensor[], batch: number, batched: boolean): void {
    this.stateSizes().forEach((size, i) => {
      const expected = [this.numLayers * this.directions, batch, size];
      if (String([...states[i].sizes]) === String(expected)) return;
      const shown = (sizes: readonly number[]) => `[${(batched ? sizes : [sizes[0], sizes[2]]).join(', ')}]`;
      throw new RuntimeError(
        `Expected hidden${states.length === 1 ? '' : `[${i}]`} size (${expected.join(', ')}), got ${shown([...states[i].sizes])}`,
      );
    });
  }

  /** `sizes` are the batch sizes of packed steps. */
  private runLayers(sequence: Tensor, initial: readonly Tensor[], sizes?: readonly number[]): { output: Tensor; states: Tensor[] } {
    const finals: (readonly Tensor[])[] = [];
    for (let layer = 0; layer < this.numLayers; layer++) {
      const outputs = this.suffixes(layer).map((suffix, direction) => {
        const state = initial.map((each) => each.select(0, layer * this.directions + direction));
        const { output, final } = this.runDirection(sequence, state, this.weights(suffix), direction === 1, sizes);
        finals.push(final);
        return output;
      });
      sequence = outputs.length === 1 ? outputs[0] : cat(outputs, -1);
      if (this.dropout > 0 && layer < this.numLayers - 1) sequence = F.dropout(sequence, this.dropout, this.training);
    }
    return {
      output: sequence,
      states: initial.map((_, i) =>
        stack(
          finals.map((final) => final[i]),
          0,
        ),
      ),
    };
  }

  private runDirection(sequence: Tensor, state: Tensor[], weights: Weights, reverse: boolean, sizes?: readonly number[]): LayerResult {
    if (!sizes) {
      const [output, ...final] = this.mode.layer(sequence, state, weights, reverse);
      return { output, final };
    }
    const [weightIh, weightHh, biasIh, biasHh, weightHr] = weights;
    return packedLayer(this.mode.step, sizes, {
      projected: F.linear(sequence, weightIh, biasIh),
      state,
      weightHh,
      biasHh,
      weightHr,
      reverse,
    });
  }

  override extraRepr(): string {
    const { inputSize, hiddenSize, projSize, numLayers, bias, batchFirst, dropout, bidirectional } = this;
    const parts = [`${inputSize}, ${hiddenSize}`];
    if (projSize !== 0) parts.push(`proj_size=${projSize}`);
    if (numLayers !== 1) parts.push(`num_layers=${numLayers}`);
    if (!bias) parts.push(`bias=${python(bias)}`);
    if (batchFirst) parts.push(`batch_first=${python(batchFirst)}`);
    if (dropout !== 0) parts.push(`dropout=${dropout}`);
    if (bidirectional) parts.push(`bidirectional=${python(bidirectional)}`);
    return parts.join(', ');
  }
}

/**
 * h = tanh(W x + b + W' h + b'), over a sequence. Gives [outputs, last hidden state].
 * https://pytorch.org/docs/stable/generated/torch.nn.RNN.html
 * @example
 * const rnn = new nn.RNN(4, 8, { batchFirst: true });
 * const [output, state] = rnn(torch.rand(2, 5, 4));
 * output.shape  // torch.Size([2, 5, 8])
 * state.shape  // torch.Size([1, 2, 8])
 */
export class RNN extends RNNBase {
  constructor(
    ...args: [
      inputSize: number,
      hiddenSize: number,
      ...Args<[numLayers: number, nonlinearity: Nonlinearity, bias: boolean], RNNOptions & { nonlinearity?: Nonlinearity }>,
    ]
  ) {
    const { nonlinearity, rest } = takeNonlinearity(args);
    super({ name: 'RNN', gates: 1, step: simpleStep(nonlinearity), layer: layers[nonlinearity], states: 1 }, rest);
  }

  override forward(input: PackedSequence, ...args: StateArgs<Tensor>): [output: PackedSequence, hidden: Tensor];
  override forward(input: Tensor, ...args: StateArgs<Tensor>): [output: Tensor, hidden: Tensor];
  override forward(input: Tensor | PackedSequence, ...args: StateArgs<Tensor>): [output: Tensor | PackedSequence, hidden: Tensor] {
    const { output, states } = this.runAny(input, stateOf(args));
    return [output, states[0]];
  }
}

/**
 * Long short-term memory. Gives [outputs, [hidden, cell]]. https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html
 * @example
 * const lstm = new nn.LSTM(4, 8, { numLayers: 2 });
 * const [output, [h, c]] = lstm(torch.rand(5, 2, 4));
 * output.shape  // torch.Size([5, 2, 8])
 * h.shape  // torch.Size([2, 2, 8])
 */
export class LSTM extends RNNBase {
  constructor(...args: RNNArgs) {
    super({ name: 'LSTM', gates: 4, step: lstmStep, layer: layers.lstm, states: 2 }, args);
  }

  override forward(
    input: PackedSequence,
    ...args: StateArgs<readonly [Tensor, Tensor]>
  ): [output: PackedSequence, state: [hidden: Tensor, cell: Tensor]];
  override forward(input: Tensor, ...args: StateArgs<readonly [Tensor, Tensor]>): [output: Tensor, state: [hidden: Tensor, cell: Tensor]];
  override forward(
    input: Tensor | PackedSequence,
    ...args: StateArgs<readonly [Tensor, Tensor]>
  ): [output: Tensor | PackedSequence, state: [hidden: Tensor, cell: Tensor]] {
    const given = stateOf(args);
    if (given && given.length < 2) throw new IndexError(`index 1 is out of bounds for dimension 0 with size ${given.length}`);
    const { output, states } = this.runAny(input, given);
    return [output, [states[0], states[1]]];
  }
}

/**
 * Gated recurrent units. Gives [outputs, last hidden state]. https://pytorch.org/docs/stable/generated/torch.nn.GRU.html
 * @example
 * const gru = new nn.GRU(4, 8, { bidirectional: true });
 * const [output, state] = gru(torch.rand(5, 2, 4));
 * output.shape  // torch.Size([5, 2, 16])
 * state.shape  // torch.Size([2, 2, 8])
 */
export class GRU extends RNNBase {
  constructor(...args: RNNArgs) {
    refuseProjection(args);
    super({ name: 'GRU', gates: 3, step: gruStep, layer: layers.gru, states: 1 }, args);
  }

  override forward(input: PackedSequence, ...args: StateArgs<Tensor>): [output: PackedSequence, hidden: Tensor];
  override forward(input: Tensor, ...args: StateArgs<Tensor>): [output: Tensor, hidden: Tensor];
  override forward(input: Tensor | PackedSequence, ...args: StateArgs<Tensor>): [output: Tensor | PackedSequence, hidden: Tensor] {
    const { output, states } = this.runAny(input, stateOf(args));
    return [output, states[0]];
  }
}

/**
 * What RNNCell, LSTMCell and GRUCell share. https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 * @example new nn.LSTMCell(4, 8) instanceof nn.RNNCellBase  // true
 */
export abstract class RNNCellBase extends Module {
  readonly inputSize: number;
  readonly hiddenSize: number;
  weightIh: Parameter;
  weightHh: Parameter;
  biasIh: Parameter | null;
  biasHh: Parameter | null;

  protected constructor(gates: number, inputSize: number, hiddenSize: number, bias: boolean, place: Place) {
    super();
    [this.inputSize, this.hiddenSize] = [inputSize, hiddenSize];
    const rows = gates * hiddenSize;
    this.weightIh = new Parameter(empty([rows, inputSize], place));
    this.weightHh = new Parameter(empty([rows, hiddenSize], place));
    this.biasIh = bias ? new Parameter(empty([rows], place)) : null;
    this.biasHh = bias ? new Parameter(empty([rows], place)) : null;
    this.resetParameters();
  }

  /** Draws the weights anew. */
  resetParameters(): void {
    const bound = 1 / Math.sqrt(this.hiddenSize);
    for (const parameter of this.parameters()) init.uniform_(parameter, -bound, bound);
  }

  /** The state after one step; `input` is (N, inputSize) or (inputSize). */
  protected next(input: Tensor, given: readonly Tensor[] | null, count: number, step: Step): Tensor[] {
    if (input.ndim !== 1 && input.ndim !== 2)
      throw new ValueError(`${this.constructor.name}: Expected input to be 1D or 2D, got ${input.ndim}D instead`);
    if (input.sizes[input.ndim - 1] !== this.inputSize) {
      throw new RuntimeError(`input has inconsistent input_size: got ${input.sizes[input.ndim - 1]} expected ${this.inputSize}`);
    }
    const zero = () => zeros([...input.sizes.slice(0, -1), this.hiddenSize], { dtype: input.dtype, device: input.device });
    const state = given ?? Array.from({ length: count }, zero);
    state.forEach((each, i) => {
      const label = count > 1 ? `hx[${i}]` : 'hidden';
      if (each.ndim !== 1 && each.ndim !== 2)
        throw new ValueError(`${this.constructor.name}: Expected ${label} to be 1D or 2D, got ${each.ndim}D instead`);
      if (input.ndim === 2 && each.sizes[0] !== input.sizes[0])
        throw new RuntimeError(`Input batch size ${input.sizes[0]} doesn't match hidden${i} batch size ${each.sizes[0]}`);
      const width = each.sizes[input.ndim - 1];
      if (width !== this.hiddenSize)
        throw new RuntimeError(`hidden${i} has inconsistent hidden_size: got ${width}, expected ${this.hiddenSize}`);
    });
    return step(F.linear(input, this.weightIh, this.biasIh), F.linear(state[0], this.weightHh, this.biasHh), state);
  }

  override extraRepr(): string {
    return `${this.inputSize}, ${this.hiddenSize}${this.biasIh ? '' : ', bias=False'}`;
  }
}

export type CellArgs = [inputSize: number, hiddenSize: number, ...Args<[bias: boolean], Place & { bias?: boolean }>];
type CellBound = [number, number, boolean?, ...PlaceArgs];
const cellParameters = 'inputSize, hiddenSize, bias?, device?, dtype?';

/**
 * One step of `RNN`: input (N, I) and state (N, H) give the next state. https://pytorch.org/docs/stable/generated/torch.nn.RNNCell.html
 * @example new nn.RNNCell(4, 8)(torch.rand(2, 4)).shape  // torch.Size([2, 8])
 */
export class RNNCell extends RNNCellBase {
  readonly nonlinearity: Nonlinearity;

  constructor(
    ...args: [
      inputSize: number,
      hiddenSize: number,
      ...Args<[bias: boolean, nonlinearity: Nonlinearity], Place & { bias?: boolean; nonlinearity?: Nonlinearity }>,
    ]
  ) {
    const [inputSize, hiddenSize, bias = true, nonlinearity = 'tanh', device, dtype] = bind<
      [number, number, boolean?, Nonlinearity?, ...PlaceArgs]
    >('RNNCell', 'inputSize, hiddenSize, bias?, nonlinearity?, device?, dtype?', args);
    super(1, inputSize, hiddenSize, bias, { device, dtype });
    if (nonlinearity !== 'tanh' && nonlinearity !== 'relu') throw new RuntimeError(`Unknown nonlinearity: ${String(nonlinearity)}`);
    this.nonlinearity = nonlinearity;
  }

  override forward(input: Tensor, ...args: StateArgs<Tensor>): Tensor {
    return this.next(input, stateOf(args), 1, simpleStep(this.nonlinearity))[0];
  }
}

/**
 * One step of `LSTM`: input (N, I) and states (N, H) give the next [h, c]. https://pytorch.org/docs/stable/generated/torch.nn.LSTMCell.html
 * @example
 * const [h, c] = new nn.LSTMCell(4, 8)(torch.rand(2, 4));
 * h.shape  // torch.Size([2, 8])
 */
export class LSTMCell extends RNNCellBase {
  constructor(...args: CellArgs) {
    const [inputSize, hiddenSize, bias = true, device, dtype] = bind<CellBound>('LSTMCell', cellParameters, args);
    super(4, inputSize, hiddenSize, bias, { device, dtype });
  }

  override forward(input: Tensor, ...args: StateArgs<readonly [Tensor, Tensor]>): [hidden: Tensor, cell: Tensor] {
    return this.next(input, stateOf(args), 2, lstmStep) as [Tensor, Tensor];
  }
}

/**
 * One step of `GRU`: input (N, I) and state (N, H) give the next state. https://pytorch.org/docs/stable/generated/torch.nn.GRUCell.html
 * @example new nn.GRUCell(4, 8)(torch.rand(2, 4)).shape  // torch.Size([2, 8])
 */
export class GRUCell extends RNNCellBase {
  constructor(...args: CellArgs) {
    const [inputSize, hiddenSize, bias = true, device, dtype] = bind<CellBound>('GRUCell', cellParameters, args);
    super(3, inputSize, hiddenSize, bias, { device, dtype });
  }

  override forward(input: Tensor, ...args: StateArgs<Tensor>): Tensor {
    return this.next(input, stateOf(args), 1, gruStep)[0];
  }
}
