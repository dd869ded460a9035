import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as torch from '../../src/index.js';
import { middle, type Run, runs, train } from './networks.js';

// Made by PyTorch 2.13 from the same seeds: scripts/fixtures/same_run.py. No weights are copied.
const fixture = (name: string): string => new URL(`../fixtures/same-run/${name}`, import.meta.url).pathname;
const losses = JSON.parse(readFileSync(fixture('losses.json'), 'utf8')) as Record<string, number[]>;

// The script says why these.
const seeds: Record<string, number> = { lenet: 2, mlp: 0, lstm: 0, gpt: 0 };

const largestDifference = (ours: number[], theirs: number[]): number =>
  Math.max(...ours.map((loss, i) => Math.abs(loss - theirs[i]) / theirs[i]));

test.each(Object.keys(runs))("the first 50 losses of %s are PyTorch's", (name) => {
  torch.manualSeed(seeds[name]);
  const ours = train(runs[name](), 50);
  expect(ours).toHaveLength(50);
  expect(largestDifference(ours, losses[name])).toBeLessThan(1e-4);
});

interface Checkpoint {
  model: Record<string, torch.Tensor>;
  optimizer: torch.optim.OptimizerStateDict;
}

function continued(run: Run, { model, optimizer }: Checkpoint): number[] {
  run.net.loadStateDict(model);
  run.optimizer.loadStateDict(optimizer);
  torch.manualSeed(2);
  return train(run, 25);
}

test("PyTorch's checkpoint continues here to the same losses", () => {
  const ours = continued(middle(), torch.load<Checkpoint>(fixture('middle.pt')));
  expect(largestDifference(ours, losses.continued)).toBeLessThan(1e-4);
});

// The script continues a file that is given to it in PyTorch; here the state itself is compared.
test("our checkpoint holds what PyTorch's does at the same step", () => {
  const run = middle();
  train(run, 25);
  const bytes = torch.save({ model: run.net.stateDict(), optimizer: run.optimizer.stateDict() });
  const [ours, theirs] = [torch.load<Checkpoint>(bytes), torch.load<Checkpoint>(fixture('middle.pt'))];
  expect(Object.keys(ours.model)).toEqual(Object.keys(theirs.model));
  for (const [name, value] of Object.entries(theirs.model)) expectClose(ours.model[name], value);
  const { state } = theirs.optimizer;
  for (const number of Object.keys(state).map(Number)) {
    expect(Object.keys(ours.optimizer.state[number]).sort()).toEqual(Object.keys(state[number]).sort());
    for (const [name, value] of Object.entries(state[number]))
      expectClose(ours.optimizer.state[number][name] as torch.Tensor, value as torch.Tensor);
  }
  expect(ours.optimizer.param_groups[0]).toMatchObject({ lr: 0.01, betas: [0.9, 0.999], eps: 1e-8, params: [0, 1, 2, 3, 4] });
  expect(largestDifference(continued(middle(), ours), losses.continued)).toBeLessThan(1e-4);
});

function expectClose(ours: torch.Tensor, theirs: torch.Tensor): void {
  expect([ours.dtype, String(ours.shape)]).toEqual([theirs.dtype, String(theirs.shape)]);
  expect(torch.allclose(ours, theirs, { rtol: 1e-4, atol: 1e-6 })).toBe(true);
}
