/** Activations in place. */
import type { Tensor } from '../../tensor/tensor.js';
import { celu, elu, hardtanh, leakyRelu, relu, selu, threshold } from './activation.js';
import { rrelu } from './misc.js';

/** `op` with its `inplace` argument set. */
const inPlace =
  <A extends unknown[]>(op: unknown) =>
  (input: Tensor, ...args: A): Tensor => {
    const last = args.at(-1);
    const named = typeof last === 'object' && last !== null && Object.getPrototypeOf(last) === Object.prototype;
    const call = op as (input: Tensor, ...rest: unknown[]) => Tensor;
    return named ? call(input, ...args.slice(0, -1), { ...last, inplace: true }) : call(input, ...args, { inplace: true });
  };

type Numbers<N extends string> = [options?: Partial<Record<N, number>>] | number[];
/**
 * `relu` in place. https://pytorch.org/docs/stable/generated/torch.nn.functional.relu_.html
 * @example F.relu_(torch.tensor([-1.5, 2]))  // tensor([0., 2.])
 */
export const relu_ = inPlace<[]>(relu);
/**
 * `selu` in place. https://pytorch.org/docs/stable/generated/torch.nn.functional.selu_.html
 * @example F.selu_(torch.tensor([-1.5, 2]))  // tensor([-1.3658,  2.1014])
 */
export const selu_ = inPlace<[]>(selu);
/**
 * `elu` in place. https://pytorch.org/docs/stable/generated/torch.nn.functional.elu_.html
 * @example F.elu_(torch.tensor([-1.5, 2]))  // tensor([-0.7769,  2.0000])
 */
export const elu_ = inPlace<Numbers<'alpha'>>(elu);
/**
 * `celu` in place. https://pytorch.org/docs/stable/generated/torch.nn.functional.celu_.html
 * @example F.celu_(torch.tensor([-1.5, 2]))  // tensor([-0.7769,  2.0000])
 */
export const celu_ = inPlace<Numbers<'alpha'>>(celu);
/**
 * `leakyRelu` in place. https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu_.html
 * @example F.leakyRelu_(torch.tensor([-1.5, 2]), 0.1)  // tensor([-0.1500,  2.0000])
 */
export const leakyRelu_ = inPlace<Numbers<'negativeSlope'>>(leakyRelu);
/**
 * `hardtanh` in place. https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh_.html
 * @example F.hardtanh_(torch.tensor([-1.5, 2]))  // tensor([-1.,  1.])
 */
export const hardtanh_ = inPlace<Numbers<'minVal' | 'maxVal'>>(hardtanh);
/**
 * `threshold` in place. https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold_.html
 * @example F.threshold_(torch.tensor([-1.5, 2]), 1, -1)  // tensor([-1.,  2.])
 */
export const threshold_ = inPlace<[threshold: number, value: number]>(threshold);
/**
 * `rrelu` in place. https://pytorch.org/docs/stable/generated/torch.nn.functional.rrelu_.html
 * @example F.rrelu_(torch.tensor([-1.5, 2]))  // tensor([-0.3438,  2.0000])
 */
export const rrelu_ = inPlace<Numbers<'lower' | 'upper'>>(rrelu);
