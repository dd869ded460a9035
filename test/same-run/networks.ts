/** The networks and data of scripts/fixtures/same_run.py, line by line. */
import * as torch from '../../src/index.js';

const { nn, optim } = torch;
const F = nn.functional;
const { DataLoader, TensorDataset } = torch.utils.data;

class LeNet extends nn.Module {
  conv1 = new nn.Conv2d(1, 6, 5, { padding: 2 });
  conv2 = new nn.Conv2d(6, 16, 5);
  fc1 = new nn.Linear(16 * 5 * 5, 120);
  fc2 = new nn.Linear(120, 84);
  fc3 = new nn.Linear(84, 10);

  override forward(x: torch.Tensor): torch.Tensor {
    x = F.maxPool2d(F.relu(this.conv1(x)), 2);
    x = F.maxPool2d(F.relu(this.conv2(x)), 2);
    x = F.relu(this.fc1(x.flatten(1)));
    return this.fc3(F.relu(this.fc2(x)));
  }
}

class MLP extends nn.Module {
  fc1 = new nn.Linear(16, 32, { bias: false });
  norm = new nn.BatchNorm1d(32);
  drop = new nn.Dropout(0.2);
  fc2 = new nn.Linear(32, 10);

  override forward(x: torch.Tensor): torch.Tensor {
    return this.fc2(this.drop(this.norm(this.fc1(x)).relu()));
  }
}

class Tagger extends nn.Module {
  embedding = new nn.Embedding(20, 16);
  lstm = new nn.LSTM(16, 32, { numLayers: 2, batchFirst: true, dropout: 0.1 });
  head = new nn.Linear(32, 20);

  override forward(x: torch.Tensor): torch.Tensor {
    return this.head(this.lstm(this.embedding(x))[0]);
  }
}

class Block extends nn.Module {
  norm1: torch.nn.LayerNorm;
  qkv: torch.nn.Linear;
  project: torch.nn.Linear;
  norm2: torch.nn.LayerNorm;
  up: torch.nn.Linear;
  down: torch.nn.Linear;
  drop = new nn.Dropout(0.1);

  constructor(
    d: number,
    readonly heads: number,
  ) {
    super();
    this.norm1 = new nn.LayerNorm(d);
    this.qkv = new nn.Linear(d, 3 * d);
    this.project = new nn.Linear(d, d);
    this.norm2 = new nn.LayerNorm(d);
    this.up = new nn.Linear(d, 4 * d);
    this.down = new nn.Linear(4 * d, d);
  }

  private attend(x: torch.Tensor): torch.Tensor {
    const [b, t, d] = x.shape;
    const [q, k, v] = this.qkv(x)
      .split(d, 2)
      .map((y) => y.view(b, t, this.heads, d / this.heads).transpose(1, 2));
    const y = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    return this.project(y.transpose(1, 2).reshape(b, t, d));
  }

  override forward(x: torch.Tensor): torch.Tensor {
    x = x.add(this.drop(this.attend(this.norm1(x))));
    return x.add(this.drop(this.down(F.gelu(this.up(this.norm2(x))))));
  }
}

class GPT extends nn.Module {
  tokens: torch.nn.Embedding;
  positions: torch.nn.Embedding;
  blocks: torch.nn.ModuleList;
  norm: torch.nn.LayerNorm;
  head: torch.nn.Linear;

  constructor(vocabulary = 50, d = 32, heads = 4, layers = 2, length = 16) {
    super();
    this.tokens = new nn.Embedding(vocabulary, d);
    this.positions = new nn.Embedding(length, d);
    this.blocks = new nn.ModuleList(Array.from({ length: layers }, () => new Block(d, heads)));
    this.norm = new nn.LayerNorm(d);
    this.head = new nn.Linear(d, vocabulary, { bias: false });
    this.apply((module) => {
      if (module instanceof nn.Linear || module instanceof nn.Embedding) nn.init.normal_(module.weight, { std: 0.02 });
      if (module instanceof nn.Linear && module.bias) nn.init.zeros_(module.bias);
    });
  }

  override forward(x: torch.Tensor): torch.Tensor {
    let h = this.tokens(x).add(this.positions(torch.arange(x.shape[1])));
    for (const block of this.blocks) h = (block as Block)(h);
    return this.head(this.norm(h));
  }
}

type Net = torch.nn.Module & { (x: torch.Tensor): torch.Tensor };
type Data = InstanceType<typeof TensorDataset>;

export interface Run {
  net: Net;
  dataset: Data;
  optimizer: torch.optim.Optimizer;
  scheduler?: { step(): void };
}

/** Inputs, and the classes that a random linear map finds in them. */
function labelled(...sizes: number[]): Data {
  const x = torch.randn(256, ...sizes);
  const features = sizes.reduce((a, b) => a * b, 1);
  return new TensorDataset(x, x.flatten(1).matmul(torch.randn(features, 10)).argmax(1));
}

/** Sequences that step by a random stride, and what comes next. */
function sequences(vocabulary: number, length: number): Data {
  const start = torch.randint(0, vocabulary, [256, 1]);
  const stride = torch.randint(1, 4, [256, 1]);
  const s = start.add(stride.mul(torch.arange(length + 1))).remainder(vocabulary);
  return new TensorDataset(s.at(':', ':-1').contiguous(), s.at(':', '1:').contiguous());
}

export function train({ net, dataset, optimizer, scheduler }: Run, steps: number): number[] {
  const losses: number[] = [];
  const loader = new DataLoader(dataset, { batchSize: 32, shuffle: true });
  while (losses.length < steps) {
    for (const [x, y] of loader) {
      optimizer.zeroGrad();
      const logits = net(x);
      const loss = F.crossEntropy(logits.flatten(0, -2), y.flatten());
      loss.backward();
      nn.utils.clipGradNorm_(net.parameters(), 1);
      optimizer.step();
      scheduler?.step();
      losses.push(loss.item() as number);
      if (losses.length === steps) break;
    }
  }
  return losses;
}

export const runs: Record<string, () => Run> = {
  lenet() {
    const net = new LeNet();
    return { net, dataset: labelled(1, 28, 28), optimizer: new optim.Adam(net.parameters(), { lr: 1e-3 }) };
  },
  mlp() {
    const net = new MLP();
    const dataset = labelled(16);
    return { net, dataset, optimizer: new optim.SGD(net.parameters(), { lr: 0.05, momentum: 0.9, weightDecay: 1e-4 }) };
  },
  lstm() {
    const net = new Tagger();
    return { net, dataset: sequences(20, 12), optimizer: new optim.Adam(net.parameters(), { lr: 3e-3 }) };
  },
  gpt() {
    const net = new GPT();
    const optimizer = new optim.AdamW(net.parameters(), { lr: 1e-3, weightDecay: 0.1 });
    const dataset = sequences(50, 16);
    return { net, dataset, optimizer, scheduler: new optim.lrScheduler.CosineAnnealingLR(optimizer, 50) };
  },
};

/** The run that a checkpoint divides: 25 steps, then 25 more after manualSeed(2). */
export function middle(): Run {
  torch.manualSeed(1);
  const net = new MLP();
  return { net, dataset: labelled(16), optimizer: new optim.Adam(net.parameters(), { lr: 1e-2 }) };
}
