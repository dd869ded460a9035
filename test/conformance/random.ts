/** Initialiser and random-number cases: the same seed must give PyTorch's numbers. */
import { compareLeaf, compareTensor, Mismatch } from './compare.js';
import { camelPath, type Case, type EncodedTensor, type Tolerance } from './corpus.js';
import { distance, identity, matrix, multiply, adjoint, readMatrices } from './matrix.js';
import { attempt, type Context, type Outcome, tolerance } from './ops.js';
import { method, resolve, type Tensor } from './torch.js';
import { camel } from './corpus.js';

interface InitCase extends Case {
  function: string;
  shape?: number[];
  dtype: string;
}

async function runInit(context: Context, test: InitCase): Promise<void> {
  const { build, torch } = context;
  const init = resolve(torch, camelPath(test.function)).value;
  const limits = { ...tolerance(context, test.dtype ?? 'float64'), mode: 'value' };
  if (!test.shape)
    return compareLeaf({ path: 'output', actual: init(...build.args(test.args, test.kwargs)), expected: test.output }, limits);
  const tensor = torch.empty(test.shape, { dtype: torch[test.dtype], device: build.device }) as unknown as Tensor;
  if (test.seed !== undefined) torch.manualSeed(test.seed);
  init(tensor, ...build.args([], test.kwargs));
  if (test.compare === 'orthogonal') return checkOrthogonal(tensor, test);
  await compareTensor(tensor, test.output as EncodedTensor, 'output', limits);
}

/** Rows (or columns, where there are fewer) are orthonormal times the gain. */
async function checkOrthogonal(tensor: Tensor, test: InitCase): Promise<void> {
  await compareTensor(tensor, test.output as EncodedTensor, 'output', { rtol: 0, atol: 0, mode: 'shape' });
  const [rows, ...rest] = tensor.shape;
  const cols = rest.reduce((a, b) => a * b, 1);
  const [flat] = await readMatrices({
    ...tensor,
    dtype: tensor.dtype,
    shape: [rows, cols],
    toTypedArrayAsync: () => tensor.toTypedArrayAsync(),
  });
  const gain = Number((test.kwargs.gain as { v?: unknown } | undefined)?.v ?? test.kwargs.gain ?? 1);
  const columns = rows < cols ? adjoint(flat) : flat;
  const scaled = matrix(columns.rows, columns.cols, (r, c) => [columns.re[r * columns.cols + c] / gain, 0]);
  const error = distance(multiply(adjoint(scaled), scaled), identity(scaled.cols));
  if (!(error < 1e-4)) throw new Mismatch(`not orthonormal, by ${error}`);
}

export const runInitCase = async (context: Context, test: Case): Promise<Outcome[]> => [
  await attempt('forward', () => runInit(context, test as InitCase)),
];

interface RandomCase extends Case {
  stream?: { call: string; arg: unknown }[];
  outputs?: (EncodedTensor | null)[];
}

/** PyTorch fills blocks of normals with vectorised log, sin, cos: there the last bits may differ. */
const limitsFor = (name: string): Tolerance & { mode: string } => ({
  rtol: 0,
  atol: /normal|randn|gumbel/.test(name) ? 1e-5 : 0,
  mode: 'value',
});

async function runSingle({ torch, build }: Context, test: RandomCase): Promise<void> {
  const { call } = test;
  const args = build.args(test.args, test.kwargs);
  torch.manualSeed(test.seed);
  const result =
    call!.kind === 'method' ? method(args[0], camel(call!.name!))(...args.slice(1)) : resolve(torch, camelPath(call!.path!)).value(...args);
  await compareTensor(result, test.output as EncodedTensor, 'output', limitsFor(call!.path ?? call!.name!));
}

async function runStream({ torch }: Context, test: RandomCase): Promise<void> {
  let saved: unknown;
  torch.manualSeed(test.seed);
  for (const [i, { call, arg }] of test.stream!.entries()) {
    if (call === 'get_rng_state') saved = torch.getRngState();
    else if (call === 'set_rng_state') torch.setRngState(saved);
    else {
      const result = torch[call](arg, ...(call === 'randperm' ? [] : [{ dtype: torch[test.dtype!] }]));
      await compareTensor(result, test.outputs![i]!, `stream[${i}] ${call}`, limitsFor(call));
    }
  }
}

export const runRandomCase = async (context: Context, test: Case): Promise<Outcome[]> => {
  const each = test as RandomCase;
  return [await attempt('forward', () => (each.stream ? runStream(context, each) : runSingle(context, each)))];
};
