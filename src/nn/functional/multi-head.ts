/** Attention with several heads, given all of its weights. */
import { bool } from '../../ir/dtype.js';
import type { Tensor } from '../../tensor/tensor.js';
import { zeros } from '../../ops/creation.js';
import { define } from '../../ops/define.js';
import { cat } from '../../ops/join.js';
import { linear, matmul } from '../../ops/matmul.js';
import { maskedFill } from '../../ops/select.js';
import { scaledDotProductAttention } from './attention.js';
import { dropout } from './dropout.js';
import { checkCausal, checkDims, checkMaskShape, checkMaskType, checkPadding, checkWidths } from './multi-head-checks.js';
import { pad } from './pad.js';
import { softmax } from './softmax.js';

type Maybe = Tensor | null;
export interface MultiHeadOptions {
  training?: boolean;
  keyPaddingMask?: Maybe;
  needWeights?: boolean;
  attnMask?: Maybe;
  useSeparateProjWeight?: boolean;
  qProjWeight?: Maybe;
  kProjWeight?: Maybe;
  vProjWeight?: Maybe;
  staticK?: Maybe;
  staticV?: Maybe;
  averageAttnWeights?: boolean;
  isCausal?: boolean;
}

/** A mask to be added to scores: true becomes -∞. */
function additive(mask: Maybe | undefined, like: Tensor): Maybe {
  if (!mask) return null;
  if (mask.dtype === bool) return maskedFill(zeros(mask.sizes, { dtype: like.dtype, device: like.device }), mask, -Infinity);
  return mask.to(like.dtype);
}

/** (L, N, E) → (N, heads, L, E / heads) */
function headsOf(x: Tensor, batch: number, heads: number, width: number): Tensor {
  const [length] = x.sizes;
  return x
    .contiguous()
    .view(length, batch * heads, width / heads)
    .view(length, batch, heads, width / heads)
    .permute(1, 2, 0, 3);
}
/** (N, heads, L, E / heads) → (L, N, E) */
function joined(x: Tensor): Tensor {
  const [batch, heads, length, width] = x.sizes;
  return x.permute(2, 0, 1, 3).reshape(length, batch, heads * width);
}

interface Memory {
  k: Tensor;
  v: Tensor;
  mask: Maybe;
  padding: Maybe;
}
/** One more key and value, which no mask hides. */
function extended({ k, v, mask, padding }: Memory, moreK: Tensor, moreV: Tensor, dim: number): Memory {
  const widened = (m: Maybe): Maybe => m && pad(m, [0, 1], 'constant', 0);
  return { k: cat([k, moreK], dim), v: cat([v, moreV], dim), mask: widened(mask), padding: widened(padding) };
}

type MultiHead = (
  query: Tensor,
  key: Tensor,
  value: Tensor,
  embedDimToCheck: number,
  numHeads: number,
  inProjWeight: Maybe,
  inProjBias: Maybe,
  biasK: Maybe,
  biasV: Maybe,
  addZeroAttn: boolean,
  dropoutP: number,
  outProjWeight: Tensor,
  outProjBias: Maybe,
  options?: MultiHeadOptions,
) => [output: Tensor, weights: Tensor | null];
/**
 * Attention of queries (L, N, E) to keys and values (S, N, E), or all without N: the output (L, N, E), and the weights (N, L, S), averaged
 * over the heads, or
 * null. https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 * @example
 * const x = torch.ones(3, 1, 4);
 * const [output, weights] = F.multiHeadAttentionForward(x, x, x, 4, 2, torch.ones(12, 4), null, null, null, false, 0, torch.eye(4), null);
 * output.shape  // torch.Size([3, 1, 4])
 * weights?.shape  // torch.Size([1, 3, 3])
 */
export const multiHeadAttentionForward: MultiHead = define(
  'multi_head_attention_forward',
  'query, key, value, embedDimToCheck, numHeads, inProjWeight, inProjBias, biasK, biasV, addZeroAttn, dropoutP, outProjWeight, outProjBias, training?, ' +
    'keyPaddingMask?, needWeights?, attnMask?, useSeparateProjWeight?, qProjWeight?, kProjWeight?, vProjWeight?, staticK?, staticV?, averageAttnWeights?, isCausal?',
  (
    query: Tensor,
    key: Tensor,
    value: Tensor,
    width: number,
    heads: number,
    inProjWeight: Maybe,
    inProjBias: Maybe,
    biasK: Maybe,
    biasV: Maybe,
    addZeroAttn: boolean,
    dropoutP: number,
    outProjWeight: Tensor,
    outProjBias: Maybe,
    training = true,
    keyPaddingMask?: Maybe,
    needWeights = true,
    attnMask?: Maybe,
    separate = false,
    qProjWeight?: Maybe,
    kProjWeight?: Maybe,
    vProjWeight?: Maybe,
    staticK?: Maybe,
    staticV?: Maybe,
    average = true,
    isCausal = false,
  ) => {
    const attended = { query, key, value, padding: keyPaddingMask, mask: attnMask, heads };
    checkDims(attended);
    checkMaskType('key_padding_mask', keyPaddingMask);
    checkCausal(isCausal, attnMask);
    checkMaskType('attn_mask', attnMask);
    checkWidths(attended, width, separate);
    const batched = query.ndim === 3;
    const weights = separate ? [qProjWeight, kProjWeight, vProjWeight] : inProjWeight!.chunk(3, 0);
    const biases = inProjBias ? inProjBias.chunk(3, 0) : [null, null, null];
    const [q, ownK, ownV] = [query, key, value].map((x, i) => linear(batched ? x : x.unsqueeze(1), weights[i] as Tensor, biases[i]));
    const batch = q.sizes[1];
    checkMaskShape(attnMask, q, ownK, heads);
    const padding = batched ? keyPaddingMask : keyPaddingMask?.unsqueeze(0);
    let memory: Memory = { k: ownK, v: ownV, mask: additive(attnMask, q), padding: additive(padding, q) };
    if (biasK && biasV) memory = extended(memory, biasK.expand([1, batch, -1]), biasV.expand([1, batch, -1]), 0);
    const given = (x: Tensor): Tensor => x.reshape(batch, heads, -1, width / heads);
    memory = {
      ...memory,
      k: staticK ? given(staticK) : headsOf(memory.k, batch, heads, width),
      v: staticV ? given(staticV) : headsOf(memory.v, batch, heads, width),
    };
    if (addZeroAttn) {
      const zero = zeros([batch, heads, 1, width / heads], { dtype: q.dtype, device: q.device });
      memory = extended(memory, zero, zero, 2);
    }
    checkPadding(memory.padding, batch, memory.k.sizes[2]);
    const [result, scores] = attend(headsOf(q, batch, heads, width), memory, training ? dropoutP : 0, needWeights);
    const output = linear(joined(result), outProjWeight, outProjBias);
    const shown = scores && average ? scores.mean(1) : scores;
    return batched ? [output, shown] : [output.squeeze(1), shown && shown.squeeze(0)];
  },
);

function attend(q: Tensor, { k, v, mask, padding }: Memory, p: number, needWeights: boolean): [output: Tensor, weights: Maybe] {
  const [batch, heads, , width] = q.sizes;
  let bias = mask?.ndim === 3 ? mask.view(batch, heads, mask.sizes[1], mask.sizes[2]) : mask;
  if (padding) bias = padding.view(batch, 1, 1, k.sizes[2]).add(bias ?? 0);
  if (!needWeights) return [scaledDotProductAttention(q, k, v, { attnMask: bias, dropoutP: p }), null];
  const scores = matmul(q.mul(Math.sqrt(1 / width)), k.transpose(-2, -1));
  const weights = softmax(bias ? scores.add(bias) : scores, -1);
  const kept = p > 0 ? dropout(weights, p) : weights;
  return [matmul(kept, v), kept];
}
