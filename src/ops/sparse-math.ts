/** What sparse tensors can compute. Their methods stand in for those of dense tensors; whatever is not here throws. */
import { gradOps } from '../autograd/engine.js';
import { requiresGrad } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { getDefaultDtype, isNumber, type Number_ } from '../tensor/promote.js';
import { SparseTensor } from '../tensor/sparse.js';
import { Tensor } from '../tensor/tensor.js';
import './autograd.js';
import { indexPut_ } from './index-put.js';
import { cat } from './join.js';
import { zeros } from './memory.js';
import { formatted } from './print.js';
import { coalesce, toDense, toSparse } from './sparse.js';

export { coalesce } from './sparse.js';

/** The same places with other values. */
export const withEntries = ({ places, sizes, coalesced }: SparseTensor, entries: Tensor): SparseTensor =>
  new SparseTensor(places, entries, sizes, coalesced);

/** The sum of two sparse tensors: entries at the same places are added, others stand behind each other. */
function addSparse(a: SparseTensor, b: SparseTensor): SparseTensor {
  if (String(a.sizes) !== String(b.sizes))
    throw new RuntimeError(`add: expected sizes of 'self' and 'other' to match, but [${a.sizes.join(', ')}] != [${b.sizes.join(', ')}]`);
  if (a.storage.device.canReadSync && a.places.equal(b.places))
    return new SparseTensor(a.places, a.entries.add(b.entries), a.sizes, a.coalesced && b.coalesced);
  const both = new SparseTensor(cat([a.places, b.places], 1), cat([a.entries, b.entries], 0), a.sizes);
  return a.coalesced && b.coalesced ? coalesce(both) : both;
}

/** Adds a sparse tensor to a dense one, in place. */
export function addInto(dense: Tensor, { places, entries, sizes }: SparseTensor): Tensor {
  if (String(dense.sizes) !== String(sizes))
    throw new RuntimeError(
      `add: expected 'self' and 'other' to have same size, but self has size [${dense.sizes.join(', ')}] while other has size ` +
        `[${sizes.join(', ')}] (FYI: dense-sparse addition does not currently support broadcasting)`,
    );
  return indexPut_(dense, places.unbind(0), entries, true);
}

function added(a: SparseTensor, b: unknown, { alpha = 1 }: { alpha?: number } = {}): SparseTensor {
  if (!(b instanceof SparseTensor)) throw new RuntimeError('add(sparse, dense) is not supported. Use add(dense, sparse) instead.');
  return addSparse(a, alpha === 1 ? b : withEntries(b, b.entries.mul(alpha)));
}

function multiplied(a: SparseTensor, b: Tensor | Number_): SparseTensor {
  if (isNumber(b) || b.ndim === 0) return withEntries(a, a.entries.mul(b));
  if (!(b instanceof SparseTensor)) return withEntries(a, a.entries.mul(b.at(...a.places.unbind(0))));
  return toSparse(toDense(a).mul(toDense(b)), a.places.sizes[0]);
}

/** A sparse matrix times a dense one or a vector; of two sparse ones the product is sparse. */
export function sparseProduct(a: SparseTensor, b: Tensor): Tensor {
  if (b instanceof SparseTensor) return toSparse(sparseProduct(a, toDense(b)));
  if (a.places.sizes[0] !== 2 || a.ndim !== 2 || b.ndim > 2) return toDense(a).matmul(b);
  if (b.sizes[0] !== a.sizes[1]) throw new RuntimeError(`addmm: Argument #3 (dense): Expected dim 0 size ${a.sizes[1]}, got ${b.sizes[0]}`);
  const [rows, columns] = a.places.unbind(0);
  const entries = b.ndim === 2 ? a.entries.unsqueeze(1) : a.entries;
  const out = zeros([a.sizes[0], ...b.sizes.slice(1)], { dtype: b.dtype, device: b.storage.device });
  return out.indexAdd(0, rows, b.indexSelect(0, columns).mul(entries));
}

function transposed({ places, entries, sizes }: SparseTensor): SparseTensor {
  if (places.sizes[0] !== 2 || sizes.length !== 2)
    throw new RuntimeError(`t() expects a tensor with <= 2 sparse and 0 dense dims, but got ${places.sizes[0]} sparse dims`);
  return new SparseTensor(places.flip(0), entries, [sizes[1], sizes[0]]);
}

const indented = (label: string, t: Tensor, end: string): string => `${label}${formatted(t.detach(), 'tensor', t.dtype).replaceAll('\n', `\n${' '.repeat(label.length)}`)}${end}`; // prettier-ignore

/** PyTorch's printout: places, entries, size. */
function printed({ places, entries, sizes, dtype }: SparseTensor): string {
  const size = `size=(${sizes.join(', ')}${sizes.length === 1 ? ',' : ''}), nnz=${places.sizes[1]}`;
  const usual = dtype === getDefaultDtype() || dtype.name === 'int64' || dtype.name === 'bool';
  const last = `       ${size}${usual ? '' : `, dtype=${dtype}`}, layout=torch.sparse_coo`;
  const history = entries.node ? `grad_fn=<${entries.node.name}>` : entries.wantsGrad ? 'requires_grad=True' : '';
  const gap = last.length + history.length + 3 > 80 ? ',\n       ' : ', ';
  return `${indented('tensor(indices=', places, ',')}\n${indented('       values=', entries, ',')}\n${last}${history && gap + history})`;
}

/** Makes `a` what `b` is, for methods in place. */
function become(a: SparseTensor, { places, entries, coalesced }: SparseTensor): SparseTensor {
  a.storage.version++;
  return Object.assign(a, { places, entries, coalesced });
}

/** Functions of single elements that keep 0. */
const elementwise = [
  ...(['abs', 'asin', 'asinh', 'atan', 'atanh', 'ceil', 'erf', 'expm1', 'floor', 'log1p', 'neg', 'relu', 'round', 'sign'] as const),
  ...(['sin', 'sinh', 'sqrt', 'square', 'tan', 'tanh', 'trunc'] as const),
];

type Method = (self: SparseTensor, ...args: never[]) => unknown;

const methods: Record<string, Method> = {
  add: added,
  sub: (a, b: Tensor, { alpha = 1 }: { alpha?: number } = {}) => added(a, b, { alpha: -alpha }),
  mul: multiplied,
  div: (a, b: Number_) => withEntries(a, a.entries.div(b)),
  pow: (a, exponent: number) => withEntries(coalesce(a), coalesce(a).entries.pow(exponent)),
  add_: (a, b: Tensor, options?: { alpha?: number }) => become(a, added(a, b, options)),
  mul_: (a, b: Tensor | Number_) => become(a, multiplied(a, b)),
  div_: (a, b: Number_) => become(a, withEntries(a, a.entries.div(b))),
  zero_: (a) => become(a, new SparseTensor(a.places.narrow(1, 0, 0), a.entries.narrow(0, 0, 0), a.sizes)),
  matmul: sparseProduct,
  mm: sparseProduct,
  mv: sparseProduct,
  t: transposed,
  sum: (a) => a.entries.sum(),
  norm: (a) => coalesce(a).entries.norm(),
  at: (a, ...indices: number[]) => toSparse(toDense(a).at(...indices)),
  clone: (a) => new SparseTensor(a.places.clone(), a.entries.clone(), a.sizes, a.coalesced),
  detach: (a) => withEntries(a, a.entries.detach()),
  to: (a, ...args: never[]) => withEntries(a, a.entries.to(...args)),
  item: (a) => toDense(a).item(),
  tolist: (a) => toDense(a).tolist(),
  toString: printed,
  requiresGrad_: (a, wants = true) => Object.assign(a, { requiresGrad: wants }),
};
for (const name of elementwise) methods[name] = (a) => withEntries(coalesce(a), coalesce(a).entries[name]());

const properties: PropertyDescriptorMap & ThisType<SparseTensor> = {
  isSparse: { get: () => true },
  layout: { get: () => 'torch.sparse_coo' },
  gradFn: {
    get() {
      return this.entries.node;
    },
  },
  requiresGrad: {
    get() {
      return requiresGrad(this.entries);
    },
    set(wants: boolean) {
      this.entries.requiresGrad = wants;
    },
  },
  grad: {
    get() {
      const { ownGrad } = this.entries;
      return ownGrad && withEntries(this, ownGrad);
    },
    set(value: SparseTensor | null) {
      this.entries.grad = value && value.entries;
    },
  },
};

const { prototype } = SparseTensor;
Object.defineProperties(prototype, properties);
for (const [name, method] of Object.entries(methods))
  Object.defineProperty(prototype, name, {
    value(this: SparseTensor, ...args: never[]): unknown {
      return method(this, ...args);
    },
    configurable: true,
    writable: true,
  });
Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), { value: prototype.toString, configurable: true });

const dense = { ...gradOps };
gradOps.add = (a, b) => {
  if (a instanceof SparseTensor) return b instanceof SparseTensor ? addSparse(a, b) : addInto(b.clone(), a);
  return b instanceof SparseTensor ? addInto(a.clone(), b) : dense.add(a, b);
};
gradOps.addInPlace = (a, b) => {
  if (a instanceof SparseTensor) return b instanceof SparseTensor ? become(a, addSparse(a, b)) : addInto(b.clone(), a);
  return b instanceof SparseTensor ? addInto(a, b) : dense.addInPlace(a, b);
};
gradOps.cloneLike = (grad, like) => (grad instanceof SparseTensor ? withEntries(grad, grad.entries) : dense.cloneLike(grad, like));
