/** Fields of modules by name: finding them, and what `registerBuffer` and its kin refuse. */
import { describe } from '../ops/messages.js';
import { AttributeError, KeyError, ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { toSnake } from './module-state.js';
import { Parameter } from './parameter.js';

type Fields = Record<string, unknown>;

export const setField = (module: object, name: string, value: unknown): void => void ((module as Fields)[name] = value);

/** The field with PyTorch's name `name`: its key and value. Throws where there is none, or gives `[undefined, undefined]` unless `required`. */
export function fieldNamed(module: object, name: string, required = true): [key: string | undefined, value: unknown] {
  const key = Object.keys(module).find((each) => toSnake(each) === name || each === name) ?? (name in module ? name : undefined);
  if (key === undefined && required) throw new AttributeError(`${module.constructor.name} has no attribute \`${name}\``);
  return [key, key && (module as Fields)[key]];
}

function checkName(module: object, kind: string, name: string, mayReplace: (value: unknown) => boolean): void {
  if (typeof name !== 'string') throw new TypeError(`${kind} name should be a string. Got ${describe(name)}`);
  if (name.includes('.')) throw new KeyError(`${kind} name can't contain "."${kind === 'module' ? `, got: ${name}` : ''}`);
  if (name === '') throw new KeyError(`${kind} name can't be empty string ""`);
  const old = (module as Fields)[name];
  if (old !== undefined && old !== null && !mayReplace(old)) throw new KeyError(`attribute '${name}' already exists`);
}

const refuse = (got: unknown, kind: string, name: string, wanted: string): Error =>
  new TypeError(`cannot assign '${describe(got)}' object to ${kind} '${name}' (${wanted} or None required)`);

export function checkBuffer(module: object, name: string, value: unknown): void {
  checkName(module, 'buffer', name, (old) => old instanceof Tensor && !(old instanceof Parameter));
  if (value !== null && !(value instanceof Tensor)) throw refuse(value, 'buffer', name, 'torch Tensor');
}

export function checkParameter(module: object, name: string, value: unknown): void {
  checkName(module, 'parameter', name, (old) => old instanceof Parameter);
  if (value === null) return;
  if (!(value instanceof Parameter)) throw refuse(value, 'parameter', name, 'torch.nn.Parameter');
  if (value.node)
    throw new ValueError(
      `Cannot assign non-leaf Tensor to parameter '${name}'. Model parameters must be created explicitly. ` +
        `To express '${name}' as a function of another Tensor, compute the value in the forward() method.`,
    );
}

export function checkModule(module: object, name: string, value: unknown, Module: abstract new () => object): void {
  if (value !== null && !(value instanceof Module)) throw new TypeError(`${describe(value)} is not a Module subclass`);
  checkName(module, 'module', name, (old) => old instanceof Module);
}
