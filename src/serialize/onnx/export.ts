/** `torch.onnx.export`: a module as an ONNX file, by running it once. https://pytorch.org/docs/stable/onnx_torchscript.html */
import { type Interceptor, setInterceptor } from '../../ops/define.js';
import { clone } from '../../ops/memory.js';
import type { Module } from '../../nn/module.js';
import { Tensor } from '../../tensor/tensor.js';
import { writeFile } from '../source.js';
import { type DynamicAxes, GraphBuilder, valueProto } from './builder.js';
import { encode, type Message } from './protobuf.js';
import { type ModelProto, modelSchema } from './schema.js';
import { translatorOf } from './translate.js';
import './translate-rnn.js';

const OPSET = 17;
const IR_VERSION = 8;

export interface ExportOptions {
  inputNames?: readonly string[];
  outputNames?: readonly string[];
  /** Dims that may have other sizes than in the example, by the name of the input or output: `{ x: { 0: 'batch' } }`. */
  dynamicAxes?: Readonly<Record<string, DynamicAxes>>;
}

const tensorsOf = (value: unknown): Tensor[] => (value instanceof Tensor ? [value] : Array.isArray(value) ? value.flatMap(tensorsOf) : []);

/** A copy of what is about to be written in place, under the name that it has until then. */
function asBefore(g: GraphBuilder, target: Tensor): Tensor {
  const copy = clone(target);
  g.bind(copy, g.nameOf(target));
  return copy;
}

/** Notes every operator that works on what depends on the inputs. */
function tracer(g: GraphBuilder): Interceptor {
  const trace: Interceptor = (name, args, run) => {
    const dynamic = tensorsOf(args).filter((t) => g.isDynamic(t));
    if (dynamic.length === 0) return run(args);
    const inPlace = name.endsWith('_');
    const translate = translatorOf(inPlace ? name.slice(0, -1) : name);
    // Others are made of smaller ones, which are noted instead.
    if (!translate) return traced(name, inPlace, run(args));
    const given = inPlace ? [untraced(() => asBefore(g, args[0] as Tensor)), ...args.slice(1)] : args;
    const result = untraced(() => run(args));
    const results = tensorsOf(result);
    if (!inPlace && results.length === 1 && dynamic.includes(results[0])) return result;
    const names = [untraced(() => translate(g, given as never[], results))].flat();
    results.forEach((t, i) => g.bind(t, names[i]));
    return result;
  };
  const traced = (name: string, inPlace: boolean, result: unknown): unknown => {
    if (inPlace || tensorsOf(result).some((t) => !g.isDynamic(t))) throw new Error(`ONNX export: the operator ${name} cannot be exported`);
    return result;
  };
  const untraced = <R>(work: () => R): R => {
    setInterceptor(null);
    try {
      return work();
    } finally {
      setInterceptor(trace);
    }
  };
  return trace;
}

/** Runs `body` while `trace` sees its operators. */
function tracing<R>(trace: Interceptor, body: () => R): R {
  setInterceptor(trace);
  try {
    return body();
  } finally {
    setInterceptor(null);
  }
}

/** Runs `body` with the module as it is in use, and without gradients of its parameters, so that what depends on the inputs shows by its graph. */
function frozen<R>(model: Module, body: () => R): R {
  const training = [...model.modules()].filter((module) => module.training);
  const trained = [...model.parameters()].filter((parameter) => parameter.wantsGrad);
  for (const module of training) module.training = false;
  for (const parameter of trained) parameter.wantsGrad = false;
  try {
    return body();
  } finally {
    for (const module of training) module.training = true;
    for (const parameter of trained) parameter.wantsGrad = true;
  }
}

/** An input of the traced run: not a leaf, so that it may be written in place. */
function traceable(example: Tensor): Tensor {
  const copy = clone(example.detach());
  return copy.dtype.isFloatingPoint ? clone(copy.requiresGrad_()) : copy;
}

function buildModel(model: Module, args: readonly Tensor[], options: ExportOptions): ModelProto {
  const { inputNames = args.map((_, i) => (args.length === 1 ? 'input' : `input_${i}`)), dynamicAxes = {} } = options;
  const g = new GraphBuilder();
  for (const [name, t] of [...model.namedParameters(), ...model.namedBuffers()]) g.suggest(t, name);
  const inputs = args.map(traceable);
  inputs.forEach((t, i) => g.bind(t, inputNames[i]));
  const results = tensorsOf(tracing(tracer(g), () => (model as unknown as (...given: Tensor[]) => unknown)(...inputs)));
  const outputNames = options.outputNames ?? results.map((_, i) => (results.length === 1 ? 'output' : `output_${i}`));
  const outputs = results.map((tensor, i) => ({ name: outputNames[i], tensor, axes: dynamicAxes[outputNames[i]] }));
  const graph = g.graph(
    model.constructor.name,
    inputs.map((t, i) => valueProto(inputNames[i], t, dynamicAxes[inputNames[i]])),
    outputs,
  );
  return { irVersion: IR_VERSION, producerName: 'typetorch', graph, opsetImport: [{ domain: '', version: OPSET }] };
}

/**
 * Writes a module as an ONNX file (operator set 17): it is run once on example inputs, in evaluation mode, and the operators that run are
 * written down.
 * So a loop or a branch is written as it went for the example. Without `path` returns the bytes. Throws for operators that have no
 * translation.
 * https://pytorch.org/docs/stable/onnx_torchscript.html
 * @example
 * const net = new nn.Sequential(new nn.Linear(4, 2), new nn.ReLU());
 * torch.onnx.export(net, [torch.randn(1, 4)], 'net.onnx', { dynamicAxes: { input: { 0: 'batch' }, output: { 0: 'batch' } } });
 * (torch.onnx.load('net.onnx')(torch.ones(3, 4)) as torch.Tensor).shape  // torch.Size([3, 2])
 */
export function exportModel(model: Module, args: Tensor | readonly Tensor[], path?: null, options?: ExportOptions): Uint8Array;
export function exportModel(model: Module, args: Tensor | readonly Tensor[], path: string | URL, options?: ExportOptions): void;
export function exportModel(
  model: Module,
  args: Tensor | readonly Tensor[],
  path?: string | URL | null,
  options: ExportOptions = {},
): Uint8Array | void {
  const examples = args instanceof Tensor ? [args] : args;
  const bytes = encode(modelSchema, frozen(model, () => buildModel(model, examples, options)) as unknown as Message);
  if (!path) return bytes;
  writeFile(path, [bytes]);
}
