/** Products of tensors along chosen dims. */
import { nameNode } from '../autograd/node.js';
import { RuntimeError } from '../tensor/errors.js';
import { wrapDim } from '../tensor/shape.js';
import { numelOf } from '../tensor/size.js';
import type { Tensor } from '../tensor/tensor.js';
import { define } from './define.js';
import { haveMixedFloats, matmul, mm } from './matmul.js';
import { mul } from './pointwise.js';
import { sum } from './reduce.js';
import { diagonal, movedim, permute, reshape, unsqueeze } from './view.js';
import type { Op } from './types.js';

type Labels = string[];
const ELLIPSIS = /\.\.\./;

/** One letter per dim; those of an ellipsis are digits-like names, counted from the right. */
function labelsOf(term: string, ndim: number, width: number): Labels {
  if (!ELLIPSIS.test(term)) return [...term];
  const [before, after] = term.split('...');
  const count = ndim < 0 ? width : ndim - before.length - after.length;
  return [...before, ...Array.from({ length: Math.max(count, 0) }, (_, i) => `.${count - i}`), ...after];
}

/** Repeated labels of one operand become its diagonal. */
function withoutRepeats(x: Tensor, labels: Labels): [Tensor, Labels] {
  const second = labels.findIndex((l, i) => labels.indexOf(l) < i);
  if (second < 0) return [x, labels];
  const first = labels.indexOf(labels[second]);
  if (x.sizes[first] !== x.sizes[second])
    throw new RuntimeError(
      `einsum(): subscript ${labels[second]} is repeated for operand 0 but the sizes don't match, ${x.sizes[second]} != ${x.sizes[first]}`,
    );
  const kept = labels.filter((_, i) => i !== second);
  return withoutRepeats(movedim(diagonal(x, 0, first, second), -1, first), kept);
}

/** Sums over the labels that nobody else needs. */
function summed(x: Tensor, labels: Labels, needed: ReadonlySet<string>): [Tensor, Labels] {
  const dims = labels.flatMap((l, i) => (needed.has(l) ? [] : [i]));
  return dims.length ? [sum(x, dims), labels.filter((l) => needed.has(l))] : [x, labels];
}

/** Dims in the order of `order`, of size 1 where there is none. */
function arranged(x: Tensor, labels: Labels, order: Labels): Tensor {
  const present = order.filter((l) => labels.includes(l));
  const y = permute(
    x,
    present.map((l) => labels.indexOf(l)),
  );
  return order.reduce((t, l, i) => (labels.includes(l) ? t : unsqueeze(t, i)), y);
}

/** Contracts two operands by one batched matrix product. */
function contracted(a: Tensor, la: Labels, b: Tensor, lb: Labels, needed: ReadonlySet<string>): [Tensor, Labels] {
  const isBroadcast = la.some((l, i) => lb.includes(l) && a.sizes[i] !== b.sizes[lb.indexOf(l)]);
  const union = [...la, ...lb.filter((l) => !la.includes(l))];
  if (isBroadcast) return summed(mul(arranged(a, la, union), arranged(b, lb, union)), union, needed);
  const shared = la.filter((l) => lb.includes(l));
  const batch = shared.filter((l) => needed.has(l));
  const inner = shared.filter((l) => !needed.has(l));
  const [left, right] = [la.filter((l) => !lb.includes(l)), lb.filter((l) => !la.includes(l))];
  const size = (l: string): number => (la.includes(l) ? a.sizes[la.indexOf(l)] : b.sizes[lb.indexOf(l)]);
  const count = (ls: Labels): number => numelOf(ls.map(size));
  const x = reshape(arranged(a, la, [...batch, ...left, ...inner]), [count(batch), count(left), count(inner)]);
  const y = reshape(arranged(b, lb, [...batch, ...inner, ...right]), [count(batch), count(inner), count(right)]);
  const labels = [...batch, ...left, ...right];
  return [reshape(matmul(x, y), labels.map(size)), labels];
}

function outputOf(terms: readonly Labels[]): Labels {
  const all = terms.flat();
  const dots = [...new Set(all.filter((l) => l.length > 1))].sort((p, q) => Number(q.slice(1)) - Number(p.slice(1)));
  return [...dots, ...[...new Set(all)].filter((l) => l.length === 1 && all.indexOf(l) === all.lastIndexOf(l)).sort()];
}

/**
 * The sum of products that `equation` describes, as 'ij,jk->ik'; operands are contracted from left to right.
 * https://pytorch.org/docs/stable/generated/torch.einsum.html
 * @example torch.einsum('ij,jk->ik', torch.ones(2, 3), torch.ones(3, 4)).shape  // torch.Size([2, 4])
 */
export function einsum(equation: string, ...args: (Tensor | readonly Tensor[])[]): Tensor {
  const operands = args.flat() as Tensor[];
  if (operands.length === 0) throw new RuntimeError('einsum(): must provide at least one operand');
  const [left, right] = equation.replace(/\s/g, '').split('->');
  const words = left.split(',');
  if (words.length !== operands.length)
    throw new RuntimeError(
      words.length > operands.length
        ? 'einsum(): fewer operands were provided than specified in the equation'
        : 'einsum(): more operands were provided than specified in the equation',
    );
  const terms = words.map((w, i) => labelsOf(w, operands[i].ndim, 0));
  terms.forEach((t, i) => {
    if (t.length !== operands[i].ndim)
      throw new RuntimeError(
        `einsum(): the number of subscripts in the equation (${t.length}) does not match the number of dimensions (${operands[i].ndim}) for operand ${i} and no ellipsis was given`,
      );
  });
  const width = Math.max(0, ...terms.map((t) => t.filter((l) => l.length > 1).length));
  const output = right === undefined ? outputOf(terms) : labelsOf(right, -1, width);
  const missing = output.find((l) => !terms.some((t) => t.includes(l)));
  if (missing !== undefined)
    throw new RuntimeError(`einsum(): output subscript ${missing} does not appear in the equation for any input operand`);
  checkSizes(operands, terms);
  const result = contractAll(
    operands.map((x, i) => withoutRepeats(x, terms[i])),
    output,
  );
  const isSummed = terms.some((t) => t.some((l) => !output.includes(l)));
  return operands.some((x) => x.node === result.node) ? result : nameNode(einsumNode(operands.length, isSummed), result);
}
/** What PyTorch does last to a number of operands. */
function einsumNode(count: number, isSummed: boolean): string {
  if (count === 1) return isSummed ? 'SumBackward1' : 'PermuteBackward0';
  return isSummed ? 'ViewBackward0' : 'MulBackward0';
}
/** A subscript has one size in all operands, where it is not 1. */
function checkSizes(operands: readonly Tensor[], terms: readonly Labels[]): void {
  const seen = new Map<string, number>();
  terms.forEach((labels, i) =>
    labels.forEach((label, d) => {
      const [size, before] = [operands[i].sizes[d], seen.get(label) ?? 1];
      if (label.length === 1 && size !== before && size !== 1 && before !== 1)
        throw new RuntimeError(
          `einsum(): subscript ${label} has size ${size} for operand ${i} which does not broadcast with previously seen size ${before}`,
        );
      seen.set(label, before === 1 ? size : before);
    }),
  );
}
function contractAll(parts: readonly [Tensor, Labels][], output: Labels): Tensor {
  const neededAfter = (i: number): Set<string> => new Set([...output, ...parts.slice(i + 1).flatMap(([, l]) => l)]);
  let [x, labels] = summed(...parts[0], neededAfter(0));
  parts.slice(1).forEach(([b, lb], i) => {
    const needed = neededAfter(i + 1);
    const [y, ly] = summed(b, lb, new Set([...needed, ...labels]));
    const [z, lz] = summed(x, labels, new Set([...needed, ...ly]));
    [x, labels] = contracted(z, lz, y, ly, needed);
  });
  return arranged(x, labels, output);
}

type DimPairs = number | readonly (readonly number[])[];
/**
 * The sum of products over the given dims of both tensors; a number stands for that many last and first dims.
 * https://pytorch.org/docs/stable/generated/torch.tensordot.html
 * @example torch.tensordot(torch.ones(2, 3, 4), torch.ones(4, 3, 5), [[1, 2], [1, 0]]).shape  // torch.Size([2, 5])
 */
export const tensordot: Op<[b: Tensor], [dims: DimPairs], { dims: DimPairs }> = define(
  'tensordot',
  'a, b, dims?',
  (givenA: Tensor, givenB: Tensor, dims: DimPairs = 2) => {
    let [a, b] = [givenA, givenB];
    if (haveMixedFloats([a, b])) throw new RuntimeError('both inputs should have same dtype');
    if (typeof dims === 'number' && dims < 0) throw new RuntimeError(`tensordot expects dims >= 0, but got dims=${dims}`);
    const [da, db] =
      typeof dims === 'number' ? [Array.from({ length: dims }, (_, i) => i - dims), Array.from({ length: dims }, (_, i) => i)] : dims;
    if (da.length !== db.length) throw new RuntimeError('both dimension lists should have same length');
    const [wa, wb] = [da.map((d) => wrapDim(d, a.ndim)), db.map((d) => wrapDim(d, b.ndim))];
    wa.forEach((d, i) => {
      if (a.sizes[d] !== b.sizes[wb[i]] && a.sizes[d] !== 1 && b.sizes[wb[i]] !== 1)
        throw new RuntimeError(
          `contracted dimensions need to match, but first has size ${a.sizes[d]} in dim ${d} and second has size ${b.sizes[wb[i]]} in dim ${wb[i]}`,
        );
      // A dim of 1 is repeated: the other is summed.
      if (a.sizes[d] < b.sizes[wb[i]]) b = sum(b, wb[i], true);
      else if (a.sizes[d] > b.sizes[wb[i]]) a = sum(a, d, true);
    });
    const fa = a.sizes.flatMap((_, d) => (wa.includes(d) ? [] : [d]));
    const fb = b.sizes.flatMap((_, d) => (wb.includes(d) ? [] : [d]));
    const sizeA = fa.map((d) => a.sizes[d]);
    const sizeB = fb.map((d) => b.sizes[d]);
    const inner = numelOf(wa.map((d) => a.sizes[d]));
    const product = mm(
      reshape(permute(a, [...fa, ...wa]), [numelOf(sizeA), inner]),
      reshape(permute(b, [...wb, ...fb]), [inner, numelOf(sizeB)]),
    );
    return reshape(product, [...sizeA, ...sizeB]);
  },
);

/**
 * The sum of products over the last dims of both tensors. https://pytorch.org/docs/stable/generated/torch.inner.html
 * @example torch.inner(torch.tensor([1, 2]), torch.tensor([3, 4]))  // tensor(11)
 */
export const inner: Op<[other: Tensor]> = define('inner', 'input, other', (a: Tensor, b: Tensor) => {
  if (a.ndim === 0 || b.ndim === 0) return mul(a, b);
  if (a.sizes[a.ndim - 1] !== b.sizes[b.ndim - 1])
    throw new RuntimeError(
      `inner() the last dimension must match on both input tensors but got shapes [${a.sizes.join(', ')}] and [${b.sizes.join(', ')}]`,
    );
  return tensordot(a, b, [[-1], [-1]]);
});

/**
 * The Kronecker product. https://pytorch.org/docs/stable/generated/torch.kron.html
 * @example torch.kron(torch.tensor([1, 10]), torch.tensor([1, 2]))  // tensor([ 1,  2, 10, 20])
 */
export const kron: Op<[other: Tensor]> = define('kron', 'input, other', (a: Tensor, b: Tensor) => {
  const n = Math.max(a.ndim, b.ndim);
  const [sa, sb] = [a, b].map((x) => [...Array.from({ length: n - x.ndim }, () => 1), ...x.sizes]);
  const product = mul(
    reshape(
      a,
      sa.flatMap((s) => [s, 1]),
    ),
    reshape(
      b,
      sb.flatMap((s) => [1, s]),
    ),
  );
  return nameNode(
    'UnsafeViewBackward0',
    reshape(
      product,
      sa.map((s, i) => s * sb[i]),
    ),
  );
});
