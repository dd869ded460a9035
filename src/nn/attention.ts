/** Multi-head attention. */
import { empty, zeros } from '../ops/creation.js';
import { cat } from '../ops/join.js';
import { maskedFill } from '../ops/select.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bool } from '../ir/dtype.js';
import { bind, type Place, type PlaceArgs } from './arguments.js';
import * as F from './functional/index.js';
import * as init from './init.js';
import { NonDynamicallyQuantizableLinear } from './linear.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';

export interface AttentionOptions extends Place {
  dropout?: number;
  bias?: boolean;
  addBiasKv?: boolean;
  addZeroAttn?: boolean;
  kdim?: number | null;
  vdim?: number | null;
  batchFirst?: boolean;
}

export interface AttentionCall {
  keyPaddingMask?: Tensor | null;
  needWeights?: boolean;
  attnMask?: Tensor | null;
  averageAttnWeights?: boolean;
  isCausal?: boolean;
}

/** A mask to be added to scores: true becomes −infinity. */
function additive(mask: Tensor | null | undefined, like: Tensor): Tensor | null {
  if (!mask) return null;
  if (mask.dtype === bool) return maskedFill(zeros(mask.sizes, { dtype: like.dtype, device: like.device }), mask, -Infinity);
  return mask.to(like.dtype);
}

/** Attention with several heads. Gives [output, weights or null]. https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html */
export class MultiheadAttention extends Module {
  readonly embedDim: number;
  readonly numHeads: number;
  readonly dropout: number;
  readonly batchFirst: boolean;
  readonly addZeroAttn: boolean;
  /** Query, key and value in one, or apart where their widths differ. */
  inProjWeight: Parameter | null;
  qProjWeight: Parameter | null;
  kProjWeight: Parameter | null;
  vProjWeight: Parameter | null;
  inProjBias: Parameter | null;
  outProj: NonDynamicallyQuantizableLinear;
  biasK: Parameter | null;
  biasV: Parameter | null;

  constructor(
    ...args: [
      embedDim: number,
      numHeads: number,
      ...Args<
        [
          dropout: number,
          bias: boolean,
          addBiasKv: boolean,
          addZeroAttn: boolean,
          kdim: number | null,
          vdim: number | null,
          batchFirst: boolean,
        ],
        AttentionOptions
      >,
    ]
  ) {
    super();
    const [
      embedDim,
      numHeads,
      dropout = 0,
      bias = true,
      addBiasKv = false,
      addZeroAttn = false,
      kdim,
      vdim,
      batchFirst = false,
      device,
      dtype,
    ] = bind<[number, number, number?, boolean?, boolean?, boolean?, (number | null)?, (number | null)?, boolean?, ...PlaceArgs]>(
      'MultiheadAttention',
      'embedDim, numHeads, dropout?, bias?, addBiasKv?, addZeroAttn?, kdim?, vdim?, batchFirst?, device?, dtype?',
      args,
    );
    if (!(embedDim > 0 && numHeads > 0))
      throw new Error(`embed_dim and num_heads must be greater than 0, got embed_dim=${embedDim} and num_heads=${numHeads} instead`);
    if (embedDim % numHeads !== 0) throw new Error('embed_dim must be divisible by num_heads');
    [this.embedDim, this.numHeads, this.dropout, this.batchFirst, this.addZeroAttn] = [
      embedDim,
      numHeads,
      dropout,
      batchFirst,
      addZeroAttn,
    ];
    const place = { device, dtype };
    const parameter = (...shape: number[]) => new Parameter(empty(shape, place));
    const [keyWidth, valueWidth] = [kdim ?? embedDim, vdim ?? embedDim];
    const joined = keyWidth === embedDim && valueWidth === embedDim;
    this.qProjWeight = joined ? null : parameter(embedDim, embedDim);
    this.kProjWeight = joined ? null : parameter(embedDim, keyWidth);
    this.vProjWeight = joined ? null : parameter(embedDim, valueWidth);
    this.inProjWeight = joined ? parameter(3 * embedDim, embedDim) : null;
    this.inProjBias = bias ? parameter(3 * embedDim) : null;
    this.outProj = new NonDynamicallyQuantizableLinear(embedDim, embedDim, { bias, ...place });
    this.biasK = addBiasKv ? parameter(1, 1, embedDim) : null;
    this.biasV = addBiasKv ? parameter(1, 1, embedDim) : null;
    this.resetParameters();
  }

  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) if (weight) init.xavierUniform_(weight);
    if (this.inProjBias) {
      init.zeros_(this.inProjBias);
      init.zeros_(this.outProj.bias!);
    }
    for (const bias of [this.biasK, this.biasV]) if (bias) init.xavierNormal_(bias);
  }

  override forward(query: Tensor, key: Tensor, value: Tensor, options: AttentionCall = {}): [output: Tensor, weights: Tensor | null] {
    const batched = query.ndim === 3;
    const lengthFirst = (x: Tensor): Tensor => (!batched ? x.unsqueeze(1) : this.batchFirst ? x.transpose(0, 1) : x);
    const { output, weights } = this.attend(lengthFirst(query), lengthFirst(key), lengthFirst(value), options, batched);
    const result = !batched ? output.squeeze(1) : this.batchFirst ? output.transpose(0, 1) : output;
    return [result, weights && !batched ? weights.squeeze(0) : weights];
  }

  private attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    options: AttentionCall,
    batched: boolean,
  ): { output: Tensor; weights: Tensor | null } {
    const { keyPaddingMask, needWeights = true, attnMask, averageAttnWeights = true } = options;
    const [targets, batch] = query.sizes;
    let [q, k, v] = this.project(query, key, value);
    let mask = additive(attnMask, q);
    let padding = additive(batched ? keyPaddingMask : keyPaddingMask?.unsqueeze(0), q);
    const widen = (m: Tensor | null): Tensor | null => m && F.pad(m, [0, 1], 'constant', 0);
    if (this.biasK && this.biasV) {
      [k, v] = [cat([k, this.biasK.expand([1, batch, -1])], 0), cat([v, this.biasV.expand([1, batch, -1])], 0)];
      [mask, padding] = [widen(mask), widen(padding)];
    }
    let [qs, ks, vs] = [this.heads(q), this.heads(k), this.heads(v)];
    if (this.addZeroAttn) {
      const zero = () => zeros([batch, this.numHeads, 1, this.embedDim / this.numHeads], { dtype: q.dtype, device: q.device });
      [ks, vs] = [cat([ks, zero()], 2), cat([vs, zero()], 2)];
      [mask, padding] = [widen(mask), widen(padding)];
    }
    if (mask?.ndim === 3) mask = mask.view(batch, this.numHeads, mask.sizes[1], mask.sizes[2]);
    if (padding) mask = padding.view(batch, 1, 1, ks.sizes[2]).add(mask ?? 0);
    const p = this.training ? this.dropout : 0;
    if (!needWeights)
      return { output: this.join(F.scaledDotProductAttention(qs, ks, vs, { attnMask: mask, dropoutP: p }), targets, batch), weights: null };
    qs = qs.mul(Math.sqrt(numHeadsInverse(this.embedDim, this.numHeads)));
    const scores = qs.matmul(ks.transpose(-2, -1));
    let weights = F.softmax(mask ? scores.add(mask) : scores, -1);
    if (p > 0) weights = F.dropout(weights, p);
    return { output: this.join(weights.matmul(vs), targets, batch), weights: averageAttnWeights ? weights.mean(1) : weights };
  }

  private project(query: Tensor, key: Tensor, value: Tensor): Tensor[] {
    const weights = this.inProjWeight ? this.inProjWeight.chunk(3, 0) : [this.qProjWeight!, this.kProjWeight!, this.vProjWeight!];
    const biases = this.inProjBias ? this.inProjBias.chunk(3, 0) : [null, null, null];
    return [query, key, value].map((x, i) => F.linear(x, weights[i], biases[i]));
  }

  /** (L, N, E) → (N, heads, L, E / heads) */
  private heads(x: Tensor): Tensor {
    const [length, batch] = x.sizes;
    return x
      .contiguous()
      .view(length, batch, this.numHeads, this.embedDim / this.numHeads)
      .permute(1, 2, 0, 3);
  }

  private join(x: Tensor, targets: number, batch: number): Tensor {
    return this.outProj(x.permute(2, 0, 1, 3).reshape(targets, batch, this.embedDim));
  }
}

const numHeadsInverse = (embedDim: number, heads: number): number => heads / embedDim;
