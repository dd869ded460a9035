/** Embeddings. https://pytorch.org/docs/stable/nn.html#sparse-layers */
import { noGrad } from '../autograd/modes.js';
import { empty } from '../ops/creation.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { bind, float, type Place, type PlaceArgs } from './arguments.js';
import * as F from './functional/index.js';
import * as init from './init.js';
import { Module } from './module.js';
import { Parameter } from './parameter.js';
import { AssertionError } from '../tensor/errors.js';

export interface EmbeddingOptions extends Place {
  paddingIdx?: number | null;
  maxNorm?: number | null;
  normType?: number;
  scaleGradByFreq?: boolean;
  sparse?: boolean;
  _weight?: Tensor | null;
}

const wrapIndex = (index: number | null, count: number): number | null => {
  if (index === null) return null;
  if (index >= count || index < -count) throw new AssertionError('Padding_idx must be within num_embeddings');
  return index < 0 ? index + count : index;
};

function checkWeight(weight: Tensor | null, count: number, dim: number): void {
  if (weight && String(weight.sizes) !== String([count, dim]))
    throw new AssertionError('Shape of weight does not match num_embeddings and embedding_dim');
}

/**
 * A table of vectors, looked up by number. https://pytorch.org/docs/stable/generated/torch.nn.Embedding.html
 * @example new nn.Embedding(10, 3)(torch.tensor([[1, 2], [4, 5]])).shape  // torch.Size([2, 2, 3])
 */
export class Embedding extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly paddingIdx: number | null;
  readonly maxNorm: number | null;
  readonly normType: number;
  readonly scaleGradByFreq: boolean;
  /** Whether the weight's gradient is a sparse tensor of the rows in use. */
  readonly sparse: boolean;
  /** (numEmbeddings, embeddingDim) */
  weight: Parameter;

  constructor(
    ...args: [
      numEmbeddings: number,
      embeddingDim: number,
      ...Args<
        [paddingIdx: number | null, maxNorm: number | null, normType: number, scaleGradByFreq: boolean, sparse: boolean],
        EmbeddingOptions
      >,
    ]
  ) {
    super();
    const [count, dim, paddingIdx = null, maxNorm = null, normType = 2, scale = false, sparse = false, weight, , device, dtype] = bind<
      [number, number, (number | null)?, (number | null)?, number?, boolean?, boolean?, (Tensor | null)?, boolean?, ...PlaceArgs]
    >(
      'Embedding',
      'numEmbeddings, embeddingDim, paddingIdx?, maxNorm?, normType?, scaleGradByFreq?, sparse?, _weight?, _freeze?, device?, dtype?',
      args,
    );
    [this.numEmbeddings, this.embeddingDim, this.paddingIdx] = [count, dim, wrapIndex(paddingIdx, count)];
    [this.maxNorm, this.normType, this.scaleGradByFreq, this.sparse] = [maxNorm, normType, scale, sparse];
    checkWeight(weight ?? null, count, dim);
    this.weight = new Parameter(weight ?? empty([count, dim], { device, dtype }));
    if (!weight) this.resetParameters();
  }

  /**
   * Draws the weights anew.
   * @example new nn.Embedding(10, 3).resetParameters();
   */
  resetParameters(): void {
    init.normal_(this.weight);
    if (this.paddingIdx !== null) noGrad(() => this.weight.select(0, this.paddingIdx!).fill_(0));
  }

  /**
   * A layer with these vectors, not trained if `freeze`.
   * @example nn.Embedding.fromPretrained(torch.tensor([[1.5, 2], [3, 4]]))(torch.tensor([1]))  // tensor([[3., 4.]])
   */
  static fromPretrained(embeddings: Tensor, { freeze = true, ...options }: EmbeddingOptions & { freeze?: boolean } = {}): Embedding {
    if (embeddings.ndim !== 2) throw new AssertionError('Embeddings parameter is expected to be 2-dimensional');
    const layer = new Embedding(embeddings.sizes[0], embeddings.sizes[1], { ...options, _weight: embeddings });
    layer.weight.requiresGrad = !freeze;
    return layer;
  }

  override forward(input: Tensor): Tensor {
    const { weight, paddingIdx, maxNorm, normType, scaleGradByFreq, sparse } = this;
    return F.embedding(input, weight, { paddingIdx, maxNorm, normType, scaleGradByFreq, sparse });
  }

  override extraRepr(): string {
    const { numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType, scaleGradByFreq } = this;
    const parts = [`${numEmbeddings}, ${embeddingDim}`];
    if (paddingIdx !== null) parts.push(`padding_idx=${paddingIdx}`);
    if (maxNorm !== null) parts.push(`max_norm=${float(maxNorm)}`);
    if (normType !== 2) parts.push(`norm_type=${float(normType)}`);
    if (scaleGradByFreq) parts.push('scale_grad_by_freq=True');
    if (this.sparse) parts.push('sparse=True');
    return parts.join(', ');
  }
}

export type BagMode = 'sum' | 'mean' | 'max';

export interface EmbeddingBagOptions extends EmbeddingOptions {
  mode?: BagMode;
  includeLastOffset?: boolean;
}

/**
 * Sums, means or maxima of embeddings. https://pytorch.org/docs/stable/generated/torch.nn.EmbeddingBag.html
 * @example new nn.EmbeddingBag(10, 3, { mode: 'sum' })(torch.tensor([[1, 2], [4, 5]])).shape  // torch.Size([2, 3])
 */
export class EmbeddingBag extends Module {
  readonly numEmbeddings: number;
  readonly embeddingDim: number;
  readonly mode: BagMode;
  private readonly options: Omit<EmbeddingBagOptions, 'mode' | '_weight' | 'device' | 'dtype'>;
  weight: Parameter;

  constructor(...args: [numEmbeddings: number, embeddingDim: number, options?: EmbeddingBagOptions]) {
    super();
    const [
      count,
      dim,
      maxNorm = null,
      normType = 2,
      scaleGradByFreq = false,
      mode = 'mean',
      sparse = false,
      weight,
      includeLastOffset = false,
      paddingIdx = null,
      device,
      dtype,
    ] = bind<
      [number, number, (number | null)?, number?, boolean?, BagMode?, boolean?, (Tensor | null)?, boolean?, (number | null)?, ...PlaceArgs]
    >(
      'EmbeddingBag',
      'numEmbeddings, embeddingDim, maxNorm?, normType?, scaleGradByFreq?, mode?, sparse?, _weight?, includeLastOffset?, paddingIdx?, device?, dtype?',
      args,
    );
    [this.numEmbeddings, this.embeddingDim, this.mode] = [count, dim, mode];
    this.options = { maxNorm, normType, scaleGradByFreq, sparse, includeLastOffset, paddingIdx: wrapIndex(paddingIdx, count) };
    checkWeight(weight ?? null, count, dim);
    this.weight = new Parameter(weight ?? empty([count, dim], { device, dtype }));
    if (!weight) this.resetParameters();
  }

  /**
   * Draws the weights anew.
   * @example new nn.EmbeddingBag(10, 3).resetParameters();
   */
  resetParameters(): void {
    init.normal_(this.weight);
    const { paddingIdx } = this.options;
    if (typeof paddingIdx === 'number') noGrad(() => this.weight.select(0, paddingIdx).fill_(0));
  }

  override forward(
    input: Tensor,
    ...args: Args<[offsets: Tensor | null, perSampleWeights: Tensor | null], { offsets?: Tensor | null; perSampleWeights?: Tensor | null }>
  ): Tensor {
    const [offsets = null, perSampleWeights = null] = bind<[(Tensor | null)?, (Tensor | null)?]>(
      'forward',
      'offsets?, perSampleWeights?',
      args,
    );
    return F.embeddingBag(input, this.weight, offsets, { ...this.options, mode: this.mode, perSampleWeights });
  }

  override extraRepr(): string {
    const { paddingIdx } = this.options;
    return `${this.numEmbeddings}, ${this.embeddingDim}${typeof paddingIdx === 'number' ? `, padding_idx=${paddingIdx}` : ''}, mode='${this.mode}'`;
  }
}
