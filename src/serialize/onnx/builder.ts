/** An ONNX graph while a module is being traced. */
import type { DType } from '../../ir/dtype.js';
import { int64 } from '../../ir/dtype.js';
import { tensor } from '../../ops/creation.js';
import { isNumber, type Number_, resultType } from '../../tensor/promote.js';
import { Tensor } from '../../tensor/tensor.js';
import {
  type AttributeProto,
  AttributeType,
  codeOf,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  type ValueProto,
} from './schema.js';
import { tensorToProto } from './tensor-proto.js';

/** A number that ONNX keeps as a float. */
export class Float {
  constructor(readonly value: number) {}
}
export const float = (value: number): Float => new Float(value);

export type Attributes = Record<string, number | Float | string | readonly number[] | readonly string[] | undefined>;

function attribute(name: string, value: NonNullable<Attributes[string]>): AttributeProto {
  if (value instanceof Float) return { name, type: AttributeType.float, f: value.value };
  if (typeof value === 'number') return { name, type: AttributeType.int, i: value };
  const encoder = new TextEncoder();
  if (typeof value === 'string') return { name, type: AttributeType.string, s: encoder.encode(value) };
  if (isTexts(value)) return { name, type: AttributeType.strings, strings: value.map((text) => encoder.encode(text)) };
  return { name, type: AttributeType.ints, ints: [...value] };
}

const isTexts = (value: readonly number[] | readonly string[]): value is readonly string[] => typeof value[0] === 'string';

/** The names of dims whose size may change, by their place. */
export type DynamicAxes = Readonly<Record<number, string>>;

export function valueProto(name: string, t: Tensor, axes: DynamicAxes = {}): ValueProto {
  const dim = t.sizes.map((size, d) => (d in axes ? { dimParam: axes[d] } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: codeOf(t.dtype), shape: { dim } } } };
}

export class GraphBuilder {
  private readonly nodes: NodeProto[] = [];
  private readonly initializers: TensorProto[] = [];
  private readonly names = new Map<Tensor, string>();
  private readonly suggested = new Map<Tensor, string>();
  /** What depends on the inputs; all else is constant. */
  private readonly dynamic = new Set<Tensor>();
  private count = 0;

  /** Gives a tensor the name under which nodes find it. */
  bind(t: Tensor, name: string): void {
    this.names.set(t, name);
    this.dynamic.add(t);
  }

  isDynamic(t: Tensor): boolean {
    return this.dynamic.has(t);
  }

  /** Gives a constant the name that it will have if a node wants it. */
  suggest(t: Tensor, name: string): void {
    this.suggested.set(t, name);
  }

  /** The name of a tensor; a constant that is not known yet is stored. */
  nameOf(t: Tensor): string {
    const known = this.names.get(t);
    if (known !== undefined) return known;
    if (t.node !== null) throw new Error(`ONNX export: a tensor came from ${t.node.name}, which cannot be exported`);
    const name = this.suggested.get(t) ?? `constant_${this.count++}`;
    this.names.set(t, name);
    this.initializers.push(tensorToProto(t, name));
    return name;
  }

  ints(values: readonly number[]): string {
    return this.nameOf(tensor([...values], { dtype: int64 }));
  }

  scalar(value: Number_, dtype: DType): string {
    return this.nameOf(tensor(value, { dtype }));
  }

  /** A tensor or number as an operand of dtype `dtype`. */
  operand(x: Tensor | Number_, dtype: DType): string {
    if (isNumber(x)) return this.scalar(x, dtype);
    return x.dtype === dtype ? this.nameOf(x) : this.node('Cast', [this.nameOf(x)], { to: codeOf(dtype) });
  }

  /** Operands in the dtype in which they meet. */
  promoted(operands: readonly (Tensor | Number_)[], dtype = resultType(operands)): string[] {
    return operands.map((x) => this.operand(x, dtype));
  }

  /** Adds a node with one output and gives its name. Inputs that are left out are empty names. */
  node(opType: string, inputs: readonly (string | null)[], attributes: Attributes = {}): string {
    return this.outputs(opType, inputs, attributes, 1)[0];
  }

  /** Adds a node with several outputs. */
  outputs(opType: string, inputs: readonly (string | null)[], attributes: Attributes, outputs: number): string[] {
    const names = Array.from({ length: outputs }, () => `${opType.toLowerCase()}_${this.count++}`);
    const given = Object.entries(attributes).filter((entry): entry is [string, NonNullable<Attributes[string]>] => entry[1] !== undefined);
    const input = inputs.map((name) => name ?? '');
    while (input.length > 0 && input[input.length - 1] === '') input.pop();
    this.nodes.push({ opType, name: names[0], input, output: names, attribute: given.map(([name, value]) => attribute(name, value)) });
    return names;
  }

  /** The finished graph. */
  graph(
    name: string,
    input: ValueProto[],
    outputs: readonly { readonly name: string; readonly tensor: Tensor; readonly axes?: DynamicAxes }[],
  ): GraphProto {
    for (const output of outputs)
      this.nodes.push({ opType: 'Identity', name: output.name, input: [this.nameOf(output.tensor)], output: [output.name] });
    return {
      name,
      node: this.nodes,
      initializer: this.initializers,
      input,
      output: outputs.map((each) => valueProto(each.name, each.tensor, each.axes)),
    };
  }
}
