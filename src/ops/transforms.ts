/** `torch.func`: functions that give derivatives of functions. https://pytorch.org/docs/stable/func.api.html */
import { grad as gradOf } from '../autograd/backward.js';
import { enableGrad, isGradEnabled } from '../autograd/modes.js';
import { AccumulateGrad, gradEdge, type Node } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { requiresGrad_ } from './autograd.js';
import { zerosLike } from './creation.js';
import { jacobian, jvp as productOf } from './jacobian.js';
import { isOptions } from './signature.js';
import { isList, mapTensors, tensorsOf } from './tree.js';

type Tensors = Tensor | readonly Tensor[];
type Func = (...args: never[]) => unknown;
const call = (func: Func, args: readonly unknown[]): unknown => (func as (...given: unknown[]) => unknown)(...args);

/** Whether a graph ends in leaves other than `own`: then what is computed from it may be differentiated further. */
function reachesOthers(outputs: readonly Tensor[], own: ReadonlySet<unknown>): boolean {
  const pending = outputs.flatMap((t) => gradEdge(t)?.node ?? []);
  const seen = new Set<Node>(pending);
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node instanceof AccumulateGrad && !own.has(node.variable)) return true;
    for (const edge of node.edges) {
      if (!edge || seen.has(edge.node)) continue;
      seen.add(edge.node);
      pending.push(edge.node);
    }
  }
  return false;
}

/** Arguments with those at `argnums` replaced by tensors that require grad, connected with the outside where they are part of a graph. */
interface Attached {
  readonly args: unknown[];
  readonly leaves: readonly Tensor[];
}
type Argnums = number | readonly number[];

function attach(args: readonly unknown[], argnums: Argnums): Attached {
  const leaves: Tensor[] = [];
  const own = (t: Tensor): Tensor => {
    const leaf = t.requiresGrad && isGradEnabled() ? t.viewAs(t) : requiresGrad_(t.detach());
    leaves.push(leaf);
    return leaf;
  };
  const replaced = [...args];
  for (const i of [argnums].flat()) {
    const at = i < 0 ? i + args.length : i;
    if (!(at >= 0 && at < args.length)) throw new RuntimeError(`Got argnum=${i}, but only ${args.length} positional inputs`);
    replaced[at] = mapTensors(args[at], own);
  }
  return { args: replaced, leaves };
}

/** Whether results that come from these leaves may be differentiated from outside. */
const isConnected = (results: readonly Tensor[], leaves: readonly Tensor[]): boolean =>
  isGradEnabled() && reachesOthers(results, new Set(leaves));
const settled = (value: unknown, connected: boolean): unknown => (connected ? value : mapTensors(value, (t) => t.detach()));

/** What a function gives: its output, and what else it wants to show if `hasAux`. */
function evaluate(name: string, func: Func, args: readonly unknown[], hasAux: boolean): { output: unknown; aux: unknown } {
  const result = enableGrad(() => call(func, args));
  if (!hasAux) return { output: result, aux: undefined };
  if (!isList(result) || result.length !== 2)
    throw new RuntimeError(`${name}(f)(*args): output of function f should be a tuple: (output, aux) if has_aux is True`);
  return { output: result[0], aux: result[1] };
}

function checkScalar(output: unknown): asserts output is Tensor {
  if (!(output instanceof Tensor))
    throw new RuntimeError(`grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got ${typeof output}`);
  if (output.ndim > 0)
    throw new RuntimeError(
      `grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with ${output.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?`,
    );
}

/** Gradients of outputs at leaves, zero where there is none. */
function gradientsAt(
  outputs: readonly Tensor[],
  leaves: readonly Tensor[],
  vectors: readonly Tensor[] | null,
  connected: boolean,
): Tensor[] {
  const used = outputs.map((_, i) => i).filter((i) => outputs[i].requiresGrad);
  if (used.length === 0) return leaves.map((t) => zerosLike(t));
  const grads = gradOf(
    used.map((i) => outputs[i]),
    leaves,
    { gradOutputs: vectors && used.map((i) => vectors[i]), createGraph: connected, retainGraph: true, allowUnused: true },
  );
  return grads.map((g: Tensor | null, i) => g ?? zerosLike(leaves[i]));
}

/** Values for all tensors of the arguments at `argnums`, in their form. */
function inFormOf(args: readonly unknown[], argnums: Argnums, values: readonly Tensor[]): unknown {
  let next = 0;
  const form = (i: number): unknown => mapTensors(args.at(i), () => values[next++]);
  return typeof argnums === 'number' ? form(argnums) : argnums.map(form);
}

export interface GradOptions {
  /** Which arguments the derivative is with respect to. */
  argnums?: Argnums;
  /** Whether `func` gives [output, aux]; then so does the new function: [result, aux]. */
  hasAux?: boolean;
}
type TransformArgs = [argnums?: Argnums, hasAux?: boolean] | [options?: GradOptions];
const optionsOf = (args: TransformArgs): Required<GradOptions> => {
  const [first, hasAux = false] = args as [Argnums | GradOptions | undefined, boolean | undefined];
  return isOptions(first) ? { argnums: 0, hasAux: false, ...first } : { argnums: (first as Argnums | undefined) ?? 0, hasAux };
};

/**
 * A function that gives [gradient, value] of `func`, which must give one number. Tensors may also lie in lists and objects, such as a
 * module's parameters
 * by name. https://pytorch.org/docs/stable/generated/torch.func.grad_and_value.html
 * @throws RuntimeError where `func` gives more than one number
 * @example torch.func.gradAndValue((w: torch.Tensor) => w.square().sum())(torch.tensor([1.5, 2]))  // [ tensor([3., 4.]), tensor(6.2500) ]
 */
export function gradAndValue<A extends unknown[], G = A[0]>(
  func: (...args: A) => unknown,
  ...options: TransformArgs
): (...args: A) => [gradient: G, value: unknown] {
  const { argnums, hasAux } = optionsOf(options);
  return (...given) => {
    const { args, leaves } = attach(given, argnums);
    const { output, aux } = evaluate('grad_and_value', func, args, hasAux);
    checkScalar(output);
    const connected = isConnected([output], leaves);
    const grads = gradientsAt([output], leaves, null, connected);
    const value = settled(output, connected);
    return [inFormOf(given, argnums, grads) as G, hasAux ? [value, settled(aux, connected)] : value];
  };
}

/**
 * A function that gives the gradient of `func`, which must give one number; gradients of gradients work.
 * https://pytorch.org/docs/stable/generated/torch.func.grad.html
 * @throws RuntimeError where `func` gives more than one number
 * @example torch.func.grad((x: torch.Tensor) => x.sin())(torch.tensor(0.5))  // tensor(0.8776)
 */
export function grad<A extends unknown[], G = A[0]>(func: (...args: A) => unknown, ...options: TransformArgs): (...args: A) => G {
  const both = gradAndValue<A, G>(func, ...options);
  const { hasAux } = optionsOf(options);
  return (...args) => {
    const [gradient, value] = both(...args);
    return (hasAux ? [gradient, (value as unknown[])[1]] : gradient) as G;
  };
}

type Vjp = [output: unknown, vjp: (...cotangents: unknown[]) => Tensor[], aux?: unknown];
/**
 * The output of `func`, and a function that gives vᵀ times its Jacobian for every primal.
 * https://pytorch.org/docs/stable/generated/torch.func.vjp.html
 * @example
 * const [y, pullBack] = torch.func.vjp((x: torch.Tensor) => x.exp(), torch.zeros(2));
 * pullBack(torch.ones(2))  // [ tensor([1., 1.]) ]
 */
export function vjp(func: Func, ...primals: Tensor[]): Vjp {
  const all = primals.map((_, i) => i);
  const { args, leaves } = attach(primals, all);
  const { output } = evaluate('vjp', func, args, false);
  const connected = isConnected(tensorsOf(output), leaves);
  return [settled(output, connected), (...cotangents) => gradientsAt(tensorsOf(output), leaves, tensorsOf(cotangents), connected)];
}

/**
 * The output of `func` at `primals`, and its derivative along `tangents`. https://pytorch.org/docs/stable/generated/torch.func.jvp.html
 * @example
 * torch.func.jvp((x: torch.Tensor) => x.exp(), [torch.zeros(2)], [torch.ones(2)])  // [ tensor([1., 1.]), tensor([1., 1.]) ]
 */
export function jvp(func: (...args: Tensor[]) => Tensors, primals: readonly Tensor[], tangents: readonly Tensor[]): [Tensors, Tensors] {
  if (!isList(primals))
    throw new RuntimeError('jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call f(*primals).');
  const { args, leaves } = attach(
    primals,
    primals.map((_, i) => i),
  );
  const result = productOf(func, args as Tensor[], tangents, { createGraph: true });
  const connected = isConnected(tensorsOf(result[0]), leaves) || (isGradEnabled() && tangents.some((t) => t.requiresGrad));
  return settled(result, connected) as [Tensors, Tensors];
}

/**
 * A function that gives the Jacobian of `func`: output.shape + input.shape, listed by output and argument where there are several.
 * https://pytorch.org/docs/stable/generated/torch.func.jacrev.html
 * @example
 * torch.func.jacrev((x: torch.Tensor) => x.sin())(torch.zeros(2))
 * // tensor([[1., 0.],
 * //         [0., 1.]])
 */
export function jacrev<A extends unknown[]>(func: (...args: A) => unknown, ...options: TransformArgs): (...args: A) => Tensor {
  const { argnums, hasAux } = optionsOf(options);
  return (...given) => {
    const { args, leaves } = attach(given, argnums);
    const places = [argnums].flat();
    let aux: unknown;
    const at = (...inputs: Tensor[]): Tensors => {
      const now = args.map((arg, i) => inputs[places.findIndex((place) => place === i || place + args.length === i)] ?? arg);
      const found = evaluate('jacrev', func, now, hasAux);
      aux = found.aux;
      return found.output as Tensors;
    };
    const result = jacobian(at, typeof argnums === 'number' ? leaves[0] : leaves, { createGraph: true });
    return settled(hasAux ? [result, aux] : result, isConnected(tensorsOf(result), leaves)) as Tensor;
  };
}
/**
 * The same as `jacrev`: derivatives are computed backwards. https://pytorch.org/docs/stable/generated/torch.func.jacfwd.html
 * @example
 * torch.func.jacfwd((x: torch.Tensor) => x.sin())(torch.zeros(2))
 * // tensor([[1., 0.],
 * //         [0., 1.]])
 */
export const jacfwd = jacrev;

/**
 * A function that gives the second derivatives of `func`: output.shape + input.shape + input.shape.
 * https://pytorch.org/docs/stable/generated/torch.func.hessian.html
 * @example
 * torch.func.hessian((x: torch.Tensor) => x.pow(3).sum())(torch.tensor([1, 2]).float())
 * // tensor([[ 6.,  0.],
 * //         [ 0., 12.]])
 */
export const hessian = <A extends unknown[]>(func: (...args: A) => unknown, argnums = 0): ((...args: A) => Tensor) =>
  jacrev(jacrev(func, argnums), argnums);
