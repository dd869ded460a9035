/** The base of all layers and networks: a callable object that finds its parameters in its fields. */
import type { DType } from '../ir/dtype.js';
import { noGrad } from '../autograd/modes.js';
import { convert } from '../ops/convert.js';
import { fillRaw } from '../ops/memory.js';
import { Tensor } from '../tensor/tensor.js';
import type { DeviceLike } from '../tensor/torch-device.js';
import type { BackwardHook, BackwardPreHook } from './backward-hooks.js';
import {
  addHook,
  callModule,
  copyOfHooks,
  type ForwardHook,
  type ForwardPreHook,
  type Hooks,
  noHooks,
  type RemovableHandle,
} from './module-hooks.js';
import { detached, keyProblem, loadInto, parseTo, shapeProblem, type ToOptions } from './module-state.js';
import { become, Buffer, Parameter } from './parameter.js';

export type StateDict = Record<string, Tensor>;

/** What a module keeps beside its fields: which of them are buffers, with whether each is persistent, and the hooks. */
interface Own {
  readonly buffers: Map<string, boolean>;
  readonly hooks: Hooks<Module>;
}

const own = new WeakMap<Module, Own>();

/** `runningMean` → `running_mean`: the name of a field in PyTorch. A name that begins with a capital is one already. */
export const toSnake = (name: string): string =>
  /^[A-Z]/.test(name) ? name : name.replace(/([a-z0-9])([A-Z])/g, (_, before: string, after: string) => `${before}_${after.toLowerCase()}`);

const join = (prefix: string, name: string): string => (prefix ? `${prefix}.${name}` : name);

// A module is called like a function: its call has the types of its own `forward`.
export interface Module {
  (...args: Parameters<this['forward']>): ReturnType<this['forward']>;
}

/**
 * The base class of all networks. Fields that hold a `Parameter`, a `Buffer` or another module belong to the module under PyTorch's names
 * (`runningMean` is `running_mean` in `stateDict()`). Calling the module runs `forward` and the hooks.
 * https://pytorch.org/docs/stable/generated/torch.nn.Module.html
 * @example
 * class Net extends nn.Module {
 *   fc = new nn.Linear(4, 2);
 *   override forward(x: torch.Tensor) {
 *     return this.fc(x).relu();
 *   }
 * }
 * new Net()(torch.ones(1, 4)).shape  // torch.Size([1, 2])
 */
export class Module {
  /** Whether layers such as Dropout behave as in training. */
  training!: boolean;

  constructor() {
    const self = ((...args: never[]) => callModule<Module>(self, own.get(self)!.hooks, args)) as unknown as this;
    delete (self as Partial<Record<'name' | 'length', unknown>>).name;
    delete (self as Partial<Record<'name' | 'length', unknown>>).length;
    Object.setPrototypeOf(self, new.target.prototype as object);
    own.set(self, { buffers: new Map(), hooks: noHooks() });
    self.training = true;
    return self;
  }

  /**
   * A module of this class with the same hooks and registrations and without fields, for copying.
   * @example new nn.Linear(2, 3).bareCopy() instanceof nn.Linear  // true
   */
  bareCopy(): Module {
    const copy = new Module();
    Object.setPrototypeOf(copy, Object.getPrototypeOf(this) as object);
    const mine = own.get(this)!;
    own.set(copy, { buffers: new Map(mine.buffers), hooks: copyOfHooks(mine.hooks) });
    return copy;
  }

  /** Computes the output; subclasses define it. */
  forward(..._args: never[]): unknown {
    throw new Error(`Module [${this.constructor.name}] is missing the required "forward" function`);
  }

  /**
   * The direct submodules with their names. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_children
   * @example [...new nn.Sequential(new nn.ReLU()).namedChildren()]  // [ [ '0', ReLU() ] ]
   */
  *namedChildren(): IterableIterator<[string, Module]> {
    for (const [key, value] of Object.entries(this)) if (value instanceof Module) yield [toSnake(key), value];
  }

  /**
   * The direct submodules. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.children
   * @example [...new nn.Sequential(new nn.ReLU()).children()]  // [ ReLU() ]
   */
  *children(): IterableIterator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  /**
   * This module and all below it, each once, with dotted names.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_modules
   * @example [...new nn.Sequential(new nn.ReLU()).namedModules()].map(([name]) => name)  // [ '', '0' ]
   */
  *namedModules(prefix = '', seen = new Set<Module>()): IterableIterator<[string, Module]> {
    if (seen.has(this)) return;
    seen.add(this);
    yield [prefix, this];
    for (const [name, child] of this.namedChildren()) yield* child.namedModules(join(prefix, name), seen);
  }

  /**
   * This module and all below it, each once. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.modules
   * @example [...new nn.Sequential(new nn.ReLU()).modules()].length  // 2
   */
  *modules(): IterableIterator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /**
   * All parameters with their names, each once.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_parameters
   * @example
   * [...new nn.Linear(2, 3).namedParameters()].map(([name, p]) => `${name} ${p.shape}`)
   * // [ 'weight torch.Size([3, 2])', 'bias torch.Size([3])' ]
   */
  *namedParameters(prefix = '', recurse = true): IterableIterator<[string, Parameter]> {
    yield* this.members(prefix, recurse, (_, value): value is Parameter => value instanceof Parameter);
  }

  /**
   * All parameters, each once. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.parameters
   * @example [...new nn.Linear(2, 3).parameters()].map((p) => p.numel())  // [ 6, 3 ]
   */
  *parameters(recurse = true): IterableIterator<Parameter> {
    for (const [, parameter] of this.namedParameters('', recurse)) yield parameter;
  }

  /**
   * All buffers with their names, each once. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_buffers
   * @example [...new nn.BatchNorm1d(2).namedBuffers()].map(([name]) => name)  // [ 'running_mean', 'running_var', 'num_batches_tracked' ]
   */
  *namedBuffers(prefix = '', recurse = true): IterableIterator<[string, Tensor]> {
    yield* this.members(prefix, recurse, isBuffer);
  }

  /**
   * All buffers, each once. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.buffers
   * @example [...new nn.BatchNorm1d(2).buffers()].length  // 3
   */
  *buffers(recurse = true): IterableIterator<Tensor> {
    for (const [, buffer] of this.namedBuffers('', recurse)) yield buffer;
  }

  private *members<T extends Tensor>(
    prefix: string,
    recurse: boolean,
    wanted: (owner: Module, value: unknown, key: string) => value is T,
  ): IterableIterator<[string, T]> {
    const seen = new Set<T>();
    for (const [path, module] of recurse ? this.namedModules(prefix) : [[prefix, this] as const]) {
      for (const [key, value] of Object.entries(module)) {
        if (!wanted(module, value, key) || seen.has(value)) continue;
        seen.add(value);
        yield [join(path, toSnake(key)), value];
      }
    }
  }

  /**
   * Sets the field `name` to a buffer. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_buffer
   * @example
   * const layer = new nn.Identity();
   * layer.registerBuffer('mean', torch.zeros(2));
   * Object.keys(layer.stateDict())  // [ 'mean' ]
   */
  registerBuffer(name: string, tensor: Tensor | null, persistent = true): void {
    own.get(this)!.buffers.set(name, persistent);
    setField(this, name, tensor);
  }

  /**
   * Sets the field `name` to a parameter. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_parameter
   * @example
   * const layer = new nn.Identity();
   * layer.registerParameter('scale', new nn.Parameter(torch.ones(2)));
   * Object.keys(layer.stateDict())  // [ 'scale' ]
   */
  registerParameter(name: string, parameter: Parameter | null): void {
    setField(this, name, parameter);
  }

  /**
   * Sets the field `name` to a module. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_module
   * @example
   * const net = new nn.Sequential();
   * net.registerModule('act', new nn.ReLU());
   * net
   * // Sequential(
   * //   (act): ReLU()
   * // )
   */
  registerModule(name: string, module: Module | null): void {
    setField(this, name, module);
  }

  /**
   * Sets the field `name` to a module. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.add_module
   * @example
   * const net = new nn.Sequential();
   * net.addModule('act', new nn.ReLU());
   * net
   * // Sequential(
   * //   (act): ReLU()
   * // )
   */
  addModule(name: string, module: Module | null): void {
    setField(this, name, module);
  }

  /**
   * The module with this dotted name. Throws where there is none.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.get_submodule
   * @example new nn.Sequential(new nn.ReLU()).getSubmodule('0')  // ReLU()
   */
  getSubmodule(target: string): Module {
    for (const [name, module] of this.namedModules()) if (name === target) return module;
    throw new Error(`${this.constructor.name} has no attribute \`${target}\``);
  }

  /**
   * The parameter with this dotted name. Throws where there is none.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.get_parameter
   * @example new nn.Sequential(new nn.Linear(2, 3)).getParameter('0.bias').shape  // torch.Size([3])
   */
  getParameter(target: string): Parameter {
    for (const [name, parameter] of this.namedParameters()) if (name === target) return parameter;
    throw new Error(`${this.constructor.name} has no parameter \`${target}\``);
  }

  /**
   * The state by name: parameters and persistent buffers, sharing memory with the module.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.state_dict
   * @example Object.keys(new nn.Linear(2, 3).stateDict())  // [ 'weight', 'bias' ]
   */
  stateDict(prefix = ''): StateDict {
    const state: StateDict = {};
    for (const [name, tensor] of this.stateEntries(prefix)) state[name] = detached(tensor);
    return state;
  }

  /** Parameters before buffers in every module, shared ones under each of their names, as PyTorch orders them. */
  private *stateEntries(prefix: string): IterableIterator<[string, Tensor]> {
    const fields = Object.entries(this);
    for (const [key, value] of fields) if (value instanceof Parameter) yield [join(prefix, toSnake(key)), value];
    for (const [key, value] of fields)
      if (isBuffer(this, value, key) && isPersistent(this, value, key)) yield [join(prefix, toSnake(key)), value];
    for (const [name, child] of this.namedChildren()) yield* child.stateEntries(join(prefix, name));
  }

  /**
   * Copies a state into the parameters and buffers. With `strict`, names must agree exactly; shapes must in any case.
   * Nothing is changed where it throws. Returns the names that were missing or unexpected.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict
   * @example
   * const net = new nn.Linear(2, 3);
   * const copy = new nn.Linear(2, 3);
   * copy.loadStateDict(net.stateDict());
   * copy.weight.equal(net.weight)  // true
   */
  loadStateDict(
    stateDict: StateDict | Map<string, Tensor>,
    options: boolean | { strict?: boolean; assign?: boolean } = {},
  ): { missingKeys: string[]; unexpectedKeys: string[] } {
    const { strict = true, assign = false } = typeof options === 'boolean' ? { strict: options } : options;
    const given = new Map(stateDict instanceof Map ? stateDict : Object.entries(stateDict));
    const entries = [...this.stateEntries('')];
    const names = new Set(entries.map(([name]) => name));
    const missingKeys = [...names].filter((name) => !given.has(name));
    const unexpectedKeys = [...given.keys()].filter((name) => !names.has(name));
    const problems = strict ? [...keyProblem('Unexpected', unexpectedKeys), ...keyProblem('Missing', missingKeys)] : [];
    for (const [name, target] of entries) problems.push(...shapeProblem(name, given.get(name), target));
    if (problems.length > 0) throw new Error(`Error(s) in loading state_dict for ${this.constructor.name}:\n\t${problems.join('\n\t')}`);
    noGrad(() => {
      for (const [name, target] of entries) if (given.has(name)) loadInto(target, given.get(name)!, assign);
    });
    return { missingKeys, unexpectedKeys };
  }

  /**
   * Calls `fn` with every module, submodules first. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.apply
   * @example new nn.Linear(2, 3).apply((m) => m instanceof nn.Linear && nn.init.zeros_(m.weight)).weight.sum().item()  // 0
   */
  apply(fn: (module: Module) => void): this {
    for (const child of this.children()) child.apply(fn);
    fn(this);
    return this;
  }

  /**
   * Sets training mode here and below, or evaluation mode if `mode` is false.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.train
   * @example new nn.Dropout().train().training  // true
   */
  train(mode = true): this {
    for (const module of this.modules()) module.training = mode;
    return this;
  }

  /**
   * Sets evaluation mode here and below: no dropout, running statistics in batch norm.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.eval
   * @example new nn.Dropout().eval().training  // false
   */
  eval(): this {
    return this.train(false);
  }

  /**
   * Sets whether the parameters are trained. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.requires_grad_
   * @example new nn.Linear(2, 3).requiresGrad_(false).weight.requiresGrad  // false
   */
  requiresGrad_(requiresGrad = true): this {
    for (const parameter of this.parameters()) parameter.wantsGrad = requiresGrad;
    return this;
  }

  /**
   * Forgets the gradients of all parameters; zeroes them instead if `setToNone` is false.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.zero_grad
   * @example
   * const net = new nn.Linear(2, 3);
   * net(torch.ones(1, 2)).sum().backward();
   * net.zeroGrad();
   * net.weight.grad  // null
   */
  zeroGrad({ setToNone = true }: { setToNone?: boolean } = {}): void {
    for (const parameter of this.parameters()) {
      if (!parameter.ownGrad) continue;
      if (setToNone) parameter.ownGrad = null;
      else fillRaw(parameter.ownGrad, 0);
    }
  }

  /**
   * Moves to a device or converts floating-point state to a dtype, in place.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to
   * @example new nn.Linear(2, 3).to(torch.float64).weight.dtype  // torch.float64
   */
  to(...targets: (DType | DeviceLike | Tensor | ToOptions)[]): this {
    const { dtype, device } = parseTo(targets);
    if (dtype && !dtype.isFloatingPoint && !dtype.isComplex)
      throw new TypeError(`nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${dtype}`);
    return this.mapState((tensor) => {
      const converts = dtype && (tensor.dtype.isFloatingPoint || tensor.dtype.isComplex);
      return convert(tensor, converts ? dtype : tensor.dtype, device ?? tensor.storage.device);
    });
  }

  /** Floating-point parameters and buffers as float32. */
  float(): this {
    return this.to('float32');
  }

  /** Floating-point parameters and buffers as float64. */
  double(): this {
    return this.to('float64');
  }

  /** Floating-point parameters and buffers as float16. */
  half(): this {
    return this.to('float16');
  }

  /** Floating-point parameters and buffers as bfloat16. */
  bfloat16(): this {
    return this.to('bfloat16');
  }

  /** Moves parameters and buffers to the CPU. */
  cpu(): this {
    return this.to('cpu');
  }

  /** Moves parameters and buffers to a CUDA device; throws where there is none. */
  cuda(index = 0): this {
    return this.to(`cuda:${index}`);
  }

  private mapState(fn: (tensor: Tensor) => Tensor): this {
    noGrad(() => {
      for (const tensor of [...this.parameters(), ...this.buffers()]) {
        become(tensor, fn(tensor));
        if (tensor.ownGrad) become(tensor.ownGrad, fn(tensor.ownGrad));
      }
    });
    return this;
  }

  /**
   * Calls `hook(module, args)` before every forward; what it returns replaces the arguments.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_pre_hook
   * @example
   * const net = new nn.Identity();
   * net.registerForwardPreHook((_, [x]) => [(x as torch.Tensor).mul(2)]);
   * net(torch.tensor([1, 2]))  // tensor([2, 4])
   */
  registerForwardPreHook(hook: ForwardPreHook<Module>): RemovableHandle {
    return addHook(own.get(this)!.hooks.forwardPre, hook);
  }

  /**
   * Calls `hook(module, args, output)` after every forward; what it returns replaces the output.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_forward_hook
   * @example
   * const net = new nn.Identity();
   * const handle = net.registerForwardHook((_, args, output) => (output as torch.Tensor).neg());
   * net(torch.tensor([1, 2]))  // tensor([-1, -2])
   * handle.remove();
   */
  registerForwardHook(hook: ForwardHook<Module>): RemovableHandle {
    return addHook(own.get(this)!.hooks.forward, hook);
  }

  /**
   * Calls `hook(module, gradInput, gradOutput)` when the gradients of the module's inputs are known; what it returns replaces them.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_hook
   * @example
   * const net = new nn.Linear(2, 3);
   * const shapes: string[] = [];
   * net.registerFullBackwardHook((_, gradInput, gradOutput) => void shapes.push(String(gradOutput[0]?.shape)));
   * net(torch.ones(1, 2, { requiresGrad: true })).sum().backward();
   * shapes  // [ 'torch.Size([1, 3])' ]
   */
  registerFullBackwardHook(hook: BackwardHook<Module>): RemovableHandle {
    return addHook(own.get(this)!.hooks.backward, hook);
  }

  /**
   * Calls `hook(module, gradOutput)` before the gradients go through the module; what it returns replaces them.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_full_backward_pre_hook
   * @example
   * const net = new nn.Linear(2, 1);
   * net.registerFullBackwardPreHook((_, gradOutput) => gradOutput.map((g) => g?.mul(10) ?? null));
   * net(torch.ones(1, 2)).sum().backward();
   * net.bias?.grad  // tensor([10.])
   */
  registerFullBackwardPreHook(hook: BackwardPreHook<Module>): RemovableHandle {
    return addHook(own.get(this)!.hooks.backwardPre, hook);
  }

  /**
   * What stands between the parentheses of the printout.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.extra_repr
   * @example new nn.Linear(2, 3).extraRepr()  // in_features=2, out_features=3, bias=True
   */
  extraRepr(): string {
    return '';
  }

  /**
   * PyTorch's printout of the module and everything below it.
   * @example String(new nn.Linear(2, 3))  // Linear(in_features=2, out_features=3, bias=True)
   */
  toString(): string {
    const extra = this.extraRepr();
    const children = [...this.namedChildren()].map(([name, child]) => `(${name}): ${indent(String(child))}`);
    return `${this.typeName()}(${children.length === 0 ? extra : `\n  ${[...(extra ? extra.split('\n') : []), ...children].join('\n  ')}\n`})`;
  }

  protected typeName(): string {
    return this.constructor.name;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

const setField = (module: Module, name: string, value: unknown): void =>
  void ((module as unknown as Record<string, unknown>)[name] = value);

const isBuffer = (owner: Module, value: unknown, key: string): value is Tensor =>
  value instanceof Buffer || (value instanceof Tensor && own.get(owner)!.buffers.has(key));

const isPersistent = (owner: Module, value: Tensor, key: string): boolean =>
  value instanceof Buffer ? value.persistent : own.get(owner)!.buffers.get(key)!;

const indent = (text: string): string => text.replaceAll('\n', '\n  ');
