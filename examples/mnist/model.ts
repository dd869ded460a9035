import * as torch from 'typetorch';

const { nn } = torch;

/** A network in the style of LeNet-5 for 28×28 images, with ReLU and dropout. */
export class LeNet extends nn.Module {
  conv1 = new nn.Conv2d(1, 16, 5, { padding: 2 });
  conv2 = new nn.Conv2d(16, 32, 5);
  pool = new nn.MaxPool2d(2);
  fc1 = new nn.Linear(32 * 5 * 5, 128);
  dropout = new nn.Dropout(0.4);
  fc2 = new nn.Linear(128, 10);

  /** (N, 1, 28, 28) → (N, 10) logits */
  override forward(x: torch.Tensor): torch.Tensor {
    const first = this.pool(this.conv1(x).relu());
    const second = this.pool(this.conv2(first).relu());
    const hidden = this.fc1(second.flatten(1)).relu();
    return this.fc2(this.dropout(hidden));
  }
}
