/** Transformers. https://pytorch.org/docs/stable/nn.html#transformer-layers */
import { full } from '../ops/creation.js';
import type { Args } from '../ops/types.js';
import type { Tensor } from '../tensor/tensor.js';
import { MultiheadAttention } from './attention.js';
import { bind, type Place, type PlaceArgs } from './arguments.js';
import { deepcopy } from './deepcopy.js';
import { ModuleList } from './container.js';
import { Dropout } from './dropout.js';
import * as F from './functional/index.js';
import * as init from './init.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { LayerNorm } from './norm.js';
import { RuntimeError } from '../tensor/errors.js';

type Activation = 'relu' | 'gelu' | ((x: Tensor) => Tensor);

const activationOf = (activation: Activation): ((x: Tensor) => Tensor) => {
  if (typeof activation === 'function') return activation;
  if (activation === 'relu') return F.relu;
  if (activation === 'gelu') return F.gelu;
  throw new RuntimeError(`activation should be relu/gelu, not ${String(activation)}`);
};

export interface TransformerLayerOptions extends Place {
  dimFeedforward?: number;
  dropout?: number;
  activation?: Activation;
  layerNormEps?: number;
  batchFirst?: boolean;
  normFirst?: boolean;
  bias?: boolean;
}

type LayerBound = [number, number, number?, number?, Activation?, number?, boolean?, boolean?, boolean?, ...PlaceArgs];
const layerParameters =
  'dModel, nhead, dimFeedforward?, dropout?, activation?, layerNormEps?, batchFirst?, normFirst?, bias?, device?, dtype?';
export type TransformerLayerArgs = [
  dModel: number,
  nhead: number,
  ...Args<[dimFeedforward: number, dropout: number, activation: Activation], TransformerLayerOptions>,
];

interface LayerConfig extends Required<Omit<TransformerLayerOptions, keyof Place>> {
  dModel: number;
  nhead: number;
  place: Place;
}

function bindLayer(name: string, args: readonly unknown[]): LayerConfig {
  const [
    dModel,
    nhead,
    dimFeedforward = 2048,
    dropout = 0.1,
    activation = 'relu',
    layerNormEps = 1e-5,
    batchFirst = false,
    normFirst = false,
    bias = true,
    device,
    dtype,
  ] = bind<LayerBound>(name, layerParameters, args);
  return { dModel, nhead, dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst, bias, place: { device, dtype } };
}

const makeAttention = ({ dModel, nhead, dropout, batchFirst, bias, place }: LayerConfig): MultiheadAttention =>
  new MultiheadAttention(dModel, nhead, { dropout, batchFirst, bias, ...place });
const makeNorm = ({ dModel, layerNormEps: eps, bias, place }: LayerConfig): LayerNorm => new LayerNorm(dModel, { eps, bias, ...place });

/** What encoder and decoder layers share: self-attention, perhaps attention to the encoder's output, and a feed-forward network. */
abstract class TransformerLayer extends Module {
  selfAttn: MultiheadAttention;
  multiheadAttn?: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3?: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3?: Dropout;
  private readonly activation: (x: Tensor) => Tensor;

  protected constructor(config: LayerConfig, hasMemory: boolean) {
    super();
    const { dModel, dimFeedforward, dropout, bias, place } = config;
    this.selfAttn = makeAttention(config);
    if (hasMemory) this.multiheadAttn = makeAttention(config);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, ...place });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, ...place });
    this.normFirst = config.normFirst;
    [this.norm1, this.norm2] = [makeNorm(config), makeNorm(config)];
    [this.dropout1, this.dropout2] = [new Dropout(dropout), new Dropout(dropout)];
    if (hasMemory) [this.norm3, this.dropout3] = [makeNorm(config), new Dropout(dropout)];
    this.activation = activationOf(config.activation);
  }

  protected feedForward(x: Tensor): Tensor {
    return this.linear2(this.dropout(this.activation(this.linear1(x))));
  }

  /** x and what `sublayer` makes of it, normalised before or after. */
  protected residual(x: Tensor, norm: LayerNorm, sublayer: (x: Tensor) => Tensor): Tensor {
    return this.normFirst ? x.add(sublayer(norm(x))) : norm(x.add(sublayer(x)));
  }
}

export interface EncoderMasks {
  srcKeyPaddingMask?: Tensor | null;
  isCausal?: boolean;
}

/**
 * Self-attention and a feed-forward network. https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 * @example new nn.TransformerEncoderLayer(8, 2, { batchFirst: true })(torch.rand(4, 5, 8)).shape  // torch.Size([4, 5, 8])
 */
export class TransformerEncoderLayer extends TransformerLayer {
  constructor(...args: TransformerLayerArgs) {
    super(bindLayer('TransformerEncoderLayer', args), false);
  }

  override forward(
    src: Tensor,
    ...args: Args<[srcMask: Tensor | null, srcKeyPaddingMask: Tensor | null, isCausal: boolean], EncoderMasks & { srcMask?: Tensor | null }>
  ): Tensor {
    const [mask, padding] = bind<[(Tensor | null)?, (Tensor | null)?, boolean?]>(
      'forward',
      'srcMask?, srcKeyPaddingMask?, isCausal?',
      args,
    );
    const attend = (x: Tensor) => this.dropout1(this.selfAttn(x, x, x, { attnMask: mask, keyPaddingMask: padding, needWeights: false })[0]);
    const attended = this.residual(src, this.norm1, attend);
    return this.residual(attended, this.norm2, (x) => this.dropout2(this.feedForward(x)));
  }
}

/**
 * Self-attention, attention to the encoder's output, and a feed-forward network.
 * https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
 * @example
 * new nn.TransformerDecoderLayer(8, 2, { batchFirst: true })(torch.rand(4, 5, 8), torch.rand(4, 6, 8)).shape
 * // torch.Size([4, 5, 8])
 */
export class TransformerDecoderLayer extends TransformerLayer {
  declare multiheadAttn: MultiheadAttention;
  declare norm3: LayerNorm;
  declare dropout3: Dropout;

  constructor(...args: TransformerLayerArgs) {
    super(bindLayer('TransformerDecoderLayer', args), true);
  }

  override forward(tgt: Tensor, memory: Tensor, ...args: DecoderMaskArgs): Tensor {
    const [tgtMask, memoryMask, tgtPadding, memoryPadding] = bindDecoderMasks(args);
    const attendSelf = (x: Tensor) =>
      this.dropout1(this.selfAttn(x, x, x, { attnMask: tgtMask, keyPaddingMask: tgtPadding, needWeights: false })[0]);
    const attendMemory = (x: Tensor) =>
      this.dropout2(this.multiheadAttn(x, memory, memory, { attnMask: memoryMask, keyPaddingMask: memoryPadding, needWeights: false })[0]);
    const attended = this.residual(this.residual(tgt, this.norm1, attendSelf), this.norm2, attendMemory);
    return this.residual(attended, this.norm3, (x) => this.dropout3(this.feedForward(x)));
  }
}

export interface DecoderMasks {
  tgtMask?: Tensor | null;
  memoryMask?: Tensor | null;
  tgtKeyPaddingMask?: Tensor | null;
  memoryKeyPaddingMask?: Tensor | null;
  tgtIsCausal?: boolean | null;
  memoryIsCausal?: boolean;
}

export type DecoderMaskArgs = Args<
  [
    tgtMask: Tensor | null,
    memoryMask: Tensor | null,
    tgtKeyPaddingMask: Tensor | null,
    memoryKeyPaddingMask: Tensor | null,
    tgtIsCausal: boolean | null,
    memoryIsCausal: boolean,
  ],
  DecoderMasks
>;
const bindDecoderMasks = (args: DecoderMaskArgs) =>
  bind<[(Tensor | null)?, (Tensor | null)?, (Tensor | null)?, (Tensor | null)?, (boolean | null)?, boolean?]>(
    'forward',
    'tgtMask?, memoryMask?, tgtKeyPaddingMask?, memoryKeyPaddingMask?, tgtIsCausal?, memoryIsCausal?',
    args,
  );

type StackArgs<L, Name extends string> =
  | [
      layer: L,
      numLayers: number,
      ...Args<[norm: Module | null], { norm?: Module | null; enableNestedTensor?: boolean; maskCheck?: boolean }>,
    ]
  | [options: Record<Name, L> & { numLayers: number; norm?: Module | null }];

abstract class Stack<L extends Module> extends Module {
  layers: ModuleList;
  norm: Module | null;

  protected constructor(layer: L, numLayers: number, norm: Module | null = null) {
    super();
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => deepcopy(layer)));
    this.norm = norm;
  }

  protected run(input: Tensor, step: (layer: L, x: Tensor) => Tensor): Tensor {
    let x = input;
    for (const layer of this.layers) x = step(layer as L, x);
    return this.norm ? (this.norm as LayerNorm)(x) : x;
  }
}

/**
 * `numLayers` copies of an encoder layer, one after another. https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
 * @example
 * const layer = new nn.TransformerEncoderLayer(8, 2);
 * new nn.TransformerEncoder(layer, 2)(torch.rand(5, 4, 8)).shape  // torch.Size([5, 4, 8])
 */
export class TransformerEncoder extends Stack<TransformerEncoderLayer> {
  constructor(...args: StackArgs<TransformerEncoderLayer, 'encoderLayer'>) {
    super(
      ...bind<[TransformerEncoderLayer, number, (Module | null)?]>(
        'TransformerEncoder',
        'encoderLayer, numLayers, norm?, enableNestedTensor?, maskCheck?',
        args,
      ),
    );
  }

  override forward(
    src: Tensor,
    ...args: Args<
      [mask: Tensor | null, srcKeyPaddingMask: Tensor | null, isCausal: boolean | null],
      { mask?: Tensor | null; srcKeyPaddingMask?: Tensor | null; isCausal?: boolean | null }
    >
  ): Tensor {
    const [mask = null, srcKeyPaddingMask = null] = bind<[(Tensor | null)?, (Tensor | null)?, (boolean | null)?]>(
      'forward',
      'mask?, srcKeyPaddingMask?, isCausal?',
      args,
    );
    return this.run(src, (layer, x) => layer(x, mask, srcKeyPaddingMask));
  }
}

/**
 * `numLayers` copies of a decoder layer, one after another. https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
 * @example
 * const layer = new nn.TransformerDecoderLayer(8, 2);
 * new nn.TransformerDecoder(layer, 2)(torch.rand(5, 4, 8), torch.rand(6, 4, 8)).shape  // torch.Size([5, 4, 8])
 */
export class TransformerDecoder extends Stack<TransformerDecoderLayer> {
  constructor(...args: StackArgs<TransformerDecoderLayer, 'decoderLayer'>) {
    super(...bind<[TransformerDecoderLayer, number, (Module | null)?]>('TransformerDecoder', 'decoderLayer, numLayers, norm?', args));
  }

  override forward(tgt: Tensor, memory: Tensor, ...masks: DecoderMaskArgs): Tensor {
    return this.run(tgt, (layer, x) => layer(x, memory, ...masks));
  }
}

export interface TransformerOptions extends TransformerLayerOptions {
  dModel?: number;
  nhead?: number;
  numEncoderLayers?: number;
  numDecoderLayers?: number;
  customEncoder?: Module | null;
  customDecoder?: Module | null;
}

export interface TransformerMasks extends DecoderMasks {
  srcMask?: Tensor | null;
  srcKeyPaddingMask?: Tensor | null;
  srcIsCausal?: boolean | null;
}

/**
 * Encoder and decoder of "Attention Is All You Need". https://pytorch.org/docs/stable/generated/torch.nn.Transformer.html
 * @example new nn.Transformer(8, 2, 1, 1, 16)(torch.rand(6, 4, 8), torch.rand(5, 4, 8)).shape  // torch.Size([5, 4, 8])
 */
export class Transformer extends Module {
  encoder: Module;
  decoder: Module;
  readonly dModel: number;
  readonly nhead: number;
  readonly batchFirst: boolean;

  constructor(
    ...args: Args<
      [dModel: number, nhead: number, numEncoderLayers: number, numDecoderLayers: number, dimFeedforward: number, dropout: number],
      TransformerOptions
    >
  ) {
    super();
    const [
      dModel = 512,
      nhead = 8,
      encoders = 6,
      decoders = 6,
      dimFeedforward = 2048,
      dropout = 0.1,
      activation = 'relu',
      customEncoder,
      customDecoder,
      ...others
    ] = bind<
      [
        number?,
        number?,
        number?,
        number?,
        number?,
        number?,
        Activation?,
        (Module | null)?,
        (Module | null)?,
        number?,
        boolean?,
        boolean?,
        boolean?,
        ...PlaceArgs,
      ]
    >(
      'Transformer',
      'dModel?, nhead?, numEncoderLayers?, numDecoderLayers?, dimFeedforward?, dropout?, activation?, customEncoder?, customDecoder?, layerNormEps?, batchFirst?, normFirst?, bias?, device?, dtype?',
      args,
    );
    const [layerNormEps = 1e-5, batchFirst = false, normFirst = false, bias = true, device, dtype] = others;
    const options = { dimFeedforward, dropout, activation, layerNormEps, batchFirst, normFirst, bias, device, dtype };
    const norm = () => new LayerNorm(dModel, { eps: layerNormEps, bias, device, dtype });
    this.encoder = customEncoder ?? new TransformerEncoder(new TransformerEncoderLayer(dModel, nhead, options), encoders, norm());
    this.decoder = customDecoder ?? new TransformerDecoder(new TransformerDecoderLayer(dModel, nhead, options), decoders, norm());
    [this.dModel, this.nhead, this.batchFirst] = [dModel, nhead, batchFirst];
    for (const parameter of this.parameters()) if (parameter.ndim > 1) init.xavierUniform_(parameter);
  }

  override forward(
    src: Tensor,
    tgt: Tensor,
    ...args: Args<
      [
        srcMask: Tensor | null,
        tgtMask: Tensor | null,
        memoryMask: Tensor | null,
        srcKeyPaddingMask: Tensor | null,
        tgtKeyPaddingMask: Tensor | null,
        memoryKeyPaddingMask: Tensor | null,
      ],
      TransformerMasks
    >
  ): Tensor {
    const [srcMask, tgtMask, memoryMask, srcKeyPaddingMask, tgtKeyPaddingMask, memoryKeyPaddingMask] = bind<(Tensor | null | undefined)[]>(
      'forward',
      'srcMask?, tgtMask?, memoryMask?, srcKeyPaddingMask?, tgtKeyPaddingMask?, memoryKeyPaddingMask?, srcIsCausal?, tgtIsCausal?, memoryIsCausal?',
      args,
    );
    const batchDim = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.sizes[batchDim] !== tgt.sizes[batchDim])
      throw new RuntimeError('the batch number of src and tgt must be equal');
    if (src.sizes[src.ndim - 1] !== this.dModel || tgt.sizes[tgt.ndim - 1] !== this.dModel)
      throw new RuntimeError('the feature number of src and tgt must be equal to d_model');
    const memory = (this.encoder as TransformerEncoder)(src, { mask: srcMask, srcKeyPaddingMask });
    return (this.decoder as TransformerDecoder)(tgt, memory, { tgtMask, memoryMask, tgtKeyPaddingMask, memoryKeyPaddingMask });
  }

  /**
   * −infinity above the diagonal.
   * @example
   * nn.Transformer.generateSquareSubsequentMask(2)
   * // tensor([[0., -inf],
   * //         [0., 0.]])
   */
  static generateSquareSubsequentMask(size: number, ...place: Args<PlaceArgs, Place>): Tensor {
    const [device, dtype] = bind<PlaceArgs>('generateSquareSubsequentMask', 'device?, dtype?', place);
    return full([size, size], -Infinity, { device, dtype }).triu(1);
  }
}
