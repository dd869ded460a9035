/** What nodes keep for backward, and the hooks that may keep it elsewhere. */
import { RuntimeError } from '../tensor/errors.js';
import { withoutLog } from '../tensor/storage.js';
import { type GradFn, Tensor } from '../tensor/tensor.js';
import { inferenceError, noGrad, type Scope, scoped } from './modes.js';

/** A tensor kept for the backward of `owner`. */
export interface Saved {
  unpack(owner: GradFn): Tensor;
}

/** The same memory at another place in the graph. */
function relinked(tensor: Tensor, node: GradFn | null, outputIndex: number): Tensor {
  const alias = new Tensor(tensor.storage, tensor.dtype, tensor.sizes, tensor.strides, tensor.offset);
  alias.node = node;
  alias.outputIndex = outputIndex;
  return alias;
}

/** A tensor as it was when an operation saved it. */
class SavedTensor implements Saved {
  private readonly version: number;
  private readonly node: GradFn | null;
  private readonly outputIndex: number;

  constructor(
    private readonly tensor: Tensor,
    private readonly isOutput: boolean,
  ) {
    this.version = tensor.storage.version;
    this.node = isOutput ? null : tensor.node;
    this.outputIndex = tensor.outputIndex;
  }

  unpack(owner: GradFn): Tensor {
    const { tensor } = this;
    if (tensor.storage.version !== this.version) throw this.modifiedError(owner);
    const node = this.isOutput ? owner : this.node;
    return tensor.node === node ? tensor : relinked(tensor, node, this.outputIndex);
  }

  private modifiedError(owner: GradFn): Error {
    const { dtype, sizes, storage, outputIndex } = this.tensor;
    const kind = typeNames[dtype.name] ?? dtype.name;
    const from = this.tensor.node
      ? `, which is output ${outputIndex} of ${operation(this.isOutput ? owner.name : this.tensor.node.name)},`
      : '';
    return new RuntimeError(
      `one of the variables needed for gradient computation has been modified by an inplace operation: [torch.${kind} [${sizes.join(', ')}]]${from} ` +
        `is at version ${storage.version}; expected version ${this.version} instead. Hint: enable anomaly detection to find the operation that failed ` +
        'to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False).',
    );
  }
}

/** `'MulBackward0'` → `'Mul'` */
const operation = (node: string): string => node.replace(/Backward\d*$/, '');

const typeNames: Record<string, string> = {
  float32: 'FloatTensor',
  float64: 'DoubleTensor',
  float16: 'HalfTensor',
  bfloat16: 'BFloat16Tensor',
  complex64: 'ComplexFloatTensor',
  complex128: 'ComplexDoubleTensor',
};

/** Keeps something in place of a tensor. */
export type PackHook = (tensor: Tensor) => unknown;
/** Gives the tensor back that `PackHook` was called with. */
export type UnpackHook = (packed: never) => Tensor;

interface SavedHooks {
  readonly pack: PackHook;
  readonly unpack: UnpackHook;
}

let hooks: SavedHooks | null = null;
/** Why no hooks may be set. */
let refusal: string | null = null;

/** What a hook made of a tensor. */
class PackedTensor implements Saved {
  private readonly packed: unknown;
  private readonly node: GradFn | null;
  private readonly outputIndex: number;

  constructor(
    private readonly hooks: SavedHooks,
    tensor: Tensor,
    private readonly isOutput: boolean,
    /** Of a leaf: what adds to its gradient. */
    private readonly accumulator: GradFn | null,
  ) {
    this.packed = noGrad(() => hooks.pack(relinked(tensor, null, 0)));
    this.node = isOutput ? null : tensor.node;
    this.outputIndex = tensor.outputIndex;
  }

  unpack(owner: GradFn): Tensor {
    const tensor: unknown = withoutLog(() => this.hooks.unpack(this.packed as never));
    if (!(tensor instanceof Tensor))
      throw new TypeError(`Output of saved tensor unpack_hook expected to be a Tensor but got result of type ${typeof tensor}`);
    const alias = relinked(tensor, this.isOutput ? owner : this.node, this.outputIndex);
    alias.wantsGrad = this.accumulator !== null;
    alias.accumulator = this.accumulator;
    return alias;
  }
}

/** Keeps `tensor` for backward, as the hooks say if there are any. */
export function saveTensor(tensor: Tensor, isOutput: boolean, accumulatorOf: (leaf: Tensor) => GradFn | null): Saved {
  if (tensor.inference) throw inferenceError();
  return hooks ? new PackedTensor(hooks, tensor, isOutput, isOutput ? null : accumulatorOf(tensor)) : new SavedTensor(tensor, isOutput);
}

/**
 * Lets `pack` keep something in place of each tensor that operations save for backward, from which `unpack` gives the tensor back. Only the
 * innermost hooks are called. https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks
 * @example
 * const x = torch.tensor([2, 3], { requiresGrad: true });
 * const halve = (t: torch.Tensor) => t.bfloat16();
 * const y = torch.autograd.graph.savedTensorsHooks(halve, (t: torch.Tensor) => t.float(), () => x.mul(x));
 * y.sum().backward();
 * x.grad  // tensor([4., 6.])
 */
export function savedTensorsHooks(pack: PackHook, unpack: UnpackHook): Scope;
export function savedTensorsHooks<R>(pack: PackHook, unpack: UnpackHook, body: () => R): R;
export function savedTensorsHooks<R>(pack: PackHook, unpack: UnpackHook, body?: () => R): R | Scope {
  return scoped(() => {
    if (refusal !== null) throw new RuntimeError(refusal);
    const outer = hooks;
    hooks = { pack, unpack };
    return () => void (hooks = outer);
  }, body);
}

/**
 * Makes `savedTensorsHooks` throw this message.
 * https://pytorch.org/docs/stable/autograd.html#torch.autograd.graph.disable_saved_tensors_hooks
 * @example torch.autograd.graph.disableSavedTensorsHooks('not here', () => torch.ones(1))  // tensor([1.])
 */
export function disableSavedTensorsHooks(errorMessage: string): Scope;
export function disableSavedTensorsHooks<R>(errorMessage: string, body: () => R): R;
export function disableSavedTensorsHooks<R>(errorMessage: string, body?: () => R): R | Scope {
  return scoped(() => {
    const outer = refusal;
    refusal = errorMessage;
    return () => void (refusal = outer);
  }, body);
}
