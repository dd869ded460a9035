/** The options of optimizers, by position or by name. */
import { Signature } from '../ops/signature.js';
import type { Args } from '../ops/types.js';

/** Options of `O`, those in `Names` also by position. */
export type OptionArgs<O, Names extends readonly (keyof O)[]> = Args<{ [I in keyof Names]: O[Names[I]] }, Partial<O>>;

/** What PyTorch takes to choose among its implementations, with its defaults; there is one here. */
const implementations = { foreach: null, capturable: false, differentiable: false, fused: null };
type Implementation = keyof typeof implementations;

/**
 * `defaults`, whose keys stand in the order of PyTorch's parameters, with what `args` gives instead. `chooses` names the options about
 * implementations that PyTorch's optimizer keeps in its groups.
 */
export function optionsOf<O extends object>(optimizer: string, defaults: O, args: readonly unknown[], ...chooses: Implementation[]): O {
  const names = [...Object.keys(defaults), ...Object.keys(implementations)];
  const bound = new Signature(`${optimizer}.__init__`, names.map((name) => `${name}?`).join()).bind(args);
  const given = names.flatMap((name, i) => (bound[i] === undefined ? [] : [[name, bound[i]] as const]));
  const unused = Object.fromEntries(chooses.map((name) => [name, implementations[name]]));
  return { ...defaults, ...unused, ...Object.fromEntries(given) };
}
