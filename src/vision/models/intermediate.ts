/** What layers inside of a model give, for models that stand on it. */
import * as torch from '../../index.js';
import type { Layer } from '../ops/misc.js';

const { nn } = torch;
type Tensor = torch.Tensor;

/** Children of a model up to the last one wanted, by name; gives what those in `returnLayers` give, under the names there. */
export class IntermediateLayerGetter<K extends string> extends nn.ModuleDict {
  private readonly returnLayers: ReadonlyMap<string, K>;

  constructor(model: torch.nn.Module, returnLayers: Record<string, K>) {
    const children = [...model.namedChildren()];
    const last = Math.max(...Object.keys(returnLayers).map((name) => children.findIndex(([each]) => each === name)));
    super(children.slice(0, last + 1));
    this.returnLayers = new Map(Object.entries<K>(returnLayers));
  }

  override forward(input: Tensor): Record<K, Tensor> {
    const found = {} as Record<K, Tensor>;
    let x = input;
    for (const [name, module] of this.items()) {
      x = (module as Layer)(x);
      if (this.returnLayers.has(name)) found[this.returnLayers.get(name)!] = x;
    }
    return found;
  }
}

/** The first block, those that start a stage, and the last one. */
export function stageStarts(features: torch.nn.Sequential): number[] {
  const blocks = [...features] as unknown as { startsStage?: boolean }[];
  return [0, ...blocks.flatMap(({ startsStage }, i) => (startsStage ? [i] : [])), blocks.length - 1];
}
