/** `torch.autograd.functional`: Jacobians, Hessians and their products with vectors. https://pytorch.org/docs/stable/autograd.html#functional-higher-level-api */
import { grad } from '../autograd/backward.js';
import { enableGrad } from '../autograd/modes.js';
import { RuntimeError } from '../tensor/errors.js';
import { formatShape, sameSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { requiresGrad_ } from './autograd.js';
import { onesLike, zerosLike } from './creation.js';
import { define } from './define.js';
import { stack } from './join.js';
import { describe } from './messages.js';

type Tensors = Tensor | readonly Tensor[];
/** What is differentiated. It takes the inputs as its arguments and gives a tensor or several. */
export type Differentiable = (...inputs: Tensor[]) => Tensors;

export interface FunctionalOptions {
  /** Whether the results can be differentiated themselves. */
  createGraph?: boolean;
  /** Refuses outputs that do not depend on an input, instead of giving zeros. */
  strict?: boolean;
}

const listOf = (x: Tensors): readonly Tensor[] => (x instanceof Tensor ? [x] : x);
/** Results in the form of what they belong to: one tensor, or a list. */
const inForm = <T>(like: Tensors, results: readonly T[]): T | readonly T[] => (like instanceof Tensor ? results[0] : results);
const settled = (t: Tensor, createGraph: boolean): Tensor => (createGraph ? t : t.detach());

function tensors(x: Tensors, role: string, name: string): readonly Tensor[] {
  const list = listOf(x);
  const wrong = Array.isArray(list) ? list.findIndex((t) => !(t instanceof Tensor)) : 0;
  if (wrong >= 0) {
    const at = Array.isArray(list) ? `value at index ${wrong} has type ${describe(list[wrong])}` : `given ${role} has type ${describe(x)}`;
    throw new TypeError(`The ${role} given to ${name} must be either a Tensor or a tuple of Tensors but the ${at}.`);
  }
  return list;
}

/** The inputs as new tensors that require grad, so that they differ from what `func` holds itself. */
const attached = (inputs: readonly Tensor[], createGraph: boolean): Tensor[] =>
  inputs.map((x) => (createGraph && x.requiresGrad ? x.viewAs(x) : requiresGrad_(x.detach())));

/** Gradients of those outputs that have any; null where there is none. */
function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  vectors: readonly (Tensor | null)[],
  createGraph: boolean,
): (Tensor | null)[] {
  const used = outputs.map((_, i) => i).filter((i) => outputs[i].requiresGrad);
  if (used.length === 0) return inputs.map(() => null);
  return grad(
    used.map((i) => outputs[i]),
    inputs,
    { gradOutputs: used.map((i) => vectors[i]), createGraph, retainGraph: true, allowUnused: true },
  );
}

/** Zeros in place of missing gradients, or an error in strict mode. */
const filled = (grads: readonly (Tensor | null)[], like: readonly Tensor[], refusal: false | ((i: number) => string)): Tensor[] =>
  grads.map((g, i) => {
    if (!g && refusal) throw new RuntimeError(`${refusal(i)} This is not allowed in strict mode.`);
    return g ?? zerosLike(like[i]);
  });

function checkOutputs(outputs: readonly Tensor[], strict: boolean): void {
  const i = strict ? outputs.findIndex((t) => !t.requiresGrad) : -1;
  if (i >= 0)
    throw new RuntimeError(
      `Output ${i} of the user-provided function does not require gradients. The outputs must be computed in a differentiable manner from the input when running in strict mode.`,
    );
}

/** The vectors that `v` gives, one for each of `like`; 1 for a single number. */
function vectorsFor(v: Tensors | null, like: readonly Tensor[], form: Tensors, missing: string): readonly Tensor[] {
  if (v === null) {
    if (like.length !== 1 || numelOf(like[0].sizes) !== 1) throw new RuntimeError(missing);
    return [onesLike(like[0])];
  }
  const [vectors, isList] = [listOf(v), !(form instanceof Tensor)];
  if (vectors.length !== like.length)
    throw new RuntimeError(
      isList
        ? `v is a tuple of invalid length: should be ${like.length} but got ${vectors.length}.`
        : 'The given v should contain a single Tensor.',
    );
  vectors.forEach((t, i) => {
    if (!sameSizes(t.sizes, like[i].sizes))
      throw new RuntimeError(
        `${isList ? `Entry ${i} in ` : ''}v has invalid size: should be torch.Size(${formatShape(like[i].sizes)}) but got torch.Size(${formatShape(t.sizes)}).`,
      );
  });
  return vectors;
}

/** The Jacobian of one output for every input: out.shape + in.shape. */
function jacobianOf(out: Tensor, o: number, inputs: readonly Tensor[], createGraph: boolean, strict: boolean): Tensor[] {
  const elements = out.reshape(-1);
  const refusal = strict && ((i: number): string => `Output ${o} of the user-provided function is independent of input ${i}.`);
  const rows = Array.from({ length: numelOf(out.sizes) }, (_, k) =>
    filled(gradients([elements.select(0, k)], inputs, [null], createGraph), inputs, refusal),
  );
  return inputs.map((x, i) => {
    const sizes = [...out.sizes, ...x.sizes];
    const column = rows.map((row) => settled(row[i], createGraph));
    return column.length === 0 ? x.newZeros(sizes) : stack(column, 0).reshape(sizes);
  });
}

type Positional<O> = [createGraph?: boolean, strict?: boolean] | [options?: O];
interface JacobianFunction {
  (func: (...inputs: Tensor[]) => Tensor, inputs: Tensor, ...args: Positional<JacobianOptions>): Tensor;
  (func: (...inputs: Tensor[]) => readonly Tensor[], inputs: readonly Tensor[], ...args: Positional<JacobianOptions>): Tensor[][];
  (func: Differentiable, inputs: Tensors, ...args: Positional<JacobianOptions>): Tensor[];
}
export interface JacobianOptions extends FunctionalOptions {
  /** Taken for PyTorch's sake: rows are computed one by one, backwards. */
  vectorize?: boolean;
  strategy?: 'reverse-mode' | 'forward-mode';
}

/**
 * The derivative of every output element with respect to every input element: a tensor of shape output.shape + input.shape, listed by
 * output and
 * input where there are several. Zeros where an output does not depend on an input.
 * https://pytorch.org/docs/stable/generated/torch.autograd.functional.jacobian.html
 * @example
 * torch.autograd.functional.jacobian((x: torch.Tensor) => x.exp().sum(1), torch.zeros(2, 2))
 * // tensor([[[1., 1.],
 * //          [0., 0.]],
 * //
 * //         [[0., 0.],
 * //          [1., 1.]]])
 */
export const jacobian: JacobianFunction = define(
  'jacobian',
  'func, inputs, createGraph?, strict?, vectorize?, strategy?',
  (func: Differentiable, inputs: Tensors, createGraph = false, strict = false) =>
    enableGrad(() => {
      const { leaves, result, outputs } = evaluate('jacobian', func, inputs, createGraph, strict);
      const all = outputs.map((out, o) => inForm(inputs, jacobianOf(out, o, leaves, createGraph, strict)));
      return inForm(result, all);
    }),
);

function scalarOf(result: Tensors, name: string): Tensor {
  if (!(result instanceof Tensor)) throw new RuntimeError(`The function given to ${name} should return a single Tensor`);
  if (numelOf(result.sizes) !== 1)
    throw new RuntimeError(`The Tensor returned by the function given to ${name} should contain a single element`);
  return result;
}

interface HessianFunction {
  (func: (...inputs: Tensor[]) => Tensor, inputs: Tensor, ...args: Positional<JacobianOptions>): Tensor;
  (func: (...inputs: Tensor[]) => Tensor, inputs: readonly Tensor[], ...args: Positional<JacobianOptions>): Tensor[][];
}
/**
 * The second derivatives of a function that gives one number: a tensor of shape input.shape + input.shape, or a square list of them for
 * several inputs.
 * https://pytorch.org/docs/stable/generated/torch.autograd.functional.hessian.html
 * @throws RuntimeError where the function gives more than one number
 * @example
 * torch.autograd.functional.hessian((x: torch.Tensor) => x.pow(3).sum(), torch.tensor([1, 2]).float())
 * // tensor([[ 6.,  0.],
 * //         [ 0., 12.]])
 */
export const hessian: HessianFunction = define(
  'hessian',
  'func, inputs, createGraph?, strict?, vectorize?, outerJacobianStrategy?',
  (func: Differentiable, inputs: Tensors, createGraph = false, strict = false) => {
    const first = (...leaves: Tensor[]): Tensors => {
      const row = jacobian((...x: Tensor[]) => scalarOf(func(...x), 'hessian').squeeze(), leaves as readonly Tensor[], true, strict);
      return inForm(inputs, row as readonly Tensor[]);
    };
    return jacobian(first as (...leaves: Tensor[]) => Tensor, inputs as Tensor, createGraph, strict);
  },
);

type ProductFunction = (
  func: Differentiable,
  inputs: Tensors,
  ...args: [v?: Tensors | null, ...Positional<FunctionalOptions>] | [options?: FunctionalOptions & { v?: Tensors | null }]
) => [outputs: Tensors, product: Tensors];
const productParameters = 'func, inputs, v?, createGraph?, strict?';

/** A function at its inputs, ready to be differentiated. */
interface Evaluated {
  readonly leaves: readonly Tensor[];
  readonly result: Tensors;
  readonly outputs: readonly Tensor[];
}
function evaluate(name: string, func: Differentiable, inputs: Tensors, createGraph: boolean, strict: boolean): Evaluated {
  const leaves = attached(tensors(inputs, 'inputs', name), createGraph);
  const result = func(...leaves);
  const outputs = tensors(result, 'outputs of the user-provided function', name);
  checkOutputs(outputs, strict);
  return { leaves, result, outputs };
}
/** [outputs, product], each in the form in which it was given. */
function pair({ result, outputs }: Evaluated, like: Tensors, values: readonly Tensor[], createGraph: boolean): [Tensors, Tensors] {
  const [shown, product] = [outputs, values].map((list) => list.map((t) => settled(t, createGraph)));
  return [inForm(result, shown), inForm(like, product)];
}

const onlyOutput = 'The vector v can only be None if the user-provided function returns a single Tensor with a single element.';
const onlyInput = 'The vector v can only be None if the input to the user-provided function is a single Tensor with a single element.';
const independent = (i: number): string => `The output of the user-provided function is independent of input ${i}.`;

/**
 * The function's outputs, and vᵀ times its Jacobian, in the form of the inputs; `v` has the form of the outputs.
 * https://pytorch.org/docs/stable/generated/torch.autograd.functional.vjp.html
 * @example
 * torch.autograd.functional.vjp((x: torch.Tensor) => x.exp(), torch.zeros(2), torch.ones(2))
 * // [ tensor([1., 1.]), tensor([1., 1.]) ]
 */
export const vjp: ProductFunction = define(
  'vjp',
  productParameters,
  (func: Differentiable, inputs: Tensors, v: Tensors | null = null, createGraph = false, strict = false) =>
    enableGrad(() => {
      const at = evaluate('vjp', func, inputs, createGraph, strict);
      const vectors = vectorsFor(v, at.outputs, at.result, onlyOutput);
      const grads = gradients(at.outputs, at.leaves, vectors, createGraph);
      return pair(at, inputs, filled(grads, at.leaves, strict && independent), createGraph);
    }),
);

/**
 * The function's outputs, and its Jacobian times v, in the form of the outputs; `v` has the form of the inputs. By differentiating vjp, as
 * PyTorch does.
 * https://pytorch.org/docs/stable/generated/torch.autograd.functional.jvp.html
 * @example
 * torch.autograd.functional.jvp((x: torch.Tensor) => x.exp(), torch.zeros(2), torch.ones(2))
 * // [ tensor([1., 1.]), tensor([1., 1.]) ]
 */
export const jvp: ProductFunction = define(
  'jvp',
  productParameters,
  (func: Differentiable, inputs: Tensors, v: Tensors | null = null, createGraph = false, strict = false) =>
    enableGrad(() => {
      const at = evaluate('jvp', func, inputs, createGraph, strict);
      const vectors = vectorsFor(v, at.leaves, inputs, onlyInput);
      const weights = at.outputs.map((out) => requiresGrad_(zerosLike(out)));
      const back = filled(gradients(at.outputs, at.leaves, weights, true), at.leaves, strict && independent);
      const products = gradients(back, weights, vectors, createGraph);
      return pair(at, at.result, filled(products, at.outputs, false), createGraph);
    }),
);

const hessianProduct = (name: string): ProductFunction =>
  define(name, productParameters, (func: Differentiable, inputs: Tensors, v: Tensors | null = null, createGraph = false, strict = false) =>
    enableGrad(() => {
      const at = evaluate(name, func, inputs, createGraph, strict);
      const vectors = vectorsFor(v, at.leaves, inputs, onlyInput);
      const first = filled(gradients([scalarOf(at.result, name)], at.leaves, [null], true), at.leaves, strict && independent);
      const second = gradients(first, at.leaves, vectors, createGraph);
      const refusal = strict && ((i: number): string => `The jacobian of the user-provided function is independent of input ${i}.`);
      return pair(at, inputs, filled(second, at.leaves, refusal), createGraph);
    }),
  );
/**
 * The value of a function that gives one number, and vᵀ times its Hessian, in the form of the inputs.
 * https://pytorch.org/docs/stable/generated/torch.autograd.functional.vhp.html
 * @throws RuntimeError where the function gives more than one number
 * @example
 * torch.autograd.functional.vhp((x: torch.Tensor) => x.pow(3).sum(), torch.tensor([1.5, 2]), torch.ones(2))
 * // [ tensor(11.3750), tensor([ 9., 12.]) ]
 */
export const vhp: ProductFunction = hessianProduct('vhp');
/**
 * The value of a function that gives one number, and its Hessian times v. Hessians are symmetric, so it is `vhp` under another name.
 * https://pytorch.org/docs/stable/generated/torch.autograd.functional.hvp.html
 * @example
 * torch.autograd.functional.hvp((x: torch.Tensor) => x.pow(3).sum(), torch.tensor([1.5, 2]), torch.ones(2))
 * // [ tensor(11.3750), tensor([ 9., 12.]) ]
 */
export const hvp: ProductFunction = hessianProduct('hvp');
