/** Model builders by name, and where pretrained weights come from. https://pytorch.org/vision/stable/models.html */
import * as torch from '../../index.js';
import { type Args, bind } from '../arguments.js';
import { loadStateDictFromUrl } from '../hub.js';
import type { Layer } from '../ops/misc.js';
import { ImageClassification, type ImageClassificationOptions } from '../transforms/presets.js';
import type { Transform } from '../transforms/transform.js';
import { imagenetCategories } from './imagenet-categories.js';
import { weightsFacts } from './weights-facts.js';

type Module = torch.nn.Module;
type StateDict = torch.nn.StateDict;

interface LoadOptions {
  progress?: boolean;
  checkHash?: boolean;
}

/** What is known about pretrained weights. https://pytorch.org/vision/stable/models.html#using-the-pre-trained-models */
export interface WeightsMeta {
  /** The names of the classes in the order of the logits; null where the weights are for features only. */
  readonly categories: readonly string[] | null;
  readonly numParams: number;
  readonly minSize: readonly [height: number, width: number];
  /** Where it says how they were trained. */
  readonly recipe: string;
  /** Absent where it is torchvision's own. */
  readonly license?: string;
  /** Accuracies in percent: `_metrics['ImageNet-1K']['acc@1']`, or `miou` of pixels. */
  readonly _metrics: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Billions of multiplications and additions for an image. */
  readonly _ops: number;
  /** Megabytes. */
  readonly _fileSize: number;
}

const torchvision = 'https://github.com/pytorch/vision/';

function recipeUrl(recipe: string): string {
  if (recipe.startsWith('https:')) return recipe;
  return recipe.startsWith('#') ? `${torchvision}tree/main/references/classification${recipe}` : torchvision + recipe;
}

function metaOf(fullName: string): WeightsMeta {
  const [numParams, minSize, acc1, acc5, _ops, _fileSize, recipe] = weightsFacts[fullName];
  const hasClasses = !fullName.endsWith('_FEATURES');
  return {
    categories: hasClasses ? imagenetCategories : null,
    numParams,
    minSize: [minSize, minSize],
    recipe: recipeUrl(recipe),
    ...(fullName.includes('_SWAG_') && { license: 'https://github.com/facebookresearch/SWAG/blob/main/LICENSE' }),
    _metrics: { 'ImageNet-1K': { 'acc@1': acc1, 'acc@5': acc5 } },
    _ops,
    _fileSize,
  };
}

/**
 * One set of pretrained weights.
 * @example vision.models.ResNet18_Weights.DEFAULT.url.startsWith('https://')  // true
 */
export class Weights<T extends Transform = Transform> {
  constructor(
    /** `ResNet18_Weights.IMAGENET1K_V1` */
    readonly fullName: string,
    readonly url: string,
    /** The classes, and where the weights come from. */
    readonly meta: WeightsMeta,
    private readonly preset: () => T,
  ) {}

  /**
   * The name within the enum.
   * @example vision.models.ResNet50_Weights.DEFAULT.name  // IMAGENET1K_V2
   */
  get name(): string {
    return this.fullName.slice(this.fullName.indexOf('.') + 1);
  }

  /**
   * What images must go through before the model sees them.
   * @example vision.models.ResNet18_Weights.DEFAULT.transforms()(torch.rand(3, 300, 400)).shape  // torch.Size([3, 224, 224])
   */
  transforms(): T {
    return this.preset();
  }

  /**
   * Downloads the weights, or finds them in the cache, and checks their hash.
   * @example const load = () => vision.models.ResNet18_Weights.DEFAULT.getStateDict();
   */
  getStateDict({ progress = true, checkHash = true }: LoadOptions = {}): Promise<StateDict> {
    return loadStateDictFromUrl(this.url, { progress, checkHash });
  }

  /**
   * The name in torchvision, such as `ResNet18_Weights.IMAGENET1K_V1`.
   * @example String(vision.models.ResNet18_Weights.DEFAULT)  // ResNet18_Weights.IMAGENET1K_V1
   */
  toString(): string {
    return this.fullName;
  }
}

export type WeightsEnum<K extends string = string, T extends Transform = Transform> = Readonly<Record<K | 'DEFAULT', Weights<T>>>;

const enums = new Map<string, WeightsEnum>();

const server = 'https://download.pytorch.org/models';

/** Makes `getWeight` find the weights of a model. */
export function registerWeights<K extends string, T extends Transform>(name: string, members: WeightsEnum<K, T>): WeightsEnum<K, T> {
  enums.set(name, members);
  return members;
}

/** The weights of a classifier; the last is the default, if `standard` does not say otherwise. */
export function weightsEnum<K extends string>(
  name: string,
  members: Record<K, readonly [file: string, preprocessing: ImageClassificationOptions]>,
  standard?: NoInfer<K>,
): WeightsEnum<K, ImageClassification> {
  const made = Object.entries<readonly [string, ImageClassificationOptions]>(members).map(([key, [file, preprocessing]]) => {
    const fullName = `${name}.${key}`;
    const preset = (): ImageClassification => new ImageClassification(preprocessing);
    return [key, new Weights(fullName, `${server}/${file}.pth`, metaOf(fullName), preset)] as const;
  });
  const byName = Object.fromEntries(made) as Record<K | 'DEFAULT', Weights<ImageClassification>>;
  byName.DEFAULT = standard ? byName[standard] : made[made.length - 1][1];
  return registerWeights(name, byName);
}

/**
 * The weights named `ResNet18_Weights.IMAGENET1K_V1`. https://pytorch.org/vision/stable/generated/torchvision.models.get_weight.html
 * @example String(vision.models.getWeight('ResNet50_Weights.IMAGENET1K_V2'))  // ResNet50_Weights.IMAGENET1K_V2
 */
export function getWeight(name: string): Weights {
  const [enumName, key] = name.split('.');
  const found = enums.get(enumName)?.[key];
  if (!found) throw new Error(`Invalid model name '${name}'.`);
  return found;
}

/** `numClasses` is 1000 where weights are given by name. */
export interface WeightsOptions {
  /** A member of the model's enum or its name, a URL, or the path of a file. */
  weights: Weights | string;
  progress?: boolean;
  /** Whether a download must have the hash that its name ends in. */
  checkHash?: boolean;
}

/** Options of models that stand on a classifier. */
export interface BackboneOptions {
  /** Pretrained weights of the classifier, where `weights` gives none for all: a member of its enum or its name, a URL, or the path of a file. */
  weightsBackbone?: Weights | string | null;
}

/** Makes a model: at once with random parameters, later with pretrained ones. */
export interface Builder<M extends Module = Module, O extends object = Record<string, unknown>> {
  (options?: O & { weights?: null; pretrained?: false; progress?: boolean; checkHash?: boolean }): M;
  (options: O & WeightsOptions): Promise<M>;
  /** The name of old programs for the first weights. */
  (options: O & { pretrained: true; progress?: boolean; checkHash?: boolean }): Promise<M>;
  readonly modelName: string;
}

/** Of a model that stands on a classifier. */
export interface BackboneOptions {
  /** Pretrained weights for the classifier: a member of its enum or its name, a URL, or the path of a file. */
  weightsBackbone?: Weights | string | null;
}

const builders = new Map<string, Builder>();
const enumsOfModels = new Map<string, WeightsEnum>();

/** What looks like a member of an enum must be one of the model's. */
function resolveWeights(name: string, weights: Weights | string, known: WeightsEnum | null): Weights | string {
  if (weights instanceof Weights || !/^(\w+_Weights\.)?[A-Z][A-Z0-9_]+$/.test(weights)) return weights;
  const key = weights.split('.').at(-1)!;
  if (known && Object.hasOwn(known, key)) return known[key];
  throw new Error(`${name} has no weights '${weights}', only [${Object.keys(known ?? {}).join(', ')}]`);
}

const loadState = (weights: Weights | string, options: LoadOptions): Promise<StateDict> =>
  weights instanceof Weights ? weights.getStateDict(options) : loadStateDictFromUrl(weights, options);

/** Options that come with a set of weights: refuses those that contradict it. */
function withFixed<O extends object>(options: O, fixed: Record<string, unknown>): O {
  for (const [key, value] of Object.entries(fixed)) {
    const given = (options as Record<string, unknown>)[key];
    if (given !== undefined && given !== value)
      throw new Error(`The parameter '${key}' expected value ${String(value)} but got ${String(given)} instead.`);
  }
  return { ...options, ...fixed };
}

export interface BuilderSpec<M extends Module, O extends object> {
  readonly weights: WeightsEnum | null;
  /** Its name is that of the model in torchvision's messages. */
  readonly model: { readonly name: string };
  /** The names of the model's options. */
  readonly takes: readonly NoInfer<keyof O & string>[];
  /** What the named weights ask of the options, beside `numClasses`. */
  readonly fixed?: (weights: Weights) => Partial<O>;
  /** Other standard options with named weights. */
  readonly pretrained?: (options: O) => O;
  /** Renames the keys of an old checkpoint. */
  readonly rename?: (key: string) => string;
  /** The classifier that the model stands on: where its parameters are, and their names there. */
  readonly backbone?: { weights: WeightsEnum; part: (model: M) => Module; rename: (key: string) => string };
  /** What happens to the model after the named weights are in. */
  readonly finish?: (model: M, options: O, weights: Weights) => void;
}

/** An old checkpoint as the model wants it: with the names of today, and counts of batches, which batch norms did not have before 2018. */
function modernised(state: StateDict, model: Module, rename: (key: string) => string): StateDict {
  const counts = Object.entries(model.stateDict()).filter(([key]) => key.endsWith('num_batches_tracked'));
  return { ...Object.fromEntries(counts), ...Object.fromEntries(Object.entries(state).map(([key, value]) => [rename(key), value])) };
}

function checkOptions(model: string, takes: readonly string[], options: object): void {
  const unknown = Object.keys(options).find((key) => !takes.includes(key));
  if (unknown !== undefined) throw new TypeError(`${model}.__init__() got an unexpected keyword argument '${unknown}'`);
}

/** Takes from a checkpoint of a classifier what a part of another model has. */
function loadPart(part: Module, state: StateDict, rename: (key: string) => string): void {
  const own = part.stateDict();
  const kept = Object.entries(modernised(state, part, rename)).filter(([key]) => Object.hasOwn(own, key));
  part.loadStateDict(Object.fromEntries(kept));
}

/** A builder, registered under torchvision's name for it. */
export function builder<M extends Module, O extends object>(name: string, spec: BuilderSpec<M, O>, make: (options: O) => M): Builder<M, O> {
  const { weights: known, backbone, pretrained = (options: O) => options, rename = (key: string) => key } = spec;
  const load = async (weights: Weights | string, options: O, how: LoadOptions): Promise<M> => {
    const resolved = resolveWeights(name, weights, known);
    const isNamed = resolved instanceof Weights;
    const model = make(isNamed ? pretrained(withFixed(options, { numClasses: 1000, ...spec.fixed?.(resolved) })) : options);
    model.loadStateDict(modernised(await loadState(resolved, how), model, rename));
    if (isNamed) spec.finish?.(model, options, resolved);
    return model;
  };
  const loadBackbone = async (weights: Weights | string, options: O, how: LoadOptions): Promise<M> => {
    const model = make(options);
    const state = await loadState(resolveWeights(name, weights, backbone!.weights), how);
    loadPart(backbone!.part(model), state, backbone!.rename);
    return model;
  };
  const build = ({
    pretrained: isPretrained = false,
    ...given
  }: Partial<WeightsOptions> & BackboneOptions & { pretrained?: boolean } = {}): M | Promise<M> => {
    const { weights = isPretrained && known ? Object.keys(known)[0] : null, progress = true, checkHash = true, ...options } = given;
    checkOptions(spec.model.name, spec.takes, options);
    if (weights) return load(weights, options as O, { progress, checkHash });
    const { weightsBackbone } = options;
    return weightsBackbone ? loadBackbone(weightsBackbone, options as O, { progress, checkHash }) : make(options as O);
  };
  const made = Object.assign(build, { modelName: name }) as unknown as Builder<M, O>;
  builders.set(name, made as unknown as Builder);
  if (known) enumsOfModels.set(name, known);
  return made;
}

export interface ListModelsOptions {
  /** Only what is exported there. */
  module?: object | null;
  /** Patterns such as `'resnet*'`; a name must match one of them. */
  include?: string | readonly string[] | null;
  /** Patterns of names that are left out. */
  exclude?: string | readonly string[] | null;
}

/** A pattern of the shell, with `*`, `?` and `[…]`. */
const globbed = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('[!', '[^')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );

const patternsOf = (patterns: string | readonly string[] | null | undefined): RegExp[] => [patterns ?? []].flat().map(globbed);

/**
 * The names of all models, in alphabetical order. https://pytorch.org/vision/stable/generated/torchvision.models.list_models.html
 * @example vision.models.listModels({ include: 'resnet*', exclude: ['*34', '*1*'] })  // [ 'resnet50' ]
 */
export function listModels(...args: Args<[module: object | null], ListModelsOptions>): string[] {
  const { module = null, include, exclude } = bind<ListModelsOptions>('list_models', 'module, include, exclude', args);
  const [wanted, unwanted] = [patternsOf(include), patternsOf(exclude)];
  const exported = module && new Set<unknown>(Object.values(module));
  const isListed = ([name, builder]: [string, Builder]): boolean =>
    (!exported || exported.has(builder)) &&
    (wanted.length === 0 || wanted.some((pattern) => pattern.test(name))) &&
    !unwanted.some((pattern) => pattern.test(name));
  return [...builders].flatMap((each) => (isListed(each) ? [each[0]] : [])).sort();
}

/**
 * The builder with torchvision's name, such as 'resnext50_32x4d'.
 * https://pytorch.org/vision/stable/generated/torchvision.models.get_model_builder.html
 * @example vision.models.getModelBuilder('resnet18') === vision.models.resnet18  // true
 */
export function getModelBuilder(name: string): Builder {
  const found = builders.get(name.toLowerCase());
  if (!found) throw new Error(`Unknown model ${name}`);
  return found;
}

/**
 * Builds the model with torchvision's name. https://pytorch.org/vision/stable/generated/torchvision.models.get_model.html
 * @example vision.models.getModel('squeezenet1_1', { numClasses: 10 }) instanceof vision.models.SqueezeNet  // true
 */
export function getModel(name: string, options?: Record<string, unknown> & { weights?: null }): Layer;
export function getModel(name: string, options: Record<string, unknown> & WeightsOptions): Promise<Layer>;
export function getModel(name: string, options: Record<string, unknown> = {}): Layer | Promise<Layer> {
  return getModelBuilder(name)(options as { weights?: null }) as Layer;
}

/**
 * The weights there are for a model. https://pytorch.org/vision/stable/generated/torchvision.models.get_model_weights.html
 * @example Object.keys(vision.models.getModelWeights('resnet50'))  // [ 'IMAGENET1K_V1', 'IMAGENET1K_V2', 'DEFAULT' ]
 */
export function getModelWeights(name: string | Builder): WeightsEnum {
  const key = typeof name === 'string' ? name.toLowerCase() : name.modelName;
  const found = enumsOfModels.get(key);
  if (!found) throw new Error(`Unknown model ${key}`);
  return found;
}
