/** Activation functions. https://pytorch.org/docs/stable/nn.functional.html#non-linear-activation-functions */
import { constant, type Expr, where } from '../../ir/expr.js';
import { pointwise, type PointwiseSpec, scalarTypeName } from '../../ops/define.js';
import { one, zero } from '../../ops/exprs.js';
import type { Op } from '../../ops/types.js';
import { RuntimeError, ValueError } from '../../tensor/errors.js';
import type { Tensor } from '../../tensor/tensor.js';

type Plain = Op<[], [inplace: boolean], { inplace: boolean }>;
type WithNumber<Name extends string> = Op<[], [number], Record<Name, number>>;

/** A pointwise function of floats; integers are computed in the default float dtype. */
function activation<F>(name: string, args: string, formula: (x: Expr, ...numbers: never[]) => Expr, spec: Partial<PointwiseSpec> = {}): F {
  return pointwise<F>(name, { args: `input${args}`, promotion: 'float', ...spec }, formula);
}

interface Callable {
  (...args: unknown[]): unknown;
  inplace?: (...args: unknown[]) => unknown;
}

/** Adds PyTorch's `inplace` argument, the last of `count` behind the input. */
function withInplace<F>(op: unknown, count: number): F {
  const { inplace } = op as Callable;
  const call = (...args: unknown[]): unknown => {
    const last = args.at(-1);
    const named = typeof last === 'object' && last !== null && Object.getPrototypeOf(last) === Object.prototype && 'inplace' in last;
    const wanted = named ? (last as { inplace: unknown }).inplace : args[count];
    const rest = named ? [...args.slice(0, -1), withoutInplace(last as Record<string, unknown>)] : args.slice(0, count);
    return wanted === true ? inplace!(...rest) : (op as Callable)(...rest);
  };
  return Object.assign(call, { opName: (op as { opName: string }).opName, inplace }) as unknown as F;
}

const withoutInplace = ({ inplace: _, ...rest }: Record<string, unknown>): Record<string, unknown> => rest;

const arithmetic = { promotion: 'arithmetic' } as const;
const pass = (condition: Expr, g: Expr): Expr => where(condition, g, zero(g));
/** Stops a gradient; that of NaN, for which no comparison holds, passes. */
const stop = (condition: Expr, g: Expr): Expr => where(condition, zero(g), g);

/**
 * max(0, x). https://pytorch.org/docs/stable/generated/torch.nn.functional.relu.html
 * @example F.relu(torch.tensor([-1.5, 2]))  // tensor([0., 2.])
 */
export const relu: Plain = withInplace(
  activation('relu', '', (x: Expr) => x.max(zero(x)), { ...arithmetic, grad: ({ grad, result }) => [stop(result.le(0), grad)] }),
  1,
);

/**
 * min(max(0, x), 6). https://pytorch.org/docs/stable/generated/torch.nn.functional.relu6.html
 * @example F.relu6(torch.tensor([-1.5, 7]))  // tensor([0., 6.])
 */
export const relu6: Plain = withInplace(
  activation('hardtanh', '', (x: Expr) => x.max(zero(x)).min(6), {
    ...arithmetic,
    grad: ({ grad, args: [x] }) => [stop(x.le(0).or(x.ge(6)), grad)],
  }),
  1,
);

/**
 * x limited to [minVal, maxVal]. https://pytorch.org/docs/stable/generated/torch.nn.functional.hardtanh.html
 * @example F.hardtanh(torch.tensor([-1.5, 0.5]))  // tensor([-1.0000,  0.5000])
 */
export const hardtanh: Op<[], [minVal: number, maxVal: number, inplace: boolean], { minVal: number; maxVal: number; inplace: boolean }> =
  withInplace(
    activation(
      'hardtanh',
      ', minVal?, maxVal?',
      (x: Expr, low?: Expr, high?: Expr) => x.max(low?.cast(x.dtype) ?? -1).min(high?.cast(x.dtype) ?? 1),
      {
        ...arithmetic,
        check: (_input: Tensor, low = -1, high = 1) => {
          if (low > high) throw new ValueError('min_val cannot be greater than max_val');
        },
        grad: ({ grad, args: [x], extras }) => {
          const [low = -1, high = 1] = extras as unknown as (Expr | undefined)[];
          return [stop(x.le(low).or(x.ge(high)), grad)];
        },
      },
    ),
    3,
  );

const seluAlpha = 1.6732632423543772;
const seluScale = 1.0507009873554805;

/** x where positive, else α (exp(x / γ) − 1), both scaled. The derivative at 0 is that of the negative side. */
const exponential = (x: Expr, negative: (x: Expr) => Expr, scale: number | Expr): Expr => where(x.gt(0), x.mul(scale), negative(x));

/**
 * x, or α (e^x - 1) where x is negative. https://pytorch.org/docs/stable/generated/torch.nn.functional.elu.html
 * @example F.elu(torch.tensor([-1.5, 2]))  // tensor([-0.7769,  2.0000])
 */
export const elu: Op<[], [alpha: number, inplace: boolean], { alpha: number; inplace: boolean }> = withInplace(
  activation('elu', ', alpha?', (x: Expr, alpha?: Expr) => exponential(x, (v) => v.expm1().mul(alpha ?? 1), 1), {
    grad: ({ grad, args: [x], extras }) => [
      where(x.le(0), grad.mul(x.exp()).mul((extras as unknown as (Expr | undefined)[])[0] ?? 1), grad),
    ],
  }),
  2,
);

/**
 * `elu` with α = 1.6733, scaled by 1.0507 (Klambauer et al., 2017). https://pytorch.org/docs/stable/generated/torch.nn.functional.selu.html
 * @example F.selu(torch.tensor([-1.5, 2]))  // tensor([-1.3658,  2.1014])
 */
export const selu: Plain = withInplace(
  activation('elu', '', (x: Expr) => exponential(x, (v) => v.expm1().mul(seluAlpha * seluScale), seluScale), {
    grad: ({ grad, args: [x] }) => [where(x.le(0), grad.mul(x.exp()).mul(seluAlpha * seluScale), grad.mul(seluScale))],
  }),
  1,
);

/**
 * max(0, x) + min(0, α (e^(x/α) - 1)). https://pytorch.org/docs/stable/generated/torch.nn.functional.celu.html
 * @example F.celu(torch.tensor([-1.5, 2]))  // tensor([-0.7769,  2.0000])
 */
export const celu: Op<[], [alpha: number, inplace: boolean], { alpha: number; inplace: boolean }> = withInplace(
  activation(
    'elu',
    ', alpha?',
    (x: Expr, alpha?: Expr) => exponential(x, (v) => (alpha ? v.div(alpha).expm1().mul(alpha) : v.expm1()), 1),
    {
      node: 'celu',
      grad: ({ grad, args: [x], extras }) => {
        const [alpha] = extras as unknown as (Expr | undefined)[];
        return [where(x.le(0), grad.mul((alpha ? x.div(alpha) : x).exp()), grad)];
      },
    },
  ),
  2,
);

/**
 * x, or slope · x where x is negative. https://pytorch.org/docs/stable/generated/torch.nn.functional.leaky_relu.html
 * @example F.leakyRelu(torch.tensor([-1.5, 2]), 0.1)  // tensor([-0.1500,  2.0000])
 */
export const leakyRelu: Op<[], [negativeSlope: number, inplace: boolean], { negativeSlope: number; inplace: boolean }> = withInplace(
  activation('leakyRelu', ', negativeSlope?', (x: Expr, slope?: Expr) => where(x.gt(0), x, x.mul(slope ?? 0.01)), {
    grad: ({ grad, args: [x], extras }) => [where(x.gt(0), grad, grad.mul((extras as unknown as (Expr | undefined)[])[0] ?? 0.01))],
  }),
  2,
);

const root2 = Math.SQRT1_2;
const rootTwoOverPi = Math.sqrt(2 / Math.PI);
const tanhInner = (x: Expr): Expr => x.add(x.mul(x).mul(x).mul(0.044715)).mul(rootTwoOverPi);

/**
 * x · Φ(x), with the normal distribution Φ. https://pytorch.org/docs/stable/generated/torch.nn.functional.gelu.html
 * @example F.gelu(torch.tensor([-1.5, 2]), { approximate: 'tanh' })  // tensor([-0.1004,  1.9546])
 */
export const gelu: Op<[], [], { approximate: 'none' | 'tanh' }> = activation(
  'gelu',
  ', *, approximate?',
  (x: Expr, approximate?: string) => {
    if (approximate !== undefined && approximate !== 'none' && approximate !== 'tanh')
      throw new RuntimeError('approximate argument must be either none or tanh.');
    const phi = approximate === 'tanh' ? tanhInner(x).tanh() : x.mul(root2).erf();
    return x.mul(0.5).mul(phi.add(1));
  },
);

/**
 * x · sigmoid(x). https://pytorch.org/docs/stable/generated/torch.nn.functional.silu.html
 * @example F.silu(torch.tensor([-1.5, 2]))  // tensor([-0.2736,  1.7616])
 */
export const silu: Plain = withInplace(
  activation('silu', '', (x: Expr) => x.mul(x.sigmoid()), {
    grad: ({ grad, args: [x] }) => {
      const s = x.sigmoid();
      return [grad.mul(s).mul(x.mul(one(s).sub(s)).add(1))];
    },
  }),
  1,
);

/** ln(1 + eˣ) without overflow. */
const softplusOf = (x: Expr): Expr => x.max(zero(x)).add(x.abs().neg().exp().log1p());

/**
 * x · tanh(softplus(x)). https://pytorch.org/docs/stable/generated/torch.nn.functional.mish.html
 * @example F.mish(torch.tensor([-1.5, 2]))  // tensor([-0.2981,  1.9440])
 */
export const mish: Plain = withInplace(
  activation('mish', '', (x: Expr) => x.mul(softplusOf(x).tanh()), {
    grad: ({ grad, args: [x] }) => {
      const t = softplusOf(x).tanh();
      return [grad.mul(t.add(x.mul(x.sigmoid()).mul(one(t).sub(t.mul(t)))))];
    },
  }),
  1,
);

/**
 * x · relu6(x + 3) / 6. https://pytorch.org/docs/stable/generated/torch.nn.functional.hardswish.html
 * @example F.hardswish(torch.tensor([-4, 1.5, 4]))  // tensor([-0.0000, 1.1250, 4.0000])
 */
export const hardswish: Plain = withInplace(
  activation('hardswish', '', (x: Expr) => x.mul(x.add(3).max(zero(x)).min(6)).div(6), {
    grad: ({ grad, args: [x] }) => [where(x.le(-3), zero(grad), where(x.lt(3), grad.mul(x.div(3).add(0.5)), grad))],
  }),
  1,
);

/**
 * relu6(x + 3) / 6, a piecewise linear sigmoid. https://pytorch.org/docs/stable/generated/torch.nn.functional.hardsigmoid.html
 * @example F.hardsigmoid(torch.tensor([-4, 0, 1.5]))  // tensor([0.0000, 0.5000, 0.7500])
 */
export const hardsigmoid: Plain = withInplace(
  activation('hardsigmoid', '', (x: Expr) => x.add(3).max(zero(x)).min(6).div(6), {
    grad: ({ grad, args: [x] }) => [pass(x.gt(-3).and(x.lt(3)), grad.div(6))],
  }),
  1,
);

/**
 * x, or 0 where |x| ≤ λ. https://pytorch.org/docs/stable/generated/torch.nn.functional.hardshrink.html
 * @example F.hardshrink(torch.tensor([-1.5, 0.2]))  // tensor([-1.5000,  0.0000])
 */
export const hardshrink: WithNumber<'lambd'> = activation('hardshrink', ', lambd?', (x: Expr, lambd?: Expr) => {
  const bound = lambd ?? constant(0.5, x.dtype);
  return where(x.ge(bound.neg()).and(x.le(bound)), zero(x), x);
});

/**
 * x − λ above λ, x + λ below −λ, else 0. https://pytorch.org/docs/stable/generated/torch.nn.functional.softshrink.html
 * @example F.softshrink(torch.tensor([-1.5, 0.2]))  // tensor([-1.,  0.])
 */
export const softshrink: WithNumber<'lambd'> = activation(
  'softshrink',
  ', lambd?',
  (x: Expr, lambd?: Expr) => {
    const bound = lambd ?? constant(0.5, x.dtype);
    return where(x.gt(bound), x.sub(bound), where(x.lt(bound.neg()), x.add(bound), x.mul(0)));
  },
  {
    check: (input: Tensor, lambd = 0.5) => {
      if (lambd < 0 || Number.isNaN(lambd))
        throw new RuntimeError(
          `lambda must be in range [0, 3.40282e+38] for input dtype ${scalarTypeName(input.dtype)}, but found ${lambd}`,
        );
    },
    grad: ({ grad, args: [x], extras }) => {
      const [bound = constant(0.5, x.dtype)] = extras as unknown as (Expr | undefined)[];
      return [stop(x.ge(bound.neg()).and(x.le(bound)), grad)];
    },
  },
);

/**
 * ln(1 + e^(βx)) / β; x itself where βx is above the threshold. https://pytorch.org/docs/stable/generated/torch.nn.functional.softplus.html
 * @example F.softplus(torch.tensor([-1.5, 30]))  // tensor([ 0.2014, 30.0000])
 */
export const softplus: Op<[], [beta: number, threshold: number], { beta: number; threshold: number }> = activation(
  'softplus',
  ', beta?, threshold?',
  (x: Expr, beta?: Expr, threshold?: Expr) => {
    const scaled = beta ? x.mul(beta) : x;
    const soft = scaled.exp().log1p();
    return where(scaled.gt(threshold ?? 20), x, beta ? soft.div(beta) : soft);
  },
  {
    grad: ({ grad, args: [x], extras }) => {
      const [beta, threshold] = extras as unknown as (Expr | undefined)[];
      const scaled = beta ? x.mul(beta) : x;
      return [where(scaled.gt(threshold ?? 20), grad, grad.mul(scaled.sigmoid()))];
    },
  },
);

/**
 * x / (1 + |x|). https://pytorch.org/docs/stable/generated/torch.nn.functional.softsign.html
 * @example F.softsign(torch.tensor([-1, 3]))  // tensor([-0.5000,  0.7500])
 */
export const softsign: Op = activation('softsign', '', (x: Expr) => x.div(x.abs().add(1)), { node: 'div' });

/**
 * x − tanh(x). https://pytorch.org/docs/stable/generated/torch.nn.functional.tanhshrink.html
 * @example F.tanhshrink(torch.tensor([-1.5, 2]))  // tensor([-0.5949,  1.0360])
 */
export const tanhshrink: Op = activation('tanhshrink', '', (x: Expr) => x.sub(x.tanh()), { node: 'sub' });

/**
 * ln(sigmoid(x)), without overflow. https://pytorch.org/docs/stable/generated/torch.nn.functional.logsigmoid.html
 * @example F.logsigmoid(torch.tensor([-100.5, 2]))  // tensor([-100.5000,   -0.1269])
 */
export const logsigmoid: Op = activation('logSigmoid', '', (x: Expr) => x.min(zero(x)).sub(x.abs().neg().exp().log1p()), {
  grad: ({ grad, args: [x] }) => [grad.mul(x.neg().sigmoid())],
});

/**
 * x, or `value` where x ≤ threshold. https://pytorch.org/docs/stable/generated/torch.nn.functional.threshold.html
 * @example F.threshold(torch.tensor([0.5, 2]), 1, -1)  // tensor([-1.,  2.])
 */
export const threshold: Op<[threshold: number, value: number], [inplace: boolean], { inplace: boolean }> = withInplace(
  activation('threshold', ', threshold, value', (x: Expr, bound: Expr, value: Expr) => where(x.le(bound), value.cast(x.dtype), x), {
    ...arithmetic,
    grad: ({ grad, args: [x], extras }) => [stop(x.le((extras as unknown as Expr[])[0]), grad)],
  }),
  3,
);

/** x, or weight · x where x is negative, elementwise over broadcast operands. */
export const preluKernel: Op<[weight: import('../../tensor/tensor.js').Tensor]> = pointwise(
  'PreluKernelBackward0',
  {
    args: 'input, weight',
    operands: 2,
    promotion: 'float',
    noInplace: true,
    grad: ({ grad, args: [x, w] }) => [where(x.gt(0), grad, grad.mul(w)), where(x.gt(0), zero(grad), grad.mul(x))],
  },
  (x: Expr, w: Expr) => where(x.gt(0), x, x.mul(w)),
);
