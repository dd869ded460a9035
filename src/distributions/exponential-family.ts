/** Densities exp(⟨t(x), θ⟩ − F(θ) + k(x)). */
import { grad as gradients } from '../autograd/backward.js';
import type { Tensor } from '../tensor/tensor.js';
import { Distribution } from './distribution.js';

/**
 * A distribution with natural parameters θ: its entropy, and divergences between two of a class, follow from the log normalizer F.
 * https://pytorch.org/docs/stable/distributions.html#torch.distributions.exp_family.ExponentialFamily
 * @example
 * const wishart: torch.distributions.ExponentialFamily = new torch.distributions.Wishart(3, torch.eye(2));
 * wishart.logNormalizer(...wishart.naturalParams)  // tensor(2.5310)
 */
export abstract class ExponentialFamily extends Distribution {
  /** θ. */
  abstract get naturalParams(): readonly Tensor[];
  /** F(θ), of shape `batchShape`. */
  abstract logNormalizer(...params: readonly Tensor[]): Tensor;
  /** The mean of k(x). */
  get meanCarrierMeasure(): number {
    throw this.lacks('mean_carrier_measure');
  }

  override entropy(): Tensor {
    const [params, normalizer, slopes] = this.expanded();
    return params.reduce(
      (sum, param, i) => sum.sub(overEvents(param.mul(slopes[i]), this.batchShape)),
      normalizer.sub(this.meanCarrierMeasure),
    );
  }

  /** θ cut off from its graph, F(θ) and the derivatives of F, which are the means of t(x). */
  private expanded(): [params: Tensor[], normalizer: Tensor, slopes: readonly Tensor[]] {
    const params = this.naturalParams.map((each) => each.detach().requiresGrad_());
    const normalizer = this.logNormalizer(...params);
    return [params, normalizer, gradients(normalizer.sum(), params, { createGraph: true }) as Tensor[]];
  }

  /** KL(this ‖ q), a Bregman divergence of F, for q of the same class. */
  divergenceTo(q: this): Tensor {
    const [params, normalizer, slopes] = this.expanded();
    const others = q.naturalParams;
    return params.reduce(
      (sum, param, i) => sum.sub(overEvents(others[i].sub(param).mul(slopes[i]), this.batchShape)),
      q.logNormalizer(...others).sub(normalizer),
    );
  }
}

const overEvents = (value: Tensor, batch: readonly number[]): Tensor => value.reshape([...batch, -1]).sum(-1);
