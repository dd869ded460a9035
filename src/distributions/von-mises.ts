/** Angles. */
import { full, zeros } from '../ops/creation.js';
import { rand } from '../ops/random.js';
import { where } from '../ops/join.js';
import type { Tensor } from '../tensor/tensor.js';
import * as constraints from './constraints.js';
import { bindArguments, broadcastAll, Distribution, type Param, type ParamArgs } from './distribution.js';

// Abramowitz and Stegun 9.8.1 to 9.8.4: I₀ and I₁ below 3.75 and above.
const small = [
  [1, 3.5156229, 3.0899424, 1.2067492, 0.2659732, 0.0360768, 0.0045813],
  [0.5, 0.87890594, 0.51498869, 0.15084934, 0.02658733, 0.00301532, 0.00032411],
];
const large = [
  [0.39894228, 0.01328592, 0.00225319, -0.00157565, 0.00916281, -0.02057706, 0.02635537, -0.01647633, 0.00392377],
  [0.39894228, -0.03988024, -0.00362018, 0.00163801, -0.01031555, 0.02282967, -0.02895312, 0.01787654, -0.00420059],
];
const polynomial = (y: Tensor, coefficients: readonly number[]): Tensor =>
  coefficients.slice(0, -1).reduceRight((sum, c) => sum.mul(y).add(c), y.mul(0).add(coefficients.at(-1)!));

/** The logarithm of the modified Bessel function of order 0 or 1, for x > 0. */
function logBessel(x: Tensor, order: 0 | 1): Tensor {
  const below = polynomial(x.div(3.75).square(), small[order]);
  const above = polynomial(x.reciprocal().mul(3.75), large[order]);
  const logBelow = (order === 1 ? x.abs().mul(below) : below).log();
  return where(x.lt(3.75), logBelow, x.sub(x.log().mul(0.5)).add(above.log()));
}

/**
 * Angles in [−π, π) around `loc`, the closer the larger `concentration` is.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.von_mises.VonMises
 * @throws ValueError where a concentration is not positive
 * @example
 * torch.manualSeed(0);
 * const angles = new torch.distributions.VonMises(0, 4);
 * angles.variance  // tensor(0.1365)
 * angles.logProb(torch.tensor(0.5))  // tensor(-0.7525)
 */
export class VonMises extends Distribution {
  readonly loc: Tensor;
  readonly concentration: Tensor;

  constructor(...args: ParamArgs<[loc: Param, concentration: Param], { loc: Param; concentration: Param }>) {
    super();
    const [loc, concentration, validateArgs] = bindArguments<[Param, Param, boolean?]>(
      'VonMises',
      'loc, concentration, validateArgs?',
      args,
    );
    [this.loc, this.concentration] = broadcastAll(loc, concentration);
    this.settle(this.loc.sizes, [], validateArgs);
  }
  get argConstraints(): Record<string, constraints.Constraint> {
    return { loc: constraints.real, concentration: constraints.positive };
  }
  get support(): constraints.Constraint {
    return constraints.real;
  }
  /** The circular mean. */
  override get mean(): Tensor {
    return this.loc;
  }
  override get mode(): Tensor {
    return this.loc;
  }
  /** The circular variance. */
  override get variance(): Tensor {
    return logBessel(this.concentration, 1).sub(logBessel(this.concentration, 0)).exp().neg().add(1);
  }
  protected density(value: Tensor): Tensor {
    return this.concentration
      .mul(value.sub(this.loc).cos())
      .sub(Math.log(2 * Math.PI))
      .sub(logBessel(this.concentration, 0));
  }
  /** Best and Fisher's wrapped Cauchy proposals (1979), in double precision. */
  protected draw(shape: readonly number[]): Tensor {
    const [kappa, r] = [this.concentration.double(), proposal(this.concentration.double())];
    const { dtype, device } = kappa;
    let [angles, done] = [zeros(shape, { dtype, device }), full(shape, false)];
    while (done.all().item() !== true) {
      const [u1, u2, u3] = rand([3, ...shape], { dtype, device }).unbind();
      const z = u1.mul(Math.PI).cos();
      const f = r.mul(z).add(1).div(r.add(z));
      const c = kappa.mul(r.sub(f));
      const accepted = c.mul(c.neg().add(2)).sub(u2).gt(0).logicalOr(c.div(u2).log().add(1).sub(c).ge(0));
      angles = where(accepted, u3.sub(0.5).sign().mul(f.acos()), angles);
      done = done.logicalOr(accepted);
    }
    const turned = angles.add(Math.PI).add(this.loc.double());
    return turned
      .remainder(2 * Math.PI)
      .sub(Math.PI)
      .to(this.loc.dtype);
  }
}

/** How wide the wrapped Cauchy distribution of proposals is; a Taylor series for small κ. */
function proposal(kappa: Tensor): Tensor {
  const tau = kappa.square().mul(4).add(1).sqrt().add(1);
  const rho = tau.sub(tau.mul(2).sqrt()).div(kappa.mul(2));
  const exact = rho.square().add(1).div(rho.mul(2));
  return where(kappa.lt(1e-5), kappa.reciprocal().add(kappa), exact);
}
