/** `torch.nn.utils`. https://pytorch.org/docs/stable/nn.html#utilities */
export * as parametrize from './parametrize.js';
export {
  hookedSpectralNorm as spectralNorm,
  hookedWeightNorm as weightNorm,
  removeSpectralNorm,
  removeWeightNorm,
} from './parametrizations.js';
export { fuseConvBnEval, fuseConvBnWeights, fuseLinearBnEval, fuseLinearBnWeights } from './fusion.js';
export * as prune from './prune.js';
export * as rnn from './rnn-utils.js';
export * as stateless from './stateless.js';
import type { Args } from '../ops/types.js';
import { callable } from '../ops/signature.js';
import { noGrad } from '../autograd/modes.js';
import { orthogonal } from './orthogonal.js';
import { spectralNorm, weightNorm } from './parametrizations.js';
import { cat, stack } from '../ops/join.js';
import { tensor } from '../ops/creation.js';
import { getRngState, setRngState } from '../ops/random.js';
import { numelOf } from '../tensor/size.js';
import type { Module } from './module.js';
import { Tensor } from '../tensor/tensor.js';
import { RuntimeError } from '../tensor/errors.js';

/** `torch.nn.utils.parametrizations` */
export const parametrizations = { orthogonal, spectralNorm, weightNorm };

type Tensors = Tensor | Iterable<Tensor>;

const gradsOf = (parameters: Tensors): Tensor[] =>
  (parameters instanceof Tensor ? [parameters] : [...parameters]).flatMap((each) => each.ownGrad ?? []);

/**
 * The norm of all these tensors as one vector. https://pytorch.org/docs/stable/generated/torch.nn.utils.get_total_norm.html
 * @example nn.utils.getTotalNorm([torch.tensor([3.5]), torch.tensor([4.5])])  // tensor(5.7009)
 */
export const getTotalNorm = callable<
  (
    tensors: Tensors,
    ...args: Args<[normType: number, errorIfNonfinite: boolean], { normType?: number; errorIfNonfinite?: boolean }>
  ) => Tensor
>('get_total_norm', 'tensors, normType?, errorIfNonfinite?, foreach?', (tensors: Tensors, normType = 2, errorIfNonfinite = false) => {
  const norms = (tensors instanceof Tensor ? [tensors] : [...tensors]).map((each) => powerNorm(each, normType));
  const total = norms.length === 0 ? tensor(0, { dtype: 'float32' }) : powerNorm(stack(norms, 0), normType);
  if (errorIfNonfinite && !Number.isFinite(Number(total.item()))) {
    throw new RuntimeError(
      `The total norm of order ${normType} for gradients from \`parameters\` is non-finite, so it cannot be clipped. To disable this error and scale the gradients by the non-finite norm anyway, set \`error_if_nonfinite=False\``,
    );
  }
  return total;
});

function powerNorm(x: Tensor, p: number): Tensor {
  const size = x.abs();
  if (p === Infinity) return size.amax();
  if (p === 2) return size.mul(size).sum().sqrt();
  return p === 1
    ? size.sum()
    : size
        .pow(p)
        .sum()
        .pow(1 / p);
}

/**
 * Scales all gradients down so that their norm is at most `maxNorm`; gives the norm that they had.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html
 * @example
 * const w = torch.tensor([3.5, 4.5], { requiresGrad: true });
 * w.square().sum().backward();
 * nn.utils.clipGradNorm_([w], 1)  // tensor(11.4018)
 * w.grad  // tensor([0.6139, 0.7894])
 */
export const clipGradNorm_ = callable<
  (
    parameters: Tensors,
    ...args: Args<
      [maxNorm: number, normType: number, errorIfNonfinite: boolean],
      { maxNorm?: number; normType?: number; errorIfNonfinite?: boolean }
    >
  ) => Tensor
>(
  'clip_grad_norm_',
  'parameters, maxNorm, normType?, errorIfNonfinite?, foreach?',
  (parameters: Tensors, maxNorm: number, normType = 2, errorIfNonfinite = false) => {
    const grads = gradsOf(parameters);
    return noGrad(() => {
      const total = getTotalNorm(grads, normType, errorIfNonfinite);
      scaleToNorm(grads, maxNorm, total);
      return total;
    });
  },
);

/**
 * Scales the gradients as `clipGradNorm_` does, given their norm.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grads_with_norm_.html
 * @example
 * const w = torch.tensor([3.5, 4.5], { requiresGrad: true });
 * w.sum().backward();
 * nn.utils.clipGradsWithNorm_([w], 1, torch.tensor(2.5));
 * w.grad  // tensor([0.4000, 0.4000])
 */
export const clipGradsWithNorm_ = callable<
  (parameters: Tensors, ...args: Args<[maxNorm: number, totalNorm: Tensor], { maxNorm?: number; totalNorm?: Tensor }>) => void
>('clip_grads_with_norm_', 'parameters, maxNorm, totalNorm, foreach?', (parameters: Tensors, maxNorm: number, totalNorm: Tensor) =>
  noGrad(() => scaleToNorm(gradsOf(parameters), maxNorm, totalNorm)),
);
function scaleToNorm(grads: readonly Tensor[], maxNorm: number, norm: Tensor): void {
  const scale = norm.add(1e-6).reciprocal().mul(maxNorm).clampMax(1);
  for (const grad of grads) grad.mul_(scale);
}

/**
 * Keeps every element of the gradients in [−clipValue, clipValue].
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_value_.html
 * @example
 * const w = torch.tensor([3.5, -4.5], { requiresGrad: true });
 * w.square().sum().backward();
 * nn.utils.clipGradValue_([w], 8);
 * w.grad  // tensor([ 7., -8.])
 */
export const clipGradValue_ = callable<(parameters: Tensors, ...args: Args<[clipValue: number], { clipValue?: number }>) => void>(
  'clip_grad_value_',
  'parameters, clipValue, foreach?',
  (parameters: Tensors, clipValue: number) =>
    noGrad(() => {
      for (const grad of gradsOf(parameters)) grad.clamp_(-clipValue, clipValue);
    }),
);

/**
 * All parameters in one vector. https://pytorch.org/docs/stable/generated/torch.nn.utils.parameters_to_vector.html
 * @example nn.utils.parametersToVector(new nn.Linear(2, 3).parameters()).shape  // torch.Size([9])
 */
export const parametersToVector = (parameters: Iterable<Tensor>): Tensor =>
  cat(
    [...parameters].map((each) => each.reshape(-1)),
    0,
  );

/**
 * Writes a vector into the parameters. https://pytorch.org/docs/stable/generated/torch.nn.utils.vector_to_parameters.html
 * @example
 * const net = new nn.Linear(2, 3);
 * nn.utils.vectorToParameters(torch.arange(9), net.parameters());
 * net.bias?.detach()  // tensor([6., 7., 8.])
 */
export function vectorToParameters(vec: Tensor, parameters: Iterable<Tensor>): void {
  let offset = 0;
  noGrad(() => {
    for (const each of parameters) {
      each.copy_(vec.narrow(0, offset, numelOf(each.sizes)).viewAs(each));
      offset += numelOf(each.sizes);
    }
  });
}

/**
 * A module whose parameters need no values yet: the random numbers that its constructor draws do not count.
 * https://pytorch.org/docs/stable/generated/torch.nn.utils.skip_init.html
 * @example const layer = nn.utils.skipInit(nn.Linear, 3, 2);
 */
export function skipInit<A extends unknown[], M extends Module>(moduleClass: new (...args: A) => M, ...args: A): M {
  const state = getRngState();
  try {
    return new moduleClass(...args);
  } finally {
    setRngState(state);
  }
}
