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

  /**
   * Adds modules at the end.
   * @example
   * new nn.ModuleList().extend([new nn.ReLU(), new nn.Tanh()])
   * // ModuleList(
   * //   (0): ReLU()
   * //   (1): Tanh()
   * // )
   */
  extend(modules: Iterable<Module>): this {
    for (const module of modules) this.push(module);
    return this;
  }

  /**
   * Puts a module before the one at `index`.
   * @example new nn.ModuleList([new nn.ReLU()]).insert(0, new nn.Tanh());
   */
  insert(index: number, module: Module): void {
    const all = [...this];
    all.splice(index, 0, module);
    all.forEach((each, i) => this.addModule(String(i), each));
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
 * Modules by name. https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
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
 * Parameters by number. https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html
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
 * Parameters by name. https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
 * @example
 * const weights = new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) });
 * Object.keys(weights.stateDict())  // [ 'scale' ]
 */
export class ParameterDict extends Module {
  constructor(parameters: Record<string, Tensor> = {}) {
    super();
    for (const [key, value] of Object.entries(parameters))
      this.registerParameter(key, value instanceof Parameter ? value : new Parameter(value));
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
}
