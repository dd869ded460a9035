// The networks of the benchmark; bench/torch_models.py has the same in PyTorch, with parameters in the same order.
import * as torch from 'typetorch';

const { nn } = torch;
const F = nn.functional;

export const mlp = () =>
  new nn.Sequential(new nn.Linear(784, 512), new nn.ReLU(), new nn.Linear(512, 256), new nn.ReLU(), new nn.Linear(256, 10));

export const lenet = () =>
  new nn.Sequential(
    new nn.Conv2d(1, 6, 5, { padding: 2 }),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Conv2d(6, 16, 5),
    new nn.ReLU(),
    new nn.MaxPool2d(2),
    new nn.Flatten(),
    new nn.Linear(400, 120),
    new nn.ReLU(),
    new nn.Linear(120, 84),
    new nn.ReLU(),
    new nn.Linear(84, 10),
  );

class Residual extends nn.Module {
  constructor(inChannels, channels, stride) {
    super();
    this.conv1 = new nn.Conv2d(inChannels, channels, 3, { stride, padding: 1, bias: false });
    this.bn1 = new nn.BatchNorm2d(channels);
    this.conv2 = new nn.Conv2d(channels, channels, 3, { padding: 1, bias: false });
    this.bn2 = new nn.BatchNorm2d(channels);
    this.shortcut =
      stride > 1
        ? new nn.Sequential(new nn.Conv2d(inChannels, channels, 1, { stride, bias: false }), new nn.BatchNorm2d(channels))
        : new nn.Identity();
  }
  forward(x) {
    const y = this.bn2(this.conv2(F.relu(this.bn1(this.conv1(x)))));
    return F.relu(y.add(this.shortcut(x)));
  }
}

/** ResNet-18 with the stem for 32 × 32 images. */
export class ResNet18 extends nn.Module {
  constructor() {
    super();
    this.stem = new nn.Sequential(new nn.Conv2d(3, 64, 3, { padding: 1, bias: false }), new nn.BatchNorm2d(64), new nn.ReLU());
    const widths = [64, 64, 64, 128, 128, 256, 256, 512, 512];
    this.layers = new nn.Sequential(...widths.slice(1).map((width, i) => new Residual(widths[i], width, width > widths[i] ? 2 : 1)));
    this.fc = new nn.Linear(512, 10);
  }
  forward(x) {
    return this.fc(this.layers(this.stem(x)).mean([2, 3]));
  }
}

class Block extends nn.Module {
  constructor(width, heads) {
    super();
    this.heads = heads;
    this.ln1 = new nn.LayerNorm(width);
    this.qkv = new nn.Linear(width, 3 * width);
    this.proj = new nn.Linear(width, width);
    this.ln2 = new nn.LayerNorm(width);
    this.fc = new nn.Linear(width, 4 * width);
    this.out = new nn.Linear(4 * width, width);
  }
  forward(x) {
    const [batch, steps, width] = x.shape;
    const [q, k, v] = this.qkv(this.ln1(x))
      .view(batch, steps, 3, this.heads, width / this.heads)
      .permute(2, 0, 3, 1, 4)
      .unbind(0);
    const attended = F.scaledDotProductAttention(q, k, v, { isCausal: true });
    const y = x.add(this.proj(attended.transpose(1, 2).reshape(batch, steps, width)));
    return y.add(this.out(F.gelu(this.fc(this.ln2(y)), { approximate: 'tanh' })));
  }
}

/** 4 layers of width 256 with 8 heads over 128 tokens of a vocabulary of 512. */
export class GPT extends nn.Module {
  constructor() {
    super();
    this.tokens = new nn.Embedding(512, 256);
    this.positions = new nn.Embedding(128, 256);
    this.blocks = new nn.Sequential(...Array.from({ length: 4 }, () => new Block(256, 8)));
    this.norm = new nn.LayerNorm(256);
    this.head = new nn.Linear(256, 512, { bias: false });
  }
  forward(x) {
    const y = this.tokens(x).add(this.positions(torch.arange(x.shape[1])));
    return this.head(this.norm(this.blocks(y))).view(-1, 512);
  }
}

/** An LSTM of width 256 over 64 steps of 128 features, and a classifier of its last step. */
export class LSTMClassifier extends nn.Module {
  constructor() {
    super();
    this.lstm = new nn.LSTM(128, 256, { batchFirst: true });
    this.fc = new nn.Linear(256, 10);
  }
  forward(x) {
    const [output] = this.lstm(x);
    return this.fc(output.select(1, -1));
  }
}
