/** Autocast for users' own autograd functions. https://pytorch.org/docs/stable/notes/amp_examples.html#amp-custom-examples */
import type { FunctionContext } from '../autograd/function.js';
import { float64 } from '../ir/dtype.js';
import { to } from '../ops/convert.js';
import type { DTypeLike } from '../ops/types.js';
import { Tensor } from '../tensor/tensor.js';
import { autocast, getAutocastDtype, isAutocastEnabled } from './autocast.js';

type ForwardOrBackward<A extends unknown[], R> = (ctx: FunctionContext, ...args: A) => R;
interface CustomOptions {
  deviceType: string;
}

/** Floating-point tensors in a list or alone, but for float64, as `dtype`. */
function cast(value: unknown, dtype: DTypeLike): unknown {
  if (Array.isArray(value)) return value.map((each) => cast(each, dtype));
  return value instanceof Tensor && value.dtype.isFloatingPoint && value.dtype !== float64 ? to(value, dtype) : value;
}

/**
 * The `forward` of a `torch.autograd.Function` for use under autocast: it notes whether autocast is on, for `customBwd`; with `castInputs`
 * its
 * floating-point inputs are cast and it runs without autocast. https://pytorch.org/docs/stable/amp.html#torch.amp.custom_fwd
 * @example
 * class Exp extends torch.autograd.Function {
 *   static override forward = torch.amp.customFwd((ctx, x: torch.Tensor) => x.exp(), { deviceType: 'cpu', castInputs: torch.float32 });
 * }
 * torch.autocast('cpu', () => Exp.apply(torch.zeros(1, { dtype: torch.bfloat16 })))  // tensor([1.])
 */
export function customFwd<A extends unknown[], R>(
  fwd: ForwardOrBackward<A, R>,
  { deviceType, castInputs = null }: CustomOptions & { castInputs?: DTypeLike | null },
): ForwardOrBackward<A, R> {
  return (ctx, ...args) => {
    const enabled = isAutocastEnabled(deviceType);
    ctx.autocastDtype = getAutocastDtype(deviceType);
    ctx.forwardUsedAutocast = enabled && castInputs === null;
    if (!enabled || castInputs === null) return fwd(ctx, ...args);
    return autocast(deviceType, { enabled: false }, () => fwd(ctx, ...(args.map((each) => cast(each, castInputs)) as A)));
  };
}

/**
 * The `backward` that goes with a forward by `customFwd`: it runs under autocast if that did.
 * https://pytorch.org/docs/stable/amp.html#torch.amp.custom_bwd
 * @example
 * class Square extends torch.autograd.Function {
 *   static override forward(ctx: torch.autograd.FunctionContext, x: torch.Tensor) {
 *     ctx.saveForBackward(x);
 *     return x.square();
 *   }
 *   static override backward = torch.amp.customBwd((ctx, grad: torch.Tensor) => grad.mul(ctx.savedTensors[0]).mul(2), { deviceType: 'cpu' });
 * }
 * const x = torch.tensor([3], { requiresGrad: true });
 * Square.apply(x).backward();
 * x.grad  // tensor([6.])
 */
export function customBwd<A extends unknown[], R>(bwd: ForwardOrBackward<A, R>, { deviceType }: CustomOptions): ForwardOrBackward<A, R> {
  return (ctx, ...args) => {
    const enabled = ctx.forwardUsedAutocast === true;
    return autocast(deviceType, { enabled, dtype: ctx.autocastDtype as DTypeLike }, () => bwd(ctx, ...args));
  };
}
