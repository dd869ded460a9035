/** In-place methods as functions. */
import type { Tensor } from './tensor/tensor.js';

type InplaceForms = {
  [K in keyof Tensor as K extends `${string}_` ? K : never]: Tensor[K] extends (...args: infer A) => infer R
    ? (input: Tensor, ...args: A) => R
    : never;
};
/** In-place methods as functions: `torch.relu_(x)` is `x.relu_()`. */
export const {
  abs_,
  acos_,
  acosh_,
  addmv_,
  arccos_,
  arccosh_,
  arcsin_,
  arcsinh_,
  arctan_,
  arctanh_,
  asStrided_,
  asin_,
  asinh_,
  atan_,
  atanh_,
  ceil_,
  clampMax_,
  clampMin_,
  clamp_,
  clip_,
  conjPhysical_,
  cos_,
  cosh_,
  deg2rad_,
  detach_,
  erf_,
  erfc_,
  exp2_,
  exp_,
  expm1_,
  fix_,
  floor_,
  frac_,
  gcd_,
  i0_,
  indexPut_,
  lcm_,
  ldexp_,
  log10_,
  log1p_,
  log2_,
  log_,
  logit_,
  nanToNum_,
  neg_,
  negative_,
  rad2deg_,
  reciprocal_,
  relu_,
  round_,
  rsqrt_,
  sigmoid_,
  sin_,
  sinc_,
  sinh_,
  sqrt_,
  square_,
  tan_,
  tanh_,
  trunc_,
  xlogy_,
} = new Proxy({} as InplaceForms, {
  get:
    (_, name) =>
    (input: Tensor, ...args: unknown[]) =>
      (input as unknown as Record<PropertyKey, (...a: unknown[]) => unknown>)[name](...args),
});
