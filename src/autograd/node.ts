/** The graph: nodes made by differentiable operations, edges to where their inputs came from. */
import type { DType } from '../ir/dtype.js';
import { RuntimeError } from '../tensor/errors.js';
import type { GradFn, Tensor, TensorHook } from '../tensor/tensor.js';
import { forwardTrace, isGradEnabled } from './modes.js';
import { type Saved, saveTensor } from './saved-tensor.js';
import { Tensor as TensorClass } from '../tensor/tensor.js';

export interface Edge {
  readonly node: Node;
  readonly index: number;
}

export interface OutputMeta {
  readonly sizes: readonly number[];
  readonly dtype: DType;
}

/** What a node knows of its outputs: the tensors themselves would stay alive with the graph. */
export const metaOf = ({ sizes, dtype }: OutputMeta): OutputMeta => ({ sizes, dtype });

/** The gradients of the inputs: tensors, `null`, or functions that are called only where the gradient is needed. */
export type InputGrads = readonly (Tensor | null | undefined | (() => Tensor | null))[];

export interface BackwardContext {
  /** The gradient of the first output. */
  readonly grad: Tensor;
  /** The gradients of all outputs; `null` where an output is not used. */
  readonly grads: readonly (Tensor | null)[];
  /** Whether the gradient of input i is wanted. */
  needs(i: number): boolean;
}

export type Backward = (context: BackwardContext, saved: Tensor[]) => InputGrads;

let sequence = 0;

export abstract class Node implements GradFn {
  readonly sequence = sequence++;
  /** By output index: hooks of that output's tensor, and the tensor itself where it retains its gradient. */
  tensorHooks: Map<number, Map<number, TensorHook>> | null = null;
  retainers: Map<number, Tensor> | null = null;
  preHooks: Map<number, (gradOutputs: (Tensor | null)[]) => (Tensor | null)[] | void> | null = null;
  postHooks: Map<number, (gradInputs: (Tensor | null)[], gradOutputs: (Tensor | null)[]) => (Tensor | null)[] | void> | null = null;
  /** Where the operation ran, noted while anomalies are looked for. */
  readonly trace: string | undefined = forwardTrace();
  /** Whether users' code runs in `apply`, so that gradients may be kept. */
  readonly runsUserCode: boolean = false;

  constructor(
    public name: string,
    readonly edges: readonly (Edge | null)[],
    readonly outputs: readonly OutputMeta[],
  ) {}

  /** PyTorch's `next_functions`: pairs of node and output index. */
  get nextFunctions(): [Node | null, number][] {
    return this.edges.map((e) => (e ? [e.node, e.index] : [null, 0]));
  }

  abstract apply(grads: (Tensor | null)[], needs: (i: number) => boolean): (Tensor | null)[];
  /** Lets go of saved tensors. */
  release(): void {}

  /** Calls `hook` with the gradients of inputs and outputs after each run of this node; returns a handle with `remove()`. */
  registerHook(hook: (gradInputs: (Tensor | null)[], gradOutputs: (Tensor | null)[]) => (Tensor | null)[] | void): HookHandle {
    return addHook((this.postHooks ??= new Map()), hook);
  }

  /** Calls `hook` with the gradients of the outputs before each run of this node; returns a handle with `remove()`. */
  registerPrehook(hook: (gradOutputs: (Tensor | null)[]) => (Tensor | null)[] | void): HookHandle {
    return addHook((this.preHooks ??= new Map()), hook);
  }

  toString(): string {
    return `<${this.name}>`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** What `registerHook` returns. */
export interface HookHandle {
  remove(): void;
}

let hookIds = 0;
export function addHook<H>(hooks: Map<number, H>, hook: H): HookHandle {
  const id = hookIds++;
  hooks.set(id, hook);
  return { remove: () => void hooks.delete(id) };
}

const releasedMessage =
  'Trying to backward through the graph a second time (or directly access saved tensors after they have already been freed). ' +
  'Saved intermediate values of the graph are freed when you call .backward() or autograd.grad(). ' +
  'Specify retain_graph=True if you need to backward through the graph a second time or if you need to access saved tensors after calling backward.';

/** The node of a library operation: its saved tensors and the function that is written below its forward. */
class OpNode extends Node {
  private saved: readonly Saved[] | null = null;
  private runsOnce = false;
  private backward: Backward | null;

  constructor(name: string, edges: readonly (Edge | null)[], outputs: readonly OutputMeta[], backward: Backward) {
    super(name, edges, outputs);
    this.backward = backward;
  }

  save(tensors: readonly (Tensor | null)[], outputs: readonly Tensor[]): void {
    this.runsOnce = tensors.length > 0;
    this.saved = tensors.filter((t) => t !== null).map((t) => saveTensor(t, outputs.includes(t), accumulatorOf));
  }

  override apply(grads: (Tensor | null)[], needs: (i: number) => boolean): (Tensor | null)[] {
    if (!this.backward || !this.saved) throw new RuntimeError(releasedMessage);
    const saved = this.saved.map((s) => s.unpack(this));
    const grad = grads[0] as Tensor;
    const results = this.backward({ grad, grads, needs }, saved);
    return results.map((r, i) => (!r || !needs(i) ? null : typeof r === 'function' ? r() : r));
  }

  override release(): void {
    if (this.runsOnce) this.saved = this.backward = null;
  }
}

/** The end of the graph at a leaf: adds to `.grad`. The engine does the adding. */
export class AccumulateGrad extends Node {
  /** Called with the variable after its gradient was added to. */
  accumulatedHooks: Map<number, (variable: Tensor) => void> | null = null;

  constructor(readonly variable: Tensor) {
    super('AccumulateGrad', [], [variable]);
  }
  override apply(): (Tensor | null)[] {
    return [];
  }
}

/** Renews the `gradFn` of a view whose base was written in place; set by `ops/inplace.ts`. */
export const viewRefresher: { refresh: (view: Tensor) => void } = { refresh: () => {} };

/** Whether operations on `t` are recorded while gradients are enabled. */
export function requiresGrad(t: Tensor): boolean {
  refreshView(t);
  return t.wantsGrad || t.node !== null;
}

function refreshView(t: Tensor): void {
  if (t.viewInfo && t.viewInfo.version !== t.storage.version) viewRefresher.refresh(t);
}

/** Where the gradient of `t` flows: to the operation that made it, or to its accumulator. */
export function gradEdge(t: Tensor): Edge | null {
  if (!requiresGrad(t)) return null;
  if (t.node) return { node: t.node as Node, index: t.outputIndex };
  t.accumulator ??= new AccumulateGrad(t);
  return { node: t.accumulator as Node, index: 0 };
}

const accumulatorOf = (t: Tensor): GradFn | null => (t.wantsGrad ? gradEdge(t)!.node : null);

/** Whether an operation on `inputs` has to be recorded now. */
export function needsRecord(inputs: readonly (Tensor | null)[]): boolean {
  if (!isGradEnabled()) return false;
  for (const t of inputs) if (t !== null && requiresGrad(t)) return true;
  return false;
}

/** Only floating and complex tensors have gradients. */
const isDifferentiable = (t: Tensor): boolean => t.dtype.category >= 2;

/**
 * Notes that `outputs` were computed from `inputs`, if anything there requires grad. `backward` gets the gradients of the outputs and the `saved`
 * tensors (nothing else may be captured), and returns the gradients of the inputs. A `null` is saved where PyTorch keeps something that is not
 * needed here: such a graph, too, can be gone through only once.
 */
export function record<T extends Tensor | readonly Tensor[]>(
  name: string,
  inputs: readonly (Tensor | null)[],
  outputs: T,
  saved: readonly (Tensor | null)[],
  backward: Backward,
): T {
  if (!needsRecord(inputs)) return outputs;
  const results: readonly Tensor[] = outputs instanceof TensorClass ? [outputs] : outputs;
  if (!results.some(isDifferentiable)) return outputs;
  const node = new OpNode(
    nodeName(name),
    inputs.map((t) => (t && isDifferentiable(t) ? gradEdge(t) : null)),
    results.map(metaOf),
    backward,
  );
  results.forEach((t, i) => attach(t, node, i));
  node.save(saved, results);
  return outputs;
}

function attach(t: Tensor, node: Node, index: number): void {
  if (!isDifferentiable(t)) return;
  t.node = node;
  t.outputIndex = index;
  if (t.viewInfo) t.viewInfo.version = t.storage.version;
}

/** Gives the last node of a computation PyTorch's name for the whole. */
export function nameNode(name: string, result: Tensor): Tensor {
  if (result.node) (result.node as Node).name = nodeName(name);
  return result;
}

const nodeNames = new Map<string, string>();

/** `'add'` → `'AddBackward0'`, `'nllLoss2d'` → `'NllLoss2DBackward0'`; a name ending in `Backward` and a digit stays. */
function nodeName(name: string): string {
  let full = nodeNames.get(name);
  if (!full) {
    full = /Backwards?\d*(_copy)?$|^CopySlices$/.test(name) ? name : `${name.replace(/(?<=^|\d)[a-z]/g, (c) => c.toUpperCase())}Backward0`;
    nodeNames.set(name, full);
  }
  return full;
}
