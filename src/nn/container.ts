/** Modules that hold modules or parameters. */
import { describe } from '../ops/messages.js';
import { parseSlice } from '../ops/indexing.js';
import { isOptions } from '../ops/signature.js';
import { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { IndexError, KeyError } from '../tensor/errors.js';

const position = (index: number, length: number): number => {
  const i = index < 0 ? index + length : index;
  if (!Number.isInteger(index) || i < 0 || i >= length) throw new IndexError(`index ${index} is out of range`);
  return i;
};

/** A module whose children are numbered. */
abstract class Numbered extends Module {
  readonly [index: number]: Module;

  get size(): number {
    return Object.values(this).filter((value) => value instanceof Module).length;
  }

  /**
   * The number of children: Python's `len`.
   * @example new nn.ModuleList([new nn.ReLU(), new nn.Tanh()]).length  // 2
   */
  override get length(): number {
    return this.size;
  }

  /**
   * The child at `index`; negative ones count from the end. A slice such as `':-1'` gives a container of these children.
   * @example
   * new nn.Sequential(new nn.Linear(2, 3), new nn.ReLU()).at(':1')
   * // Sequential(
   * //   (0): Linear(in_features=2, out_features=3, bias=True)
   * // )
   */
  at(index: number): Module;
  at(slice: string): this;
  at(index: number | string): Module {
    if (typeof index === 'string') return this.sliced(index);
    const items = [...this];
    return items[position(index, items.length)];
  }

  private sliced(text: string): Module {
    const [start, end, step] = parseSlice(text);
    const all = Object.entries(this).filter((entry): entry is [string, Module] => entry[1] instanceof Module);
    const chosen = all.slice(start ?? 0, end ?? all.length).filter((_, i) => i % step === 0);
    return this.ofSlice(chosen);
  }

  /** A container of some of the children. */
  protected abstract ofSlice(children: readonly [name: string, child: Module][]): Module;

  /** The modules in order, also those that come twice. */
  protected items(): Module[] {
    return Object.values(this).filter((value) => value instanceof Module);
  }

  *[Symbol.iterator](): IterableIterator<Module> {
    yield* this.items();
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
    if (!(module instanceof Module)) throw new TypeError(`${describe(module)} is not a Module subclass`);
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
      if (isOptions(module)) for (const [name, each] of Object.entries(module)) this.addModule(name, each);
      else this.push(module);
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

  protected override ofSlice(children: readonly [name: string, child: Module][]): Module {
    return new Sequential(...children.map(([name, child]) => ({ [name]: child })));
  }

  override forward(input: Tensor): Tensor {
    for (const module of this.items()) input = (module as unknown as (x: Tensor) => Tensor)(input);
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

  protected override ofSlice(children: readonly [name: string, child: Module][]): Module {
    return new ModuleList(children.map(([, child]) => child));
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
    return `${this.typeName()}(${lines.length === 0 ? '' : `\n  ${lines.join('\n  ')}\n`})`;
  }
}

/** The line that a list or dict of parameters shows of one. */
const parameterLine = (name: string | number, type: string, { shape, device }: Parameter): string =>
  `  (${name}): Parameter containing: [${type} of size ${shape.join('x')}${device.type === 'cuda' ? ` (${String(device)})` : ''}]`;

/** Modules or parameters by name: fields of the module. */
abstract class Dict<T, Given> extends Module {
  constructor(entries: Record<string, Given> | Iterable<[string, Given]> = {}) {
    super();
    this.update(entries);
  }

  protected abstract isItem(value: unknown): value is T;
  protected abstract put(key: string, value: Given): void;

  /**
   * Adds entries under their names.
   * @example new nn.ModuleDict().update({ relu: new nn.ReLU() });
   */
  update(entries: Record<string, Given> | Iterable<[string, Given]>): void {
    const list = Symbol.iterator in entries ? (entries as Iterable<[string, Given]>) : Object.entries(entries);
    for (const [key, value] of list) this.put(key, value);
  }

  /**
   * The entry of that name.
   * @example new nn.ModuleDict({ relu: new nn.ReLU() }).get('relu')  // ReLU()
   */
  get(key: string): T {
    const found = (this as unknown as Record<string, unknown>)[key];
    if (!this.isItem(found)) throw new KeyError(`'${key}'`);
    return found;
  }

  /**
   * Takes the entry of that name out and gives it.
   * @example new nn.ModuleDict({ relu: new nn.ReLU() }).pop('relu')  // ReLU()
   */
  pop(key: string): T {
    const taken = this.get(key);
    delete (this as unknown as Record<string, unknown>)[key];
    return taken;
  }

  /**
   * Takes all entries out.
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
   * The entries without their names.
   * @example [...new nn.ModuleDict({ relu: new nn.ReLU() }).values()]  // [ ReLU() ]
   */
  *values(): IterableIterator<T> {
    for (const [, value] of this.items()) yield value;
  }

  /**
   * Names and entries.
   * @example [...new nn.ModuleDict({ relu: new nn.ReLU() }).items()]  // [ [ 'relu', ReLU() ] ]
   */
  *items(): IterableIterator<[string, T]> {
    for (const [key, value] of Object.entries(this)) if (this.isItem(value)) yield [key, value];
  }
}

/**
 * Modules by name, in the order of their insertion; names are keys of the state dict.
 * https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html
 * @example
 * const choices = new nn.ModuleDict({ relu: new nn.ReLU(), tanh: new nn.Tanh() });
 * [...choices.keys()]  // [ 'relu', 'tanh' ]
 */
export class ModuleDict extends Dict<Module, Module> {
  protected isItem(value: unknown): value is Module {
    return value instanceof Module;
  }

  protected put(key: string, module: Module): void {
    this.addModule(key, module);
  }
}

/**
 * Parameters by name, in the order of their insertion; names are keys of the state dict. Tensors become parameters.
 * https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html
 * @example
 * const weights = new nn.ParameterDict({ scale: new nn.Parameter(torch.ones(2)) });
 * Object.keys(weights.stateDict())  // [ 'scale' ]
 */
export class ParameterDict extends Dict<Parameter, Tensor> {
  protected isItem(value: unknown): value is Parameter {
    return value instanceof Parameter;
  }

  protected put(key: string, value: Tensor): void {
    this.registerParameter(key, value instanceof Parameter ? value : new Parameter(value));
  }

  override extraRepr(): string {
    return [...this.items()].map(([name, each]) => parameterLine(name, each.type(), each)).join('\n');
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
   * The number of parameters: Python's `len`.
   * @example new nn.ParameterList([new nn.Parameter(torch.ones(2))]).length  // 1
   */
  override get length(): number {
    return this.size;
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

  override extraRepr(): string {
    return [...this].map((each, i) => parameterLine(i, String(each.dtype), each)).join('\n');
  }

  *[Symbol.iterator](): IterableIterator<Parameter> {
    yield* this.parameters(false);
  }
}
