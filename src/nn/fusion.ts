/** Batch normalisation folded into the layer before it, for inference. https://pytorch.org/docs/stable/nn.html#utility-functions-to-fuse-modules */
import { zerosLike } from '../ops/creation.js';
import type { Tensor } from '../tensor/tensor.js';
import { deepcopy } from './deepcopy.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { AssertionError } from '../tensor/errors.js';

interface Weighted extends Module {
  weight: Tensor;
  bias: Tensor | null;
}
interface Normalising extends Module {
  runningMean: Tensor | null;
  runningVar: Tensor | null;
  eps: number;
  weight: Tensor | null;
  bias: Tensor | null;
}

type Fused = [weight: Parameter, bias: Parameter];
type Maybe = Tensor | null;

/** Weights whose outputs lie along `dim`, scaled as the normalisation would scale them, and the bias that is left. */
function fused(weight: Tensor, bias: Maybe, mean: Tensor, variance: Tensor, eps: number, gamma: Maybe, beta: Maybe, dim: number): Fused {
  const deviation = variance.add(eps).rsqrt();
  const scale = gamma ? gamma.mul(deviation) : deviation;
  const shape = weight.sizes.map((_, d) => (d === dim ? -1 : 1));
  const shifted = (bias ?? zerosLike(mean)).sub(mean).mul(scale);
  return [
    new Parameter(weight.mul(scale.reshape(shape)).detach().to(weight.dtype), weight.requiresGrad),
    new Parameter((beta ? shifted.add(beta) : shifted).detach().to(weight.dtype), bias?.requiresGrad ?? weight.requiresGrad),
  ];
}

/**
 * The weight and bias of a convolution with a batch normalisation behind it.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_weights.html
 * @example
 * const one = torch.ones(1);
 * nn.utils.fuseConvBnWeights(torch.ones(1, 1, 1), null, torch.zeros(1), one, 0, one.mul(3), one)[0].detach()  // tensor([[[3.]]])
 */
export const fuseConvBnWeights = (
  convW: Tensor,
  convB: Maybe,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Maybe,
  bnB: Maybe,
  transpose = false,
): Fused => fused(convW, convB, bnRm, bnRv, bnEps, bnW, bnB, transpose ? 1 : 0);

/**
 * The weight and bias of a linear layer with a batch normalisation behind it.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_weights.html
 * @example
 * const one = torch.ones(1);
 * nn.utils.fuseLinearBnWeights(torch.ones(1, 1), null, torch.zeros(1), one, 0, one.mul(3), one)[0].detach()  // tensor([[3.]])
 */
export const fuseLinearBnWeights = (
  linearW: Tensor,
  linearB: Maybe,
  bnRm: Tensor,
  bnRv: Tensor,
  bnEps: number,
  bnW: Maybe,
  bnB: Maybe,
): Fused => fused(linearW, linearB, bnRm, bnRv, bnEps, bnW, bnB, 0);

/** A copy of a layer with a batch normalisation folded in. */
function fuse<M extends Module>(layer: M, bn: Module, dim: number): M {
  if (layer.training || bn.training) throw new AssertionError('Fusion only for eval!');
  const { runningMean, runningVar, eps, weight, bias } = bn as Normalising;
  if (!runningMean || !runningVar) throw new Error('Fusion needs running statistics');
  const copy = deepcopy(layer);
  const own = layer as unknown as Weighted;
  [(copy as unknown as Weighted).weight, (copy as unknown as Weighted).bias] = fused(
    own.weight,
    own.bias,
    runningMean,
    runningVar,
    eps,
    weight,
    bias,
    dim,
  );
  return copy;
}

/**
 * One convolution that computes what `conv` and then `bn` do in evaluation mode; `transpose` for transposed ones.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_conv_bn_eval.html
 * @throws Error where one of them is in training mode
 * @example
 * const [conv, bn] = [new nn.Conv2d(3, 8, 3).eval(), new nn.BatchNorm2d(8).eval()];
 * const x = torch.rand(1, 3, 4, 4);
 * torch.allclose(nn.utils.fuseConvBnEval(conv, bn)(x), bn(conv(x)), { atol: 1e-5 })  // true
 */
export const fuseConvBnEval = <M extends Module>(conv: M, bn: Module, transpose = false): M => fuse(conv, bn, transpose ? 1 : 0);

/**
 * One linear layer that computes what `linear` and then `bn` do in evaluation mode.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.fuse_linear_bn_eval.html
 * @throws Error where one of them is in training mode, or sizes differ
 * @example
 * const [linear, bn] = [new nn.Linear(3, 8).eval(), new nn.BatchNorm1d(8).eval()];
 * const x = torch.rand(2, 3);
 * torch.allclose(nn.utils.fuseLinearBnEval(linear, bn)(x), bn(linear(x)), { atol: 1e-5 })  // true
 */
export function fuseLinearBnEval<M extends Module>(linear: M, bn: Module): M {
  const { numFeatures } = bn as Module & { numFeatures: number };
  if (numFeatures !== (linear as unknown as Weighted).weight.sizes[0] && numFeatures !== 1)
    throw new AssertionError('To fuse, linear.out_features == bn.num_features or bn.num_features == 1');
  return fuse(linear, bn, 0);
}
