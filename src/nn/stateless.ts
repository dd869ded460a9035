/** Calls of modules with other parameters. */
import { stack } from '../ops/join.js';
import { RuntimeError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { Module, type StateDict, toSnake } from './module.js';

type Fields = Record<string, unknown>;

/** Puts tensors in place of parameters and buffers, by dotted name; returns what puts them back. */
function swap(module: Module, tensors: StateDict): () => void {
  const undo: (() => void)[] = [];
  for (const [path, owner] of module.namedModules()) {
    const fields = owner as unknown as Fields;
    for (const key of Object.keys(fields)) {
      const given = tensors[path ? `${path}.${toSnake(key)}` : toSnake(key)];
      if (!given) continue;
      const old = fields[key];
      fields[key] = given;
      undo.push(() => void (fields[key] = old));
    }
  }
  return () => undo.forEach((each) => each());
}

/**
 * Calls `module` as if its parameters and buffers were `tensors`, which may be results of other operations.
 * https://pytorch.org/docs/stable/generated/torch.func.functional_call.html
 * @example
 * const net = new nn.Linear(2, 1);
 * torch.func.functionalCall(net, { weight: torch.ones(1, 2), bias: torch.zeros(1) }, torch.tensor([[3, 4]]))  // tensor([[7.]])
 */
export function functionalCall(module: Module, tensors: StateDict, args: Tensor | readonly unknown[]): unknown {
  const restore = swap(module, tensors);
  try {
    return (module as unknown as (...given: unknown[]) => unknown)(...(Array.isArray(args) ? (args as unknown[]) : [args]));
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
