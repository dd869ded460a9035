/** `torch.nn.utils.parametrize`: fields computed from other parameters. https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html */
import type { Args } from '../ops/types.js';
import { callable } from '../ops/signature.js';
import { noGrad } from '../autograd/modes.js';
import { ValueError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { ModuleDict, ModuleList } from './container.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

/** A module that computes a field; `rightInverse` gives what it would compute a value from, one tensor or several. */
export type Parametrization = Module & { rightInverse?: (value: Tensor) => Tensor | readonly Tensor[] };

type Fields = Record<string, unknown>;
const fieldsOf = (module: Module): Fields => module as unknown as Fields;
const call = (module: Module, args: readonly Tensor[]): Tensor => (module as unknown as (...given: Tensor[]) => Tensor)(...args);

/**
 * The parametrizations of one field, and the parameters that it is computed from: `original`, or `original0`, `original1`, …
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.ParametrizationList.html
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * Object.keys(layer.stateDict())
 * // [
 * //   'bias',
 * //   'parametrizations.weight.original0',
 * //   'parametrizations.weight.original1'
 * // ]
 */
export class ParametrizationList extends ModuleList {
  constructor(parametrizations: readonly Parametrization[], original: Parameter) {
    super();
    const value = inverse(parametrizations, original);
    if (value instanceof Tensor) this.registerParameter('original', value === original ? original : asParameter(value, original));
    else value.forEach((each, i) => this.registerParameter(`original${i}`, asParameter(each, original)));
    this.extend(parametrizations);
  }

  private get originals(): Tensor[] {
    const fields = fieldsOf(this);
    if (fields.original) return [fields.original as Tensor];
    return Object.keys(fields)
      .filter((key) => /^original\d+$/.test(key))
      .map((key) => fields[key] as Tensor);
  }

  /** Makes the parameters such that the field becomes `value`. */
  assign(value: Tensor): void {
    const found = inverse([...this] as Parametrization[], value);
    const sources = found instanceof Tensor ? [found] : found;
    noGrad(() => this.originals.forEach((original, i) => original.copy_(sources[i])));
  }

  override forward(): Tensor {
    let value = this.originals;
    for (const parametrization of this) value = [call(parametrization, value)];
    return value[0];
  }
}

/** What the first of the parametrizations computes `value` from, by their right inverses. */
function inverse(parametrizations: readonly Parametrization[], value: Tensor): Tensor | readonly Tensor[] {
  let found: Tensor | readonly Tensor[] = value;
  for (const each of [...parametrizations].reverse()) {
    if (!(found instanceof Tensor)) throw new ValueError('only the first parametrization may compute a field from several tensors');
    if (each.rightInverse) found = noGrad(() => each.rightInverse!(found as Tensor));
  }
  return found;
}

const asParameter = (value: Tensor, like: Parameter): Parameter => new Parameter(value.detach().clone(), like.wantsGrad);

const listsOf = (module: Module): Fields | null => {
  const { parametrizations } = fieldsOf(module);
  return parametrizations instanceof ModuleDict ? fieldsOf(parametrizations) : null;
};

/**
 * Whether `module`, or its field `tensorName`, is computed by parametrizations.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.is_parametrized.html
 * @example nn.utils.parametrize.isParametrized(nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3)), 'weight')  // true
 */
export function isParametrized(module: Module, tensorName?: string): boolean {
  const lists = listsOf(module);
  return lists !== null && (tensorName === undefined || lists[tensorName] instanceof ParametrizationList);
}

/** What stands in place of a parametrized field; copies of the module have it too. */
const accessor = (name: string): PropertyDescriptor & ThisType<Module> => ({
  get() {
    return (listsOf(this)![name] as ParametrizationList).forward();
  },
  set(value: Tensor) {
    (listsOf(this)![name] as ParametrizationList).assign(value);
  },
  configurable: true,
});
function parametrizedName(this: Module): string {
  return `Parametrized${this.constructor.name}`;
}

/**
 * Makes the field `tensorName` of `module` what `parametrization` computes from its present value; several apply one after another.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.register_parametrization.html
 * @example
 * class Symmetric extends nn.Module {
 *   override forward(x: torch.Tensor) {
 *     return x.triu().add(x.triu(1).T);
 *   }
 * }
 * const layer = new nn.Linear(2, 2);
 * nn.utils.parametrize.registerParametrization(layer, 'weight', new Symmetric());
 * layer.weight.equal(layer.weight.T)  // true
 */
export function registerParametrization(module: Module, tensorName: string, parametrization: Parametrization): Module {
  const fields = fieldsOf(module);
  const known = listsOf(module)?.[tensorName];
  if (known instanceof ParametrizationList) {
    known.append(parametrization);
    return module;
  }
  const original = fields[tensorName];
  if (!(original instanceof Parameter))
    throw new ValueError(
      `Module '${module.constructor.name}' does not have a parameter, a buffer, or a parametrized element with name '${tensorName}'`,
    );
  const list = new ParametrizationList([parametrization], original);
  delete fields[tensorName];
  if (!(fields.parametrizations instanceof ModuleDict)) fields.parametrizations = new ModuleDict();
  (fields.parametrizations as ModuleDict).addModule(tensorName, list);
  Object.defineProperty(module, tensorName, accessor(tensorName));
  Object.defineProperty(module, 'typeName', { value: parametrizedName, configurable: true });
  return module;
}

/**
 * Takes the parametrizations of a field away; it keeps its computed value, or with `leaveParametrized` false its original.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.parametrize.remove_parametrizations.html
 * @example
 * const layer = nn.utils.parametrizations.weightNorm(new nn.Linear(2, 3));
 * nn.utils.parametrize.removeParametrizations(layer, 'weight');
 * nn.utils.parametrize.isParametrized(layer)  // false
 */
export const removeParametrizations = callable<
  (
    module: Module,
    ...args: Args<[tensorName: string, leaveParametrized: boolean], { tensorName?: string; leaveParametrized?: boolean }>
  ) => Module
>('remove_parametrizations', 'module, tensorName, leaveParametrized?', restore);
function restore(module: Module, tensorName: string, leaveParametrized = true): Module {
  const lists = listsOf(module);
  const list = lists?.[tensorName];
  if (!lists || !(list instanceof ParametrizationList))
    throw new ValueError(`Module ${module.constructor.name} does not have a parametrization on ${tensorName}`);
  const { original } = fieldsOf(list);
  if (!leaveParametrized && !original)
    throw new ValueError(
      'Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a sequence of tensors.',
    );
  const value = leaveParametrized ? noGrad(() => list.forward()).detach() : (original as Tensor).detach();
  delete fieldsOf(module)[tensorName];
  delete lists[tensorName];
  if (Object.values(lists).every((each) => !(each instanceof Module))) {
    delete fieldsOf(module).parametrizations;
    delete fieldsOf(module).typeName;
  }
  fieldsOf(module)[tensorName] = new Parameter(value.clone());
  return module;
}
