import { describe, expect, test } from 'vitest';
import * as torch from '../../src/index.js';

const { nn, optim } = torch;
const { lrScheduler } = optim;
const optimizer = (): torch.optim.SGD => new optim.SGD([new nn.Parameter(torch.zeros(2))], { lr: 0.1, momentum: 0.9 });
const calls = { _is_initial: false, _get_lr_called_within_step: false };

test('printouts and groups list the options that choose an implementation in PyTorch', () => {
  const adam = new optim.Adam([new nn.Parameter(torch.zeros(2))], { lr: 0.1 });
  expect(String(adam)).toBe(`Adam (
Parameter Group 0
    amsgrad: False
    betas: (0.9, 0.999)
    capturable: False
    decoupled_weight_decay: False
    differentiable: False
    eps: 1e-08
    foreach: None
    fused: None
    lr: 0.1
    maximize: False
    weight_decay: 0
)`);
  expect(optimizer().stateDict().param_groups[0]).toMatchObject({ foreach: null, differentiable: false, fused: null });
});

describe('states of schedulers hold what PyTorch saves', () => {
  test('StepLR', () => {
    const state = new lrScheduler.StepLR(optimizer(), 3).stateDict();
    expect(state).toEqual({ step_size: 3, gamma: 0.1, base_lrs: [0.1], last_epoch: 0, _step_count: 1, _last_lr: [0.1], ...calls });
  });

  test('CyclicLR', () => {
    const scheduler = new lrScheduler.CyclicLR(optimizer(), 0.1, 0.2);
    expect(scheduler.stateDict()).toEqual({
      max_lrs: [0.2],
      total_size: 4000,
      step_ratio: 0.5,
      mode: 'triangular',
      gamma: 1,
      scale_mode: 'cycle',
      cycle_momentum: true,
      use_beta1: false,
      base_momentums: [0.8],
      max_momentums: [0.9],
      base_lrs: [0.1],
      last_epoch: 0,
      _step_count: 1,
      _last_lr: [0.1],
      _scale_fn_custom: null,
      ...calls,
    });
  });

  test('OneCycleLR', () => {
    const state = new lrScheduler.OneCycleLR(optimizer(), 0.1, 10).stateDict();
    expect(state).toMatchObject({ _anneal_func_type: 'cos', cycle_momentum: true, use_beta1: false, ...calls });
    expect(state._schedule_phases).toEqual([
      { end_step: 2, start_lr: 'initial_lr', end_lr: 'max_lr', start_momentum: 'max_momentum', end_momentum: 'base_momentum' },
      { end_step: 9, start_lr: 'max_lr', end_lr: 'min_lr', start_momentum: 'base_momentum', end_momentum: 'max_momentum' },
    ]);
  });

  test('ReduceLROnPlateau, SWALR and combinations', () => {
    expect(new lrScheduler.ReduceLROnPlateau(optimizer()).stateDict()).toMatchObject({ default_min_lr: 0, mode_worse: Infinity });
    expect(new optim.swaUtils.SWALR(optimizer(), 0.05).stateDict()).toMatchObject({ _anneal_strategy: 'cos', anneal_epochs: 10 });
    const all = optimizer();
    const state = new lrScheduler.ChainedScheduler([new lrScheduler.StepLR(all, 3)]).stateDict();
    expect(Object.keys(state).sort()).toEqual(['_last_lr', '_schedulers']);
  });

  test('a scheduler goes on as the one that was saved, whatever it was made with', () => {
    const saved = new lrScheduler.CyclicLR(optimizer(), 0.1, 0.2, { mode: 'exp_range', gamma: 0.5, stepSizeUp: 4, cycleMomentum: false });
    const other = new lrScheduler.CyclicLR(optimizer(), 0.1, 0.3, { cycleMomentum: false });
    other.loadStateDict(saved.stateDict());
    for (let epoch = 0; epoch < 6; epoch++) [saved, other].forEach((scheduler) => scheduler.step());
    expect(other.getLastLr()).toEqual(saved.getLastLr());
  });
});
