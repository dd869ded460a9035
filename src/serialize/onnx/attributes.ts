import { float32, int64 } from '../../ir/dtype.js';
import { tensor } from '../../ops/creation.js';
import type { Tensor } from '../../tensor/tensor.js';
import type { AttributeProto } from './schema.js';
import { tensorFromProto } from './tensor-proto.js';

/** The attributes of a node, asked for by name and kind. */
export class NodeAttributes {
  private readonly found: ReadonlyMap<string, AttributeProto>;

  constructor(
    attributes: readonly AttributeProto[],
    /** The operator set that the model was written for. */
    readonly opset: number,
  ) {
    this.found = new Map(attributes.map((each) => [each.name, each]));
  }

  /** Fields that hold zero may be left out of a file. */
  private value<T>(name: string, read: (attribute: AttributeProto) => T | undefined, zero: T, otherwise: T): T {
    const attribute = this.found.get(name);
    return attribute ? (read(attribute) ?? zero) : otherwise;
  }

  int(name: string, otherwise: number): number {
    return this.value(name, ({ i }) => i, 0, otherwise);
  }

  float(name: string, otherwise: number): number {
    return this.value(name, ({ f }) => f, 0, otherwise);
  }

  text(name: string, otherwise: string): string {
    return this.value(name, ({ s }) => s && new TextDecoder().decode(s), '', otherwise);
  }

  ints(name: string): number[] | null {
    return this.value<number[] | null>(name, ({ ints }) => ints, [], null);
  }

  texts(name: string): string[] | null {
    return this.value<string[] | null>(name, ({ strings }) => strings?.map((s) => new TextDecoder().decode(s)), [], null);
  }

  tensor(name: string): Tensor | null {
    return this.value<Tensor | null>(name, ({ t }) => t && tensorFromProto(t), null, null);
  }

  /** The value of the operator Constant, which comes in several kinds. */
  constant(): Tensor | null {
    const { found } = this;
    if (found.has('value')) return this.tensor('value');
    if (found.has('value_float')) return tensor(this.float('value_float', 0), { dtype: float32 });
    if (found.has('value_int')) return tensor(this.int('value_int', 0), { dtype: int64 });
    if (found.has('value_ints')) return tensor(this.ints('value_ints') ?? [], { dtype: int64 });
    if (found.has('value_floats')) return tensor(found.get('value_floats')?.floats ?? [], { dtype: float32 });
    return null;
  }
}
