/** Products and quotients by a number that is no operand to PyTorch: nodes keep nothing for it, so that backward may run again. */
import type { Expr } from '../ir/expr.js';
import type { Tensor } from '../tensor/tensor.js';
import { pointwise, type PointwiseSpec } from './define.js';

type ByNumber = (input: Tensor, number: number) => Tensor;
const spec: PointwiseSpec = { args: 'input, number', operands: 2, promotion: 'float', plainNumbers: true, noInplace: true };

export const timesNumber: ByNumber = pointwise('mul', { ...spec, node: 'MulBackward1' }, (x: Expr, k: Expr) => x.mul(k));
export const overNumber: ByNumber = pointwise('div', { ...spec, node: 'DivBackward1' }, (x: Expr, k: Expr) => x.div(k));
