/** `torch.onnx.load`: ONNX files as modules. */
import { Buffer, Parameter } from '../../nn/parameter.js';
import { Module } from '../../nn/module.js';
import { setField } from '../../nn/registration.js';
import type { Tensor } from '../../tensor/tensor.js';
import { type FileLike, withSource } from '../source.js';
import { NodeAttributes } from './attributes.js';
import type { Operator } from './operator.js';
import { operators } from './operators.js';
import { decode } from './protobuf.js';
import { type GraphProto, type ModelProto, modelSchema, type NodeProto } from './schema.js';
import { tensorFromProto } from './tensor-proto.js';

const NEWEST_OPSET = 21;

interface Step {
  readonly opType: string;
  readonly run: Operator;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: NodeAttributes;
}

function stepOf({ opType = '', input = [], output = [], attribute = [] }: NodeProto, opset: number): Step {
  return { opType, run: operators[opType], inputs: input, outputs: output, attributes: new NodeAttributes(attribute, opset) };
}

function checkNodes(nodes: readonly NodeProto[]): void {
  const unknown = nodes.filter(({ opType = '', domain = '' }) => !Object.hasOwn(operators, opType) || !['', 'ai.onnx'].includes(domain));
  const names = [...new Set(unknown.map(({ opType = '', domain }) => (domain ? `${domain}.${opType}` : opType)))];
  if (names.length > 0) throw new Error(`the ONNX model uses operators that are not supported: ${names.join(', ')}`);
}

/**
 * A graph of an ONNX file. Its floating-point constants are parameters, so that it can be trained on.
 * https://onnx.ai/onnx/intro/concepts.html
 * @example
 * const bytes = torch.onnx.export(new nn.Linear(4, 2), [torch.randn(1, 4)]);
 * [...torch.onnx.load(bytes).parameters()].length  // 2
 */
export class OnnxModule extends Module {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  private readonly steps: () => readonly Step[];
  private readonly constants: () => ReadonlyMap<string, Tensor>;

  constructor(graph: GraphProto, opset: number) {
    super();
    const constants = new Map<string, Tensor>();
    for (const proto of graph.initializer ?? []) {
      const value = tensorFromProto(proto);
      const member = value.dtype.isFloatingPoint ? new Parameter(value) : new Buffer(value);
      constants.set(proto.name ?? '', member);
      if (member instanceof Parameter) setField(this, proto.name ?? '', member);
    }
    const steps = (graph.node ?? []).map((node) => stepOf(node, opset));
    this.inputNames = (graph.input ?? []).map(({ name }) => name).filter((name) => !constants.has(name));
    this.outputNames = (graph.output ?? []).map(({ name }) => name);
    this.steps = () => steps;
    this.constants = () => constants;
  }

  /** Runs the graph on its inputs, in their order or by name; gives its output, or a list of several. */
  override forward(...inputs: (Tensor | Record<string, Tensor>)[]): Tensor | Tensor[] {
    const values = new Map(this.constants());
    for (const [name, value] of this.named(inputs)) values.set(name, value);
    for (const step of this.steps()) runStep(step, values);
    const outputs = this.outputNames.map((name) => valueOf(values, name));
    return outputs.length === 1 ? outputs[0] : outputs;
  }

  private named(inputs: readonly (Tensor | Record<string, Tensor>)[]): [string, Tensor][] {
    const [first] = inputs;
    if (inputs.length === 1 && Object.getPrototypeOf(first) === Object.prototype) return Object.entries(first as Record<string, Tensor>);
    if (inputs.length !== this.inputNames.length)
      throw new TypeError(
        `the model takes ${this.inputNames.length} inputs (${this.inputNames.join(', ')}) but ${inputs.length} were given`,
      );
    return this.inputNames.map((name, i) => [name, inputs[i] as Tensor]);
  }
}

function valueOf(values: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const value = values.get(name);
  if (!value) throw new Error(`the ONNX graph has no value '${name}' where it is needed`);
  return value;
}

function runStep({ opType, run, inputs, outputs, attributes }: Step, values: Map<string, Tensor>): void {
  // An empty name is an input that is left out.
  const given = inputs.map((name) => (name === '' ? undefined : valueOf(values, name))) as Tensor[];
  const results = [run(given, attributes, outputs.length)].flat() as Tensor[];
  outputs.forEach((name, i) => {
    if (name === '') return;
    if (!results[i]) throw new Error(`ONNX: output ${i} of ${opType} is not supported`);
    values.set(name, results[i]);
  });
}

/**
 * Makes a module of an ONNX file: a path, or the bytes of the file. It takes the inputs of the graph and gives its outputs; its weights are
 * its parameters.
 * Throws where the file is corrupt, needs another file for its data, or uses operators that are not supported, which the message lists.
 * https://onnx.ai/onnx/intro/concepts.html
 * @example
 * const bytes = torch.onnx.export(new nn.Linear(4, 2), [torch.randn(1, 4)]);
 * const net = torch.onnx.load(bytes);
 * (net(torch.ones(1, 4)) as torch.Tensor).shape  // torch.Size([1, 2])
 */
export function load(file: FileLike): OnnxModule {
  const model: ModelProto = withSource(file, (source) => decode(modelSchema, source.read(0, source.length)));
  const { graph, opsetImport = [] } = model;
  if (!graph) throw new Error('this is no ONNX model: it has no graph');
  const opset = opsetImport.find(({ domain = '' }) => domain === '' || domain === 'ai.onnx')?.version ?? 1;
  if (opset > NEWEST_OPSET) throw new Error(`the ONNX model uses operator set ${opset}; ${NEWEST_OPSET} is the newest that is supported`);
  checkNodes(graph.node ?? []);
  return new OnnxModule(graph, opset);
}
