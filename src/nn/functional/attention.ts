/** Scaled dot product attention, which never holds the matrix of all scores. */
import { bool, float32, float64 } from '../../ir/dtype.js';
import { nameNode, needsRecord, record } from '../../autograd/node.js';
import { convert } from '../../ops/convert.js';
import { arange } from '../../ops/sequences.js';
import { cppTypeName, define } from '../../ops/define.js';
import { matmul } from '../../ops/matmul.js';
import { contiguousRaw } from '../../ops/memory.js';
import { emptyOn, runRoutine } from '../../ops/routine.js';
import { maskedFill } from '../../ops/select.js';
import { grad as gradOf } from '../../autograd/backward.js';
import { RuntimeError } from '../../tensor/errors.js';
import { broadcastSizes, sameSizes } from '../../tensor/shape.js';
import { numelOf } from '../../tensor/size.js';
import { Tensor } from '../../tensor/tensor.js';
import { dropout } from './dropout.js';
import { softmax } from './softmax.js';

export interface AttentionOptions {
  attnMask?: Tensor | null;
  dropoutP?: number;
  isCausal?: boolean;
  scale?: number | null;
  enableGqa?: boolean;
}

/** Every score at once, of recorded operations: for dropout, other dtypes and higher derivatives. */
function composed(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, causal: boolean, scale: number, p: number): Tensor {
  let scores = matmul(q, k.transpose(-2, -1)).mul(scale);
  if (causal) {
    const [rows, cols] = [arange(q.sizes[q.ndim - 2], { device: q.device }), arange(k.sizes[k.ndim - 2], { device: q.device })];
    scores = maskedFill(scores, cols.gt(rows.unsqueeze(1)), -Infinity);
  }
  if (mask) scores = mask.dtype === bool ? maskedFill(scores, mask.logicalNot(), -Infinity) : scores.add(mask);
  // A row in which everything is masked out gives 0.
  const weights = softmax(scores, -1);
  const safe = mask || causal ? maskedFill(weights, scores.eq(-Infinity).all(-1, true), 0) : weights;
  return matmul(p > 0 ? dropout(safe, p) : safe, v);
}

/** (…, L, E) as (B, H, L, E). */
function fourDims(x: Tensor): Tensor {
  if (x.ndim === 4) return x;
  if (x.ndim < 4) return x.view([...new Array<number>(4 - x.ndim).fill(1), ...x.sizes]);
  return contiguousRaw(x).view([-1, ...x.sizes.slice(-3)]);
}

/** A mask as (B, H, T, S) with strides of 0 where it is repeated. */
const maskDims = (mask: Tensor, batch: readonly number[], t: number, s: number): Tensor => fourDims(mask.expand([...batch, t, s]));

/** The same by the routine, for masks that need no gradient. */
function fused(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | null, causal: boolean, scale: number): Tensor {
  const params = [scale, causal ? 1 : 0];
  const [q4, k4, v4] = [fourDims(q), fourDims(k), fourDims(v)];
  const m4 = mask && maskDims(mask.detach(), q.sizes.slice(0, -2), q.sizes[q.ndim - 2], k.sizes[k.ndim - 2]);
  const [b, h, t] = q4.sizes;
  const [out, lse] = [emptyOn(q, [b, h, t, v4.sizes[3]]), emptyOn(q, [b, h, t])];
  runRoutine('attention', [out, lse, q4, k4, v4, m4], params);
  const result = new Tensor(
    out.storage,
    out.dtype,
    [...q.sizes.slice(0, -1), v.sizes[v.ndim - 1]],
    contiguousStridesOf([...q.sizes.slice(0, -1), v.sizes[v.ndim - 1]]),
    0,
  );
  return record('scaledDotProductFlashAttentionForCpu', [q, k, v], result, [q, k, v, result, lse], ({ grad }, saved) => {
    const [x, y, z, o, l] = saved;
    if (needsRecord([grad, x, y, z])) {
      const wanted = [x, y, z].filter((each) => each.requiresGrad);
      const found = gradOf(composed(x, y, z, mask, causal, scale, 0), wanted, {
        gradOutputs: [grad],
        createGraph: true,
        allowUnused: true,
      });
      return [x, y, z].map((each) => (each?.requiresGrad ? found[wanted.indexOf(each)] : null));
    }
    const grads = [x, y, z].map((each) => emptyOn(each, fourDims(each).sizes));
    runRoutine(
      'attention_backward',
      [...grads, fourDims(contiguousRaw(grad)), fourDims(o), l, fourDims(x), fourDims(y), fourDims(z), m4],
      params,
    );
    return grads.map((each, i) => each.view([x, y, z][i].sizes));
  });
}

function contiguousStridesOf(sizes: readonly number[]): number[] {
  const strides = new Array<number>(sizes.length);
  let step = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    strides[d] = step;
    step *= Math.max(sizes[d], 1);
  }
  return strides;
}

/** Heads of keys and values repeated to as many as queries have. */
function repeatHeads(x: Tensor, heads: number): Tensor {
  const own = x.sizes[x.ndim - 3];
  if (own === heads) return x;
  if (heads % own !== 0) throw new RuntimeError('Number of heads in key and value must divide the number of heads in query');
  const lead = x.sizes.slice(0, -3);
  const tail = x.sizes.slice(-2);
  return x
    .unsqueeze(-3)
    .expand([...lead, own, heads / own, ...tail])
    .reshape([...lead, heads, ...tail]);
}

/** Queries must be as long as keys, and there must be a value for every key. */
function checkProducts(query: Tensor, key: Tensor, value: Tensor): void {
  const [[, width], [count, keyWidth], [values, valueWidth]] = [query, key, value].map((x) => x.sizes.slice(-2));
  const batch = numelOf(query.sizes.slice(0, -2));
  const refuse = (rows: number, found: number, left: string, right: string): Error =>
    new RuntimeError(
      query.ndim === 2
        ? `mat1 and mat2 shapes cannot be multiplied (${left} and ${right})`
        : `Expected size for first two dimensions of batch2 tensor to be: [${batch}, ${rows}] but got: [${batch}, ${found}].`,
    );
  const rows = query.sizes[query.ndim - 2];
  if (width !== keyWidth) throw refuse(width, keyWidth, `${rows}x${width}`, `${keyWidth}x${count}`);
  if (count !== values) throw refuse(count, values, `${rows}x${count}`, `${values}x${valueWidth}`);
}

/**
 * softmax(q kᵀ · scale + mask) v. https://pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html
 * @example
 * const x = torch.ones(2, 4, 5, 8);
 * F.scaledDotProductAttention(x, x, x, { isCausal: true }).shape  // torch.Size([2, 4, 5, 8])
 */
export const scaledDotProductAttention: (query: Tensor, key: Tensor, value: Tensor, options?: AttentionOptions) => Tensor = define(
  'scaledDotProductAttention',
  'query, key, value, attnMask?, dropoutP?, isCausal?, *, scale?, enableGqa?',
  (
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attnMask?: Tensor | null,
    dropoutP = 0,
    isCausal = false,
    scale?: number | null,
    enableGqa = false,
  ) => {
    if (query.dtype !== key.dtype || query.dtype !== value.dtype) {
      throw new RuntimeError(
        `Expected query, key, and value to have the same dtype, but got query.dtype: ${cppTypeName(query.dtype)} key.dtype: ${cppTypeName(key.dtype)} and value.dtype: ${cppTypeName(value.dtype)} instead.`,
      );
    }
    if (query.ndim < 2 || key.ndim < 2 || value.ndim < 2)
      throw new RuntimeError(
        `Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: ${query.ndim} key.dim: ${key.ndim} and value.dim: ${value.ndim} instead.`,
      );
    checkProducts(query, key, value);
    const heads = query.sizes[query.ndim - 3];
    const [k, v] = enableGqa ? [repeatHeads(key, heads), repeatHeads(value, heads)] : [key, value];
    const factor = scale ?? 1 / Math.sqrt(query.sizes[query.ndim - 1]);
    const mask = attnMask && attnMask.dtype !== bool ? convert(attnMask, query.dtype) : (attnMask ?? null);
    const batches = [query, k, v].map((x) => x.sizes.slice(0, -2));
    const plain =
      sameSizes(batches[0], batches[1]) && sameSizes(batches[0], batches[2]) && [query, k, v].every((x) => numelOf(x.sizes) > 0);
    const real = query.dtype === float32 || query.dtype === float64;
    const full = mask === null || sameSizes(broadcastSizes(mask.sizes.slice(0, -2), batches[0]), batches[0]);
    const isPlainMask = mask === null || (mask.ndim >= 2 && !mask.requiresGrad);
    const fuses = plain && real && full && dropoutP === 0 && isPlainMask;
    if (attnMask && isCausal && !(fuses && query.ndim === 4))
      throw new RuntimeError('_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True');
    if (!fuses) return nameNode('UnsafeViewBackward0', composed(query, k, v, mask, isCausal, factor, dropoutP));
    const result = fused(query, k, v, mask, isCausal, factor);
    return query.ndim === 4 ? result : nameNode('UnsafeViewBackward0', result);
  },
);
