/** Datasets as descriptions from which a worker makes its own. */
import {
  ChainDataset,
  ConcatDataset,
  Dataset,
  IterableDataset,
  ListDataset,
  type ModuleExport,
  StackDataset,
  Subset,
  TensorDataset,
} from './dataset.js';
import { pack, type Parcel, unpack } from './transfer.js';

/** A `ModuleExport` that can be posted. */
export interface Source {
  readonly module: string;
  readonly name: string;
  readonly args: readonly unknown[];
}

export type Description =
  | readonly ['module', Source]
  | readonly ['tensors' | 'items', Parcel]
  | readonly ['subset', Description, indices: readonly number[]]
  | readonly ['concat' | 'chain' | 'stack', readonly Description[]]
  | readonly ['named', readonly (readonly [string, Description])[]];

type AnyDataset = Dataset | IterableDataset;

export const sourceOf = ({ module, export: name = 'default', args = [] }: ModuleExport): Source => ({ module: String(module), name, args });

/** Describes a dataset. Tensors are copied to shared memory. Throws where a worker could not make it. */
export function describe(dataset: AnyDataset): Description {
  const source = dataset.workerSource?.();
  if (source) return ['module', sourceOf(source)];
  switch (dataset.constructor) {
    case TensorDataset:
      return ['tensors', pack((dataset as TensorDataset).tensors)];
    case ListDataset:
      return ['items', pack((dataset as ListDataset<unknown>).items)];
    case Subset:
      return ['subset', describe((dataset as Subset<unknown>).dataset), [...(dataset as Subset<unknown>).indices]];
    case ConcatDataset:
      return ['concat', (dataset as ConcatDataset<unknown>).datasets.map(describe)];
    case ChainDataset:
      return ['chain', (dataset as ChainDataset<unknown>).datasets.map(describe)];
    case StackDataset:
      return describeStack(dataset as StackDataset);
    default:
      throw new TypeError(
        `a ${dataset.constructor.name} cannot go to a worker thread, because classes and functions stay behind. Give it a method workerSource that names the module which ` +
          "exports it, or a function that makes it, such as { module: new URL('./digits.js', import.meta.url), export: 'Digits', args: ['data'] }",
      );
  }
}

function describeStack({ datasets }: StackDataset): Description {
  if (Array.isArray(datasets)) return ['stack', (datasets as Dataset[]).map(describe)];
  return ['named', Object.entries(datasets).map(([key, each]) => [key, describe(each as Dataset)] as const)];
}

/** Makes the dataset that was described. */
export async function make(description: Description): Promise<AnyDataset> {
  const all = (descriptions: readonly Description[]): Promise<AnyDataset[]> => Promise.all(descriptions.map(make));
  const [kind, content] = description;
  switch (kind) {
    case 'module':
      return checkDataset(await importSource(content), content);
    case 'tensors':
      return new TensorDataset(...(unpack(content, true) as TensorDataset['tensors']));
    case 'items':
      return new ListDataset(unpack(content, true) as unknown[]);
    case 'subset':
      return new Subset((await make(content)) as Dataset, description[2]);
    case 'concat':
      return new ConcatDataset((await all(content)) as Dataset[]);
    case 'chain':
      return new ChainDataset((await all(content)) as IterableDataset[]);
    case 'stack':
      return new StackDataset(...((await all(content)) as Dataset[]));
    case 'named': {
      const made = await all(content.map(([, each]) => each));
      return new StackDataset(Object.fromEntries(content.map(([key], i) => [key, made[i] as Dataset])));
    }
  }
}

/** What the export is, or what it makes of the arguments: a class constructs, a function is called. */
async function importSource({ module, name, args }: Source): Promise<unknown> {
  const found = await importExport({ module, name });
  if (typeof found !== 'function') return found;
  const isClass = found.prototype instanceof Dataset || found.prototype instanceof IterableDataset;
  return isClass ? new (found as new (...given: unknown[]) => unknown)(...args) : (found as (...given: unknown[]) => unknown)(...args);
}

/** An export of a module. */
export async function importExport({ module, name }: Pick<Source, 'module' | 'name'>): Promise<unknown> {
  const exports = (await import(module)) as Record<string, unknown>;
  if (!(name in exports)) throw new Error(`${module} has no export '${name}'`);
  return exports[name];
}

function checkDataset(made: unknown, { module, name }: Source): AnyDataset {
  if (made instanceof Dataset || made instanceof IterableDataset) return made;
  throw new TypeError(`the export '${name}' of ${module} is no dataset and makes none`);
}
