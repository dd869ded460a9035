/** Several results as a tuple whose parts also have names, and which prints them: PyTorch's `torch.return_types`. */
import type { Tensor } from '../tensor/tensor.js';

export type NamedTuple<K extends string> = Tensor[] & { readonly [name in K]: Tensor };

/** An array that prints its parts under their names; what is made of it (`slice`, `map`) is a plain array. */
abstract class Named extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

type Kind = new (...parts: readonly unknown[]) => Named;
const kinds = new Map<string, Kind>();

const pythonName = (name: string): string => name.replace(/(?<=[a-z])[A-Z]/g, (c) => `_${c.toLowerCase()}`);
const shown = (part: unknown): string =>
  Array.isArray(part) ? `(${part.map(shown).join(', ')}${part.length === 1 ? ',' : ''})` : String(part);

function makeKind(head: string, separator: string, names: readonly string[]): Kind {
  class Results extends Named {
    override toString(): string {
      return `${head}${names.map((name, i) => `${pythonName(name)}=${shown(this[i])}`).join(separator)})`;
    }
  }
  // `values` hides Array's method of that name, as it must.
  names.forEach((name, i) =>
    Object.defineProperty(Results.prototype, name, {
      get(this: Named) {
        return this[i];
      },
    }),
  );
  return Results;
}

function make<K extends string>(head: string, separator: string, names: readonly K[], parts: readonly unknown[]): NamedTuple<K> {
  let kind = kinds.get(head);
  if (!kind) kinds.set(head, (kind = makeKind(head, separator, names)));
  return new kind(...parts) as unknown as NamedTuple<K>;
}

/** `[a, b]` with `.values` and `.indices`, say, which prints as `torch.return_types.kind`. */
export const tuple = <K extends string>(kind: string, names: readonly K[], parts: readonly unknown[]): NamedTuple<K> =>
  make(`torch.return_types.${kind}(\n`, ',\n', names, parts);

/** The same, printed on one line, as Python's `collections.namedtuple`. */
export const namedtuple = <K extends string>(kind: string, names: readonly K[], parts: readonly unknown[]): NamedTuple<K> =>
  make(`${kind}(`, ', ', names, parts);

/** A list with other parts; a named tuple keeps its kind. */
export function mapList(list: readonly unknown[], f: (part: unknown, i: number) => unknown): unknown[] {
  const parts = Array.from(list, f);
  return list instanceof Named ? new (list.constructor as Kind)(...parts) : parts;
}
