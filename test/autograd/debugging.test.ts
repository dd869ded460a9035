import { expect, it, vi } from 'vitest';
import * as torch from '../../src/index.js';

const { autograd } = torch;

it('finds the operation whose gradient is NaN', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  // Gradients are looked at where they can be read at once.
  const root = (): torch.Tensor => torch.tensor([-1], { requiresGrad: true, device: 'cpu' }).sqrt().sum();
  expect(() => root().backward()).not.toThrow();
  expect(() => autograd.detectAnomaly(() => root().backward())).toThrow("Function 'SqrtBackward0' returned nan values in its 0th output.");
  expect(warn.mock.calls.map(String).join()).toMatch(/Error detected in SqrtBackward0[^]*debugging\.test/);
  expect(() => autograd.detectAnomaly({ checkNan: false }, () => root().backward())).not.toThrow();
  const scope = autograd.setDetectAnomaly(true);
  expect(() => root().backward()).toThrow('returned nan values');
  scope[Symbol.dispose]();
  expect(() => root().backward()).not.toThrow();
  warn.mockRestore();
});

it('calls hooks after gradients were added to', () => {
  const x = torch.ones(2, { requiresGrad: true });
  const seen: unknown[] = [];
  const handle = x.registerPostAccumulateGradHook((leaf) => {
    seen.push(leaf.grad!.tolist());
    leaf.grad = null;
  });
  x.mul(3).sum().backward(); // prettier-ignore
  x.mul(4).sum().backward(); // prettier-ignore
  expect([seen, x.grad]).toEqual([[[3, 3], [4, 4]], null]); // prettier-ignore
  handle.remove();
  x.sum().backward();
  expect([seen.length, x.grad!.tolist()]).toEqual([2, [1, 1]]);
  expect(() => x.mul(2).registerPostAccumulateGradHook(() => undefined)).toThrow('cannot be registered on non-leaf tensors');
  expect(() => torch.ones(1).registerPostAccumulateGradHook(() => undefined)).toThrow("on a tensor that doesn't require gradient");
});

it('lets users choose the precision of their own functions under autocast', () => {
  const { customFwd, customBwd } = torch.amp;
  const dtypes: string[] = [];
  class Exp extends autograd.Function {
    static override forward = customFwd(
      (ctx, x: torch.Tensor) => {
        dtypes.push(x.dtype.name, String(torch.isAutocastEnabled()));
        const y = x.exp();
        ctx.saveForBackward(y);
        return y;
      },
      { deviceType: 'cpu', castInputs: torch.float32 },
    );
    static override backward = customBwd(
      (ctx, grad: torch.Tensor) => {
        dtypes.push(String(torch.isAutocastEnabled()));
        return grad.mul(ctx.savedTensors[0]);
      },
      { deviceType: 'cpu' },
    );
  }
  const x = torch.zeros(2, { dtype: torch.bfloat16, requiresGrad: true });
  const y = torch.autocast('cpu', () => Exp.apply(x));
  y.sum().backward();
  expect([dtypes, y.dtype.name, x.grad!.tolist()]).toEqual([['float32', 'false', 'false'], 'float32', [1, 1]]);
});
