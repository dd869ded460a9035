/** Calls of modules with other parameters. */
import { stack } from '../ops/join.js';
import { RuntimeError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { Module, type StateDict, toSnake } from './module.js';

type Fields = Record<string, unknown>;

/** The fields of a module and those below it that hold tensors, by dotted name. */
function* places(module: Module): Generator<[name: string, fields: Fields, key: string, value: Tensor]> {
  for (const [path, owner] of module.namedModules()) {
    const fields = owner as unknown as Fields;
    for (const [key, value] of Object.entries(fields))
      if (value instanceof Tensor) yield [path ? `${path}.${toSnake(key)}` : toSnake(key), fields, key, value];
  }
}

/** What takes the place of each tensor that other fields may share. */
function replacements(all: readonly (readonly [string, Fields, string, Tensor])[], tensors: StateDict): Map<Tensor, Tensor> {
  const found = new Map<Tensor, Tensor>();
  for (const [name, , , value] of all) {
    const given = tensors[name];
    if (!given) continue;
    if (found.has(value) && found.get(value) !== given)
      throw new ValueError(
        `functional_call got multiple values for keys ${tiedNames(all, value)}, which are tied. Consider using tie_weights=False`,
      );
    found.set(value, given);
  }
  return found;
}
const tiedNames = (all: readonly (readonly [string, Fields, string, Tensor])[], tied: Tensor): string =>
  `[${all.flatMap(([name, , , value]) => (value === tied ? [`'${name}'`] : [])).join(', ')}]`;

/** Puts tensors in place of parameters and buffers, by dotted name; returns what puts them back. */
function swap(module: Module, tensors: StateDict, { tieWeights = true, strict = false }: FunctionalCallOptions): () => void {
  const all = [...places(module)];
  if (strict)
    checkNames(
      module.constructor.name,
      all.map(([name]) => name),
      Object.keys(tensors),
    );
  const tied = tieWeights ? replacements(all, tensors) : new Map<Tensor, Tensor>();
  const undo: (() => void)[] = [];
  for (const [name, fields, key, value] of all) {
    const given = tensors[name] ?? tied.get(value);
    if (!given) continue;
    fields[key] = given;
    undo.push(() => void (fields[key] = value));
  }
  return () => undo.forEach((each) => each());
}

function checkNames(type: string, known: readonly string[], given: readonly string[]): void {
  const lacking = (names: readonly string[], others: readonly string[]): string =>
    names.flatMap((name) => (others.includes(name) ? [] : [`'${name}'`])).join(', ');
  const [unexpected, missing] = [lacking(given, known), lacking(known, given)];
  const problems = [...(unexpected ? [`Unexpected key(s): ${unexpected}.`] : []), ...(missing ? [`Missing key(s): ${missing}.`] : [])];
  if (problems.length > 0) throw new RuntimeError(`Error(s) in reparametrizing for ${type}:\n\t${problems.join('\n\t')}`);
}

function joined(parts: readonly StateDict[]): StateDict {
  const result: StateDict = {};
  for (const part of parts) {
    for (const [name, value] of Object.entries(part)) {
      if (name in result) throw new ValueError(`${name} appears in multiple dictionaries; behavior of functional call is ambiguous`);
      result[name] = value;
    }
  }
  return result;
}

export interface FunctionalCallOptions {
  /** Whether a tensor also takes the place of parameters that are the same one under other names. */
  tieWeights?: boolean;
  /** Whether all parameters and buffers, and no others, must be given. */
  strict?: boolean;
}

/**
 * Calls `module` as if its parameters and buffers were `tensors`, which may be results of other operations. Parameters and buffers may come
 * in several objects, named arguments of `forward` in `kwargs`.
 * https://pytorch.org/docs/stable/generated/torch.func.functional_call.html
 * @throws ValueError where a name is given twice, or shared parameters get different tensors; RuntimeError where `strict` and names disagree
 * @example
 * const net = new nn.Linear(2, 1);
 * torch.func.functionalCall(net, { weight: torch.ones(1, 2), bias: torch.zeros(1) }, torch.tensor([[3, 4]]))  // tensor([[7.]])
 */
export function functionalCall<R = Tensor>(
  module: Module,
  tensors: StateDict | readonly StateDict[],
  args: unknown = [],
  kwargs: Record<string, unknown> | null = null,
  options: FunctionalCallOptions = {},
): R {
  const restore = swap(module, Array.isArray(tensors) ? joined(tensors as StateDict[]) : (tensors as StateDict), options);
  try {
    const positional: unknown[] = Array.isArray(args) ? args : [args];
    return (module as unknown as (...given: unknown[]) => R)(...positional, ...(kwargs ? [kwargs] : []));
  } finally {
    restore();
  }
}

/**
 * The parameters and the buffers of several modules of one kind, stacked along a new first dim: what `vmap` of a `functionalCall` takes.
 * https://pytorch.org/docs/stable/generated/torch.func.stack_module_state.html
 * @example
 * const nets = [new nn.Linear(2, 1), new nn.Linear(2, 1)];
 * const [params, buffers] = torch.func.stackModuleState(nets);
 * const run = (weights: Record<string, torch.Tensor>, x: torch.Tensor) => torch.func.functionalCall(nets[0], weights, x) as torch.Tensor;
 * torch.vmap(run, { inDims: [0, null] })(params, torch.ones(3, 2)).shape  // torch.Size([2, 3, 1])
 */
export function stackModuleState(models: readonly Module[]): [params: StateDict, buffers: StateDict] {
  if (models.length === 0) throw new RuntimeError('stack_module_state: Expected at least one model, got 0.');
  if (models.some((each) => each.training !== models[0].training))
    throw new RuntimeError('stack_module_state: Expected all models to have the same training/eval mode.');
  if (models.some((each) => each.constructor !== models[0].constructor))
    throw new RuntimeError('stack_module_state: Expected all models to be of the same class.');
  const stacked = (entriesOf: (model: Module) => Iterable<[string, Tensor]>, wantsGrad: boolean): StateDict => {
    const states = models.map((model) => new Map(entriesOf(model)));
    const all = [...states[0].keys()].map(
      (name) =>
        [
          name,
          stack(
            states.map((state) => state.get(name)!.detach()),
            0,
          ),
        ] as const,
    );
    if (wantsGrad) for (const [, t] of all) t.requiresGrad_();
    return Object.fromEntries(all);
  };
  return [stacked((model) => model.namedParameters(), true), stacked((model) => model.namedBuffers(), false)];
}
