import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';

// Checkpoints of PyTorch 2.13 after 4 steps, and the parameters after 4 more: scripts/fixtures/optimizers.py, which also continues ours there.
const states = torch.load<Record<string, Saved>>(new URL('../fixtures/optimizers/states.pt', import.meta.url));

interface Saved {
  params: torch.Tensor[];
  optimizer: torch.optim.OptimizerStateDict;
  scheduler: Record<string, unknown>;
  after: torch.Tensor[];
  lr: number;
}
type Params = torch.Tensor[];
type Scheduler = Pick<torch.optim.lrScheduler.LRScheduler, 'step' | 'stateDict' | 'loadStateDict'>;

const { optim } = torch;
const s = optim.lrScheduler;

const optimizers: Record<string, (p: Params) => torch.optim.Optimizer> = {
  SGD: (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9, nesterov: true, weightDecay: 0.01 }),
  Adam: (p) => new optim.Adam(p, { lr: 0.1, amsgrad: true }),
  AdamW: (p) => new optim.AdamW(p, { lr: 0.1 }),
  NAdam: (p) => new optim.NAdam(p, { lr: 0.1 }),
  RAdam: (p) => new optim.RAdam(p, { lr: 0.1 }),
  Adamax: (p) => new optim.Adamax(p, { lr: 0.1 }),
  Adagrad: (p) => new optim.Adagrad(p, { lr: 0.1, lrDecay: 0.1 }),
  Adadelta: (p) => new optim.Adadelta(p, { lr: 1 }),
  RMSprop: (p) => new optim.RMSprop(p, { lr: 0.1, momentum: 0.5, centered: true }),
  Rprop: (p) => new optim.Rprop(p, { lr: 0.1 }),
  ASGD: (p) => new optim.ASGD(p, { lr: 0.1, t0: 2 }),
  Adafactor: (p) => new optim.Adafactor(p, { lr: 0.1 }),
  LBFGS: (p) => new optim.LBFGS(p, { lr: 0.5, maxIter: 3, historySize: 4 }) as unknown as torch.optim.Optimizer,
};

const schedulers: Record<string, (x: torch.optim.Optimizer) => Scheduler> = {
  StepLR: (x) => new s.StepLR(x, 2),
  MultiStepLR: (x) => new s.MultiStepLR(x, [2, 6]),
  ConstantLR: (x) => new s.ConstantLR(x, { totalIters: 5 }),
  LinearLR: (x) => new s.LinearLR(x, { totalIters: 6 }),
  ExponentialLR: (x) => new s.ExponentialLR(x, 0.9),
  PolynomialLR: (x) => new s.PolynomialLR(x, 10),
  CosineAnnealingLR: (x) => new s.CosineAnnealingLR(x, 10),
  CosineAnnealingWarmRestarts: (x) => new s.CosineAnnealingWarmRestarts(x, 3, 2),
  CyclicLR: (x) => new s.CyclicLR(x, 0.01, 0.2, { stepSizeUp: 3 }),
  OneCycleLR: (x) => new s.OneCycleLR(x, 0.3, { totalSteps: 12 }),
  SequentialLR: (x) => new s.SequentialLR(x, [new s.ConstantLR(x, { totalIters: 3 }), new s.ExponentialLR(x, 0.8)], [3]),
  ChainedScheduler: (x) => new s.ChainedScheduler([new s.ExponentialLR(x, 0.9), new s.StepLR(x, 3)]),
};

interface Run {
  params: Params;
  optimizer: torch.optim.Optimizer;
  scheduler?: Scheduler;
}

const start = (): Params => [torch.tensor([1, -2, 0.5, 3]).view(2, 2).requiresGrad_(), torch.tensor([0.25, -0.75]).requiresGrad_()];

function begin(name: string): Run {
  const params = start();
  if (name in optimizers) return { params, optimizer: optimizers[name](params) };
  const optimizer = new optim.SGD(params, { lr: 0.1, momentum: 0.5 });
  return { params, optimizer, scheduler: schedulers[name](optimizer) };
}

function train({ params: [w, b], optimizer, scheduler }: Run, steps: number): void {
  const closure = (): torch.Tensor => {
    optimizer.zeroGrad();
    const error = w
      .matmul(torch.tensor([1, 2], { dtype: 'float32' }))
      .add(b)
      .sub(1);
    const loss = error.pow(2).sum().add(w.pow(2).sum().mul(0.1));
    loss.backward();
    return loss;
  };
  for (let i = 0; i < steps; i++) {
    if (!(optimizer instanceof optim.LBFGS)) closure();
    optimizer.step(optimizer instanceof optim.LBFGS ? closure : undefined);
    scheduler?.step();
  }
}

const largestDifference = (ours: Params, theirs: Params): number =>
  Math.max(...ours.map((p, i) => p.detach().cpu().sub(theirs[i].cpu()).abs().max().item() as number));

function continued(name: string, { params, optimizer, scheduler }: Omit<Saved, 'after' | 'lr'>): Run {
  const run = begin(name);
  torch.noGrad(() => run.params.forEach((p, i) => p.copy_(params[i])));
  run.optimizer.loadStateDict(optimizer);
  run.scheduler?.loadStateDict(scheduler);
  train(run, 4);
  return run;
}

const names = [...Object.keys(optimizers), ...Object.keys(schedulers)];

test.each(names)('%s goes on from the checkpoint of PyTorch', (name) => {
  const run = continued(name, states[name]);
  expect(largestDifference(run.params, states[name].after)).toBeLessThan(1e-4);
  expect(run.optimizer.paramGroups[0].lr).toBeCloseTo(states[name].lr, 12);
});

test.each(names)('%s goes on from our checkpoint, whose names are those of PyTorch', (name) => {
  const run = begin(name);
  train(run, 4);
  const { params, optimizer, scheduler } = run;
  const bytes = torch.save({ params: params.map((p) => p.detach()), optimizer: optimizer.stateDict(), scheduler: scheduler?.stateDict() });
  const saved = torch.load<Saved>(bytes);
  expect(largestDifference(continued(name, saved).params, states[name].after)).toBeLessThan(1e-4);
  const theirs = states[name];
  expect(Object.keys(theirs.optimizer.param_groups[0])).toEqual(expect.arrayContaining(Object.keys(saved.optimizer.param_groups[0])));
  if (name === 'LBFGS') return;
  expect(Object.keys(saved.optimizer.state[0] ?? {}).sort()).toEqual(Object.keys(theirs.optimizer.state[0] ?? {}).sort());
  if (scheduler) expect([...Object.keys(theirs.scheduler), '_step_count']).toEqual(expect.arrayContaining(Object.keys(saved.scheduler)));
});

test('ReduceLROnPlateau goes on', () => {
  const plateau = (): InstanceType<typeof s.ReduceLROnPlateau> =>
    new s.ReduceLROnPlateau(new optim.SGD(start(), { lr: 1 }), { patience: 1, cooldown: 1 });
  const [one, two] = [plateau(), plateau()];
  for (const loss of [3, 2, 2.5]) one.step(loss);
  two.loadStateDict(torch.load(torch.save(one.stateDict())));
  for (const each of [one, two]) for (const loss of [2.6, 2.7, 2.8, 2.9]) each.step(loss);
  expect([two.getLastLr(), two.stateDict()]).toEqual([one.getLastLr(), one.stateDict()]);
  expect(one.getLastLr()[0]).toBeLessThan(0.2);
});
