/** What modules inside of a model give. https://pytorch.org/vision/stable/feature_extraction.html */
import * as torch from '../../index.js';

const { nn } = torch;
type Module = torch.nn.Module;
/** Names of nodes, or what each of them is to be called. */
export type ReturnNodes = readonly string[] | Readonly<Record<string, string>>;
/** Names of results by node. */
type Wanted = ReadonlyMap<string, string>;

/** Ends a forward pass when all that is wanted is there. */
class Complete extends Error {}

/** `relu` and `relu_1`, the second call, are nodes of the module `relu`. */
const isNodeOf = (node: string, path: string): boolean =>
  node === path || (node.startsWith(`${path}_`) && /^\d+$/.test(node.slice(path.length + 1)));

/** Runs the model as far as it is needed, and keeps the outputs of the nodes. */
function collect(model: Module, wanted: Wanted, inputs: readonly unknown[]): Record<string, torch.Tensor> {
  const found = new Map<string, unknown>();
  const keep = (path: string, module: Module): { remove(): void } => {
    let calls = 0;
    return module.registerForwardHook((_, __, output) => {
      const node = calls === 0 ? path : `${path}_${calls}`;
      calls++;
      if (wanted.has(node)) found.set(node, output);
      if (found.size === wanted.size) throw new Complete();
    });
  };
  const nodes = [...wanted.keys()];
  const hooks = [...model.namedModules()].flatMap(([path, module]) =>
    nodes.some((node) => isNodeOf(node, path)) ? [keep(path, module)] : [],
  );
  try {
    (model as unknown as (...inputs: readonly unknown[]) => unknown)(...inputs);
  } catch (error) {
    if (!(error instanceof Complete)) throw error;
  } finally {
    for (const hook of hooks) hook.remove();
  }
  const missing = nodes.find((node) => !found.has(node));
  if (missing !== undefined) throw new Error(`node: '${missing}' was not reached`);
  return Object.fromEntries([...wanted].map(([node, name]) => [name, found.get(node) as torch.Tensor]));
}

/**
 * Made by `createFeatureExtractor`. Its state dict has the keys of the model.
 * @example
 * const { createFeatureExtractor, FeatureExtractor } = vision.models.featureExtraction;
 * createFeatureExtractor(vision.models.lenet(), ['features']) instanceof FeatureExtractor  // true
 */
export class FeatureExtractor extends nn.Module {
  private readonly run: (inputs: readonly unknown[], training: boolean) => Record<string, torch.Tensor>;

  constructor(model: Module, nodes: Readonly<Record<'train' | 'eval', Wanted>>) {
    super();
    const own = this as unknown as Record<string, unknown>;
    for (const [name, child] of model.namedChildren()) own[name] = child;
    for (const [name, parameter] of model.namedParameters({ recurse: false })) own[name] = parameter;
    this.training = model.training;
    this.run = (inputs, training) => {
      model.training = training;
      return collect(model, training ? nodes.train : nodes.eval, inputs);
    };
  }

  override forward(...inputs: torch.Tensor[]): Record<string, torch.Tensor> {
    return this.run(inputs, this.training);
  }
}

/** By node, after a look at whether the model has such nodes. */
function wantedOf(model: Module, nodes: ReturnNodes): Wanted {
  const wanted = new Map(Array.isArray(nodes) ? nodes.map((node: string) => [node, node]) : Object.entries(nodes));
  const paths = [...model.namedModules()].map(([path]) => path).filter(Boolean);
  for (const node of wanted.keys())
    if (!paths.some((path) => isNodeOf(node, path)))
      throw new Error(
        `node: '${node}' is not present in model. Hint: use \`getGraphNodeNames\` to make sure the \`returnNodes\` you specified are present. Nodes are modules here, not functions.`,
      );
  return wanted;
}

export interface FeatureExtractorOptions {
  returnNodes?: ReturnNodes | null;
  /** With `evalReturnNodes`, instead of `returnNodes`: what is wanted in training. */
  trainReturnNodes?: ReturnNodes | null;
  evalReturnNodes?: ReturnNodes | null;
}

/**
 * A model that gives the outputs of modules inside of `model`, and shares its parameters. A node is a module's path, such as `layer4` or
 * `layer4.0.relu`, with `_1` behind it for the module's second call. What comes after the last node is not computed.
 * https://pytorch.org/vision/stable/generated/torchvision.models.feature_extraction.create_feature_extractor.html
 * @throws Error where the model has no such node
 * @example
 * const model = vision.models.resnet18({ numClasses: 10 });
 * const extractor = vision.models.featureExtraction.createFeatureExtractor(model, { layer2: 'middle', avgpool: 'pooled' });
 * const { middle, pooled } = extractor(torch.rand(1, 3, 64, 64));
 * [middle.shape, pooled.shape]  // [ torch.Size([1, 128, 8, 8]), torch.Size([1, 512, 1, 1]) ]
 */
export function createFeatureExtractor(
  model: Module,
  nodes: ReturnNodes | FeatureExtractorOptions | null,
  trainReturnNodes: ReturnNodes | null = null,
  evalReturnNodes: ReturnNodes | null = null,
): FeatureExtractor {
  const options = isOptions(nodes) ? nodes : { returnNodes: nodes, trainReturnNodes, evalReturnNodes };
  const { returnNodes = null, trainReturnNodes: train = null, evalReturnNodes: evaluation = null } = options;
  if (!returnNodes && !train && !evaluation)
    throw new Error('Either `return_nodes` or `train_return_nodes` and `eval_return_nodes` together, should be specified');
  if (returnNodes ? train || evaluation : !train || !evaluation)
    throw new Error('If any of `train_return_nodes` and `eval_return_nodes` are specified, then both should be specified');
  const wanted = { train: wantedOf(model, (returnNodes ?? train)!), eval: wantedOf(model, (returnNodes ?? evaluation)!) };
  return new FeatureExtractor(model, wanted);
}

/** Options rather than nodes by name. */
const isOptions = (nodes: ReturnNodes | FeatureExtractorOptions | null): nodes is FeatureExtractorOptions =>
  nodes !== null && !Array.isArray(nodes) && Object.keys(nodes).some((key) => /^(return|trainReturn|evalReturn)Nodes$/.test(key));

/**
 * The paths of the modules without modules of their own, in the order in which they were made, for training and for evaluation: what
 * `createFeatureExtractor` can give, beside the modules around them.
 * https://pytorch.org/vision/stable/generated/torchvision.models.feature_extraction.get_graph_node_names.html
 * @example
 * const [train, evaluation] = vision.models.featureExtraction.getGraphNodeNames(vision.models.resnet18());
 * train.slice(0, 5)  // [ 'conv1', 'bn1', 'relu', 'maxpool', 'layer1.0.conv1' ]
 */
export function getGraphNodeNames(model: Module): [train: string[], evaluation: string[]] {
  const names = [...model.namedModules()].flatMap(([path, module]) => (path && [...module.children()].length === 0 ? [path] : []));
  return [names, [...names]];
}
