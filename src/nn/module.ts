/** The base of all layers and networks: a callable object that finds its parameters in its fields. */
import type { DType } from '../ir/dtype.js';
import { noGrad } from '../autograd/modes.js';
import { convert } from '../ops/convert.js';
import { emptyLike } from '../ops/creation.js';
import { fillRaw, toDType } from '../ops/memory.js';
import type { Args, DTypeLike } from '../ops/types.js';
import { AttributeError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import type { DeviceLike } from '../tensor/torch-device.js';
import { bind } from './arguments.js';
import { copyHooks } from './module-hooks.js';
import { buffersOf, isBuffer, parseTo, type ToOptions, toSnake } from './module-state.js';
import { become, Parameter } from './parameter.js';
import { checkBuffer, checkModule, checkParameter, fieldNamed, setField } from './registration.js';
import { StatefulModule } from './stateful-module.js';

export { type StateDict, toSnake } from './module-state.js';

const join = (prefix: string, name: string): string => (prefix ? `${prefix}.${name}` : name);

type MemberArgs = Args<
  [prefix: string, recurse: boolean, removeDuplicate: boolean],
  { prefix?: string; recurse?: boolean; removeDuplicate?: boolean }
>;

type RecurseArgs = Args<[recurse: boolean], { recurse?: boolean }>;
const recurseOf = (args: RecurseArgs): boolean => bind<[boolean?]>('parameters', 'recurse?', args)[0] ?? true;

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
export class Module extends StatefulModule {
  /** Whether layers such as Dropout behave as in training. */
  training!: boolean;

  constructor() {
    super();
    this.training = true;
  }

  /**
   * A module of this class with the same hooks and registrations and without fields, for copying.
   * @example new nn.Linear(2, 3).bareCopy() instanceof nn.Linear  // true
   */
  bareCopy(): Module {
    const copy = new Module();
    Object.setPrototypeOf(copy, Object.getPrototypeOf(this) as object);
    copyHooks(this, copy);
    for (const [name, persistent] of buffersOf(this)) buffersOf(copy).set(name, persistent);
    return copy;
  }

  protected override submodules(): [string, Module][] {
    return Object.entries(this).flatMap(([key, value]) => (value instanceof Module ? [[toSnake(key), value]] : []));
  }

  /**
   * The direct submodules with their names, each once. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_children
   * @example [...new nn.Sequential(new nn.ReLU()).namedChildren()]  // [ [ '0', ReLU() ] ]
   */
  *namedChildren(): IterableIterator<[string, Module]> {
    const seen = new Set<Module>();
    for (const [name, child] of this.submodules()) {
      if (seen.has(child)) continue;
      seen.add(child);
      yield [name, child];
    }
  }

  /**
   * The direct submodules. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.children
   * @example [...new nn.Sequential(new nn.ReLU()).children()]  // [ ReLU() ]
   */
  *children(): IterableIterator<Module> {
    for (const [, child] of this.namedChildren()) yield child;
  }

  /**
   * This module and all below it with dotted names, each once unless `removeDuplicate` is false; those in `memo` are left out.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_modules
   * @example [...new nn.Sequential(new nn.ReLU()).namedModules()].map(([name]) => name)  // [ '', '0' ]
   */
  *namedModules(
    ...args: Args<
      [memo: Set<Module> | null, prefix: string, removeDuplicate: boolean],
      { memo?: Set<Module> | null; prefix?: string; removeDuplicate?: boolean }
    >
  ): IterableIterator<[string, Module]> {
    const [memo, prefix = '', removeDuplicate = true] = bind<[Set<Module>?, string?, boolean?]>(
      'namedModules',
      'memo?, prefix?, removeDuplicate?',
      args,
    );
    yield* this.walk(prefix, removeDuplicate ? (memo ?? new Set()) : null);
  }

  /** This module and all below it, without those that were seen. */
  private *walk(prefix: string, seen: Set<Module> | null): IterableIterator<[string, Module]> {
    if (seen?.has(this)) return;
    seen?.add(this);
    yield [prefix, this];
    for (const [name, child] of this.submodules()) yield* child.walk(join(prefix, name), seen);
  }

  /**
   * This module and all below it, each once. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.modules
   * @example [...new nn.Sequential(new nn.ReLU()).modules()].length  // 2
   */
  *modules(): IterableIterator<Module> {
    for (const [, module] of this.namedModules()) yield module;
  }

  /**
   * All parameters with their names, each once unless `removeDuplicate` is false; those of this module alone if `recurse` is false.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_parameters
   * @example
   * [...new nn.Linear(2, 3).namedParameters()].map(([name, p]) => `${name} ${p.shape}`)
   * // [ 'weight torch.Size([3, 2])', 'bias torch.Size([3])' ]
   */
  *namedParameters(...args: MemberArgs): IterableIterator<[string, Parameter]> {
    yield* this.members(args, (_, value): value is Parameter => value instanceof Parameter);
  }

  /**
   * All parameters, each once. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.parameters
   * @example [...new nn.Linear(2, 3).parameters()].map((p) => p.numel())  // [ 6, 3 ]
   */
  *parameters(...args: RecurseArgs): IterableIterator<Parameter> {
    for (const [, parameter] of this.namedParameters({ recurse: recurseOf(args) })) yield parameter;
  }

  /**
   * All buffers with their names, chosen as in `namedParameters`. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.named_buffers
   * @example [...new nn.BatchNorm1d(2).namedBuffers()].map(([name]) => name)  // [ 'running_mean', 'running_var', 'num_batches_tracked' ]
   */
  *namedBuffers(...args: MemberArgs): IterableIterator<[string, Tensor]> {
    yield* this.members(args, isBuffer);
  }

  /**
   * All buffers, each once. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.buffers
   * @example [...new nn.BatchNorm1d(2).buffers()].length  // 3
   */
  *buffers(...args: RecurseArgs): IterableIterator<Tensor> {
    for (const [, buffer] of this.namedBuffers({ recurse: recurseOf(args) })) yield buffer;
  }

  private *members<T extends Tensor>(
    args: MemberArgs,
    wanted: (owner: Module, value: unknown, key: string) => value is T,
  ): IterableIterator<[string, T]> {
    const [prefix = '', recurse = true, removeDuplicate = true] = bind<[string?, boolean?, boolean?]>(
      'namedMembers',
      'prefix?, recurse?, removeDuplicate?',
      args,
    );
    const seen = new Set<T>();
    for (const [path, module] of recurse ? this.walk(prefix, removeDuplicate ? new Set() : null) : [[prefix, this] as const]) {
      for (const [key, value] of Object.entries(module)) {
        if (!wanted(module, value, key) || seen.has(value)) continue;
        if (removeDuplicate) seen.add(value);
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
  registerBuffer(name: string, tensor: Tensor | null, ...args: Args<[persistent: boolean], { persistent?: boolean }>): void {
    const [persistent = true] = bind<[boolean?]>('registerBuffer', 'persistent?', args);
    checkBuffer(this, name, tensor);
    buffersOf(this).set(name, persistent);
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
    checkParameter(this, name, parameter);
    setField(this, name, parameter);
  }

  /**
   * The same as `addModule`. https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.register_module
   * @example
   * const net = new nn.Sequential();
   * net.registerModule('act', new nn.ReLU());
   * net
   * // Sequential(
   * //   (act): ReLU()
   * // )
   */
  registerModule(name: string, module: Module | null): void {
    this.addModule(name, module);
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
    checkModule(this, name, module, Module);
    setField(this, name, module);
  }

  /**
   * The module with this dotted name. Throws where there is none.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.get_submodule
   * @example new nn.Sequential(new nn.ReLU()).getSubmodule('0')  // ReLU()
   */
  getSubmodule(target: string): Module {
    const names = target === '' ? [] : target.split('.');
    return names.reduce<Module>((module, name) => {
      const [, child] = fieldNamed(module, name);
      if (!(child instanceof Module)) throw new AttributeError(`\`${name}\` is not an nn.Module`);
      return child;
    }, this);
  }

  /**
   * Puts a module where the dotted name says, in place of another; or of none, unless `strict`.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.set_submodule
   * @example
   * const net = new nn.Sequential(new nn.Sequential(new nn.ReLU()));
   * net.setSubmodule('0.0', new nn.Tanh());
   * net.getSubmodule('0.0')  // Tanh()
   */
  setSubmodule(target: string, module: Module, ...args: Args<[strict: boolean], { strict?: boolean }>): void {
    const [strict = false] = bind<[boolean?]>('setSubmodule', 'strict?', args);
    if (target === '') throw new ValueError('Cannot set the submodule without a target name!');
    if (!(module instanceof Module)) throw new ValueError(`\`module\` is not an nn.Module, found ${typeof module}`);
    const [path, name] = splitPath(target);
    const parent = this.getSubmodule(path);
    const [key, old] = fieldNamed(parent, name, strict);
    if (key !== undefined && !(old instanceof Module)) throw new AttributeError(`\`${name}\` is not an nn.Module`);
    setField(parent, key ?? name, module);
  }

  /**
   * The parameter with this dotted name. Throws where there is none.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.get_parameter
   * @example new nn.Sequential(new nn.Linear(2, 3)).getParameter('0.bias').shape  // torch.Size([3])
   */
  getParameter(target: string): Parameter {
    const [path, name] = splitPath(target);
    const [, found] = fieldNamed(this.getSubmodule(path), name);
    if (!(found instanceof Parameter)) throw new AttributeError(`\`${name}\` is not an nn.Parameter`);
    return found;
  }

  /**
   * The buffer with this dotted name. Throws where there is none.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.get_buffer
   * @example new nn.BatchNorm1d(2).getBuffer('running_var')  // tensor([1., 1.])
   */
  getBuffer(target: string): Tensor {
    const [path, name] = splitPath(target);
    const owner = this.getSubmodule(path);
    const [key, found] = fieldNamed(owner, name);
    if (key === undefined || !isBuffer(owner, found, key)) throw new AttributeError(`\`${name}\` is not a buffer`);
    return found;
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
    if (typeof mode !== 'boolean') throw new ValueError('training mode is expected to be boolean');
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
  zeroGrad(...args: Args<[setToNone: boolean], { setToNone?: boolean }>): void {
    const [setToNone = true] = bind<[boolean?]>('zeroGrad', 'setToNone?', args);
    for (const parameter of this.parameters()) {
      if (!parameter.ownGrad) continue;
      if (setToNone) parameter.ownGrad = null;
      else fillRaw(parameter.ownGrad, 0);
    }
  }

  /**
   * Moves to a device, converts floating-point state to a dtype, or lays images out in another memory format, in place.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to
   * @example new nn.Linear(2, 3).to(torch.float64).weight.dtype  // torch.float64
   */
  to(...targets: (DType | DeviceLike | Tensor | ToOptions | boolean)[]): this {
    const { dtype, device, memoryFormat } = parseTo(targets);
    if (dtype && !dtype.isFloatingPoint && !dtype.isComplex)
      throw new TypeError(`nn.Module.to only accepts floating point or complex dtypes, but got desired dtype=${dtype}`);
    return this.mapState((tensor) => {
      const converts = dtype && (tensor.dtype.isFloatingPoint || tensor.dtype.isComplex);
      const format = tensor.ndim === 4 || tensor.ndim === 5 ? memoryFormat : undefined;
      return convert(tensor, converts ? dtype : tensor.dtype, device ?? tensor.storage.device, false, format);
    });
  }

  /**
   * Converts all parameters and buffers, integers too, to `dstType`, in place.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.type
   * @example new nn.BatchNorm1d(2).type(torch.float64).numBatchesTracked?.dtype  // torch.float64
   */
  type(dstType: DTypeLike): this {
    const dtype = toDType(dstType);
    return this.mapState((tensor) => convert(tensor, dtype));
  }

  /**
   * Moves to a device without the values: parameters and buffers are uninitialised, in this module alone if `recurse` is false.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.to_empty
   * @example new nn.Linear(2, 3).toEmpty({ device: 'cpu' }).weight.shape  // torch.Size([3, 2])
   */
  toEmpty({ device, recurse = true }: { device: DeviceLike | null; recurse?: boolean }): this {
    return this.mapState((tensor) => emptyLike(tensor, { device: device ?? undefined }), recurse);
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

  private mapState(fn: (tensor: Tensor) => Tensor, recurse = true): this {
    noGrad(() => {
      for (const tensor of [...this.parameters(recurse), ...this.buffers(recurse)]) {
        become(tensor, fn(tensor));
        if (tensor.ownGrad) become(tensor.ownGrad, fn(tensor.ownGrad));
      }
    });
    return this;
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
  override toString(): string {
    const extra = this.extraRepr();
    const children = this.submodules().map(([name, child]) => `(${name}): ${indent(String(child))}`);
    const lines = [...(extra ? extra.split('\n') : []), ...children];
    return `${this.typeName()}(${children.length === 0 && lines.length < 2 ? extra : `\n  ${lines.join('\n  ')}\n`})`;
  }

  protected typeName(): string {
    return this.constructor.name;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** `'layer1.0.conv'` → `['layer1.0', 'conv']` */
const splitPath = (target: string): [path: string, name: string] => {
  const dot = target.lastIndexOf('.');
  return [target.slice(0, Math.max(dot, 0)), target.slice(dot + 1)];
};

const indent = (text: string): string => text.replaceAll('\n', '\n  ');
