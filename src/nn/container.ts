/** Modules that hold modules or parameters. */
import { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

const position = (index: number, length: number): number => {
  const i = index < 0 ? index + length : index;
  if (!Number.isInteger(index) || i < 0 || i >= length) throw new RangeError(`index ${index} is out of range`);
  return i;
};

/** A module whose children are numbered. */
abstract class Numbered extends Module {
  readonly [index: number]: Module;

  get size(): number {
    return Object.values(this).filter((value) => value instanceof Module).length;
  }

  /** The child at `index`; negative ones count from the end. */
  at(index: number): Module {
    const items = [...this];
    return items[position(index, items.length)];
  }

  *[Symbol.iterator](): IterableIterator<Module> {
    yield* this.children();
  }

  /**
   * Adds modules at the end.
   * @example new nn.ModuleList().extend([new nn.ReLU(), new nn.Tanh()]).size  // 2
   */
  extend(modules: Iterable<Module>): this {
    for (const module of modules) this.push(module);
    return this;
  }

  /**
   * Puts a module before the one at `index`.
   * @example
   * const net = new nn.Sequential(new nn.ReLU());
   * net.insert(0, new nn.Tanh());
   * net.at(0)  // Tanh()
   */
  insert(index: number, module: Module): this {
    const all = [...this];
    all.splice(index, 0, module);
    return this.renumber(all);
  }

  /**
   * Takes the module at `index` out and gives it.
   * @example new nn.ModuleList([new nn.ReLU(), new nn.Tanh()]).pop(0)  // ReLU()
   */
  pop(index = -1): Module {
    const all = [...this];
    const [taken] = all.splice(position(index, all.length), 1);
    this.renumber(all);
    return taken;
  }

  private renumber(modules: readonly Module[]): this {
    const fields = this as unknown as Record<string, unknown>;
    for (const [name, value] of Object.entries(fields)) if (value instanceof Module) delete fields[name];
    for (const module of modules) this.push(module);
    return this;
  }

  protected push(module: Module): void {
    if (!(module instanceof Module)) throw new TypeError(`${String(module)} is not a Module subclass`);
    this.addModule(String(this.size), module);
  }
}

/**
 * One module after another. Takes modules, or one object of named modules.
 * https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html
 * @example
 * torch.manualSeed(0);
 * const net = new nn.Sequential(new nn.Linear(4, 3), new nn.ReLU(), new nn.Linear(3, 1));
 * net(torch.ones(2, 4)).shape  // torch.Size([2, 1])
 * net
 * // Sequential(
 * //   (0): Linear(in_features=4, out_features=3, bias=True)
 * //   (1): ReLU()
 * //   (2): Linear(in_features=3, out_features=1, bias=True)
 * // )
 */
export class Sequential extends Numbered {
  constructor(...modules: (Module | Record<string, Module>)[]) {
    super();
    for (const module of modules) {
      if (module instanceof Module) this.push(module);
      else for (const [name, each] of Object.entries(module)) this.addModule(name, each);
    }
  }

  /**
   * Adds a module at the end.
   * @example
   * new nn.Sequential(new nn.ReLU()).append(new nn.Tanh())
   * // Sequential(
   * //   (0): ReLU()
   * //   (1): Tanh()
   * // )
   */
  append(module: Module): this {
    this.push(module);
    return this;
  }

  override forward(input: Tensor): Tensor {
    for (const module of this.children()) input = (module as unknown as (x: Tensor) => Tensor)(input);
    return input;
  }
}

/**
 * A list of modules, without a forward of its own. https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html
 * @example
 * const layers = new nn.ModuleList([new nn.Linear(2, 2), new nn.Linear(2, 2)]);
 * let x = torch.ones(1, 2);
 * for (const layer of layers) x = (layer as nn.Linear)(x);
 * x.shape  // torch.Size([1, 2])
 */
export class ModuleList extends Numbered {
  constructor(modules: Iterable<Module> = []) {
    super();
    this.extend(modules);
  }

  /**
   * Adds a module at the end.
   * @example
   * new nn.ModuleList().append(new nn.ReLU())
   * // ModuleList(
   * //   (0): ReLU()
   * // )
   */
  append(module: Module): this {
    this.push(module);
    return this;
  }

  /** Equal neighbours are printed once, as PyTorch does. */
  override toString(): string {
    const groups: { from: number; to: number; text: string }[] = [];
    for (const [i, module] of [...this].entries()) {
      const text = String(module).replaceAll('\n', '\n  ');
      const last = groups.at(-1);
      if (last?.text === text) last.to = i;
      else groups.push({ from: i, to: i, text });
    }
    const lines = groups.map(({ from, to, text }) => (from === to ? `(${from}): ${text}` : `(${from}-${to}): ${to - from + 1} x ${text}`));
    return lines.length === 0 ? 'ModuleList()' : `ModuleList(\n  ${lines.join('\n  ')}\n)`;
  }
}

/**
 * Modules by name, in the order of their insertion; names are keys of the state dict.
 * https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
 * @example
 * const choices = new nn.ModuleDict({ relu: new nn.ReLU(), tanh: new nn.Tanh() });
 * [...choices.keys()]  // [ 'relu', 'tanh' ]
 */
export class ModuleDict extends Module {
  constructor(modules: Record<string, Module> | Iterable<[string, Module]> = {}) {
    super();
    this.update(modules);
  }

  /**
   * Adds modules under their names.
   * @example new nn.ModuleDict().update({ relu: new nn.ReLU() });
   */
  update(modules: Record<string, Module> | Iterable<[string, Module]>): void {
    const entries = Symbol.iterator in modules ? (modules as Iterable<[string, Module]>) : Object.entries(modules);
    for (const [key, module] of entries) this.addModule(key, module);
  }

  /**
   * The module of that name.
   * @example new nn.ModuleDict({ relu: new nn.ReLU() }).get('relu')  // ReLU()
   */
  get(key: string): Module {
    const found = (this as unknown as Record<string, unknown>)[key];
    if (!(found instanceof Module)) throw new Error(`KeyError: '${key}'`);
    return found;
  }

  /**
   * Takes the module of that name out and gives it.
   * @example new nn.ModuleDict({ relu: new nn.ReLU() }).pop('relu')  // ReLU()
   */
  pop(key: string): Module {
    const taken = this.get(key);
    delete (this as unknown as Record<string, unknown>)[key];
    return taken;
  }

  /**
   * Takes all modules out.
   * @example
   * const modules = new nn.ModuleDict({ relu: new nn.ReLU() });
   * modules.clear();
   * [...modules.keys()]  // []
   */
  clear(): void {
    for (const key of [...this.keys()]) this.pop(key);
  }

  /**
   * The names.
   * @example [...new nn.ModuleDict({ relu: new nn.ReLU() }).keys()]  // [ 'relu' ]
   */
  *keys(): IterableIterator<string> {
    for (const [key] of this.items()) yield key;
  }

  /**
   * The modules.
   * @example [...new nn.ModuleDict({ relu: new nn.ReLU() }).values()]  // [ ReLU() ]
   */
  *values(): IterableIterator<Module> {
    for (const [, module] of this.items()) yield module;
  }

  /**
   * Names and modules.
   * @example [...new nn.ModuleDict({ relu: new nn.ReLU() }).items()]  // [ [ 'relu', ReLU() ] ]
   */
  *items(): IterableIterator<[string, Module]> {
    for (const [key, value] of Object.entries(this)) if (value instanceof Module) yield [key, value];
  }
}

/**
 * Parameters by number; numbers are keys of the state dict. https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
 * @example
 * const weights = new nn.ParameterList([new nn.Parameter(torch.ones(2)), new nn.Parameter(torch.zeros(3))]);
 * [...weights.parameters()].length  // 2
 */
export class ParameterList extends Module {
  readonly [index: number]: Parameter;

  constructor(parameters: Iterable<Tensor> = []) {
    super();
    for (const each of parameters) this.append(each);
  }

  /**
   * How many parameters there are.
   * @example new nn.ParameterList([new nn.Parameter(torch.ones(2))]).size  // 1
   */
  get size(): number {
    return [...this].length;
  }

  /**
   * Adds a parameter at the end.
   * @example new nn.ParameterList().append(new nn.Parameter(torch.ones(2))).size  // 1
   */
  append(value: Tensor): this {
    this.registerParameter(String(this.size), value instanceof Parameter ? value : new Parameter(value));
    return this;
  }

  /**
   * Adds parameters at the end.
   * @example new nn.ParameterList().extend([torch.ones(2), torch.ones(3)]).size  // 2
   */
  extend(values: Iterable<Tensor>): this {
    for (const value of values) this.append(value);
    return this;
  }

  /**
   * The parameter at `index`.
   * @example new nn.ParameterList([new nn.Parameter(torch.ones(2))]).at(0).shape  // torch.Size([2])
   */
  at(index: number): Parameter {
    const items = [...this];
    return items[position(index, items.length)];
  }

  *[Symbol.iterator](): IterableIterator<Parameter> {
    yield* this.parameters(false);
  }
}

/**
 * Parameters by name, in the order of their insertion; names are keys of the state dict.
 * https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
 * @example
 * const weights = new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) });
 * Object.keys(weights.stateDict())  // [ 'scale' ]
 */
export class ParameterDict extends Module {
  constructor(parameters: Record<string, Tensor> | Iterable<[string, Tensor]> = {}) {
    super();
    this.update(parameters);
  }

  /**
   * Adds parameters under their names; tensors become parameters.
   * @example new nn.ParameterDict().update({ scale: torch.ones(2) });
   */
  update(parameters: Record<string, Tensor> | Iterable<[string, Tensor]>): void {
    const entries = Symbol.iterator in parameters ? (parameters as Iterable<[string, Tensor]>) : Object.entries(parameters);
    for (const [key, value] of entries) this.registerParameter(key, value instanceof Parameter ? value : new Parameter(value));
  }

  /**
   * The parameter of that name.
   * @example new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) }).get('scale').shape  // torch.Size([2])
   */
  get(key: string): Parameter {
    const found = (this as unknown as Record<string, unknown>)[key];
    if (!(found instanceof Parameter)) throw new Error(`KeyError: '${key}'`);
    return found;
  }

  /**
   * Takes the parameter of that name out and gives it.
   * @example new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) }).pop('scale').shape  // torch.Size([2])
   */
  pop(key: string): Parameter {
    const taken = this.get(key);
    delete (this as unknown as Record<string, unknown>)[key];
    return taken;
  }

  /**
   * Takes all parameters out.
   * @example
   * const weights = new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) });
   * weights.clear();
   * [...weights.keys()]  // []
   */
  clear(): void {
    for (const key of [...this.keys()]) this.pop(key);
  }

  /**
   * The names.
   * @example [...new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) }).keys()]  // [ 'scale' ]
   */
  *keys(): IterableIterator<string> {
    for (const [key] of this.items()) yield key;
  }

  /**
   * The parameters.
   * @example [...new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) }).values()].length  // 1
   */
  *values(): IterableIterator<Parameter> {
    for (const [, parameter] of this.items()) yield parameter;
  }

  /**
   * Names and parameters.
   * @example [...new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) }).items()].length  // 1
   */
  *items(): IterableIterator<[string, Parameter]> {
    for (const [key, value] of Object.entries(this)) if (value instanceof Parameter) yield [key, value];
  }
}
