/** Gradients of views with arbitrary strides, over flat pictures of the memory that base and view share. */
import { record } from '../autograd/node.js';
import { numelOf } from '../tensor/size.js';
import { Tensor } from '../tensor/tensor.js';
import { type Geometry, viewOps } from './inplace.js';
import { copyInto, fillRaw, zeros } from './memory.js';
import { add } from './pointwise.js';
import { sum } from './reduce.js';
import { select } from './view.js';
import { noGrad } from '../autograd/modes.js';

const extent = (g: Geometry): number => g.sizes.reduce((n, s, d) => n + (s - 1) * g.strides[d], 1);

/** A flat stretch of memory that holds both geometries; element i of it is element `start + i` of the storage. */
interface Span {
  readonly start: number;
  readonly length: number;
}
function spanOf(a: Geometry, b: Geometry): Span {
  const parts = [a, b].filter((g) => numelOf(g.sizes) > 0);
  if (parts.length === 0) return { start: 0, length: 0 };
  const start = Math.min(...parts.map((g) => g.offset));
  return { start, length: Math.max(...parts.map((g) => g.offset + extent(g))) - start };
}
const flatZeros = (grad: Tensor, span: Span): Tensor => zeros([span.length], { dtype: grad.dtype, device: grad.storage.device });
const viewIn = (flat: Tensor, g: Geometry, span: Span): Tensor =>
  new Tensor(flat.storage, flat.dtype, g.sizes, g.strides, numelOf(g.sizes) > 0 ? g.offset - span.start : 0);

const addInto = (target: Tensor, value: Tensor): void =>
  void (add as unknown as { inplace: (t: Tensor, v: Tensor) => Tensor }).inplace(target, value);

/** Adds `grad` at `g`, where several elements may share a place: dims that collide are walked one index at a time. */
function accumulate(flat: Tensor, grad: Tensor, g: Geometry, span: Span): void {
  const target = viewIn(flat, g, span);
  const clash = collidingDim(g);
  if (clash < 0) return addInto(target, grad);
  const without = <T>(list: readonly T[]): T[] => list.filter((_, d) => d !== clash);
  const rest = { sizes: without(g.sizes), strides: without(g.strides) };
  if (g.strides[clash] === 0) return accumulate(flat, sum(grad, clash), { ...rest, offset: g.offset }, span);
  for (let i = 0; i < g.sizes[clash]; i++)
    accumulate(flat, select(grad, clash, i), { ...rest, offset: g.offset + i * g.strides[clash] }, span);
}

/** A dim whose steps land on places that smaller-strided dims reach too, or -1; among these, the one of fewest steps. */
function collidingDim({ sizes, strides }: Geometry): number {
  const dims = sizes.map((_, d) => d).filter((d) => sizes[d] > 1);
  const zero = dims.find((d) => strides[d] === 0);
  if (zero !== undefined) return zero;
  dims.sort((a, b) => strides[a] - strides[b]);
  let covered = 1;
  for (const [i, d] of dims.entries()) {
    if (strides[d] < covered) return dims.slice(0, i + 1).reduce((best, e) => (sizes[e] < sizes[best] ? e : best), d);
    covered += (sizes[d] - 1) * strides[d];
  }
  return -1;
}

function regionGradient(grad: Tensor, base: Geometry, view: Geometry): Tensor {
  const span = spanOf(base, view);
  const flat = flatZeros(grad, span);
  if (numelOf(view.sizes) > 0) noGrad(() => accumulate(flat, grad, view, span));
  return record('AsStridedBackward', [grad], viewIn(flat, base, span), [], ({ grad: g }) => [readRegion(g, base, view)]);
}

/** The memory of `base` holding `grad`, as one flat tensor. */
function laidOut(grad: Tensor, base: Geometry, span: Span): Tensor {
  const flat = flatZeros(grad, span);
  if (numelOf(base.sizes) > 0) copyInto(viewIn(flat, base, span), grad);
  return flat;
}

function readRegion(grad: Tensor, base: Geometry, view: Geometry): Tensor {
  const span = spanOf(base, view);
  return record('AsStrided', [grad], viewIn(laidOut(grad, base, span), view, span), [], ({ grad: g }) => [regionGradient(g, base, view)]);
}

function eraseRegion(grad: Tensor, base: Geometry, view: Geometry): Tensor {
  const span = spanOf(base, view);
  const flat = laidOut(grad, base, span);
  if (numelOf(view.sizes) > 0) fillRaw(viewIn(flat, view, span), 0);
  return record('eraseRegion', [grad], viewIn(flat, base, span), [], ({ grad: g }) => [eraseRegion(g, base, view)]);
}

viewOps.regionGradient = regionGradient;
viewOps.readRegion = readRegion;
viewOps.eraseRegion = eraseRegion;
