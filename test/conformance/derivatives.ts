/** gradcheck and gradgradcheck of operators on the corpus's own samples, in float64: derivatives against finite differences. */
import { encodedValues } from './build.js';
import { dtypeName } from './compare.js';
import {
  camel,
  type Case,
  type CorpusFile,
  type Encoded,
  type EncodedObject,
  type EncodedTensor,
  isTensor,
  numel,
  type Variant,
} from './corpus.js';
import { attempt, checkDtypes, type Context, type Outcome, perform } from './ops.js';
import { asTensor, type Dynamic, method, Skipped, type Tensor } from './torch.js';

const CASES = 2;
/** Jacobians take a run of the operator for each element, so samples are small; where there is no small one, one may be larger. */
const SMALL = 72;
const LARGEST = 700;

/** The double-precision dtype of each dtype that has derivatives. */
const doubles: Record<string, string> = { float32: 'float64', float64: 'float64', complex64: 'complex128' };
type Change = (x: number) => number;
/** Ways to move numbers into the domain of an operator, tried in this order. */
const into: Change[] = [
  (x) => (Number.isFinite(x) ? x : 0.375),
  (x) => 0.1 + 0.8 * ((Math.abs(Number.isFinite(x) ? x : 1) * 0.37) % 1),
  (x) => 1.1 + 0.8 * ((Math.abs(Number.isFinite(x) ? x : 1) * 0.37) % 1),
];

function inDouble(t: EncodedTensor, change: Change): EncodedTensor {
  const values = Float64Array.from(encodedValues(t) as ArrayLike<number>, change);
  return { ...t, dtype: doubles[t.dtype], data: Buffer.from(values.buffer).toString('base64') };
}
function converted(e: Encoded, change: Change): Encoded {
  if (Array.isArray(e)) return e.map((each) => converted(each, change));
  if (typeof e !== 'object' || e === null) return e;
  if (isTensor(e)) return e.dtype in doubles && e.data !== undefined ? inDouble(e, change) : e;
  if (e.$ === 'dtype' && (e.v as string) in doubles) return { ...e, v: doubles[e.v as string] };
  return Array.isArray(e.v) ? { ...e, v: e.v.map((each) => converted(each, change)) } : e;
}
/** The sample in double precision, its numbers changed. */
const changed = (test: Case, change: Change): Case => ({
  ...test,
  args: test.args.map((each) => converted(each, change)),
  kwargs: Object.fromEntries(Object.entries(test.kwargs).map(([key, value]) => [key, converted(value, change)])),
});

/** Paths of the differentiable tensors among the arguments. */
function inputPaths(test: Case): string[] {
  const paths: string[] = [];
  const visit = (e: Encoded, path: string): void => {
    if (isTensor(e)) {
      if (e.requires_grad) paths.push(path);
    } else if (Array.isArray(e)) e.forEach((each, i) => visit(each, `${path}.${i}`));
    else if (typeof e === 'object' && e !== null && Array.isArray(e.v)) e.v.forEach((each, i) => visit(each, `${path}.${i}`));
  };
  visit(test.args, 'args');
  for (const [key, value] of Object.entries(test.kwargs)) visit(value, `kwargs.${key}`);
  return paths;
}

function tensorAt(test: Case, path: string): EncodedTensor {
  const [head, ...rest] = path.split('.');
  const step = (value: Encoded, key: string): Encoded => {
    const inner = isSequence(value) ? value.v : value;
    return (inner as Record<string, Encoded>)[key];
  };
  return rest.reduce(step, (head === 'kwargs' ? test.kwargs : test.args) as Encoded) as EncodedTensor;
}
const isSequence = (e: Encoded): e is EncodedObject => typeof e === 'object' && e !== null && !Array.isArray(e) && Array.isArray(e.v);

const sizeOf = (test: Case): number => inputPaths(test).reduce((sum, path) => sum + numel(tensorAt(test, path).shape), 0);
/** Whether a sample can be used: differences need a function that gives the same for the same input. */
const isUsable = (test: Case): boolean =>
  test.call !== undefined &&
  (test.dtype ?? '') in doubles &&
  (test.compare === 'value' || (test.seed !== undefined && test.compare !== 'random')) &&
  sizeOf(test) > 0 &&
  sizeOf(test) <= LARGEST;

/** Variants whose samples PyTorch does not use for finite differences: at kinks, or of a rank that every difference changes. */
const isUnfit = ({ variant }: Variant): boolean => variant.startsWith('subgradients') || variant === 'singular';
const preference = ['float64', 'float32', 'complex64'];
const byPreference = (a: Case, b: Case): number => preference.indexOf(a.dtype!) - preference.indexOf(b.dtype!);

/** A few samples of each differentiable variant: the largest of the small ones, for they show most. */
export function derivativeCases(file: CorpusFile): Case[] {
  const variants = (file.variants ?? []).filter((each) => each.supports_autograd && !isUnfit(each));
  const samples = (variant: Variant): Case[] => file.cases.filter((test) => test.variant === variant.variant && isUsable(test));
  const fit = variants.filter((each) => each.variant.startsWith('grad') && samples(each).length > 0);
  return (fit.length > 0 ? fit : variants).flatMap((variant) => {
    const own = samples(variant).sort((a, b) => sizeOf(b) - sizeOf(a));
    const small = own.filter((test) => sizeOf(test) <= SMALL).sort(byPreference);
    return small.length > 0 ? small.slice(0, CASES) : own.slice(-1);
  });
}

/** Operators that read one triangle of their first input: as in PyTorch's own tests they are given whole Hermitian (triangular) matrices. */
const hermitian = ['cholesky', 'linalg.cholesky', 'linalg.cholesky_ex', 'linalg.eigh', 'linalg.eigvalsh'];
const triangular = ['cholesky_inverse', 'cholesky_solve'];

function prepared(op: string, test: Case, path: string, x: Dynamic): Dynamic {
  const isHermitian = hermitian.includes(op) || (op === 'linalg.pinv' && test.kwargs.hermitian === true);
  if (isHermitian && path === 'args.0') return x.add(x.mH).mul(0.5);
  const isFactor = triangular.includes(op) && path === (op === 'cholesky_solve' ? 'args.1' : 'args.0');
  if (isFactor) return test.kwargs.upper === true ? x.triu() : x.tril();
  return x;
}

function replace(args: unknown[], path: string, value: unknown): void {
  const [head, ...rest] = path.split('.');
  const last = rest.pop()!;
  const name = (key: string): string => (head === 'kwargs' ? camel(key) : key);
  const start = head === 'kwargs' ? args.at(-1) : args;
  const owner = rest.reduce((inner, key) => (inner as Record<string, unknown>)[name(key)], start);
  (owner as Record<string, unknown>)[name(last)] = value;
}

/** Eigenvectors are unique up to a phase. */
const processed = (test: Case, i: number, output: Tensor): Tensor =>
  test.property === 'eig' && i === 1 ? (method(output, 'abs')() as Tensor) : output;

/** Which outputs have derivatives that PyTorch's tests look at. */
const isWanted = (test: Case, i: number): boolean => !test.grad || test.grad.cotangents[i] !== null;

function flatten(result: unknown): Tensor[] {
  const tensor = asTensor(result);
  if (tensor) return [tensor];
  return Array.isArray(result) ? result.flatMap(flatten) : [];
}

const isDouble = (tensor: Tensor): boolean => ['float64', 'complex128'].includes(dtypeName(tensor));

/** Runs the operator on given values of its differentiable inputs. */
function outputsOf(context: Context, test: Case, op: string, values: Dynamic[]): Tensor[] {
  const args = context.build.args(test.args, test.kwargs);
  inputPaths(test).forEach((path, i) => replace(args, path, prepared(op, test, path, values[i])));
  if (test.seed !== undefined) context.torch.manualSeed(test.seed);
  const outputs = flatten(perform(context, test.call!, args, test.args));
  return outputs.filter((_, i) => isWanted(test, i)).map((output, i) => processed(test, i, output));
}
const inputsOf = ({ build }: Context, test: Case): Dynamic[] =>
  inputPaths(test).map((path) => build.tensor(tensorAt(test, path)) as unknown as Dynamic);

/** The sample with numbers for which the results are finite. */
function inDomain(context: Context, given: Case, op: string): Case {
  checkDtypes(given.output);
  for (const change of into) {
    const test = changed(given, change);
    const outputs = outputsOf(context, test, op, inputsOf(context, test));
    const differentiable = outputs.filter((each) => each.requiresGrad);
    if (differentiable.length === 0 || !differentiable.every(isDouble)) throw new Skipped('no output of double precision to differentiate');
    if (outputs.every((each) => context.torch.isfinite(each).all().item())) return test;
  }
  throw new Skipped('no sample with finite results');
}

/** Checks first and second derivatives of one sample. */
export async function runDerivatives(context: Context, given: Case, op: string): Promise<Outcome[]> {
  const check = (name: 'gradcheck' | 'gradgradcheck') =>
    attempt(name, () => {
      const test = inDomain(context, given, op);
      context.torch.autograd[name]((...values: Dynamic[]) => outputsOf(context, test, op, values), inputsOf(context, test));
    });
  return [await check('gradcheck'), await check('gradgradcheck')];
}
