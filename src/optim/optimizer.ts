/** What all optimizers share: parameter groups, state, and saving them. */
import { float, python } from '../nn/arguments.js';
import { enableGrad, noGrad } from '../autograd/modes.js';
import { tensor, zerosLike } from '../ops/creation.js';
import { convert } from '../ops/convert.js';
import { fillRaw } from '../ops/memory.js';
import { describe } from '../ops/messages.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { withIntKeys } from '../tensor/int-keys.js';
import { SparseTensor } from '../tensor/sparse.js';
import { Tensor } from '../tensor/tensor.js';
import { HookedOptimizer, type OptimizerStateDict } from './hooks.js';
import { runSteps, type Step } from './update.js';

/** Options of one group; every group has all of the optimizer's. */
export type ParamGroup<O> = O & { params: Tensor[]; paramNames?: string[] };
/** What makes a group: tensors, or all of them with their names. */
type GivenGroup<O> = Partial<O> & { params: Iterable<Tensor> | Iterable<[string, Tensor]> | Tensor };
export type Params<O> = Iterable<Tensor> | Iterable<GivenGroup<O>> | Iterable<[string, Tensor]>;
export type StateValue = Tensor | number | null | undefined;
export type State = Record<string, StateValue>;

/** Counts a step of one parameter. */
export const nextStep = (state: State): number => (state.step = ((state.step as number | undefined) ?? 0) + 1);
/** The tensor of a parameter's state that begins with zeros. */
export const zeros = (state: State, name: string, param: Tensor): Tensor => (state[name] ??= zerosLike(param)) as Tensor;

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const renamed = (record: object, rename: (name: string) => string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [rename(key), value]));
/** Options under PyTorch's names; arrays but that of names become tuples, which checkpoints tell from lists. */
const savedOptions = (group: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(group).map(([key, value]) => [
      snake(key),
      Array.isArray(value) && key !== 'paramNames' ? Object.freeze([...(value as unknown[])]) : value,
    ]),
  );

/**
 * The base class of all optimizers. https://pytorch.org/docs/stable/optim.html
 * @param params tensors, or groups `{params, lr, …}` with options of their own.
 * @example
 * const net = new nn.Linear(2, 1);
 * const optimizer = new optim.SGD(net.parameters(), { lr: 0.1 });
 * for (let i = 0; i < 3; i++) {
 *   optimizer.zeroGrad();
 *   net(torch.ones(4, 2)).square().mean().backward();
 *   optimizer.step();
 * }
 * optimizer
 * // SGD (
 * // Parameter Group 0
 * //     dampening: 0
 * //     differentiable: False
 * //     foreach: None
 * //     fused: None
 * //     lr: 0.1
 * //     maximize: False
 * //     momentum: 0
 * //     nesterov: False
 * //     weight_decay: 0
 * // )
 */
export abstract class Optimizer<O extends { lr: number | Tensor } = { lr: number | Tensor }> extends HookedOptimizer {
  readonly paramGroups: ParamGroup<O>[] = [];
  readonly state = new Map<Tensor, State>();

  constructor(
    params: Params<O>,
    readonly defaults: O,
  ) {
    super();
    if (params instanceof Tensor)
      throw new TypeError('params argument given to the optimizer should be an iterable of Tensors or dicts, but got ' + params.type());
    const list = [...params];
    if (list.length === 0) throw new ValueError('optimizer got an empty parameter list');
    for (const group of isGroups<O>(list) ? list : [ungrouped<O>(list as Tensor[])]) this.addParamGroup(group);
  }

  /**
   * Adds parameters with options of their own, such as layers that are trained from now on.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.add_param_group.html
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * optimizer.addParamGroup({ params: [torch.zeros(2, { requiresGrad: true })], lr: 0.01 });
   * optimizer.paramGroups.length  // 2
   */
  addParamGroup(group: GivenGroup<O>): void {
    const given = group.params instanceof Tensor ? [group.params] : [...group.params];
    const names = given.flatMap((each) => (Array.isArray(each) ? [each[0]] : []));
    if (names.length !== 0 && names.length !== given.length)
      throw new ValueError('all optimizer params should be with/without names. Some param names are missing');
    const params = given.map((each) => (Array.isArray(each) ? each[1] : each));
    const known = new Set(this.paramGroups.flatMap((each) => each.params));
    for (const param of params) {
      if (!(param instanceof Tensor))
        throw new TypeError(`optimizer can only optimize Tensors, but one of the params is ${describe(param)}`);
      if (!param.isLeaf && !param.retainsGrad) throw new ValueError("can't optimize a non-leaf Tensor");
      if (known.has(param)) throw new ValueError('some parameters appear in more than one parameter group');
    }
    this.paramGroups.push({ ...this.defaults, ...group, params, ...(names.length > 0 && { paramNames: names }) });
  }

  /**
   * Forgets the gradients of all parameters; zeroes them instead if `setToNone` is false.
   * https://pytorch.org/docs/stable/generated/torch.optim.Optimizer.zero_grad.html
   * @example
   * const w = torch.tensor([1.5], { requiresGrad: true });
   * const optimizer = new optim.SGD([w], { lr: 0.1 });
   * w.sum().backward();
   * optimizer.zeroGrad();
   * w.grad  // null
   */
  zeroGrad(options: { setToNone?: boolean } | boolean = {}): void {
    const setToNone = typeof options === 'boolean' ? options : (options.setToNone ?? true);
    for (const { params } of this.paramGroups) {
      for (const param of params) {
        if (setToNone) param.ownGrad = null;
        else if (param.ownGrad?.isSparse) param.ownGrad.zero_();
        else if (param.ownGrad) fillRaw(param.ownGrad, 0);
      }
    }
  }

  protected override runStep(closure?: () => Tensor): Tensor | undefined {
    const loss = closure && enableGrad(closure);
    noGrad(() => {
      const steps: Step[] = [];
      for (const group of this.paramGroups) {
        for (const param of group.params) {
          const { ownGrad } = param;
          const step = ownGrad && this.updateBy(param, ownGrad, group, this.stateOf(param));
          if (step) steps.push(step);
        }
      }
      runSteps(steps);
    });
    return loss;
  }

  private updateBy(param: Tensor, grad: Tensor, group: ParamGroup<O>, state: State): Step | void {
    return grad instanceof SparseTensor ? this.updateSparse(param, grad, group, state) : this.update(param, grad, group, state);
  }

  /** The same with a sparse gradient, where the optimizer can. */
  protected updateSparse(_param: Tensor, _grad: SparseTensor, _group: ParamGroup<O>, _state: State): Step | void {
    throw new RuntimeError(`${this.constructor.name} does not support sparse gradients`);
  }

  /** Changes one parameter, or gives the kernel that does: those of all parameters run together. */
  protected abstract update(param: Tensor, grad: Tensor, group: ParamGroup<O>, state: State): Step | void;

  protected stateOf(param: Tensor): State {
    let state = this.state.get(param);
    if (!state) this.state.set(param, (state = {}));
    return state;
  }

  protected override saveState(): OptimizerStateDict {
    const numbers = new Map(this.paramGroups.flatMap((group) => group.params).map((param, i) => [param, i]));
    const state: OptimizerStateDict['state'] = withIntKeys({});
    for (const [param, values] of this.state) state[numbers.get(param)!] = saved(values);
    const param_groups = this.paramGroups.map((group) => ({
      ...savedOptions(group),
      params: group.params.map((param) => numbers.get(param)),
    }));
    return { state, param_groups };
  }

  protected override loadState(stateDict: OptimizerStateDict): void {
    const { state, param_groups: groups } = stateDict;
    if (groups.length !== this.paramGroups.length) throw new ValueError('loaded state dict has a different number of parameter groups');
    if (groups.some((group, i) => (group.params as unknown[]).length !== this.paramGroups[i].params.length)) {
      throw new ValueError("loaded state dict contains a parameter group that doesn't match the size of optimizer's group");
    }
    const all = new Map<number, Tensor>();
    groups.forEach((group, i) => {
      (group.params as number[]).forEach((number, j) => all.set(number, this.paramGroups[i].params[j]));
      Object.assign(this.paramGroups[i], renamed(group, camel), { params: this.paramGroups[i].params });
    });
    this.state.clear();
    for (const [number, values] of Object.entries(state)) {
      const param = all.get(Number(number))!;
      this.state.set(param, loaded(values, param));
    }
  }

  /** Whether whole numbers of this option print as floats: JavaScript does not tell them apart. */
  protected isFloat(option: string): boolean {
    return floats.has(option);
  }

  /**
   * PyTorch's printout of the groups.
   * @example
   * const optimizer = new optim.SGD([torch.zeros(1, { requiresGrad: true })], { lr: 0.1 });
   * String(optimizer)
   * // SGD (
   * // Parameter Group 0
   * //     dampening: 0
   * //     differentiable: False
   * //     foreach: None
   * //     fused: None
   * //     lr: 0.1
   * //     maximize: False
   * //     momentum: 0
   * //     nesterov: False
   * //     weight_decay: 0
   * // )
   */
  override toString(): string {
    const groups = this.paramGroups.map((group, i) => {
      const options = Object.entries(group)
        .filter(([key]) => key !== 'params')
        .map(([key, value]) => [
          snake(key),
          key === 'paramNames' ? `[${(value as string[]).map((name) => `'${name}'`).join(', ')}]` : shown(value, this.isFloat(key)),
        ]);
      return `Parameter Group ${i}\n${options
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => `    ${key}: ${value}\n`)
        .join('')}`;
    });
    return `${this.constructor.name} (\n${groups.join('\n')})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** Options whose defaults are floats in PyTorch wherever they occur. */
const floats = new Set('lr initialLr maxLr minLr betas eps rho alpha lambd t0 etas d beta2Decay momentumDecay nsCoefficients'.split(' '));

/** A value as Python prints it. */
function shown(value: unknown, isFloat: boolean): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return `(${value.map((each) => shown(each, isFloat)).join(', ')})`;
  return typeof value === 'number' && (isFloat || !Number.isInteger(value)) ? float(value) : python(value);
}

const ungrouped = <O>(params: Tensor[]): GivenGroup<O> => Object.assign({} as Partial<O>, { params });

const isGroups = <O>(list: readonly unknown[]): list is GivenGroup<O>[] =>
  typeof list[0] === 'object' && list[0] !== null && !(list[0] instanceof Tensor) && 'params' in list[0];

const saved = (state: State): Record<string, unknown> =>
  renamed(
    Object.fromEntries(
      Object.entries(state).map(([key, value]) => [
        key,
        key === 'step' ? tensor(value as number, { dtype: 'float32', device: 'cpu' }) : value,
      ]),
    ),
    snake,
  );

/** A copy of a saved state where the parameter is, and in its dtype. */
function loaded(values: Record<string, unknown>, param: Tensor): State {
  const state = renamed(values, camel) as State;
  for (const [key, value] of Object.entries(state)) {
    if (value instanceof Tensor) state[key] = value.ndim === 0 && scalars.has(key) ? Number(value.item()) : broughtTo(value, param);
  }
  return state;
}

/** A copy of a saved tensor on the device of `param`, in its dtype if it is a float. */
export const broughtTo = (value: Tensor, param: Tensor): Tensor =>
  convert(value, value.dtype.isFloatingPoint ? param.dtype : value.dtype, param.storage.device, true);

/** State that PyTorch keeps in 0-dim tensors and we in numbers. */
const scalars = new Set(['step', 'muProduct', 'eta', 'mu']);

export const numberOf = (value: number | Tensor): number => (value instanceof Tensor ? Number(value.item()) : value);

/** What decoupled decay takes of a parameter: lr · decay, rounded as 1 − lr · decay is where `lr` is a tensor. */
export function decoupledDecay(lr: number | Tensor, decay: number): number {
  return lr instanceof Tensor ? 1 - Number(lr.detach().mul(-decay).add(1).item()) : lr * decay;
}

/** Throws PyTorch's error unless every option is in its range. */
export function checkOptions(ranges: Record<string, [value: number | Tensor, valid: (x: number) => boolean]>): void {
  for (const [name, [value, valid]] of Object.entries(ranges)) {
    if (!(value instanceof Tensor) && !valid(value)) throw new ValueError(`Invalid ${name}: ${value}`);
  }
}

export const notNegative = (x: number): boolean => x >= 0;
export const fraction = (x: number): boolean => x >= 0 && x < 1;
