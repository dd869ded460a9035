/** Attaches the operators to tensors: every function of these modules is also a method, with `this` as its first argument. */
import type { DType } from '../ir/dtype.js';
import { IndexError, RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { gradEdge, requiresGrad } from '../autograd/node.js';
import { numelOf } from '../tensor/size.js';
import { sameSizes, wrapDim } from '../tensor/shape.js';
import * as autograd from './autograd.js';
import * as convert from './convert.js';
import { newEmpty, newEmptyStrided, newFull, newOnes, newTensorFrom, newZeros } from './creation.js';
import { isOptions } from './signature.js';
import { inplaceOf, replace } from './inplace.js';
import { expandedForms, isExpanded } from './expanded.js';
import { frexp } from './frexp.js';
import { indexPut, indexPut_ } from './index-put.js';
import * as indexing from './indexing.js';
import { dsplit, hsplit, repeat, tile, unsafeChunk, vsplit, where } from './join.js';
import * as rearrange from './rearrange.js';
import * as linalg from './linalg/top-level.js';
import * as matmul from './matmul.js';
import * as misc from './misc.js';
import * as matrix from './matrix.js';
import { clone, contiguous, copyInto, deviceOf } from './memory.js';
import * as pointwise from './pointwise.js';
import { formatted } from './print.js';
import { inner, kron } from './products.js';
import * as random from './random.js';
import { istft, stft } from './spectral.js';
import { corrcoef, cov, histogram } from './statistics.js';
import * as read from './read.js';
import * as reduce from './reduce.js';
import * as scan from './scan.js';
import * as select from './select.js';
import * as sort from './sort.js';
import * as sparse from './sparse.js';
import * as variance from './variance.js';
import { digamma, erf, erfc, erfinv, i0, igamma, igammac, lgamma, mvlgamma, nextafter, polygamma } from './special.js';
import './out.js';
import './region.js';
import type { Properties } from './properties.js';
import { plainMethods } from './tensor-methods.js';
import * as view from './view.js';
import type { InplaceMethods, Methods, TensorLike } from './types.js';

/** Functions whose in-place forms compute, then copy over the old value. */
const inplaceOnly = {
  addbmm: matmul.addbmm,
  addmm: matmul.addmm,
  addmv: matmul.addmv,
  addr: matmul.addr,
  baddbmm: matmul.baddbmm,
  cumprod: scan.cumprod,
  cumsum: scan.cumsum,
  indexAdd: select.indexAdd,
  indexCopy: select.indexCopy,
  indexFill: select.indexFill,
  indexReduce: select.indexReduce,
  maskedFill: select.maskedFill,
  maskedScatter: select.maskedScatter,
  mvlgamma,
  put: select.put,
  renorm: linalg.renorm,
  scatter: select.scatter,
  scatterAdd: select.scatterAdd,
  scatterReduce: select.scatterReduce,
  tril: matrix.tril,
  triu: matrix.triu,
};
const newMethods = { newEmpty, newZeros, newOnes, newFull, newEmptyStrided, newTensor: newTensorFrom };
const joinMethods = { dsplit, hsplit, repeat, tile, vsplit, ...rearrange };
type RandomMethods = Pick<
  typeof random,
  'uniform_' | 'normal_' | 'random_' | 'bernoulli_' | 'exponential_' | 'geometric_' | 'cauchy_' | 'logNormal_' | 'bernoulli' | 'multinomial'
>;
type Modules = typeof pointwise &
  typeof scan &
  typeof misc &
  typeof specialMethods &
  typeof view &
  typeof convert &
  typeof read &
  typeof reduce &
  typeof variance &
  typeof matmul &
  typeof autograd &
  typeof select &
  Omit<typeof sort, 'max' | 'min'> &
  Pick<typeof indexing, 'at' | 'setAt'> &
  typeof matrix &
  typeof matrixMethods &
  typeof linalg &
  typeof joinMethods &
  RandomMethods;

/** What the modules export for each other, functions whose first argument is no tensor, and those whose overloads `Properties` has. */
type NoMethod =
  | 'isin'
  | 'trilIndices'
  | 'triuIndices'
  | 'unravelIndex'
  | 'chainMatmul'
  | 'generalPow'
  | 'selectWhere'
  | 'geometryOps'
  | 'geometryInplace'
  | 'unwatched'
  | 'viewDtype'
  | 'setViewDtype'
  | 'numpyT'
  | 'matrixT'
  | 'assembled'
  | 'readIndex'
  | 'setReadIndex'
  | 'convert'
  | 'decodeElement'
  | 'reduceRaw'
  | 'restoreDims'
  | 'extremeOfAll'
  | 'median'
  | 'nanmedian'
  | 'nonzero'
  | 'setProducts'
  | 'extremePositions'
  | 'countOf'
  | 'asFloat'
  | 'complexProduct'
  | 'productOfOthers'
  | 'productRaw'
  | 'setRequiresGrad'
  | 'nonzeroTuple'
  | 'linearIndex'
  | 'copyRaw'
  | 'asRow'
  | 'rowOf';
type NotInplace =
  | 'selectWhere'
  | 'generalPow'
  | 'angle'
  | 'complex'
  | 'polar'
  | 'isnan'
  | 'isinf'
  | 'isfinite'
  | 'isposinf'
  | 'isneginf'
  | 'isreal'
  | 'isclose'
  | 'signbit';
type Without<M, K extends string> = Pick<M, Exclude<keyof M, K>>;

type SparseMethods = Omit<typeof sparse, 'sparseCooTensor'>;

declare module '../tensor/tensor.js' {
  interface Tensor
    extends
      Methods<Without<Modules, NoMethod> & typeof newMethods & typeof plainMethods & SparseMethods>,
      InplaceMethods<Without<typeof pointwise, NotInplace> & typeof specialMethods & typeof inplaceOnly & typeof misc.geometryOps>,
      Properties {
    /**
     * A copy with its own memory; gradients flow back through it. https://pytorch.org/docs/stable/generated/torch.Tensor.clone.html
     * @example torch.tensor([1, 2]).clone()  // tensor([1, 2])
     */
    clone: typeof clone extends (input: Tensor, ...args: infer A) => infer R ? (...args: A) => R : never;
    /**
     * The tensor itself if its elements lie in row-major order, else a copy in which they do.
     * https://pytorch.org/docs/stable/generated/torch.Tensor.contiguous.html
     * @example torch.ones(2, 3).t().contiguous().stride()  // [ 2, 1 ]
     */
    contiguous: typeof contiguous extends (input: Tensor, ...args: infer A) => infer R ? (...args: A) => R : never;
  }
}

type Any = (...args: unknown[]) => unknown;
const prototype = Tensor.prototype as unknown as Record<string, unknown>;

function attach(name: string, f: Any, hidden = false): void {
  if (hidden || name in prototype) return;
  Object.defineProperty(prototype, name, {
    value: function (this: Tensor, ...args: unknown[]): unknown {
      return f(this, ...args);
    },
    writable: true,
    configurable: true,
  });
}

/** Adds every operator of a module as a method, and its in-place form where there is one. */
export function attachMethods(module: object): void {
  for (const [name, f] of Object.entries(module)) {
    if (typeof f !== 'function' || !('opName' in f)) continue;
    attach(name, f as Any);
    const inplace = (f as { inplace?: Any }).inplace;
    if (inplace) attach(`${name}_`, inplace);
  }
}

/** Adds the in-place form of functions that are no formulas: compute, then copy over the old value. */
function attachInplace(functions: Record<string, unknown>): void {
  for (const [name, f] of Object.entries(functions)) {
    const onExpanded = expandedForms[name];
    attach(`${name}_`, (self, ...args) =>
      onExpanded && isExpanded(self as Tensor)
        ? onExpanded(self as Tensor, ...(args as never[]))
        : inplaceOf(self as Tensor, (old) => (f as Any)(old, ...args) as Tensor, copyInto),
    );
  }
}

/** The functions that make index tensors from numbers are no methods. */
const { trilIndices: _tril, triuIndices: _triu, unravelIndex: _unravel, isin: _isin, ...miscMethods } = misc;

const { generalPow: _power, selectWhere: _where, ...elementwise } = pointwise;

for (const module of [
  elementwise,
  view,
  convert,
  read,
  reduce,
  variance,
  matmul,
  autograd,
  select,
  scan,
  miscMethods,
  sort,
  { at: indexing.at, setAt: indexing.setAt },
  matrix,
  linalg,
  joinMethods,
  random,
  { clone, contiguous },
  newMethods,
])
  attachMethods(module);

const { sparseCooTensor: _sparse, ...sparseMethods } = sparse;
attachMethods(sparseMethods);
const specialMethods = { digamma, erf, erfc, erfinv, i0, igamma, igammac, lgamma, mvlgamma, nextafter, polygamma };
attachMethods(specialMethods);
const matrixMethods = { unsafeChunk, frexp, indexPut, indexPut_, inner, kron, istft, stft, corrcoef, cov, histogram };
attachMethods(matrixMethods);

const properties: PropertyDescriptorMap & ThisType<Tensor> = {
  requiresGrad: {
    get() {
      return requiresGrad(this);
    },
    set(wants: boolean) {
      autograd.setRequiresGrad(this, wants);
    },
  },
  grad: {
    get() {
      return this.ownGrad;
    },
    set(value: Tensor | null) {
      assignGrad(this, value);
    },
  },
  gradFn: {
    get() {
      gradEdge(this);
      return this.node;
    },
  },
  isLeaf: {
    get() {
      gradEdge(this);
      return this.node === null;
    },
  },
  device: {
    get() {
      return deviceOf(this);
    },
  },
  data: {
    get() {
      return convert.detach(this);
    },
    set(value: Tensor) {
      Object.assign(this, { storage: value.storage, dtype: value.dtype, sizes: value.sizes, strides: value.strides, offset: value.offset });
    },
  },
  T: { get: property(view.numpyT) },
  mT: { get: property(view.matrixT) },
  H: { get: property((x) => misc.conj(checkedMatrix(x, 'H'))) },
  mH: { get: property((x) => misc.conj(view.matrixT(x))) },
  itemsize: { get: property((x) => x.dtype.itemsize) },
  nbytes: { get: property((x) => numelOf(x.sizes) * x.dtype.itemsize) },
  layout: { get: () => 'torch.strided' },
  isCuda: { get: property((x) => x.storage.device.type === 'cuda') },
  isCpu: { get: property((x) => x.storage.device.type === 'cpu') },
  isMeta: { get: () => false },
  isNested: { get: () => false },
  isQuantized: { get: () => false },
  isSparse: { get: () => false },
  retainsGrad: { get: property((x) => x.keepsGrad) },
  outputNr: { get: property((x) => x.outputIndex) },
  _version: { get: property((x) => x.storage.version) },
};
function property<R>(read: (t: Tensor) => R): () => R {
  return function (this: Tensor): R {
    return read(this);
  } as () => R;
}
function checkedMatrix(x: Tensor, name: string): Tensor {
  if (x.ndim !== 2 && x.ndim !== 0)
    throw new RuntimeError(`tensor.${name} is only supported on matrices (2-D tensors). Got ${x.ndim}-D tensor.`);
  return view.numpyT(x);
}
for (const [name, descriptor] of Object.entries(properties))
  Object.defineProperty(prototype, name, { ...descriptor, configurable: true, enumerable: false });

function assignGrad(t: Tensor, value: Tensor | null): void {
  if (value && !(value instanceof Tensor))
    throw new TypeError(`assigned grad expected to be a Tensor or None but got grad of type ${typeof value}`);
  if (value && value.sizes.join() !== t.sizes.join()) throw new RuntimeError('assigned grad has data of a different size');
  if (value && value.dtype !== t.dtype) throw new RuntimeError(`assigned grad has data of a different type`);
  t.ownGrad = value;
}

const typeNames: Record<string, string> = {
  float32: 'FloatTensor',
  float64: 'DoubleTensor',
  float16: 'HalfTensor',
  bfloat16: 'BFloat16Tensor',
  int8: 'CharTensor',
  int16: 'ShortTensor',
  int32: 'IntTensor',
  int64: 'LongTensor',
  uint8: 'ByteTensor',
  bool: 'BoolTensor',
  complex64: 'ComplexFloatTensor',
  complex128: 'ComplexDoubleTensor',
};
/** `torch.FloatTensor`, as PyTorch's `x.type()`. */
const typeName = (t: Tensor): string =>
  `torch.${t.storage.device.type === 'cpu' ? '' : `${t.storage.device.type}.`}${typeNames[t.dtype.name]}`;
const dtypeOfTypeName = (name: string): string => Object.keys(typeNames).find((k) => `torch.${typeNames[k]}` === name) ?? name;

const methods: Record<string, (this: Tensor, ...args: never[]) => unknown> & ThisType<Tensor> = {
  dim() {
    return this.sizes.length;
  },
  numel() {
    return numelOf(this.sizes);
  },
  size(dim?: number | { dim: number }) {
    const d = isOptions(dim) ? (dim.dim as number) : dim;
    return d === undefined ? this.shape : this.sizes[checkedDim(d as number, this)];
  },
  stride(dim?: number | { dim: number }) {
    const d = isOptions(dim) ? (dim.dim as number) : dim;
    return d === undefined ? [...this.strides] : this.strides[checkedDim(d as number, this)];
  },
  storageOffset() {
    return this.offset;
  },
  elementSize() {
    return this.dtype.itemsize;
  },
  dataPtr() {
    return this.storage.buffer;
  },
  isFloatingPoint() {
    return this.dtype.isFloatingPoint;
  },
  isComplex() {
    return this.dtype.isComplex;
  },
  isSigned() {
    return this.dtype.isSigned;
  },
  isInference() {
    return this.inference;
  },
  where(condition: Tensor, other: TensorLike) {
    return where(condition, this, other);
  },
  type(dtype?: DType | string) {
    return dtype === undefined ? typeName(this) : convert.to(this, (typeof dtype === 'string' ? dtypeOfTypeName(dtype) : dtype) as DType);
  },
  toString() {
    return formatted(this);
  },
  /** Lets `+x`, `x < 1` and template strings use one-element tensors. */
  valueOf() {
    return numelOf(this.sizes) === 1 && !this.dtype.isComplex ? read.item(this) : this;
  },
};
function checkedDim(d: number, t: Tensor): number {
  return t.sizes.length === 0 ? wrapDimOfScalar(d) : wrapDim(d, t.sizes.length);
}
function wrapDimOfScalar(d: number): never {
  throw new IndexError(`Dimension specified as ${d} but tensor has no dimensions`);
}
for (const [name, value] of Object.entries(methods)) Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
Object.defineProperty(prototype, 'ndimension', { value: methods.dim, configurable: true });
Object.defineProperty(prototype, 'nelement', { value: methods.numel, configurable: true });
Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), { value: methods.toString, configurable: true });
Object.defineProperty(prototype, Symbol.iterator, {
  value: function (this: Tensor): Iterator<Tensor> {
    if (this.sizes.length === 0) throw new TypeError('iteration over a 0-d tensor');
    return view.unbind(this, 0)[Symbol.iterator]();
  },
  configurable: true,
});

/** As in PyTorch, `self` takes the shape of the product. */
attach('addbmm_', (self, ...args) => {
  const x = self as Tensor;
  const compute = (old: Tensor): Tensor => (matmul.addbmm as Any)(old, ...args) as Tensor;
  const [a, b] = args as Tensor[];
  return sameSizes(x.sizes, [a.sizes[1], b.sizes[2]]) ? inplaceOf(x, compute, copyInto) : replace(x, compute(x));
});
attachInplace(inplaceOnly);
for (const [name, f] of Object.entries(plainMethods)) attach(name, f as Any);
for (const [name, f] of Object.entries(misc.geometryInplace)) attach(name, f as Any);
