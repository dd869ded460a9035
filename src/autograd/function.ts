/** Users' own differentiable operations. */
import { NotImplementedError, RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { gradOps } from './engine.js';
import { noGrad } from './modes.js';
import { gradEdge, needsRecord, Node } from './node.js';

/**
 * What `forward` and `backward` share. https://pytorch.org/docs/stable/autograd.html#context-method-mixins
 * @example
 * class Scale extends torch.autograd.Function {
 *   static override forward(ctx: torch.autograd.FunctionContext, x: torch.Tensor, factor: number) {
 *     ctx.factor = factor;
 *     return x.mul(factor);
 *   }
 *   static override backward(ctx: torch.autograd.FunctionContext, grad: torch.Tensor) {
 *     return [grad.mul(ctx.factor as number), null];
 *   }
 * }
 * const x = torch.tensor([3], { requiresGrad: true });
 * Scale.apply(x, 5).backward();
 * x.grad  // tensor([5.])
 */
export class FunctionContext {
  /** Which inputs want a gradient. */
  needsInputGrad: boolean[] = [];
  private saved: { readonly tensor: Tensor; readonly version: number }[] = [];
  private dirty: readonly Tensor[] = [];
  private frozen: readonly Tensor[] = [];
  materializeGrads = true;

  /** Keeps tensors for `backward`, which reads them from `savedTensors`. */
  saveForBackward(...tensors: Tensor[]): void {
    this.saved = tensors.map((tensor) => ({ tensor, version: tensor.storage.version }));
  }

  /** The tensors that `saveForBackward` was given. Throws where one was changed in place since. */
  get savedTensors(): Tensor[] {
    return this.saved.map(({ tensor, version }) => {
      if (tensor.storage.version !== version) {
        throw new RuntimeError('one of the variables needed for gradient computation has been modified by an inplace operation');
      }
      return tensor;
    });
  }

  /** Says which inputs `forward` wrote in place. */
  markDirty(...tensors: Tensor[]): void {
    this.dirty = tensors;
  }
  /** Says which outputs have no gradient. */
  markNonDifferentiable(...tensors: Tensor[]): void {
    this.frozen = tensors;
  }
  /** Whether `backward` gets zeros (the default) or null for outputs without a gradient. */
  setMaterializeGrads(value: boolean): void {
    this.materializeGrads = value;
  }
  /** Whether `markDirty` was given the tensor. */
  isDirty(t: Tensor): boolean {
    return this.dirty.includes(t);
  }
  /** Whether `markNonDifferentiable` was given the tensor, or its dtype has no gradients. */
  isFrozen(t: Tensor): boolean {
    return this.frozen.includes(t) || t.dtype.category < 2;
  }

  [key: string]: unknown;
}

type Outputs = Tensor | readonly Tensor[];
type Gradients = Tensor | null | readonly (Tensor | null | undefined)[];
interface FunctionClass {
  readonly name: string;
  forward(...args: never[]): Outputs;
  setupContext?(ctx: FunctionContext, inputs: never, output: never): void;
  backward(ctx: FunctionContext, ...gradOutputs: never[]): Gradients;
  vjp?(ctx: FunctionContext, ...gradOutputs: never[]): Gradients;
}

/** Runs `forward`: with the context, or without it where `setupContext` gets that afterwards. */
function runForward(type: FunctionClass, ctx: FunctionContext, args: readonly unknown[]): Outputs {
  if (!type.setupContext) return type.forward(...([ctx, ...args] as never[]));
  const output = type.forward(...(args as never[]));
  type.setupContext(ctx, args as never, output as never);
  return output;
}

class UserNode extends Node {
  override readonly runsUserCode = true;
  outputTensors: readonly Tensor[] = [];

  constructor(
    private readonly type: FunctionClass,
    private readonly ctx: FunctionContext,
    inputs: readonly unknown[],
    outputs: readonly Tensor[],
  ) {
    super(
      `${type.name}Backward`,
      inputs.map((x) => (x instanceof Tensor ? gradEdge(x) : null)),
      outputs.map(({ sizes, dtype }) => ({ sizes, dtype })),
    );
  }

  override apply(grads: (Tensor | null)[]): (Tensor | null)[] {
    const given = this.ctx.materializeGrads ? grads.map((g, i) => g ?? gradOps.zerosLike(this.outputTensors[i])) : grads;
    const { type, ctx } = this;
    const result = type.vjp ? type.vjp(ctx, ...(given as never[])) : type.backward(ctx, ...(given as never[]));
    const list: readonly (Tensor | null | undefined)[] = result instanceof Tensor || result === null ? [result] : result;
    const isTooShort = this.edges.slice(list.length).some((edge) => edge);
    if (isTooShort || list.slice(this.edges.length).some((grad) => grad)) {
      throw new RuntimeError(
        `function ${this.name} returned an incorrect number of gradients (expected ${this.edges.length}, got ${list.length})`,
      );
    }
    return this.edges.map((_, i) => list[i] ?? null);
  }
}

/**
 * A differentiable operation with its own backward: write static `forward(ctx, …)` and `backward(ctx, …gradOutputs)`, call `apply`. With a
 * static `setupContext(ctx, inputs, output)` that keeps what backward needs, `forward` gets no context. `vjp` is another name for `backward`.
 * https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function
 * @example
 * class Square extends torch.autograd.Function {
 *   static override forward(ctx: torch.autograd.FunctionContext, x: torch.Tensor) {
 *     ctx.saveForBackward(x);
 *     return x.mul(x);
 *   }
 *   static override backward(ctx: torch.autograd.FunctionContext, grad: torch.Tensor) {
 *     return grad.mul(ctx.savedTensors[0]).mul(2);
 *   }
 * }
 * const x = torch.tensor([3], { requiresGrad: true });
 * Square.apply(x).backward();
 * x.grad  // tensor([6.])
 */
export class Function {
  static forward(..._args: never[]): Outputs {
    throw new NotImplementedError('You must implement the forward function for custom autograd.Function.');
  }
  /** The gradients of the inputs, one for each (null for what is no tensor), from those of the outputs; subclasses define it. */
  static backward(_ctx: FunctionContext, ..._gradOutputs: never[]): Gradients {
    throw new NotImplementedError(
      'You must implement either the backward or vjp method for your custom autograd.Function to use it with backward mode AD.',
    );
  }

  /** Runs `forward` unrecorded and makes one node of it. */
  static apply<R extends Outputs = Tensor>(this: FunctionClass, ...args: unknown[]): R {
    const ctx = new FunctionContext();
    ctx.needsInputGrad = args.map((x) => x instanceof Tensor && gradEdge(x) !== null);
    const result = noGrad(() => runForward(this, ctx, args));
    const tensors = args.filter((x): x is Tensor => x instanceof Tensor);
    if (!needsRecord(tensors)) return result as R;
    const outputs: readonly Tensor[] = result instanceof Tensor ? [result] : result;
    const fresh = outputs.map((t) =>
      args.includes(t) && !ctx.isDirty(t) ? new Tensor(t.storage, t.dtype, t.sizes, t.strides, t.offset) : t,
    );
    const node = new UserNode(this, ctx, args, fresh);
    fresh.forEach((t, i) => {
      if (ctx.isFrozen(outputs[i])) return;
      t.node = node;
      t.outputIndex = i;
      t.wantsGrad = false;
    });
    node.outputTensors = fresh;
    return (result instanceof Tensor ? fresh[0] : fresh) as R;
  }
}
