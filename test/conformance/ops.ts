/** Operator and indexing cases. */
import { Builder, encodedValues } from './build.js';
import { asTensor, type Dynamic, method, Missing, resolve, Skipped, type Tensor } from './torch.js';
import { compareLeaf, compareTensor, type Leaf, Mismatch, pair, readValues } from './compare.js';
import {
  type Call,
  camel,
  camelPath,
  type Case,
  type CorpusIndex,
  type Encoded,
  type EncodedTensor,
  type ErrorCase,
  isTensor,
  itemsize,
  type Tolerance,
  type Variant,
} from './corpus.js';
import { checkProperty } from './property.js';

export interface Context {
  torch: Dynamic;
  build: Builder;
  tolerances: CorpusIndex['default_tolerances'];
}

/** Operators of Python whose functions have other names. */
const operatorFunctions: Record<string, string> = {
  mod: 'remainder',
  xor: 'bitwise_xor',
  and_: 'bitwise_and',
  or_: 'bitwise_or',
  invert: 'bitwise_not',
  lshift: 'bitwise_left_shift',
  rshift: 'bitwise_right_shift',
  getitem: '__getitem__',
};
const operatorSymbols: Record<string, string> = {
  add: '+',
  sub: '-',
  mul: '*',
  pow: '**',
  matmul: '@',
  mod: '%',
  xor: '^',
  and_: '&',
  or_: '|',
  lshift: '<<',
  rshift: '>>',
  le: '<=',
  lt: '<',
  ge: '>=',
  gt: '>',
  eq: '==',
  ne: '!=',
};
const reflected: Record<string, string> = {
  __radd__: 'add',
  __rsub__: 'sub',
  __rmul__: 'mul',
  __rdiv__: 'div',
  __rmod__: 'remainder',
  __rpow__: 'pow',
  __rmatmul__: 'matmul',
  __rand__: 'bitwise_and',
  __ror__: 'bitwise_or',
  __rxor__: 'bitwise_xor',
};

/** The parts of Python's index, as `at` takes them. */
export const indexParts = (encoded: Encoded, built: unknown): unknown[] =>
  typeof encoded === 'object' && encoded !== null && !Array.isArray(encoded) && encoded.$ === 'tuple' ? (built as unknown[]) : [built];

function callOperator(torch: Dynamic, name: string, args: unknown[], encoded: Encoded[]): unknown {
  if (name === '__getitem__') return method(args[0], 'at')(...indexParts(encoded[1], args[1]));
  if (name === '__setitem__') {
    method(args[0], 'setAt')(indexParts(encoded[1], args[1]), args[2]);
    return args[0];
  }
  if (reflected[name]) return resolve(torch, `torch.${camel(reflected[name])}`).value(args[1], args[0]);
  return method(args[0], camel(name.replaceAll('__', '')))(...args.slice(1));
}

/** Calls as `call` says; `args` are built, `encoded` is what they were built from. */
export function perform({ torch }: Context, call: Call, args: unknown[], encoded: Encoded[]): unknown {
  const [self, ...rest] = args;
  if (call.kind === 'property') return pick((self as Record<string, unknown>)[call.name!] ?? missing(call.name!), call);
  const receiver = call.clone_self ? (method(self, 'clone')() as Tensor) : self;
  if (call.kind === 'method') return pick(method(receiver, camel(call.name!))(...rest), call);
  if (call.kind === 'operator') return pick(callOperator(torch, call.name!, [receiver, ...rest], encoded), call);
  return pick(resolve(torch, camelPath(call.path!)).value(...args), call);
}

function missing(name: string): never {
  throw new Missing(`no ${name}`);
}

const pick = (result: unknown, { select }: Call): unknown =>
  select === undefined ? result : Array.from(result as Iterable<unknown>)[select];

function callForm(context: Context, form: string, spelled: string, test: Case): unknown {
  const args = context.build.args(test.args, test.kwargs);
  const [self, ...rest] = args;
  if (test.seed !== undefined) context.torch.manualSeed(test.seed);
  if (form === 'method') return pick(method(self, camel(spelled))(...rest), test.call!);
  if (form === 'operator') return byOperator(context, spelled, args, test.args);
  const name =
    form === 'inplace'
      ? spelled
      : `${operatorFunctions[spelled.slice(1)] ?? operatorFunctions[spelled.slice(1) + '_'] ?? spelled.slice(1)}_`;
  const clone = method(self, 'clone')();
  method(clone, camel(name))(...rest);
  return clone;
}

function byOperator({ torch }: Context, name: string, args: unknown[], encoded: Encoded[]): unknown {
  const symbol = operatorSymbols[name];
  if (symbol && args.length === 2) {
    const strings = ['', ` ${symbol} `, ''];
    return (torch.expr as unknown as (s: TemplateStringsArray, ...a: unknown[]) => unknown)(
      Object.assign(strings, { raw: strings }),
      ...args,
    );
  }
  const target = operatorFunctions[name] ?? name;
  return target === '__getitem__' ? callOperator(torch, target, args, encoded) : method(args[0], camel(target))(...args.slice(1));
}

/** Skips what gives dtypes or layouts that the library does not have. */
export function checkDtypes(output: Encoded): void {
  if (Array.isArray(output)) output.forEach(checkDtypes);
  else if (isTensor(output)) {
    if (itemsize[output.dtype] === undefined) throw new Skipped(`dtype ${output.dtype} is not in the library`);
    if (output.layout !== undefined && !['strided', 'sparse_coo'].includes(output.layout)) throw new Skipped(`layout ${output.layout}`);
  } else if (typeof output === 'object' && output !== null && Array.isArray(output.v)) output.v.forEach(checkDtypes);
}

/** The loosest tolerance that PyTorch's own tests use for this dtype, at least its default. */
export function tolerance({ tolerances }: Context, dtype: string, overrides: Variant['tolerances'] = []): Tolerance {
  const standard = tolerances[dtype] ?? { rtol: 0, atol: 0 };
  const own = overrides.map((each) => each.overrides[dtype]).filter((each) => each !== undefined);
  return {
    rtol: Math.max(standard.rtol, ...own.map((each) => each.rtol ?? 0)),
    atol: Math.max(standard.atol, ...own.map((each) => each.atol ?? 0)),
  };
}

const looser = ({ rtol, atol }: Tolerance, noise: number | null | undefined, factor = 1): Tolerance => ({
  rtol: factor * rtol,
  atol: factor * atol + 2 * (noise ?? 0),
});

const dtypeOf = (leaf: Leaf): string => (isTensor(leaf.expected) ? leaf.expected.dtype : 'float64');

/** Compares what a call gave with the case's output; gives the tensors, depth first. */
export async function checkOutput(
  context: Context,
  test: Case,
  variant: Variant | undefined,
  result: unknown,
  args: unknown[],
): Promise<Tensor[]> {
  const leaves = pair(result, test.output);
  const tensors = leaves.map((leaf) => asTensor(leaf.actual)).filter((each) => each !== null);
  let i = 0;
  for (const leaf of leaves) {
    const at = isTensor(leaf.expected) ? i++ : 0;
    const mode = test.compare === 'value' ? (test.output_compare?.[at] ?? 'value') : test.compare === 'exact' ? 'value' : 'shape';
    const limits = { ...looser(tolerance(context, dtypeOf(leaf), variant?.tolerances), test.noise?.[at]), mode };
    if (mode === 'index') await checkPositions(context, test, variant, leaf, limits);
    else await compareLeaf(leaf, limits);
  }
  if (test.property) await checkProperty({ torch: context.torch, test, args, results: tensors });
  return tensors;
}

/** Positions among equal values: any is right at which the input holds the same value as at the expected one. */
async function checkPositions(context: Context, test: Case, variant: Variant | undefined, leaf: Leaf, limits: Tolerance): Promise<void> {
  const expected = leaf.expected as EncodedTensor;
  await compareTensor(leaf.actual, expected, leaf.path, { ...limits, mode: 'shape' });
  const input = test.args[0] as EncodedTensor;
  const values = encodedValues(input);
  const [mine, theirs] = [await readValues(leaf.actual as Tensor), encodedValues(expected)];
  const locate = locator(input.shape, expected.shape, dimOf(test, variant));
  for (let i = 0; i < theirs.length; i++) {
    const [a, b] = [Number(mine[i]), Number(theirs[i])].map((position) => values[locate(i, position)]);
    if (!Object.is(a, b) && a !== b)
      throw new Mismatch(`${leaf.path}: position ${mine[i]} at ${i} holds ${a}, not ${b} as at ${theirs[i]}`);
  }
}

function dimOf(test: Case, variant: Variant | undefined): number | null {
  if (typeof test.kwargs.dim === 'number') return test.kwargs.dim;
  for (const signature of variant?.signatures ?? []) {
    const names =
      /\((.*)\)/s
        .exec(signature.split('->')[0])?.[1]
        .split(',')
        .map((part) => part.trim()) ?? [];
    const at = names.findIndex((part) => /\bdim\b/.test(part));
    if (at > 0 && typeof test.args[at] === 'number') return test.args[at] as number;
    if (at > 0) {
      const standard = /dim=(-?\d+)/.exec(names[at]);
      if (standard) return Number(standard[1]);
    }
  }
  return null;
}

/** Maps (flat number of an output element, position along `dim`) to the flat number of an input element. */
function locator(inputShape: number[], outputShape: number[], dim: number | null): (i: number, position: number) => number {
  if (dim === null || inputShape.length === 0) return (_, position) => position;
  const d = dim < 0 ? dim + inputShape.length : dim;
  const length = outputShape.length === inputShape.length ? outputShape[d] : 1;
  const inner = inputShape.slice(d + 1).reduce((a, b) => a * b, 1);
  return (i, position) => Math.floor(i / (length * inner)) * inputShape[d] * inner + position * inner + (i % inner);
}

function inputAt(path: string, args: unknown[]): unknown {
  const [head, ...rest] = path.split('.');
  const start = head === 'kwargs' ? args.at(-1) : args;
  return rest.reduce((value, key) => (value as Record<string, unknown>)[head === 'kwargs' ? camel(key) : key], start);
}

export async function checkGradients(
  context: Context,
  grad: NonNullable<Case['grad']>,
  outputs: Tensor[],
  inputs: { name: string; tensor: unknown; expected: EncodedTensor | null; noise?: number | null }[],
  overrides?: Variant['tolerances'],
): Promise<void> {
  const used = grad.cotangents.map((cotangent, i) => ({ cotangent, output: outputs[i] })).filter((each) => each.cotangent !== null);
  const gradOutputs = used.map(({ cotangent }) => context.build.tensor(cotangent!));
  const found = context.torch.autograd.grad(
    used.map(({ output }) => output),
    inputs.map(({ tensor }) => tensor),
    { gradOutputs, allowUnused: true },
  ) as unknown as Iterable<unknown>;
  const grads = Array.from(found);
  for (const [i, { name, expected, noise }] of inputs.entries()) {
    if (expected === null) {
      if ((grads[i] ?? null) !== null) throw new Mismatch(`grad of ${name}: expected none`);
    } else {
      const limits = { ...looser(tolerance(context, expected.dtype, overrides), noise, 10), mode: 'value' };
      await compareTensor(grads[i], expected, `grad of ${name}`, limits);
    }
  }
}

export interface Outcome {
  stage: 'forward' | 'gradient' | 'gradcheck' | 'gradgradcheck' | `form ${string}` | 'init' | 'state' | 'error';
  status: 'pass' | 'fail' | 'missing' | 'skip';
  message?: string;
}

/** Runs one part of a case and says how it ended. */
export async function attempt(stage: Outcome['stage'], action: () => Promise<void> | void): Promise<Outcome> {
  try {
    await action();
    return { stage, status: 'pass' };
  } catch (error) {
    const status =
      error instanceof Missing ? 'missing' : error instanceof Skipped || (error as Error)?.name === 'UnsupportedError' ? 'skip' : 'fail';
    return {
      stage,
      status,
      message:
        error instanceof Mismatch || error instanceof Skipped || error instanceof Missing
          ? error.message
          : String((error as Error)?.stack ?? error)
              .split('\n    at')
              .slice(0, 3)
              .join(' at '),
    };
  }
}

export async function runCase(context: Context, test: Case, variant: Variant | undefined): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let args: unknown[] = [];
  let outputs: Tensor[] = [];
  outcomes.push(
    await attempt('forward', async () => {
      checkDtypes(test.output);
      args = context.build.args(test.args, test.kwargs);
      if (test.seed !== undefined) context.torch.manualSeed(test.seed);
      outputs = await checkOutput(context, test, variant, perform(context, test.call!, args, test.args), args);
    }),
  );
  if (outcomes[0].status !== 'pass') return excuseFloats(outcomes, test);
  const { grad } = test;
  if (grad) {
    const inputs = grad.grads.map(({ path, grad: expected }, i) => ({
      name: path,
      tensor: inputAt(path, args),
      expected,
      noise: grad.noise?.[i],
    }));
    outcomes.push(await attempt('gradient', () => checkGradients(context, grad, outputs, inputs, variant?.tolerances)));
  }
  for (const form of test.forms ?? []) {
    const spelled = variant?.forms[form];
    if (!spelled) continue;
    outcomes.push(
      await attempt(
        `form ${form}`,
        async () =>
          void (await checkOutput(context, { ...test, property: undefined }, variant, callForm(context, form, spelled, test), args)),
      ),
    );
  }
  return excuseFloats(outcomes, test);
}

/** Where Python's 2.0 became JavaScript's 2, another result dtype is right. */
function excuseFloats(outcomes: Outcome[], test: Case): Outcome[] {
  if (test.integral_float === undefined) return outcomes;
  return outcomes.map((each) => (each.status === 'fail' ? { ...each, status: 'skip', message: `integral float: ${each.message}` } : each));
}

/** Python regular expressions → JavaScript's. */
const toRegExp = (source: string): RegExp =>
  new RegExp(
    source
      .replaceAll('(?s)', '')
      .replaceAll('\\Z', '$')
      .replaceAll(/\(\?P</g, '(?<'),
    's',
  );

export async function runErrorCase(context: Context, test: ErrorCase): Promise<Outcome> {
  return attempt('error', async () => {
    const args = context.build.args(test.args, test.kwargs);
    let thrown: unknown;
    try {
      perform(context, test.call, args, test.args);
    } catch (error) {
      thrown = error;
    }
    if (thrown instanceof Missing) throw thrown;
    if (thrown === undefined) throw new Mismatch(`expected ${test.error.type}: ${test.error.message}; nothing was thrown`);
    const message = String((thrown as Error).message ?? thrown);
    if (!toRegExp(test.error.regex).test(message))
      throw new Mismatch(`expected a message like /${test.error.regex}/ (${test.error.message}), got: ${message}`);
  });
}
