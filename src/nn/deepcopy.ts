import { noGrad } from '../autograd/modes.js';
import { clone } from '../ops/memory.js';
import { mapList } from '../ops/tuple.js';
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { Module } from './module.js';
import { Buffer, Parameter } from './parameter.js';

/**
 * A copy of a module, tensor, or plain structure of them, with its own memory; what is shared inside stays shared inside. As Python's
 * `copy.deepcopy`.
 * @example
 * const net = new nn.Linear(2, 1);
 * const frozen = torch.deepcopy(net).requiresGrad_(false);
 * frozen.weight.equal(net.weight)  // true
 */
export function deepcopy<T>(value: T): T {
  return copied(value, new Map()) as T;
}

function copied(value: unknown, seen: Map<unknown, unknown>): unknown {
  const known = seen.get(value);
  if (known !== undefined) return known;
  if (value instanceof Tensor) return noted(value, copiedTensor(value), seen);
  if (value instanceof Module) return copiedFields(value, withHidden(value, noted(value, value.bareCopy(), seen) as Module), seen);
  if (Array.isArray(value))
    return copiedFields(
      value,
      noted(
        value,
        mapList(value, () => null),
        seen,
      ) as object,
      seen,
    );
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return copiedFields(value, noted(value, {}, seen) as object, seen);
}

function noted(value: unknown, copy: unknown, seen: Map<unknown, unknown>): unknown {
  seen.set(value, copy);
  return copy;
}

/** Gives the copy of a module what is defined on it without being a field, such as parametrized weights. */
function withHidden(from: Module, to: Module): Module {
  for (const [key, property] of Object.entries(Object.getOwnPropertyDescriptors(from)))
    if (!property.enumerable && property.configurable) Object.defineProperty(to, key, property);
  return to;
}

function copiedFields<T extends object>(from: object, to: T, seen: Map<unknown, unknown>): T {
  for (const [key, value] of Object.entries(from)) (to as Record<string, unknown>)[key] = copied(value, seen);
  return to;
}

function copiedTensor(t: Tensor): Tensor {
  if (t.node)
    throw new RuntimeError('Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment.');
  const data = noGrad(() => clone(t));
  if (t instanceof Parameter) return new Parameter(data, t.wantsGrad);
  if (t instanceof Buffer) return new Buffer(data, t.persistent);
  data.wantsGrad = t.wantsGrad;
  return data;
}
