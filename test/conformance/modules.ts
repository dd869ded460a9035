/** Module cases: construct, load the state, run, compare outputs, gradients and what the run changed. */
import { compareTensor, Mismatch } from './compare.js';
import { camel, type Case, type Encoded, type EncodedTensor, type Variant } from './corpus.js';
import { attempt, checkGradients, checkOutput, type Context, type Outcome, tolerance } from './ops.js';
import { method, resolve, type Tensor } from './torch.js';

interface ModuleCase extends Case {
  class: string;
  training: boolean;
  constructor_args: Encoded[];
  constructor_kwargs: Record<string, Encoded>;
  init_seed: number;
  varied: string[];
  state_dict: Record<string, EncodedTensor>;
  state_dict_after?: Record<string, EncodedTensor>;
  lazy?: boolean;
}

type Module = ((...args: unknown[]) => unknown) & Record<string, unknown>;

function construct({ torch, build }: Context, test: ModuleCase): Module {
  const args = build.args(test.constructor_args, test.constructor_kwargs);
  torch.manualSeed(test.init_seed);
  const module = new (resolve(torch, test.class).value)(...args) as unknown as Module;
  method(module, 'to')(torch[test.dtype!]);
  if (build.device !== 'cpu') method(module, 'to')(build.device);
  method(module, 'train')(test.training);
  return module;
}

const entries = (module: Module, name: string): [string, Tensor][] => {
  const found = method(module, name)();
  return found instanceof Map || Symbol.iterator in Object(found)
    ? Array.from(found as Iterable<[string, Tensor]>)
    : Object.entries(found as Record<string, Tensor>);
};

async function checkState(
  context: Context,
  module: Module,
  expected: Record<string, EncodedTensor>,
  overrides: Variant['tolerances'],
  skip: string[] = [],
): Promise<void> {
  const state = new Map(entries(module, 'stateDict'));
  for (const [name, tensor] of Object.entries(expected)) {
    if (skip.includes(name)) continue;
    if (!state.has(name)) throw new Mismatch(`the state has no ${name}, only ${[...state.keys()].join(', ')}`);
    await compareTensor(state.get(name), tensor, name, { ...tolerance(context, tensor.dtype, overrides), mode: 'value' });
  }
}

export async function runModuleCase(context: Context, base: Case, overrides: Variant['tolerances'] = []): Promise<Outcome[]> {
  const test = base as ModuleCase;
  const variant = { tolerances: overrides } as unknown as Variant;
  let module!: Module;
  let args: unknown[] = [];
  let outputs: Tensor[] = [];
  const outcomes: Outcome[] = [];
  const run = () => {
    args = context.build.args(test.args, test.kwargs);
    if (test.seed !== undefined) context.torch.manualSeed(test.seed);
    return module(...args);
  };
  outcomes.push(
    await attempt('forward', async () => {
      module = construct(context, test);
      if (!test.lazy) outcomes.push(await attempt('init', () => checkState(context, module, test.state_dict, overrides, test.varied)));
      if (test.lazy) run();
      const state = Object.fromEntries(Object.entries(test.state_dict).map(([name, tensor]) => [name, context.build.tensor(tensor)]));
      if (Object.keys(state).length > 0) method(module, 'loadStateDict')(state);
      outputs = await checkOutput(context, test, variant, run(), args);
    }),
  );
  if (outcomes.at(-1)!.status !== 'pass') return outcomes;
  if (test.state_dict_after) outcomes.push(await attempt('state', () => checkState(context, module, test.state_dict_after!, overrides)));
  if (test.grad) outcomes.push(await attempt('gradient', () => checkModuleGradients(context, test, module, args, outputs, overrides)));
  return outcomes;
}

function checkModuleGradients(
  context: Context,
  test: ModuleCase,
  module: Module,
  args: unknown[],
  outputs: Tensor[],
  overrides: Variant['tolerances'],
): Promise<void> {
  const grad = test.grad!;
  const parameters = new Map(entries(module, 'namedParameters'));
  const inputs = grad.grads.map(({ path, grad: expected }, i) => ({
    name: path,
    tensor: argument(path, args),
    expected,
    noise: grad.noise?.[i],
  }));
  for (const [name, expected] of Object.entries(grad.param_grads ?? {})) {
    if (!parameters.has(name)) throw new Mismatch(`there is no parameter ${name}, only ${[...parameters.keys()].join(', ')}`);
    inputs.push({ name, tensor: parameters.get(name), expected, noise: grad.param_noise?.[name] });
  }
  return checkGradients(context, grad, outputs, inputs, overrides);
}

function argument(path: string, args: unknown[]): unknown {
  const [head, ...rest] = path.split('.');
  return rest.reduce((value, key) => (value as Record<string, unknown>)[camel(key)], head === 'kwargs' ? args.at(-1) : args);
}
