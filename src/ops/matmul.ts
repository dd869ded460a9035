/** Matrix products. All go through the routine `matmul`, which reads any strides and broadcasts batches without copies. */
import { bool, type DType } from '../ir/dtype.js';
import { nameNode, record, requiresGrad } from '../autograd/node.js';
import { NotImplementedError, RuntimeError } from '../tensor/errors.js';
import { type ComplexNumber, isComplexNumber, type Number_, resultType } from '../tensor/promote.js';
import { broadcastSizes, broadcastStrides, formatShape, sameSizes } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import { emptyTensor } from '../tensor/storage.js';
import { Tensor } from '../tensor/tensor.js';
import { convert } from './convert.js';
import { sumToSize } from './apply.js';
import { cppTypeName, define, scalarTypeName } from './define.js';
import { commonDevice } from './launch.js';
import { fillRaw } from './memory.js';
import { add, conjPhysical, mul } from './pointwise.js';
import { sum } from './reduce.js';
import { expand, reshape, squeeze, transpose, unsqueeze } from './view.js';
import type { Op, Scalar } from './types.js';

const partsOf = (x: Number_): [number, number] =>
  isComplexNumber(x) ? [(x as ComplexNumber).re, (x as ComplexNumber).im] : [Number(x), 0];

/** `t` with its batch dims (all but the last two) broadcast to `batch`. */
function withBatch(t: Tensor, batch: readonly number[]): Tensor {
  const sizes = [...batch, ...t.sizes.slice(-2)];
  return sameSizes(sizes, t.sizes) ? t : new Tensor(t.storage, t.dtype, sizes, broadcastStrides(t.sizes, t.strides, sizes), t.offset);
}

/** act(alpha · a @ b + beta · input), outside the graph. */
export function productRaw(a: Tensor, b: Tensor, input: Tensor | null = null, alpha: Number_ = 1, beta: Number_ = 1): Tensor {
  const batch = broadcastSizes(a.sizes.slice(0, -2), b.sizes.slice(0, -2));
  const [m, n] = [a.sizes[a.ndim - 2], b.sizes[b.ndim - 1]];
  const device = commonDevice(input ? [a, b, input] : [a, b]);
  const out = emptyTensor(device, a.dtype, [...batch, m, n]);
  if (numelOf(out.sizes) === 0) return out;
  const addend =
    input && new Tensor(input.storage, input.dtype, out.sizes, broadcastStrides(input.sizes, input.strides, out.sizes), input.offset);
  const [[alphaRe, alphaIm], [betaRe, betaIm]] = [partsOf(alpha), partsOf(beta)];
  device.runRoutine({
    name: 'matmul',
    operands: [out, withBatch(a, batch), withBatch(b, batch), addend],
    params: [alphaRe, betaRe, 0, alphaIm, betaIm],
  });
  return out;
}

/** The conjugate transpose, which gradients need. */
const adjoint = (x: Tensor): Tensor => {
  const y = transpose(x, -2, -1);
  return x.dtype.isComplex ? conjPhysical(y) : y;
};

/** Whether columns, not rows, are contiguous, as in the transpose of a new matrix. */
const liesTransposed = ({ sizes, strides, ndim }: Tensor): boolean =>
  ndim === 2 && strides[0] === 1 && strides[1] === sizes[0] && sizes[0] > 1;
const conjugate = (x: Tensor): Tensor => (x.dtype.isComplex ? conjPhysical(x) : x);
/** grad @ bᴴ and aᴴ @ grad, laid out like the operand that they are the gradients of. */
const gradientOfLeft = (name: string, grad: Tensor, a: Tensor, b: Tensor): Tensor =>
  liesTransposed(a) ? transpose(product(name, conjugate(b), transpose(grad, -2, -1)), -2, -1) : product(name, grad, adjoint(b));
const gradientOfRight = (name: string, grad: Tensor, a: Tensor, b: Tensor): Tensor =>
  liesTransposed(b) ? transpose(product(name, transpose(grad, -2, -1), conjugate(a)), -2, -1) : product(name, adjoint(a), grad);

/** a @ b of matrices with broadcast batches; recorded. */
function product(name: string, a: Tensor, b: Tensor): Tensor {
  const [sizesA, sizesB] = [a.sizes, b.sizes];
  return record(name, [a, b], productRaw(a, b), [a, b], ({ grad }, [x, y]) => [
    () => sumToSize(gradientOfLeft(name, grad, x, y), sizesA),
    () => sumToSize(gradientOfRight(name, grad, x, y), sizesB),
  ]);
}

type Clash = (...dtypes: readonly DType[]) => string;
/** What PyTorch says of floats of different dtypes, which it does not promote. */
const clashes: Record<'mm' | 'bmm' | 'mv' | 'dot' | 'addmm' | 'addmv' | 'baddbmm', Clash> = {
  mm: (a, b) => `expected m1 and m2 to have the same dtype, but got: ${cppTypeName(a)} != ${cppTypeName(b)}`,
  bmm: (a, b) => `expected scalar type ${scalarTypeName(a)} but found ${scalarTypeName(b)}`,
  mv: (a, b) => clashes.addmv(b, a, b),
  dot: (a, b) => `dot : expected both vectors to have same dtype, but found ${scalarTypeName(a)} and ${scalarTypeName(b)}`,
  addmm: (input, a, b) =>
    `${input === b ? 'mat1' : 'self'} and mat2 must have the same dtype, but got ${scalarTypeName(input === b ? a : input)} and ${scalarTypeName(b)}`,
  addmv: (input, mat, vec) =>
    `addmv input tensors must have the same dtype, but got ${scalarTypeName(input)}, ${scalarTypeName(mat)}, and ${scalarTypeName(vec)}`,
  baddbmm: (input, a, b) =>
    input === a
      ? clashes.bmm(a, b)
      : `Input dtypes must be the same, got: input ${cppTypeName(input)}, batch1: ${cppTypeName(a)}, batch2: ${cppTypeName(b)}`,
};

/** Whether there are floats, or complex numbers, of different dtypes. */
export function haveMixedFloats(tensors: readonly Tensor[]): boolean {
  const floats = tensors.filter((t) => t.dtype.category >= 2);
  return floats.some((t) => t.dtype !== floats[0].dtype);
}

/** All operands in their common dtype, as matrix products want them: numbers of other kinds become floats. */
function promoted(name: string, tensors: readonly Tensor[], clash: Clash): Tensor[] {
  if (haveMixedFloats(tensors)) throw new RuntimeError(clash(...tensors.map((t) => t.dtype)));
  const first = tensors[0].dtype;
  const dtype: DType = tensors.every((t) => t.dtype === first)
    ? first
    : resultType(tensors.map((t) => (t.ndim === 0 ? reshape(t, [1]) : t)));
  if (dtype === bool) throw new NotImplementedError(`"${name}" not implemented for '${scalarTypeName(bool)}'`);
  return tensors.map((t) => convert(t, dtype));
}

function checkDims(condition: boolean, message: string): void {
  if (!condition) throw new RuntimeError(message);
}

/**
 * The product of two matrices. https://pytorch.org/docs/stable/generated/torch.mm.html
 * @example
 * torch.mm(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[0, 1], [1, 0]]))
 * // tensor([[2, 1],
 * //         [4, 3]])
 */
export const mm: Op<[mat2: Tensor]> = define('mm', 'input, mat2', (input: Tensor, mat2: Tensor) => {
  checkDims(input.ndim === 2, 'self must be a matrix');
  checkDims(mat2.ndim === 2, 'mat2 must be a matrix');
  checkInner(input, mat2);
  const [a, b] = promoted('addmm_impl_cpu_', [input, mat2], clashes.mm);
  return product('mm', a, b);
});
function checkInner(a: Tensor, b: Tensor): void {
  checkDims(a.sizes[1] === b.sizes[0], `mat1 and mat2 shapes cannot be multiplied (${a.sizes.join('x')} and ${b.sizes.join('x')})`);
}

/**
 * Products of two equal batches of matrices. https://pytorch.org/docs/stable/generated/torch.bmm.html
 * @example torch.bmm(torch.ones(3, 2, 4), torch.ones(3, 4, 5)).shape  // torch.Size([3, 2, 5])
 */
export const bmm: Op<[mat2: Tensor]> = define('bmm', 'input, mat2', (input: Tensor, mat2: Tensor) => {
  checkDims(input.ndim === 3, 'batch1 must be a 3D tensor');
  checkDims(mat2.ndim === 3, 'batch2 must be a 3D tensor');
  checkBatches(input, mat2);
  const [a, b] = promoted('bmm', [input, mat2], clashes.bmm);
  return product('bmm', a, b);
});
function checkBatches(a: Tensor, b: Tensor): void {
  const [n, , k] = a.sizes;
  checkDims(
    b.sizes[0] === n && b.sizes[1] === k,
    `Expected size for first two dimensions of batch2 tensor to be: [${n}, ${k}] but got: [${b.sizes[0]}, ${b.sizes[1]}].`,
  );
}

/**
 * The product of a matrix (n, m) and a vector (m): (n). https://pytorch.org/docs/stable/generated/torch.mv.html
 * @example torch.mv(torch.tensor([[1, 2], [3, 4]]), torch.tensor([1, 1]))  // tensor([3, 7])
 */
export const mv: Op<[vec: Tensor]> = define('mv', 'input, vec', (input: Tensor, vec: Tensor) => {
  checkDims(input.ndim === 2 && vec.ndim === 1, `vector + matrix @ vector expected, got 1, ${input.ndim}, ${vec.ndim}`);
  checkDims(
    input.sizes[1] === vec.sizes[0],
    `size mismatch, got input (${input.sizes[0]}), mat (${input.sizes.join('x')}), vec (${vec.sizes[0]})`,
  );
  const [a, b] = promoted('addmv_impl_cpu', [input, vec], clashes.mv);
  return nameNode('mv', squeeze(product('mv', a, unsqueeze(b, 1)), 1));
});

function dotRaw(a: Tensor, b: Tensor): Tensor {
  const device = commonDevice([a, b]);
  const out = emptyTensor(device, a.dtype, []);
  device.runRoutine({ name: 'dot', operands: [out, a, b], params: [] });
  return out;
}
function checkVectors(a: Tensor, b: Tensor): void {
  checkDims(a.ndim === 1 && b.ndim === 1, `1D tensors expected, but got ${a.ndim}D and ${b.ndim}D tensors`);
  checkDims(a.dtype === b.dtype, clashes.dot(a.dtype, b.dtype));
  checkDims(
    a.sizes[0] === b.sizes[0],
    `inconsistent tensor size, expected tensor [${a.sizes[0]}] and src [${b.sizes[0]}] to have the same number of elements, but got ${a.sizes[0]} and ${b.sizes[0]} elements respectively`,
  );
}
/**
 * The sum of products of two vectors. https://pytorch.org/docs/stable/generated/torch.dot.html
 * @example torch.dot(torch.tensor([1, 2]), torch.tensor([3, 4]))  // tensor(11)
 */
export const dot: Op<[tensor: Tensor]> = define('dot', 'input, tensor', (input: Tensor, other: Tensor) => {
  checkVectors(input, other);
  const [a, b] = promoted('dot', [input, other], clashes.dot);
  return record('dot', [a, b], dotRaw(a, b), [a, b], ({ grad }, [x, y]) => [
    () => mul(grad, conjPhysical(y)),
    () => mul(grad, conjPhysical(x)),
  ]);
});
/**
 * As `dot`, the first vector conjugated. https://pytorch.org/docs/stable/generated/torch.vdot.html
 * @example torch.vdot(torch.tensor([{ re: 0, im: 1 }]), torch.tensor([{ re: 0, im: 1 }]))  // tensor(1.+0.j)
 */
export const vdot: Op<[other: Tensor]> = define('vdot', 'input, other', (input: Tensor, other: Tensor) => {
  checkVectors(input, other);
  return nameNode('vdot', dot(conjugate(input), other));
});

/**
 * The product of matrices, vectors and batches of them: (…, n, m) by (…, m, p) gives (…, n, p), with the leading dims broadcast.
 * https://pytorch.org/docs/stable/generated/torch.matmul.html
 * @example torch.matmul(torch.ones(2, 3), torch.ones(3))  // tensor([3., 3.])
 */
export const matmul: Op<[other: Tensor]> = define('matmul', 'input, other', (input: Tensor, other: Tensor) => {
  checkDims(
    input.ndim > 0 && other.ndim > 0,
    `both arguments to matmul need to be at least 1D, but they are ${input.ndim}D and ${other.ndim}D`,
  );
  if (input.ndim === 1 && other.ndim === 1) return dot(...(promoted('dot', [input, other], clashes.dot) as [Tensor, Tensor]));
  if (input.ndim === 2 && other.ndim === 2) return mm(input, other);
  if (input.ndim === 2 && other.ndim === 1) return mv(input, other);
  const [a, b] = promoted('bmm', [input, other], foldedClash(input.ndim, other.ndim));
  // PyTorch folds the batch of the right side, if the matrix on the left requires grad, and copies the result.
  const node = a.ndim === 2 && requiresGrad(a) ? 'clone' : 'UnsafeViewBackward0';
  return nameNode(node, batchedAny(a, b));
});
function batchedAny(a: Tensor, b: Tensor): Tensor {
  if (a.ndim === 1) return squeeze(batched(unsqueeze(a, 0), b), -2);
  if (b.ndim === 1) return squeeze(batched(a, unsqueeze(b, 1)), -1);
  return batched(a, b);
}

/** Batches on one side only are folded into one product of matrices, or of a matrix and a vector. */
function foldedClash(left: number, right: number): Clash {
  if (left > 2 && right > 2) return clashes.bmm;
  if (right === 1) return clashes.mv;
  if (right > 2) return left === 1 ? (a, b) => clashes.mv(b, a) : (a, b) => clashes.mm(b, a);
  return clashes.mm;
}

function batched(a: Tensor, b: Tensor): Tensor {
  const [k, rows] = [a.sizes[a.ndim - 1], b.sizes[b.ndim - 2]];
  if (k !== rows) {
    if (b.ndim === 2 || a.ndim === 2) {
      const flat = [numelOf(a.sizes.slice(0, -1)), k];
      throw new RuntimeError(`mat1 and mat2 shapes cannot be multiplied (${flat.join('x')} and ${b.sizes.slice(-2).join('x')})`);
    }
    const n = numelOf(broadcastSizes(a.sizes.slice(0, -2), b.sizes.slice(0, -2)));
    throw new RuntimeError(`Expected size for first two dimensions of batch2 tensor to be: [${n}, ${k}] but got: [${n}, ${rows}].`);
  }
  // One big product instead of many small ones where the batch is on one side only.
  if (b.ndim === 2 && a.ndim > 2)
    return reshape(product('mm', reshape(a, [numelOf(a.sizes.slice(0, -1)), k]), b), [...a.sizes.slice(0, -1), b.sizes[1]]);
  return product('bmm', a, b);
}

type AddOptions = { beta: Scalar; alpha: Scalar };
/** beta · input + alpha · (a @ b), recorded; `input` is broadcast. */
function addProduct(name: 'addmm' | 'addmv' | 'baddbmm', inputLike: Tensor, a0: Tensor, b0: Tensor, beta: Number_, alpha: Number_): Tensor {
  const [input, a, b] = promoted('addmm_impl_cpu_', [inputLike, a0, b0], clashes[name]);
  checkAddend(input, a, b);
  const ignore = Number(beta) === 0 && !isComplexNumber(beta);
  const out = productRaw(a, b, ignore ? null : input, alpha, ignore ? 0 : beta);
  if (ignore && a.sizes[a.ndim - 1] === 0) fillRaw(out, 0);
  const shape = input.sizes;
  return record(name, [input, a, b], out, [a, b], ({ grad }, [x, y]) => [
    () => sumToSize(scale(grad, beta), shape),
    () => sumToSize(scale(gradientOfLeft('mm', grad, x, y), alpha), x.sizes),
    () => sumToSize(scale(gradientOfRight('mm', grad, x, y), alpha), y.sizes),
  ]);
}
const scale = (grad: Tensor, k: Number_): Tensor => (k === 1 ? grad : mul(grad, isComplexNumber(k) ? { re: k.re, im: -k.im } : k));
function checkAddend(input: Tensor, a: Tensor, b: Tensor): void {
  const target = [...broadcastSizes(a.sizes.slice(0, -2), b.sizes.slice(0, -2)), a.sizes[a.ndim - 2], b.sizes[b.ndim - 1]];
  if (input.ndim > target.length || !input.sizes.every((n, d) => n === 1 || n === target[d + target.length - input.ndim])) {
    const bad = [...input.sizes].reverse().findIndex((n, i) => n !== 1 && n !== target[target.length - 1 - i]);
    const dim = target.length - 1 - bad;
    throw new RuntimeError(
      `The expanded size of the tensor (${target[dim]}) must match the existing size (${input.sizes[input.ndim - 1 - bad]}) at non-singleton dimension ${dim}.  Target sizes: ${formatShape(target)}.  Tensor sizes: ${formatShape(input.sizes)}`,
    );
  }
}

/**
 * beta · input + alpha · (mat1 @ mat2). https://pytorch.org/docs/stable/generated/torch.addmm.html
 * @example
 * torch.addmm(torch.ones(2, 2), torch.eye(2), torch.eye(2), { alpha: 3 })
 * // tensor([[4., 1.],
 * //         [1., 4.]])
 */
export const addmm: Op<[mat1: Tensor, mat2: Tensor], [], AddOptions> = define(
  'addmm',
  'input, mat1, mat2, *, beta?, alpha?',
  (input: Tensor, a: Tensor, b: Tensor, beta: Number_ = 1, alpha: Number_ = 1) => {
    checkDims(a.ndim === 2, `mat1 must be a matrix, got ${a.ndim}-D tensor`);
    checkDims(b.ndim === 2, `mat2 must be a matrix, got ${b.ndim}-D tensor`);
    checkInner(a, b);
    return addProduct('addmm', input, a, b, beta, alpha);
  },
);
/**
 * beta · input + alpha · (batch1 @ batch2). https://pytorch.org/docs/stable/generated/torch.baddbmm.html
 * @example torch.baddbmm(torch.ones(3, 2, 2), torch.ones(3, 2, 4), torch.ones(3, 4, 2)).shape  // torch.Size([3, 2, 2])
 */
export const baddbmm: Op<[batch1: Tensor, batch2: Tensor], [], AddOptions> = define(
  'baddbmm',
  'input, batch1, batch2, *, beta?, alpha?',
  (input: Tensor, a: Tensor, b: Tensor, beta: Number_ = 1, alpha: Number_ = 1) => {
    checkDims(a.ndim === 3, 'batch1 must be a 3D tensor');
    checkDims(b.ndim === 3, 'batch2 must be a 3D tensor');
    checkBatches(a, b);
    return addProduct('baddbmm', input, a, b, beta, alpha);
  },
);
/**
 * beta · input + alpha · Σ over the batch of batch1 @ batch2. https://pytorch.org/docs/stable/generated/torch.addbmm.html
 * @example
 * torch.addbmm(torch.ones(2, 2), torch.ones(3, 2, 4), torch.ones(3, 4, 2))
 * // tensor([[13., 13.],
 * //         [13., 13.]])
 */
export const addbmm: Op<[batch1: Tensor, batch2: Tensor], [], AddOptions> = define(
  'addbmm',
  'input, batch1, batch2, *, beta?, alpha?',
  (input: Tensor, a: Tensor, b: Tensor, beta: Number_ = 1, alpha: Number_ = 1) => {
    if (haveMixedFloats([input, a, b])) throw new RuntimeError(clashes.addmm(input.dtype, a.dtype, b.dtype));
    const total = sum(bmm(a, b), 0);
    const [keep, scale] = [beta, alpha].map((x) => (total.dtype.category < 2 ? Math.trunc(Number(x)) : x));
    const scaled = scale === 1 ? total : mul(total, scale);
    return nameNode('addbmm', Number(keep) === 0 ? expand(scaled, total.sizes) : add(keep === 1 ? input : mul(input, keep), scaled));
  },
);
/**
 * beta · input + alpha · (mat @ vec). https://pytorch.org/docs/stable/generated/torch.addmv.html
 * @example torch.addmv(torch.ones(2), torch.eye(2), torch.tensor([1, 2]))  // tensor([2., 3.])
 */
export const addmv: Op<[mat: Tensor, vec: Tensor], [], AddOptions> = define(
  'addmv',
  'input, mat, vec, *, beta?, alpha?',
  (input: Tensor, mat: Tensor, vec: Tensor, beta: Number_ = 1, alpha: Number_ = 1) => {
    checkDims(mat.ndim === 2 && vec.ndim === 1, `vector + matrix @ vector expected, got ${input.ndim}, ${mat.ndim}, ${vec.ndim}`);
    checkDims(
      mat.sizes[1] === vec.sizes[0],
      `size mismatch, got input (${input.sizes.join('x')}), mat (${mat.sizes.join('x')}), vec (${vec.sizes[0]})`,
    );
    const column = input.ndim === 1 ? unsqueeze(input, 1) : input;
    return nameNode('addmv', squeeze(addProduct('addmv', column, mat, unsqueeze(vec, 1), beta, alpha), 1));
  },
);
/**
 * The outer product of two vectors. https://pytorch.org/docs/stable/generated/torch.outer.html
 * @example
 * torch.outer(torch.tensor([1, 2]), torch.tensor([3, 4]))
 * // tensor([[3, 4],
 * //         [6, 8]])
 */
export const outer: Op<[vec2: Tensor]> = define('outer', 'input, vec2', (input: Tensor, vec2: Tensor) => {
  checkDims(input.ndim === 1, `outer: Expected 1-D argument self, but got ${input.ndim}-D`);
  checkDims(vec2.ndim === 1, `outer: Expected 1-D argument vec2, but got ${vec2.ndim}-D`);
  return mul(unsqueeze(input, 1), vec2);
});
/** Alias of `outer`. */
export const ger: Op<[vec2: Tensor]> = outer;
/**
 * beta · input + alpha · vec1 ⊗ vec2. https://pytorch.org/docs/stable/generated/torch.addr.html
 * @example
 * torch.addr(torch.zeros(2, 2), torch.tensor([1, 2]), torch.tensor([3, 4]))
 * // tensor([[3., 4.],
 * //         [6., 8.]])
 */
export const addr: Op<[vec1: Tensor, vec2: Tensor], [], AddOptions> = define(
  'addr',
  'input, vec1, vec2, *, beta?, alpha?',
  (input: Tensor, vec1: Tensor, vec2: Tensor, beta: Number_ = 1, alpha: Number_ = 1) => {
    checkDims(vec1.ndim === 1, `addr: Expected 1-D argument vec1, but got ${vec1.ndim}-D`);
    checkDims(vec2.ndim === 1, `addr: Expected 1-D argument vec2, but got ${vec2.ndim}-D`);
    const truth = [input, vec1, vec2].every((t) => t.dtype === bool);
    const [b, a] = truth ? [Boolean(beta), Boolean(alpha)] : [beta, alpha];
    const product1 = outer(vec1, vec2);
    const scaled = a === 1 ? product1 : mul(product1, a);
    if (b === 0 || b === false) return convert(scaled, resultType([input, scaled]));
    return nameNode('addr', add(b === 1 ? input : mul(input, b), scaled));
  },
);
/**
 * x @ weightᵀ + bias over the last dim. https://pytorch.org/docs/stable/generated/torch.nn.functional.linear.html
 * @example F.linear(torch.ones(1, 3), torch.ones(2, 3), torch.tensor([1, 2]))  // tensor([[4., 5.]])
 */
export const linear: Op<[weight: Tensor], [bias: Tensor | null], { bias: Tensor | null }> = define(
  'linear',
  'input, weight, bias?',
  (input: Tensor, weight: Tensor, bias?: Tensor | null) => {
    if (weight.ndim === 1) return bias ? add(matmul(input, weight), bias) : matmul(input, weight);
    const transposed = transpose(weight, 0, 1);
    if (!bias) return input.ndim === 1 ? nameNode('SqueezeBackward4', matmul(input, transposed)) : matmul(input, transposed);
    if (input.ndim === 2) return addmm(bias, input, transposed);
    if (input.ndim === 1) return nameNode('ViewBackward0', squeeze(addmm(bias, unsqueeze(input, 0), transposed), 0));
    const k = input.sizes[input.ndim - 1];
    return reshape(addmm(bias, reshape(input, [numelOf(input.sizes.slice(0, -1)), k]), transposed), [
      ...input.sizes.slice(0, -1),
      weight.sizes[0],
    ]);
  },
);
