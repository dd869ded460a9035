/** Optimizer and learning-rate scheduler cases. */
import { compareTensor, Mismatch } from './compare.js';
import { camel, type Case, type Encoded, type EncodedObject, type EncodedTensor, toNumber } from './corpus.js';
import { attempt, type Context, type Outcome, tolerance } from './ops.js';
import { type Dynamic, Missing, type Tensor } from './torch.js';

interface OptimCase extends Case {
  params: EncodedTensor[];
  groups?: { params: number[]; lr?: number }[];
  grads?: (EncodedTensor | null)[][];
  after: Record<string, { params: EncodedTensor[] }>;
  problem?: string;
  a?: EncodedTensor;
  b?: EncodedTensor;
  losses?: EncodedObject[];
}

const optionalOptions = (options: Record<string, unknown>): unknown[] => (Object.keys(options).length > 0 ? [options] : []);

function classOf(scope: Dynamic | undefined, name: string): Dynamic {
  if (scope?.[name] === undefined) throw new Missing(`no ${name}`);
  return scope[name];
}

async function checkParams(context: Context, params: Tensor[], expected: EncodedTensor[], step: string): Promise<void> {
  for (const [i, want] of expected.entries())
    await compareTensor(params[i], want, `parameter ${i} after step ${step}`, { ...tolerance(context, want.dtype), mode: 'value' });
}

async function runSteps(context: Context, test: OptimCase, name: string): Promise<void> {
  const { build, torch } = context;
  const params = test.params.map((each) => build.tensor({ ...each, requires_grad: true }));
  const groups = test.groups?.map(({ params: indices, ...rest }) => ({
    ...build.options(rest as unknown as Record<string, Encoded>),
    params: indices.map((i) => params[i]),
  }));
  const optimizer = new (classOf(torch.optim, name))(groups ?? params, ...optionalOptions(build.options(test.kwargs)));
  for (const [step, grads] of test.grads!.entries()) {
    grads.forEach((grad, i) => (params[i].grad = grad && build.tensor(grad)));
    optimizer.step();
    const after = test.after[String(step + 1)];
    if (after) await checkParams(context, params, after.params, String(step + 1));
  }
}

/** LBFGS minimises ((a @ x - b) ** 2).sum() + 0.1 * (x ** 4).sum() through a closure. */
async function runLbfgs(context: Context, test: OptimCase): Promise<void> {
  const { build, torch } = context;
  const [x] = test.params.map((each) => build.tensor({ ...each, requires_grad: true })) as unknown as Dynamic[];
  const [a, b] = [build.tensor(test.a!), build.tensor(test.b!)] as unknown as Dynamic[];
  const optimizer = new (classOf(torch.optim, 'LBFGS'))([x], ...optionalOptions(build.options(test.kwargs)));
  const closure = () => {
    optimizer.zeroGrad();
    const loss = a.matmul(x).sub(b).pow(2).sum().add(x.pow(4).sum().mul(0.1));
    loss.backward();
    return loss;
  };
  for (const [step, want] of test.losses!.entries()) {
    const loss = Number((await (optimizer.step(closure) as unknown as Dynamic).itemAsync()) as unknown as number);
    const expected = toNumber(want.v);
    if (!(Math.abs(loss - expected) <= 1e-4 * Math.max(1, Math.abs(expected))))
      throw new Mismatch(`loss of step ${step + 1}: expected ${expected}, got ${loss}`);
    const after = test.after[String(step + 1)];
    if (after) await checkParams(context, [x as unknown as Tensor], after.params, String(step + 1));
  }
}

export async function runOptimCase(context: Context, test: Case, file: { class?: string }): Promise<Outcome[]> {
  const name = file.class!.split('.').at(-1)!;
  const each = test as OptimCase;
  return [await attempt('forward', () => (each.problem ? runLbfgs(context, each) : runSteps(context, each, name)))];
}

interface SchedulerCase extends Case {
  optimizer: { class: string; kwargs: Record<string, Encoded>; group_lrs: (number | null)[] };
  lrs: number[][];
  momenta?: number[][];
  metrics?: number[];
}

interface Group {
  lr: number;
  momentum?: number;
  betas?: [number, number];
}

function scheduler(context: Context, optimizer: Dynamic, name: string, kwargs: Record<string, Encoded>): Dynamic {
  const { build, torch } = context;
  const options: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(kwargs))
    options[camel(key)] = key === 'schedulers' ? nested(context, optimizer, value as unknown as EncodedObject[]) : build.value(value);
  const first = name === 'ChainedScheduler' ? [] : [optimizer];
  return new (classOf(torch.optim.lrScheduler, name))(...first, options);
}

const nested = (context: Context, optimizer: Dynamic, schedulers: EncodedObject[]): Dynamic[] =>
  schedulers.map((each) => scheduler(context, optimizer, each.class as string, each.kwargs as Record<string, Encoded>));

const nearly = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 + 1e-9 * Math.abs(b);

function checkRow(what: string, step: number, actual: number[], expected: number[]): void {
  if (!expected.every((value, i) => nearly(Number(actual[i]), value)))
    throw new Mismatch(`${what} at step ${step}: expected ${expected}, got ${actual}`);
}

function runSchedule(context: Context, test: SchedulerCase, name: string): void {
  const { build, torch } = context;
  const groups = test.optimizer.group_lrs.map((lr) => ({
    params: [torch.zeros(2, { requiresGrad: true })],
    ...(lr === null ? {} : { lr }),
  }));
  const optimizer = new (classOf(torch.optim, test.optimizer.class))(groups, build.options(test.optimizer.kwargs));
  const schedule = scheduler(context, optimizer, name, test.kwargs);
  const groupsNow = () => optimizer.paramGroups as unknown as Group[];
  for (const [step, lrs] of test.lrs.entries()) {
    if (step > 0) {
      optimizer.step();
      schedule.step(...(test.metrics ? [test.metrics[step - 1]] : []));
    }
    checkRow(
      'lr',
      step,
      groupsNow().map((group) => group.lr),
      lrs,
    );
    if (test.momenta)
      checkRow(
        'momentum',
        step,
        groupsNow().map((group) => group.momentum ?? group.betas![0]),
        test.momenta[step],
      );
  }
}

export async function runSchedulerCase(context: Context, test: Case, file: { class?: string }): Promise<Outcome[]> {
  return [await attempt('forward', () => runSchedule(context, test as SchedulerCase, file.class!.split('.').at(-1)!))];
}
