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
export const relu_ = inPlace<[]>(relu);
export const selu_ = inPlace<[]>(selu);
export const elu_ = inPlace<Numbers<'alpha'>>(elu);
export const celu_ = inPlace<Numbers<'alpha'>>(celu);
export const leakyRelu_ = inPlace<Numbers<'negativeSlope'>>(leakyRelu);
export const hardtanh_ = inPlace<Numbers<'minVal' | 'maxVal'>>(hardtanh);
export const threshold_ = inPlace<[threshold: number, value: number]>(threshold);
export const rrelu_ = inPlace<Numbers<'lower' | 'upper'>>(rrelu);
