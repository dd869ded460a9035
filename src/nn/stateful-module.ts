/** The part of a module that saves and loads its state. */
import { noGrad } from '../autograd/modes.js';
import { describe } from '../ops/messages.js';
import { isOptions } from '../ops/signature.js';
import type { Args } from '../ops/types.js';
import { RuntimeError } from '../tensor/errors.js';
import { Tensor } from '../tensor/tensor.js';
import { bind } from './arguments.js';
import { HookedModule } from './hooked-module.js';
import { hooksOf } from './module-hooks.js';
import {
  detached,
  IncompatibleKeys,
  loadInto,
  loadProblem,
  type LoadReport,
  ownState,
  refuseProblems,
  type StateDict,
} from './module-state.js';

/** What loading a state will do, found out before anything is changed. */
interface LoadPlan {
  readonly report: LoadReport;
  readonly assign: boolean;
  readonly loads: (() => void)[];
  /** Calls of hooks, once all is loaded. */
  readonly hookCalls: (() => void)[];
}

const neverCalled = (name: string): Error =>
  new RuntimeError(`Reached a code path in Module.${name}() that should never be called. Define it in your module.`);

export abstract class StatefulModule extends HookedModule {
  /** The direct submodules with their names, a shared one under each of them. */
  protected abstract submodules(): [string, StatefulModule][];

  /**
   * What `stateDict` keeps beside tensors, under the name `_extra_state`. A module that has such a state defines this and `setExtraState`.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.get_extra_state
   * @example
   * class Counted extends nn.Module {
   *   count = 3;
   *   override getExtraState() {
   *     return this.count;
   *   }
   *   override setExtraState(count: number) {
   *     this.count = count;
   *   }
   * }
   * new Counted().stateDict()  // { _extra_state: 3 }
   */
  getExtraState(): unknown {
    throw neverCalled('get_extra_state');
  }

  /**
   * Takes back what `getExtraState` gave; `loadStateDict` calls it.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.set_extra_state
   * @example
   * class Named extends nn.Module {
   *   title = '';
   *   override setExtraState(title: string) {
   *     this.title = title;
   *   }
   * }
   * const net = new Named();
   * net.setExtraState('first');
   * net.title  // first
   */
  setExtraState(_state: never): void {
    throw neverCalled('set_extra_state');
  }

  /**
   * The state by name: parameters and persistent buffers, sharing memory with the module. `prefix` stands before every name, `keepVars`
   * gives the parameters themselves, and `destination` receives the entries.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.state_dict
   * @example Object.keys(new nn.Linear(2, 3).stateDict({ prefix: 'head.' }))  // [ 'head.weight', 'head.bias' ]
   */
  stateDict({
    destination = {},
    prefix = '',
    keepVars = false,
  }: { destination?: StateDict; prefix?: string; keepVars?: boolean } = {}): StateDict {
    const { statePre, state } = hooksOf(this);
    for (const hook of statePre.values()) hook(this as never, prefix, keepVars);
    for (const [name, tensor] of ownState(this)) destination[prefix + name] = keepVars ? tensor : detached(tensor);
    if (this.getExtraState !== StatefulModule.prototype.getExtraState)
      destination[`${prefix}_extra_state`] = this.getExtraState() as Tensor;
    for (const [name, child] of this.submodules()) child.stateDict({ destination, prefix: `${prefix}${name}.`, keepVars });
    for (const hook of state.values()) hook(this as never, destination, prefix, {});
    return destination;
  }

  /**
   * Copies a state into the parameters and buffers. With `strict`, names must agree exactly; shapes must in any case. With `assign` the
   * module takes the given memory and dtypes instead of copying. Where it throws nothing is changed, unless a post-hook was called.
   * Returns the names that were missing or unexpected.
   * https://pytorch.org/docs/stable/generated/torch.nn.Module.html#torch.nn.Module.load_state_dict
   * @example
   * const net = new nn.Linear(2, 3);
   * const copy = new nn.Linear(2, 3);
   * copy.loadStateDict(net.stateDict());
   * copy.weight.equal(net.weight)  // true
   */
  loadStateDict(
    stateDict: StateDict | Map<string, Tensor>,
    ...args: Args<[strict: boolean, assign: boolean], { strict?: boolean; assign?: boolean }>
  ): IncompatibleKeys {
    const [strict = true, assign = false] = bind<[boolean?, boolean?]>('loadStateDict', 'strict?, assign?', args);
    if (!(stateDict instanceof Map) && !isOptions(stateDict))
      throw new TypeError(`Expected state_dict to be dict-like, got <class '${describe(stateDict)}'>.`);
    const report: LoadReport = { missingKeys: [], unexpectedKeys: [], errorMsgs: [] };
    const plan: LoadPlan = { report, assign, loads: [], hookCalls: [] };
    this.planLoad(stateDict instanceof Map ? Object.fromEntries(stateDict) : { ...stateDict }, '', plan);
    refuseProblems(this, report, strict && plan.hookCalls.length === 0);
    noGrad(() => plan.loads.forEach((load) => load()));
    for (const call of plan.hookCalls) call();
    refuseProblems(this, report, strict);
    return new IncompatibleKeys(report.missingKeys, report.unexpectedKeys);
  }

  /** Plans to load `given`, which only this module and those below it see. */
  private planLoad(given: StateDict, prefix: string, plan: LoadPlan): void {
    const { report, assign, hookCalls } = plan;
    const { missingKeys, unexpectedKeys, errorMsgs } = report;
    const metadata = assign ? { assignToParamsBuffers: true } : {};
    const { loadPre, load } = hooksOf(this);
    for (const hook of loadPre.values()) hook(this as never, given, prefix, metadata, true, missingKeys, unexpectedKeys, errorMsgs);
    const known = this.planOwn(given, prefix, plan);
    const children = this.submodules().map(([name, child]) => [`${prefix}${name}.`, child] as const);
    const isKnown = (key: string): boolean => known.has(key) || children.some(([start]) => key.startsWith(start));
    unexpectedKeys.push(...Object.keys(given).filter((key) => !isKnown(key)));
    for (const [start, child] of children) child.planLoad(startingWith(start, given), start, plan);
    for (const hook of load.values()) hookCalls.push(() => hook(this as never, new IncompatibleKeys(missingKeys, unexpectedKeys)));
  }

  /** Plans what belongs to this module itself; returns its names. */
  private planOwn(given: StateDict, prefix: string, { report, assign, loads }: LoadPlan): Set<string> {
    const known = new Set<string>();
    const expect = (key: string, plan: (source: Tensor) => void): void => {
      known.add(key);
      if (Object.hasOwn(given, key)) plan(given[key]);
      else report.missingKeys.push(key);
    };
    for (const [name, target] of ownState(this)) {
      expect(prefix + name, (source) => {
        const problem = loadProblem(prefix + name, source, target);
        if (problem) report.errorMsgs.push(problem);
        else loads.push(() => loadInto(target, source, assign));
      });
    }
    if (this.setExtraState !== StatefulModule.prototype.setExtraState)
      expect(`${prefix}_extra_state`, (state) => loads.push(() => this.setExtraState(state as never)));
    return known;
  }
}

const startingWith = (prefix: string, given: StateDict): StateDict =>
  Object.fromEntries(Object.entries(given).filter(([key]) => key.startsWith(prefix)));
