/** Pickles of NumPy's arrays, as data sets come in. https://numpy.org/doc/stable/reference/generated/numpy.load.html */
import { UnpicklingError } from '../tensor/errors.js';
import type { Tensor } from '../tensor/tensor.js';
import { areSizes } from './layout.js';
import { arrayOf, byteLengthOf } from './numpy-array.js';
import { toJavaScript } from './python.js';
import { plainGlobals } from './rebuild.js';
import { Buildable, type Global, type PickleContext, unpickle } from './unpickle.js';

/** Whether a file begins with the opcode that names a pickle's protocol, 2 to 5. */
export const isPickle = (start: Uint8Array): boolean => start[0] === 0x80 && start[1] >= 2 && start[1] <= 5;

const invalid = (what: string): Error => new UnpicklingError(`the pickle is invalid: ${what}`);

/** `numpy.dtype('u1')`, whose byte order comes later. */
class Elements extends Buildable {
  order = '|';
  constructor(readonly code: string) {
    super();
  }

  override build(state: unknown): void {
    const order = Array.isArray(state) ? (state[1] as unknown) : undefined;
    if (order !== '|' && order !== '<' && order !== '>') throw invalid('a dtype');
    this.order = order;
  }

  get descr(): string {
    return this.order + this.code;
  }
}

/** An array whose shape and bytes come later. */
class Elementwise extends Buildable {
  private content: Tensor | null = null;

  override build(state: unknown): void {
    if (!Array.isArray(state)) throw invalid('an array');
    const [, shape, elements, fortranOrder, data] = state as unknown[];
    this.content = read(data, elements, shape, fortranOrder === true);
  }

  get tensor(): Tensor {
    if (!this.content) throw invalid('an array without content');
    return this.content;
  }
}

function read(data: unknown, elements: unknown, shape: unknown, fortranOrder: boolean): Tensor {
  const bytes = typeof data === 'string' ? Uint8Array.from(data, (char) => char.charCodeAt(0)) : data;
  if (!(elements instanceof Elements) || !(bytes instanceof Uint8Array) || !areSizes(shape)) throw invalid('an array');
  const layout = { descr: elements.descr, fortranOrder, shape: [...shape] };
  if (byteLengthOf(layout) !== bytes.length)
    throw invalid(`an array of shape (${shape.join(', ')}) needs ${byteLengthOf(layout)} bytes, but there are ${bytes.length}`);
  return arrayOf(bytes, layout);
}

function elementsOf([code]: readonly unknown[]): Elements {
  if (typeof code !== 'string') throw invalid('a dtype');
  return new Elements(code);
}

const globals: ReadonlyMap<string, Global> = new Map(
  [
    ...plainGlobals.filter(({ name }) => !name.startsWith('torch.')),
    { name: 'numpy.dtype', call: elementsOf },
    { name: 'numpy.ndarray' },
    { name: 'numpy.core.multiarray._reconstruct', call: () => new Elementwise() },
    {
      name: 'numpy.core.numeric._frombuffer',
      call: ([data, elements, shape, order]: readonly unknown[]) => read(data, elements, shape, order === 'F'),
    },
    {
      name: 'numpy.core.multiarray.scalar',
      call: ([elements, data]: readonly unknown[]) => read(data, elements, [], false).item(),
    },
  ].map((each) => [each.name, each]),
);

const context: PickleContext = {
  find: (module, name) => globals.get(`${module.replace('__builtin__', 'builtins').replace('numpy._core', 'numpy.core')}.${name}`),
  persistentLoad: () => {
    throw invalid('a reference to another file');
  },
};

/** The value of a pickle, with tensors for arrays. */
export const unpickleArrays = (bytes: Uint8Array): unknown =>
  toJavaScript(unpickle(bytes, context), (value) => (value instanceof Elementwise ? value.tensor : value));
