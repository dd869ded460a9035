/** Runs graphs backwards: counts dependencies, then applies nodes in reverse order of their making, without recursion. */
import { RuntimeError } from '../tensor/errors.js';
import { formatShape, isContiguous, sameSizes } from '../tensor/shape.js';
import { freeTransient, isOwned, withLog, withoutLog } from '../tensor/storage.js';
import type { Tensor, TensorHook } from '../tensor/tensor.js';
import { isAnomalyCheckNanEnabled, setGradEnabled } from './modes.js';
import { AccumulateGrad, type Edge, type Node } from './node.js';

/** The few operations on gradients that the engine needs; set by `ops/`. */
export const gradOps: {
  add: (a: Tensor, b: Tensor) => Tensor;
  /** Gives `a`, or another tensor where `a` can't hold the sum. */
  addInPlace: (a: Tensor, b: Tensor) => Tensor;
  /** A copy with the strides of `like` if that is dense, else contiguous. */
  cloneLike: (grad: Tensor, like: Tensor) => Tensor;
  onesLike: (t: Tensor) => Tensor;
  zerosLike: (t: Tensor) => Tensor;
  hasNan: (t: Tensor) => boolean;
} = {
  add: () => unset(),
  addInPlace: () => unset(),
  cloneLike: () => unset(),
  onesLike: () => unset(),
  zerosLike: () => unset(),
  hasNan: () => unset(),
};
const unset = (): never => {
  throw new Error('the operators are not loaded');
};

export interface BackwardOptions {
  readonly keepGraph: boolean;
  readonly createGraph: boolean;
  /** If given, only the gradients at these edges are computed and returned; else leaves accumulate. */
  readonly capture?: readonly (Edge | null)[];
  /** With `capture`: add to the `.grad` of the captured leaves instead of returning. */
  readonly accumulate?: boolean;
}

/** A max-heap of nodes by sequence number: later operations go first. */
class ReadyQueue {
  private heap: Node[] = [];

  get size(): number {
    return this.heap.length;
  }

  push(node: Node): void {
    const { heap } = this;
    let i = heap.push(node) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (before(heap[parent], node)) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = node;
  }

  pop(): Node {
    const { heap } = this;
    const top = heap[0];
    const last = heap.pop() as Node;
    const n = heap.length;
    if (n === 0) return top;
    let i = 0;
    for (let child = 1; child < n; child = 2 * i + 1) {
      if (child + 1 < n && before(heap[child + 1], heap[child])) child++;
      if (before(last, heap[child])) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = last;
    return top;
  }
}

/** Accumulators run as soon as they can, as PyTorch's do: that frees their gradients early. */
const before = (a: Node, b: Node): boolean => priority(a) >= priority(b);
const priority = (node: Node): number => (node instanceof AccumulateGrad ? Infinity : node.sequence);

class BackwardRun {
  private readonly buffers = new Map<Node, (Tensor | null)[]>();
  private readonly waiting = new Map<Node, number>();
  private readonly ready = new ReadyQueue();
  private readonly captured: (Tensor | null)[];
  private readonly captures = new Map<Node, { index: number; slot: number }[]>();
  private wanted: Set<Node> | null = null;

  constructor(
    private readonly roots: readonly { edge: Edge; grad: Tensor }[],
    private readonly options: BackwardOptions,
  ) {
    this.captured = (options.capture ?? []).map(() => null);
    options.capture?.forEach((edge, slot) => edge && this.noteCapture(edge, slot));
  }

  run(): (Tensor | null)[] {
    const order = this.countDependencies();
    if (this.options.capture) this.wanted = this.nodesLeadingTo(order);
    for (const { edge, grad } of this.roots) this.deliver(edge, grad);
    const started = new Set<Node>();
    for (const { edge } of this.roots) {
      if (!started.has(edge.node) && !this.waiting.get(edge.node)) this.ready.push(edge.node);
      started.add(edge.node);
    }
    while (this.ready.size > 0) this.step(this.ready.pop());
    return this.captured;
  }

  private noteCapture({ node, index }: Edge, slot: number): void {
    const known = this.captures.get(node);
    if (known) known.push({ index, slot });
    else this.captures.set(node, [{ index, slot }]);
  }

  /** Counts, for every reachable node, the edges into it; returns the nodes, each after its first discovery. */
  private countDependencies(): Node[] {
    const order: Node[] = [];
    const seen = new Set<Node>();
    const stack: Node[] = [];
    const find = (node: Node): void => {
      if (seen.has(node)) return;
      seen.add(node);
      order.push(node);
      stack.push(node);
    };
    for (const { edge } of this.roots) find(edge.node);
    while (stack.length > 0) {
      for (const edge of (stack.pop() as Node).edges) {
        if (!edge) continue;
        this.waiting.set(edge.node, (this.waiting.get(edge.node) ?? 0) + 1);
        find(edge.node);
      }
    }
    return order;
  }

  /** The nodes from which a captured edge can be reached. */
  private nodesLeadingTo(order: readonly Node[]): Set<Node> {
    const wanted = new Set<Node>(this.captures.keys());
    // Every edge goes from a later-made node to an earlier-made one (accumulators aside, which have no edges).
    const byAge = [...order].sort((a, b) => a.sequence - b.sequence);
    for (const node of byAge) if (node.edges.some((e) => e && wanted.has(e.node))) wanted.add(node);
    return wanted;
  }

  private step(node: Node): void {
    const grads = this.buffers.get(node);
    this.buffers.delete(node);
    const wanted = !this.wanted || this.wanted.has(node);
    const results = grads && wanted ? this.process(node, grads) : null;
    node.edges.forEach((edge, i) => {
      if (!edge) return;
      const result = results?.[i];
      if (result) this.deliver(edge, result);
      this.finishEdge(edge.node);
    });
    if (grads) for (const g of grads) if (g) this.release(g);
    if (results) for (const r of results) if (r) freeTransient(r.storage);
  }

  private finishEdge(node: Node): void {
    const left = (this.waiting.get(node) as number) - 1;
    this.waiting.set(node, left);
    if (left === 0) this.ready.push(node);
  }

  private process(node: Node, grads: (Tensor | null)[]): (Tensor | null)[] | null {
    runTensorHooks(node, grads);
    this.takeCaptured(node, grads);
    if (node instanceof AccumulateGrad) {
      if (!this.options.capture || (this.options.accumulate && this.captures.has(node))) this.accumulate(node, grads[0]);
      return null;
    }
    if (this.wanted && !node.edges.some((e) => e && this.wanted?.has(e.node))) return null;
    return this.apply(node, grads);
  }

  private takeCaptured(node: Node, grads: (Tensor | null)[]): void {
    if (this.options.accumulate) return;
    for (const { index, slot } of this.captures.get(node) ?? []) {
      const grad = grads[index] ?? null;
      if (grad) grad.storage.transient = false;
      this.captured[slot] = grad;
    }
  }

  private apply(node: Node, grads: (Tensor | null)[]): (Tensor | null)[] {
    const needs = (i: number): boolean => {
      const edge = node.edges[i];
      return edge !== null && edge !== undefined && (!this.wanted || this.wanted.has(edge.node));
    };
    const isPrivate = !this.options.createGraph && !node.runsUserCode && !node.preHooks?.size && !node.postHooks?.size;
    if (!isPrivate) for (const g of grads) if (g) g.storage.transient = false;
    const results = isPrivate ? applyPrivately(node, grads, needs) : withoutLog(() => applyWithHooks(node, grads, needs));
    if (isAnomalyCheckNanEnabled()) checkNan(node, results);
    if (!this.options.keepGraph) node.release();
    node.edges.forEach((edge, i) => edge && results[i] && checkGrad(node, i, results[i] as Tensor, edge));
    return results;
  }

  /** Adds `grad` to what has arrived at `edge`. */
  private deliver({ node, index }: Edge, grad: Tensor): void {
    const buffer = this.buffers.get(node);
    if (!buffer) {
      const fresh = new Array<Tensor | null>(node.outputs.length).fill(null);
      fresh[index] = this.hold(grad);
      this.buffers.set(node, fresh);
      return;
    }
    const known = buffer[index];
    buffer[index] = known ? this.sum(known, grad) : this.hold(grad);
  }

  private hold(grad: Tensor): Tensor {
    grad.storage.uses++;
    return grad;
  }

  private release(grad: Tensor): void {
    grad.storage.uses--;
    freeTransient(grad.storage);
  }

  private sum(known: Tensor, grad: Tensor): Tensor {
    if (isOwned(known) && !this.options.createGraph && known.dtype === grad.dtype) {
      gradOps.addInPlace(known, grad);
      return known;
    }
    const { result, made } = withLog(() => gradOps.add(known, grad));
    if (this.options.createGraph) for (const s of made) s.transient = false;
    this.release(known);
    return this.hold(result);
  }

  private accumulate({ variable, accumulatedHooks }: AccumulateGrad, grad: Tensor | null): void {
    if (!grad) return;
    this.accumulateLeaf(variable, grad);
    if (accumulatedHooks) withoutLog(() => [...accumulatedHooks.values()].forEach((hook) => hook(variable)));
  }

  private accumulateLeaf(variable: Tensor, grad: Tensor): void {
    const { createGraph } = this.options;
    const old = variable.ownGrad;
    if (!old) {
      const mine = isOwned(grad) && isLaidOutLike(grad, variable);
      variable.ownGrad = mine || createGraph ? grad : withoutLog(() => gradOps.cloneLike(grad, variable));
      if (variable.ownGrad.storage === grad.storage) grad.storage.transient = false;
    } else if (createGraph) variable.ownGrad = gradOps.add(old, grad);
    else variable.ownGrad = gradOps.addInPlace(old, grad);
  }
}

const isLaidOutLike = (grad: Tensor, variable: Tensor): boolean =>
  isContiguous(variable.sizes, variable.strides) || grad.strides.every((s, d) => s === variable.strides[d] || grad.sizes[d] === 1);

/** Runs a library node and frees what it made on the way to its results. */
function applyPrivately(node: Node, grads: (Tensor | null)[], needs: (i: number) => boolean): (Tensor | null)[] {
  const { result, made } = withLog(() => node.apply(grads, needs));
  for (const storage of made) if (!result.some((r) => r?.storage === storage)) freeTransient(storage);
  return result;
}

function applyWithHooks(node: Node, grads: (Tensor | null)[], needs: (i: number) => boolean): (Tensor | null)[] {
  for (const hook of [...(node.preHooks?.values() ?? [])]) grads = hook(grads) ?? grads;
  let results = node.apply(grads, needs);
  for (const hook of [...(node.postHooks?.values() ?? [])]) results = hook(results, grads) ?? results;
  return results;
}

function runTensorHooks(node: Node, grads: (Tensor | null)[]): void {
  if (!node.tensorHooks && !node.retainers) return;
  withoutLog(() => {
    grads.forEach((grad, i) => {
      if (!grad) return;
      grads[i] = applyHooks(grad, node.tensorHooks?.get(i));
      const retainer = node.retainers?.get(i);
      if (retainer) retainGradient(retainer, grads[i] as Tensor);
    });
  });
}

function applyHooks(grad: Tensor, hooks: ReadonlyMap<number, TensorHook> | undefined): Tensor {
  if (!hooks?.size) return grad;
  const first = grad;
  for (const hook of [...hooks.values()]) {
    grad.storage.transient = false;
    grad = hook(grad) ?? grad;
  }
  if (grad !== first) {
    first.storage.uses--;
    grad.storage.uses++;
  }
  return grad;
}

function retainGradient(tensor: Tensor, grad: Tensor): void {
  grad.storage.transient = false;
  tensor.ownGrad = tensor.ownGrad ? gradOps.add(tensor.ownGrad, grad) : grad;
}

function checkNan(node: Node, results: readonly (Tensor | null)[]): void {
  const i = results.findIndex((grad) => grad && gradOps.hasNan(grad));
  if (i < 0) return;
  if (node.trace) console.warn(`Error detected in ${node.name}. Traceback of forward call that caused the error:\n${node.trace}`);
  throw new RuntimeError(`Function '${node.name}' returned nan values in its ${i}th output.`);
}

function checkGrad(node: Node, i: number, grad: Tensor, edge: Edge): void {
  const expected = edge.node.outputs[edge.index];
  if (!sameSizes(grad.sizes, expected.sizes)) {
    throw new RuntimeError(
      `Function ${node.name} returned an invalid gradient at index ${i} - got ${formatShape(grad.sizes)} but expected shape compatible with ${formatShape(expected.sizes)}`,
    );
  }
}

/** How many runs are under way, one within a node of the other. */
let depth = 0;

/** Computes gradients from `roots`; returns those at `options.capture`. */
export function runBackward(roots: readonly { edge: Edge; grad: Tensor }[], options: BackwardOptions): (Tensor | null)[] {
  const isOuter = depth === 0;
  depth++;
  try {
    return setGradEnabled(options.createGraph, () => new BackwardRun(roots, options).run());
  } finally {
    depth--;
    if (isOuter && !options.keepGraph) roots[0]?.grad.storage.device.passEnded();
  }
}
