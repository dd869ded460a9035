/** Shares made of normal vectors. */
import type { Tensor } from '../tensor/tensor.js';
import { type Independent, TransformedDistribution } from './combined.js';
import * as constraints from './constraints.js';
import { Normal } from './continuous.js';
import { bindArguments, type Param, type ParamArgs } from './distribution.js';
import { StickBreakingTransform } from './transforms.js';

/**
 * Shares [.., n + 1] that sum to one, from n normal variables by stick breaking.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.logistic_normal.LogisticNormal
 * @throws ValueError where a scale is not positive
 * @example
 * torch.manualSeed(0);
 * new torch.distributions.LogisticNormal(torch.zeros(2), 1).sample()  // tensor([0.7001, 0.1281, 0.1718])
 */
export class LogisticNormal extends TransformedDistribution {
  declare readonly baseDist: Independent<Normal>;

  constructor(...args: ParamArgs<[loc: Param, scale: Param], { loc: Param; scale: Param }>) {
    const [loc, scale, validateArgs] = bindArguments<[Param, Param, boolean?]>('LogisticNormal', 'loc, scale, validateArgs?', args);
    const base = new Normal(loc, scale, { validateArgs });
    super(base.batchShape.length === 0 ? base.expand([1]) : base, new StickBreakingTransform(), { validateArgs });
  }
  override get argConstraints(): Record<string, constraints.Constraint> {
    return { loc: constraints.real, scale: constraints.positive };
  }
  override get support(): constraints.Constraint {
    return constraints.simplex;
  }
  /** The mean of the normal variables. */
  get loc(): Tensor {
    return this.baseDist.baseDist.loc;
  }
  /** Their standard deviation. */
  get scale(): Tensor {
    return this.baseDist.baseDist.scale;
  }
}
