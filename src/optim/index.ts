/** `torch.optim` */
export { Adafactor, type AdafactorOptions } from './adafactor.js';
export { Adam, type AdamOptions, AdamW } from './adam.js';
export { Adamax, type AdamaxOptions, NAdam, type NAdamOptions, RAdam, type RAdamOptions } from './adaptive.js';
export {
  Adadelta,
  type AdadeltaOptions,
  Adagrad,
  type AdagradOptions,
  ASGD,
  type ASGDOptions,
  RMSprop,
  type RMSpropOptions,
  Rprop,
  type RpropOptions,
} from './classic.js';
export { LBFGS, type LBFGSOptions } from './lbfgs.js';
export * as lrScheduler from './lr-scheduler.js';
export { Muon, type MuonOptions } from './muon.js';
export type { OptimizerStateDict } from './hooks.js';
export { Optimizer, type ParamGroup, type Params } from './optimizer.js';
export { SGD, type SGDOptions } from './sgd.js';
export { SparseAdam, type SparseAdamOptions } from './sparse-adam.js';
export * as swaUtils from './swa.js';
import { registerOptimizerStepPostHook, registerOptimizerStepPreHook } from './hooks.js';
import { Optimizer } from './optimizer.js';

/** `torch.optim.optimizer` */
export const optimizer = { Optimizer, registerOptimizerStepPostHook, registerOptimizerStepPreHook };
