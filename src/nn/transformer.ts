/** Transformers. https://pytorch.org/docs/stable/nn.html#transformer-layers */
import { zeros } from '../ops/creation.js';
import { arange } from '../ops/sequences.js';
import { maskedFill } from '../ops/select.js';
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

type Activation = 'relu' | 'gelu' | ((x: Tensor) => Tensor);

const activationOf = (activation: Activation): ((x: Tensor) => Tensor) => {
  if (typeof activation === 'function') return activation;
  if (activation === 'relu') return F.relu;
  if (activation === 'gelu') return F.gelu;
  throw new Error(`activation should be relu/gelu, not ${String(activation)}`);
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

export interface EncoderMasks {
  srcKeyPaddingMask?: Tensor | null;
  isCausal?: boolean;
}

/**
 * Self-attention and a feed-forward network. https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoderLayer.html
 * @example new nn.TransformerEncoderLayer(8, 2, { batchFirst: true })(torch.rand(4, 5, 8)).shape  // torch.Size([4, 5, 8])
 */
export class TransformerEncoderLayer extends Module {
  selfAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  private readonly activation: (x: Tensor) => Tensor;

  constructor(...args: TransformerLayerArgs) {
    super();
    const config = bindLayer('TransformerEncoderLayer', args);
    const { dModel, dimFeedforward, dropout, bias, place } = config;
    this.selfAttn = makeAttention(config);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, ...place });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, ...place });
    this.normFirst = config.normFirst;
    this.norm1 = makeNorm(config);
    this.norm2 = makeNorm(config);
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.activation = activationOf(config.activation);
  }

  override forward(
    src: Tensor,
    srcMask: Tensor | (EncoderMasks & { srcMask?: Tensor | null }) | null = null,
    srcKeyPaddingMask: Tensor | null | EncoderMasks = null,
    isCausal = false,
  ): Tensor {
    const [mask, padding] = bind<[(Tensor | null)?, (Tensor | null)?, boolean?]>(
      'forward',
      'srcMask?, srcKeyPaddingMask?, isCausal?',
      trimmed([srcMask, srcKeyPaddingMask, isCausal]),
    );
    const attend = (x: Tensor) => this.dropout1(this.selfAttn(x, x, x, { attnMask: mask, keyPaddingMask: padding, needWeights: false })[0]);
    const feed = (x: Tensor) => this.dropout2(this.linear2(this.dropout(this.activation(this.linear1(x)))));
    if (this.normFirst) {
      const x = src.add(attend(this.norm1(src)));
      return x.add(feed(this.norm2(x)));
    }
    const x = this.norm1(src.add(attend(src)));
    return this.norm2(x.add(feed(x)));
  }
}

/** Arguments without the defaults behind an options object. */
function trimmed(args: readonly unknown[]): unknown[] {
  const at = args.findIndex((each) => typeof each === 'object' && each !== null && Object.getPrototypeOf(each) === Object.prototype);
  return at < 0 ? [...args] : args.slice(0, at + 1);
}

/**
 * Self-attention, attention to the encoder's output, and a feed-forward network.
 * https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoderLayer.html
 * @example
 * new nn.TransformerDecoderLayer(8, 2, { batchFirst: true })(torch.rand(4, 5, 8), torch.rand(4, 6, 8)).shape
 * // torch.Size([4, 5, 8])
 */
export class TransformerDecoderLayer extends Module {
  selfAttn: MultiheadAttention;
  multiheadAttn: MultiheadAttention;
  linear1: Linear;
  dropout: Dropout;
  linear2: Linear;
  readonly normFirst: boolean;
  norm1: LayerNorm;
  norm2: LayerNorm;
  norm3: LayerNorm;
  dropout1: Dropout;
  dropout2: Dropout;
  dropout3: Dropout;
  private readonly activation: (x: Tensor) => Tensor;

  constructor(...args: TransformerLayerArgs) {
    super();
    const config = bindLayer('TransformerDecoderLayer', args);
    const { dModel, dimFeedforward, dropout, bias, place } = config;
    this.selfAttn = makeAttention(config);
    this.multiheadAttn = makeAttention(config);
    this.linear1 = new Linear(dModel, dimFeedforward, { bias, ...place });
    this.dropout = new Dropout(dropout);
    this.linear2 = new Linear(dimFeedforward, dModel, { bias, ...place });
    this.normFirst = config.normFirst;
    this.norm1 = makeNorm(config);
    this.norm2 = makeNorm(config);
    this.norm3 = makeNorm(config);
    this.dropout1 = new Dropout(dropout);
    this.dropout2 = new Dropout(dropout);
    this.dropout3 = new Dropout(dropout);
    this.activation = activationOf(config.activation);
  }

  override forward(
    tgt: Tensor,
    memory: Tensor,
    ...args: Args<
      [tgtMask: Tensor | null, memoryMask: Tensor | null, tgtKeyPaddingMask: Tensor | null, memoryKeyPaddingMask: Tensor | null],
      DecoderMasks
    >
  ): Tensor {
    const [tgtMask, memoryMask, tgtPadding, memoryPadding] = bind<MaskBound>(
      'forward',
      'tgtMask?, memoryMask?, tgtKeyPaddingMask?, memoryKeyPaddingMask?, tgtIsCausal?, memoryIsCausal?',
      args,
    );
    const attendSelf = (x: Tensor) =>
      this.dropout1(this.selfAttn(x, x, x, { attnMask: tgtMask, keyPaddingMask: tgtPadding, needWeights: false })[0]);
    const attendMemory = (x: Tensor) =>
      this.dropout2(this.multiheadAttn(x, memory, memory, { attnMask: memoryMask, keyPaddingMask: memoryPadding, needWeights: false })[0]);
    const feed = (x: Tensor) => this.dropout3(this.linear2(this.dropout(this.activation(this.linear1(x)))));
    if (this.normFirst) {
      let x = tgt.add(attendSelf(this.norm1(tgt)));
      x = x.add(attendMemory(this.norm2(x)));
      return x.add(feed(this.norm3(x)));
    }
    let x = this.norm1(tgt.add(attendSelf(tgt)));
    x = this.norm2(x.add(attendMemory(x)));
    return this.norm3(x.add(feed(x)));
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

type MaskBound = [(Tensor | null)?, (Tensor | null)?, (Tensor | null)?, (Tensor | null)?, (boolean | null)?, boolean?];

type StackArgs<L, Name extends string> =
  | [
      layer: L,
      numLayers: number,
      ...Args<[norm: Module | null], { norm?: Module | null; enableNestedTensor?: boolean; maskCheck?: boolean }>,
    ]
  | [options: Record<Name, L> & { numLayers: number; norm?: Module | null }];

/**
 * `numLayers` copies of an encoder layer, one after another. https://pytorch.org/docs/stable/generated/torch.nn.TransformerEncoder.html
 * @example
 * const layer = new nn.TransformerEncoderLayer(8, 2);
 * new nn.TransformerEncoder(layer, 2)(torch.rand(5, 4, 8)).shape  // torch.Size([5, 4, 8])
 */
export class TransformerEncoder extends Module {
  layers: ModuleList;
  norm: Module | null;

  constructor(...args: StackArgs<TransformerEncoderLayer, 'encoderLayer'>) {
    super();
    const [layer, numLayers, norm = null] = bind<[TransformerEncoderLayer, number, (Module | null)?]>(
      'TransformerEncoder',
      'encoderLayer, numLayers, norm?, enableNestedTensor?, maskCheck?',
      args,
    );
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => deepcopy(layer)));
    this.norm = norm;
  }

  override forward(
    src: Tensor,
    { mask = null, srcKeyPaddingMask = null }: { mask?: Tensor | null; srcKeyPaddingMask?: Tensor | null; isCausal?: boolean | null } = {},
  ): Tensor {
    let x = src;
    for (const layer of this.layers) x = (layer as TransformerEncoderLayer)(x, mask, srcKeyPaddingMask);
    return this.norm ? (this.norm as LayerNorm)(x) : x;
  }
}

/**
 * `numLayers` copies of a decoder layer, one after another. https://pytorch.org/docs/stable/generated/torch.nn.TransformerDecoder.html
 * @example
 * const layer = new nn.TransformerDecoderLayer(8, 2);
 * new nn.TransformerDecoder(layer, 2)(torch.rand(5, 4, 8), torch.rand(6, 4, 8)).shape  // torch.Size([5, 4, 8])
 */
export class TransformerDecoder extends Module {
  layers: ModuleList;
  norm: Module | null;

  constructor(...args: StackArgs<TransformerDecoderLayer, 'decoderLayer'>) {
    super();
    const [layer, numLayers, norm = null] = bind<[TransformerDecoderLayer, number, (Module | null)?]>(
      'TransformerDecoder',
      'decoderLayer, numLayers, norm?',
      args,
    );
    this.layers = new ModuleList(Array.from({ length: numLayers }, () => deepcopy(layer)));
    this.norm = norm;
  }

  override forward(tgt: Tensor, memory: Tensor, masks: DecoderMasks = {}): Tensor {
    let x = tgt;
    for (const layer of this.layers) x = (layer as TransformerDecoderLayer)(x, memory, masks);
    return this.norm ? (this.norm as LayerNorm)(x) : x;
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
    ...args: Args<[srcMask: Tensor | null, tgtMask: Tensor | null, memoryMask: Tensor | null], TransformerMasks>
  ): Tensor {
    const [srcMask, tgtMask, memoryMask, srcKeyPaddingMask, tgtKeyPaddingMask, memoryKeyPaddingMask] = bind<(Tensor | null | undefined)[]>(
      'forward',
      'srcMask?, tgtMask?, memoryMask?, srcKeyPaddingMask?, tgtKeyPaddingMask?, memoryKeyPaddingMask?, srcIsCausal?, tgtIsCausal?, memoryIsCausal?',
      args,
    );
    const batchDim = this.batchFirst ? 0 : 1;
    if (src.ndim === 3 && src.sizes[batchDim] !== tgt.sizes[batchDim]) throw new Error('the batch number of src and tgt must be equal');
    if (src.sizes[src.ndim - 1] !== this.dModel || tgt.sizes[tgt.ndim - 1] !== this.dModel)
      throw new Error('the feature number of src and tgt must be equal to d_model');
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
  static generateSquareSubsequentMask(size: number): Tensor {
    const places = arange(size);
    return maskedFill(zeros([size, size]), places.gt(places.unsqueeze(1)), -Infinity);
  }
}
