/** Elementwise operators, and their second names. */
export * from './arithmetic.js';
export * from './clamping.js';
export * from './complex.js';
export * from './logic.js';
export * from './pointwise-math.js';
export { type Binary, type Unary } from './pointwise-kinds.js';

export { abs as absolute, mul as multiply, neg as negative, sub as subtract } from './arithmetic.js';
export { clamp as clip } from './clamping.js';
export { ge as greaterEqual, gt as greater, le as lessEqual, lt as less, ne as notEqual } from './logic.js';
export {
  acos as arccos,
  acosh as arccosh,
  asin as arcsin,
  asinh as arcsinh,
  atan as arctan,
  atan2 as arctan2,
  atanh as arctanh,
} from './pointwise-math.js';
