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

/** One module after another. Takes modules, or one object of named modules. https://pytorch.org/docs/stable/generated/torch.nn.Sequential.html */
export class Sequential extends Numbered {
  constructor(...modules: (Module | Record<string, Module>)[]) {
    super();
    for (const module of modules) {
      if (module instanceof Module) this.push(module);
      else for (const [name, each] of Object.entries(module)) this.addModule(name, each);
    }
  }

  append(module: Module): this {
    this.push(module);
    return this;
  }

  override forward(input: Tensor): Tensor {
    for (const module of this.children()) input = (module as unknown as (x: Tensor) => Tensor)(input);
    return input;
  }
}

/** A list of modules, without a forward of its own. https://pytorch.org/docs/stable/generated/torch.nn.ModuleList.html */
export class ModuleList extends Numbered {
  constructor(modules: Iterable<Module> = []) {
    super();
    this.extend(modules);
  }

  append(module: Module): this {
    this.push(module);
    return this;
  }

  extend(modules: Iterable<Module>): this {
    for (const module of modules) this.push(module);
    return this;
  }

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

/** Modules by name. https://pytorch.org/docs/stable/generated/torch.nn.ModuleDict.html */
export class ModuleDict extends Module {
  constructor(modules: Record<string, Module> | Iterable<[string, Module]> = {}) {
    super();
    this.update(modules);
  }

  update(modules: Record<string, Module> | Iterable<[string, Module]>): void {
    const entries = Symbol.iterator in modules ? (modules as Iterable<[string, Module]>) : Object.entries(modules);
    for (const [key, module] of entries) this.addModule(key, module);
  }

  get(key: string): Module {
    const found = (this as unknown as Record<string, unknown>)[key];
    if (!(found instanceof Module)) throw new Error(`KeyError: '${key}'`);
    return found;
  }

  *keys(): IterableIterator<string> {
    for (const [key] of this.items()) yield key;
  }

  *values(): IterableIterator<Module> {
    for (const [, module] of this.items()) yield module;
  }

  *items(): IterableIterator<[string, Module]> {
    for (const [key, value] of Object.entries(this)) if (value instanceof Module) yield [key, value];
  }
}

/** Parameters by number. https://pytorch.org/docs/stable/generated/torch.nn.ParameterList.html */
export class ParameterList extends Module {
  readonly [index: number]: Parameter;

  constructor(parameters: Iterable<Tensor> = []) {
    super();
    for (const each of parameters) this.append(each);
  }

  get size(): number {
    return [...this].length;
  }

  append(value: Tensor): this {
    this.registerParameter(String(this.size), value instanceof Parameter ? value : new Parameter(value));
    return this;
  }

  at(index: number): Parameter {
    const items = [...this];
    return items[position(index, items.length)];
  }

  *[Symbol.iterator](): IterableIterator<Parameter> {
    yield* this.parameters(false);
  }
}

/** Parameters by name. https://pytorch.org/docs/stable/generated/torch.nn.ParameterDict.html */
export class ParameterDict extends Module {
  constructor(parameters: Record<string, Tensor> = {}) {
    super();
    for (const [key, value] of Object.entries(parameters))
      this.registerParameter(key, value instanceof Parameter ? value : new Parameter(value));
  }

  get(key: string): Parameter {
    const found = (this as unknown as Record<string, unknown>)[key];
    if (!(found instanceof Parameter)) throw new Error(`KeyError: '${key}'`);
    return found;
  }
}
