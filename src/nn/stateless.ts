/** Calls of modules with other parameters. */
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
