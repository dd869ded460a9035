/** Multi-head attention. */
import { empty } from '../ops/creation.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, type Place, type PlaceArgs } from './arguments.js';
import * as F from './functional/index.js';
import * as init from './init.js';
import { NonDynamicallyQuantizableLinear } from './linear.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { AssertionError, ValueError } from '../tensor/errors.js';

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

/**
 * Attention with several heads. Gives [output, weights or null]. https://pytorch.org/docs/stable/generated/torch.nn.MultiheadAttention.html
 * @example
 * const attention = new nn.MultiheadAttention(8, 2, { batchFirst: true });
 * const x = torch.rand(4, 5, 8);
 * const [output, weights] = attention(x, x, x);
 * output.shape  // torch.Size([4, 5, 8])
 * weights?.shape  // torch.Size([4, 5, 5])
 */
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
      throw new ValueError(`embed_dim and num_heads must be greater than 0, got embed_dim=${embedDim} and num_heads=${numHeads} instead`);
    if (embedDim % numHeads !== 0) throw new AssertionError('embed_dim must be divisible by num_heads');
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

  /**
   * Draws the weights anew.
   * @example new nn.MultiheadAttention(8, 2).resetParameters();
   */
  resetParameters(): void {
    for (const weight of [this.inProjWeight, this.qProjWeight, this.kProjWeight, this.vProjWeight]) if (weight) init.xavierUniform_(weight);
    if (this.inProjBias) {
      init.zeros_(this.inProjBias);
      init.zeros_(this.outProj.bias!);
    }
    for (const bias of [this.biasK, this.biasV]) if (bias) init.xavierNormal_(bias);
  }

  override forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    ...args: Args<
      [keyPaddingMask: Tensor | null, needWeights: boolean, attnMask: Tensor | null, averageAttnWeights: boolean, isCausal: boolean],
      AttentionCall
    >
  ): [output: Tensor, weights: Tensor | null] {
    const [keyPaddingMask, needWeights, attnMask, averageAttnWeights, isCausal] = bind<
      [(Tensor | null)?, boolean?, (Tensor | null)?, boolean?, boolean?]
    >('forward', 'keyPaddingMask?, needWeights?, attnMask?, averageAttnWeights?, isCausal?', args);
    const swaps = this.batchFirst && query.ndim === 3;
    const [q, k, v] = [query, key, value].map((x) => (swaps ? x.transpose(0, 1) : x));
    const [output, weights] = F.multiHeadAttentionForward(
      q,
      k,
      v,
      this.embedDim,
      this.numHeads,
      this.inProjWeight,
      this.inProjBias,
      this.biasK,
      this.biasV,
      this.addZeroAttn,
      this.dropout,
      this.outProj.weight,
      this.outProj.bias,
      {
        keyPaddingMask,
        needWeights,
        attnMask,
        averageAttnWeights,
        isCausal,
        training: this.training,
        useSeparateProjWeight: this.inProjWeight === null,
        qProjWeight: this.qProjWeight,
        kProjWeight: this.kProjWeight,
        vProjWeight: this.vProjWeight,
      },
    );
    return [swaps ? output.transpose(0, 1) : output, weights];
  }
}
