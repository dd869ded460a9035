/** `torch.nn.utils.prune`: parameters with masks that set some of their elements to zero. https://pytorch.org/tutorials/intermediate/pruning_tutorial.html */
import type { Args } from '../ops/types.js';
import { callable } from '../ops/signature.js';
import { roundEven } from '../ir/half.js';
import { onesLike, zerosLike } from '../ops/creation.js';
import { cat } from '../ops/join.js';
import { rand } from '../ops/random.js';
import { AssertionError, IndexError, ValueError } from '../tensor/errors.js';
import { formatShape, sameSizes, wrapDim } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import type { RemovableHandle } from './module-hooks.js';
import type { Module } from './module.js';
import { Buffer, Parameter } from './parameter.js';

type Fields = Record<string, unknown>;
const fieldsOf = (module: Module): Fields => module as unknown as Fields;
const shapeOf = (t: Tensor): string => `torch.Size(${formatShape(t.sizes)})`;

/** The hooks that compute pruned parameters before every forward. */
const hooks = new WeakMap<Module, Map<string, RemovableHandle>>();

/** Sets the field of a pruned parameter to its value under the mask. */
function refresh(module: Module, name: string): void {
  const fields = fieldsOf(module);
  const original = fields[`${name}Orig`] as Tensor;
  fields[name] = original.mul((fields[`${name}Mask`] as Tensor).to(original.dtype));
}

/** Moves the parameter `name` to `nameOrig`, and computes `name` from it and its mask. */
function reparametrize(module: Module, name: string): void {
  const fields = fieldsOf(module);
  const original = fields[name];
  delete fields[name];
  fields[`${name}Orig`] = original;
  if (!hooks.has(module)) hooks.set(module, new Map());
  const handle = module.registerForwardPreHook(() => refresh(module, name));
  hooks.get(module)!.set(name, handle);
}

/** What a method chooses from: elements that are not pruned yet, slices that are not pruned as a whole, or all elements. */
export type PruningType = 'unstructured' | 'structured' | 'global';

/**
 * A way to choose what to prune: extend it with `computeMask`.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.BasePruningMethod.html
 * @example nn.utils.prune.L1Unstructured.prototype instanceof nn.utils.prune.BasePruningMethod  // true
 */
export abstract class BasePruningMethod {
  readonly pruningType: PruningType = 'unstructured';
  /** The dim of the slices that structured methods choose from. */
  readonly dim: number = -1;

  /** The mask for scores of importance `t`; `defaultMask` has zeros where something was pruned before. */
  abstract computeMask(t: Tensor, defaultMask: Tensor): Tensor;

  /** Prunes the parameter `name` by a method with these arguments, on top of what was pruned there before. */
  static apply<A extends unknown[], P extends BasePruningMethod>(this: new (...args: A) => P, module: Module, name: string, ...args: A): P {
    const method = new this(...args);
    method.applyTo(module, name);
    return method;
  }

  /** Prunes the parameter `name` by this method, on top of what was pruned there before. */
  applyTo(module: Module, name: string, importanceScores: Tensor | null = null): void {
    const fields = fieldsOf(module);
    const current = fields[name] as Tensor;
    checkScores(importanceScores, current, `parameter ${name} of ${String(module)}`);
    const scores = (importanceScores ?? current).detach();
    const isFirst = !hooks.get(module)?.has(name);
    const mask = isFirst ? this.computeMask(scores, onesLike(scores)) : combined(this, scores, fields[`${name}Mask`] as Tensor);
    if (isFirst) reparametrize(module, name);
    fields[`${name}Mask`] = new Buffer(mask);
    refresh(module, name);
  }

  /** `t` without what the method prunes. */
  prune(t: Tensor, options: { defaultMask?: Tensor | null; importanceScores?: Tensor | null } = {}): Tensor {
    const { defaultMask = null, importanceScores = null } = options;
    checkScores(importanceScores, t, 'tensor t');
    return t.mul(this.computeMask(importanceScores ?? t, defaultMask ?? onesLike(t)));
  }
}

function checkScores(scores: Tensor | null, t: Tensor, what: string): void {
  if (scores && !sameSizes(scores.sizes, t.sizes))
    throw new AssertionError(`importance_scores should have the same shape as ${what}, got ${shapeOf(scores)} vs ${shapeOf(t)}`);
}

/** The mask of a method that sees only what `mask` leaves, put into it. */
function combined(method: BasePruningMethod, scores: Tensor, mask: Tensor): Tensor {
  const result = mask.to(scores.dtype).clone();
  const left = unpruned(method, mask);
  result.setAt(left, method.computeMask(scores.at(...left), mask.at(...left)));
  return result;
}
function unpruned({ pruningType, dim }: BasePruningMethod, mask: Tensor): (Tensor | string)[] {
  if (pruningType === 'unstructured') return [mask.eq(1)];
  if (pruningType === 'global') return ['...'];
  const own = wrapDim(dim, mask.ndim);
  const others = mask.sizes.map((_, d) => d).filter((d) => d !== own);
  return mask.sizes.map((_, d) => (d === own ? mask.sum(others).ne(0) : ':'));
}

// --- methods -------------------------------------------------------------------------------------------------------------------------

/** How much to prune: an integer counts elements or slices, a fraction is a share of them. */
function checkAmount(amount: number): void {
  if (typeof amount !== 'number') throw new TypeError(`Invalid type for amount: ${String(amount)}. Must be int or float.`);
  if (!(amount >= 0) || (!Number.isInteger(amount) && amount > 1))
    throw new ValueError(`amount=${amount} should either be a float in the range [0, 1] or a non-negative integer`);
}
function countToPrune(amount: number, size: number): number {
  if (!Number.isInteger(amount)) return roundEven(amount * size);
  if (amount > size) throw new ValueError(`amount=${amount} should be smaller than the number of parameters to prune=${size}`);
  return amount;
}

/**
 * Leaves everything as it is. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.identity.html
 * @example new nn.utils.prune.Identity().prune(torch.ones(3))  // tensor([1., 1., 1.])
 */
export class Identity extends BasePruningMethod {
  override computeMask(_: Tensor, defaultMask: Tensor): Tensor {
    return defaultMask;
  }
}

/** Prunes the `amount` elements with the highest ranks. */
abstract class Unstructured extends BasePruningMethod {
  constructor(readonly amount: number) {
    super();
    checkAmount(amount);
  }
  /** What to prune first: the highest. */
  protected abstract ranks(t: Tensor): Tensor;

  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    const count = countToPrune(this.amount, numelOf(t.sizes));
    if (count === 0) return defaultMask.clone();
    const { indices } = this.ranks(t).flatten().topk(count);
    return defaultMask.flatten().indexFill(0, indices, 0).reshape(t.sizes);
  }
}

/**
 * Prunes elements at random. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.RandomUnstructured.html
 * @example new nn.utils.prune.RandomUnstructured(1).prune(torch.ones(3)).sum()  // tensor(2.)
 */
export class RandomUnstructured extends Unstructured {
  protected override ranks(t: Tensor): Tensor {
    return rand([...t.sizes], { dtype: t.dtype, device: t.device });
  }
}

/**
 * Prunes the smallest elements. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.L1Unstructured.html
 * @example new nn.utils.prune.L1Unstructured(1).prune(torch.tensor([3.5, -1, 2]))  // tensor([3.5000, -0.0000, 2.0000])
 */
export class L1Unstructured extends Unstructured {
  protected override ranks(t: Tensor): Tensor {
    return t.abs().neg();
  }
}

/** Prunes `amount` slices along `dim`. */
abstract class Structured extends BasePruningMethod {
  override readonly pruningType = 'structured';

  constructor(
    readonly amount: number,
    override readonly dim: number = -1,
  ) {
    super();
    checkAmount(amount);
  }
  /** Which slices stay: booleans. */
  protected abstract kept(t: Tensor, count: number): Tensor;

  override computeMask(t: Tensor, defaultMask: Tensor): Tensor {
    if (t.ndim <= 1)
      throw new ValueError(
        `Structured pruning can only be applied to multidimensional tensors. Found tensor of shape ${shapeOf(t)} with ${t.ndim} dims`,
      );
    if (this.dim >= t.ndim) throw new IndexError(`Invalid index ${this.dim} for tensor of size ${shapeOf(t)}`);
    const dim = wrapDim(this.dim, t.ndim);
    const count = countToPrune(this.amount, t.sizes[dim]);
    if (count === 0) return defaultMask;
    const shape = t.sizes.map((_, d) => (d === dim ? -1 : 1));
    return defaultMask.to(t.dtype).mul(this.kept(t, count).reshape(shape));
  }
}

/**
 * Prunes slices at random. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.RandomStructured.html
 * @example new nn.utils.prune.RandomStructured(1, 0).prune(torch.ones(2, 3)).sum()  // tensor(3.)
 */
export class RandomStructured extends Structured {
  protected override kept(t: Tensor, count: number): Tensor {
    const ranks = rand(t.sizes[wrapDim(this.dim, t.ndim)]);
    return ranks.gt(ranks.kthvalue(count).values);
  }
}

/**
 * Prunes the slices with the smallest n-norms. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.LnStructured.html
 * @example
 * new nn.utils.prune.LnStructured(1, 1, 0).prune(torch.tensor([[3.5, 1], [1, 2]]))
 * // tensor([[3.5000, 1.0000],
 * //         [0.0000, 0.0000]])
 */
export class LnStructured extends Structured {
  constructor(
    amount: number,
    readonly n: number,
    dim = -1,
  ) {
    super(amount, dim);
  }

  protected override kept(t: Tensor, count: number): Tensor {
    const dim = wrapDim(this.dim, t.ndim);
    const others = t.sizes.map((_, d) => d).filter((d) => d !== dim);
    const norms = t.norm(this.n, others);
    const { indices } = norms.topk(t.sizes[dim] - count);
    return zerosLike(norms).indexFill(0, indices, 1);
  }
}

/**
 * Prunes where a given mask is zero. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.CustomFromMask.html
 * @example new nn.utils.prune.CustomFromMask(torch.tensor([1, 0])).prune(torch.tensor([3.5, 1]))  // tensor([3.5000, 0.0000])
 */
export class CustomFromMask extends BasePruningMethod {
  override readonly pruningType = 'global';

  constructor(readonly mask: Tensor) {
    super();
  }
  override computeMask(_: Tensor, defaultMask: Tensor): Tensor {
    if (!sameSizes(defaultMask.sizes, this.mask.sizes))
      throw new AssertionError(`default_mask shape ${shapeOf(defaultMask)} must match self.mask shape ${shapeOf(this.mask)}`);
    return defaultMask.mul(this.mask.to(defaultMask.dtype));
  }
}

// --- functions -----------------------------------------------------------------------------------------------------------------------

function pruneBy<M extends Module>(module: M, name: string, method: BasePruningMethod, scores: Tensor | null = null): M {
  method.applyTo(module, name, scores);
  return module;
}
interface PruningOptions {
  name?: string;
  amount?: number;
  n?: number;
  dim?: number;
  mask?: Tensor;
  importanceScores?: Tensor | null;
}
type Pruning<T extends readonly unknown[]> = <M extends Module>(module: M, ...args: Args<T, PruningOptions>) => M;

/**
 * Gives a parameter a mask of ones: it becomes `name_orig` with the buffer `name_mask`, and is computed from them before every forward.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.identity.html
 * @example Object.keys(nn.utils.prune.identity(new nn.Linear(3, 10), 'weight').stateDict())  // [ 'bias', 'weight_orig', 'weight_mask' ]
 */
export const identity = callable<Pruning<[name: string]>>('identity', 'module, name', (module: Module, name: string) =>
  pruneBy(module, name, new Identity()),
);

/**
 * Prunes random elements of a parameter: `amount` of them, or that share.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_unstructured.html
 * @throws ValueError where the amount is negative or too large
 * @example nn.utils.prune.randomUnstructured(new nn.Linear(10, 1), 'weight', 0.3).weight.eq(0).sum()  // tensor(3)
 */
export const randomUnstructured = callable<Pruning<[name: string, amount: number]>>(
  'random_unstructured',
  'module, name, amount',
  (module: Module, name: string, amount: number) => pruneBy(module, name, new RandomUnstructured(amount)),
);

/**
 * Prunes the elements of a parameter that are smallest, or least important.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.l1_unstructured.html
 * @throws ValueError where the amount is negative or too large
 * @example nn.utils.prune.l1Unstructured(new nn.Linear(10, 1), 'weight', 0.3).weight.eq(0).sum()  // tensor(3)
 */
export const l1Unstructured = callable<Pruning<[name: string, amount: number, importanceScores: Tensor | null]>>(
  'l1_unstructured',
  'module, name, amount, importanceScores?',
  (module: Module, name: string, amount: number, scores: Tensor | null = null) => pruneBy(module, name, new L1Unstructured(amount), scores),
);

/**
 * Prunes random slices along `dim`. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.random_structured.html
 * @example nn.utils.prune.randomStructured(new nn.Linear(3, 10), 'weight', 2, 0).weight.eq(0).sum()  // tensor(6)
 */
export const randomStructured = callable<Pruning<[name: string, amount: number, dim: number]>>(
  'random_structured',
  'module, name, amount, dim',
  (module: Module, name: string, amount: number, dim: number) => pruneBy(module, name, new RandomStructured(amount, dim)),
);

/**
 * Prunes the slices along `dim` whose n-norms are smallest.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.ln_structured.html
 * @example nn.utils.prune.lnStructured(new nn.Linear(3, 10), 'weight', 0.5, 2, 0).weight.eq(0).sum()  // tensor(15)
 */
export const lnStructured = callable<Pruning<[name: string, amount: number, n: number, dim: number, importanceScores: Tensor | null]>>(
  'ln_structured',
  'module, name, amount, n, dim, importanceScores?',
  (module: Module, name: string, amount: number, n: number, dim: number, scores: Tensor | null = null) =>
    pruneBy(module, name, new LnStructured(amount, n, dim), scores),
);

/**
 * Prunes where `mask` is zero. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.custom_from_mask.html
 * @example nn.utils.prune.customFromMask(new nn.Linear(2, 1), 'weight', torch.tensor([[1, 0]])).weight.eq(0)  // tensor([[False,  True]])
 */
export const customFromMask = callable<Pruning<[name: string, mask: Tensor]>>(
  'custom_from_mask',
  'module, name, mask',
  (module: Module, name: string, mask: Tensor) => pruneBy(module, name, new CustomFromMask(mask)),
);

/**
 * Prunes several parameters as if they were one vector, so that some lose more than others.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.global_unstructured.html
 * @throws TypeError for methods that prune slices
 * @example
 * const [fc1, fc2] = [new nn.Linear(10, 1), new nn.Linear(10, 1)];
 * nn.utils.prune.globalUnstructured([[fc1, 'weight'], [fc2, 'weight']], nn.utils.prune.L1Unstructured, { amount: 0.2 });
 * fc1.weight.eq(0).sum().add(fc2.weight.eq(0).sum())  // tensor(4)
 */
export const globalUnstructured = callable<
  (
    parameters: Iterable<readonly [module: Module, name: string]>,
    ...args: Args<
      [pruningMethod: GlobalMethod, importanceScores: Scores | null, amount: number],
      { pruningMethod?: GlobalMethod; importanceScores?: Scores | null; amount: number }
    >
  ) => void
>('global_unstructured', 'parameters, pruningMethod, importanceScores?, amount?', pruneGlobally);
type GlobalMethod = new (amount: number) => BasePruningMethod;
type Scores = ReadonlyMap<Tensor, Tensor>;
function pruneGlobally(
  parameters: Iterable<readonly [module: Module, name: string]>,
  pruningMethod: GlobalMethod,
  importanceScores: Scores | null,
  amount: number,
): void {
  const all = [...parameters];
  const method = new pruningMethod(amount);
  if (method.pruningType !== 'unstructured')
    throw new TypeError(
      `Only "unstructured" PRUNING_TYPE supported for the \`pruning_method\`. Found method ${pruningMethod.name} of type ${method.pruningType}`,
    );
  const values = all.map(([module, name]) => (fieldsOf(module)[name] as Tensor).detach());
  const masks = all.map(([module, name], i) => (fieldsOf(module)[`${name}Mask`] as Tensor | undefined) ?? onesLike(values[i]));
  const scores = all.map(([module, name], i) => importanceScores?.get(fieldsOf(module)[name] as Tensor)?.detach() ?? values[i]);
  const flat = (tensors: readonly Tensor[]): Tensor =>
    cat(
      tensors.map((t) => t.reshape(-1)),
      0,
    );
  const parts = combined(method, flat(scores), flat(masks)).split(values.map((t) => numelOf(t.sizes)));
  all.forEach(([module, name], i) => customFromMask(module, name, parts[i].reshape(values[i].sizes)));
}

/**
 * Makes pruning permanent: the parameter gets its name back, with zeros where it was pruned.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.remove.html
 * @throws ValueError where the parameter is not pruned
 * @example
 * const layer = nn.utils.prune.l1Unstructured(new nn.Linear(10, 1), 'weight', 0.3);
 * nn.utils.prune.remove(layer, 'weight');
 * Object.keys(layer.stateDict())  // [ 'bias', 'weight' ]
 */
export function remove<M extends Module>(module: M, name: string): M {
  const handle = hooks.get(module)?.get(name);
  if (!handle) throw new ValueError(`Parameter '${name}' of module ${String(module)} has to be pruned before pruning can be removed`);
  handle.remove();
  hooks.get(module)!.delete(name);
  refresh(module, name);
  const fields = fieldsOf(module);
  const value = new Parameter((fields[name] as Tensor).detach());
  for (const field of [name, `${name}Orig`, `${name}Mask`]) delete fields[field];
  fields[name] = value;
  return module;
}

/**
 * Whether something in a module is pruned. https://pytorch.org/docs/stable/generated/torch.nn.utils.prune.is_pruned.html
 * @example nn.utils.prune.isPruned(nn.utils.prune.l1Unstructured(new nn.Linear(10, 1), 'weight', 0.3))  // true
 */
export const isPruned = (module: Module): boolean => [...module.modules()].some((each) => (hooks.get(each)?.size ?? 0) > 0);
